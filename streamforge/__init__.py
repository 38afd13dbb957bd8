"""StreamForge: one asyncio daemon for AI generation jobs on Redis Streams.

A job comes in as a stream entry, over HTTP, or from the command line. A worker claims it under a fencing token and runs
its pipeline: a recipe of steps, each of which is done once and written down. Calls to models run in the event loop,
solving and rendering run in pool children that may crash alone. The job is acked by the very script that writes its
end.

    from streamforge import Context, pipeline

    @pipeline("thumbnail", version=1, steps=("fetch", "resize"))
    async def thumbnail(ctx: Context, spec: ThumbnailSpec) -> Thumbnail:
        picture = await ctx.step("fetch", lambda: fetch(spec.url), returns=bytes)
        return await ctx.step("resize", lambda: ctx.offload(resize, picture, spec.width), returns=Thumbnail)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamforge.app import Daemon
    from streamforge.client import AsyncClient, Client
    from streamforge.config import Settings, load
    from streamforge.errors import (
        ChildFailed,
        InputError,
        PermanentError,
        RateLimited,
        Snooze,
        StepTimeout,
        StreamForgeError,
        TransientError,
    )
    from streamforge.jobs.model import Artifact, Job, JobError, JobState
    from streamforge.runtime.context import Context
    from streamforge.runtime.mapping import Mapped
    from streamforge.runtime.recipe import Pipeline, pipeline
    from streamforge.runtime.retry import RetryPolicy

__all__ = [
    "Artifact",
    "AsyncClient",
    "ChildFailed",
    "Client",
    "Context",
    "Daemon",
    "InputError",
    "Job",
    "JobError",
    "JobState",
    "Mapped",
    "PermanentError",
    "Pipeline",
    "RateLimited",
    "RetryPolicy",
    "Settings",
    "Snooze",
    "StepTimeout",
    "StreamForgeError",
    "TransientError",
    "load",
    "pipeline",
]

_HOMES: Final = {
    "Artifact": "streamforge.jobs.model",
    "AsyncClient": "streamforge.client",
    "ChildFailed": "streamforge.errors",
    "Client": "streamforge.client",
    "Context": "streamforge.runtime.context",
    "Daemon": "streamforge.app",
    "InputError": "streamforge.errors",
    "Job": "streamforge.jobs.model",
    "JobError": "streamforge.jobs.model",
    "JobState": "streamforge.jobs.model",
    "Mapped": "streamforge.runtime.mapping",
    "PermanentError": "streamforge.errors",
    "Pipeline": "streamforge.runtime.recipe",
    "RateLimited": "streamforge.errors",
    "RetryPolicy": "streamforge.runtime.retry",
    "Settings": "streamforge.config",
    "Snooze": "streamforge.errors",
    "StepTimeout": "streamforge.errors",
    "StreamForgeError": "streamforge.errors",
    "TransientError": "streamforge.errors",
    "load": "streamforge.config",
    "pipeline": "streamforge.runtime.recipe",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: the command line's help need not wait for the runtime."""
    if name == "__version__":
        return import_module("importlib.metadata").version("streamforge")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'streamforge' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])
