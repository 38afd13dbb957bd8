"""The whole daemon as a program for tests that call its API from outside, with kinds that end at once, and keys.

    python -m tests.integration.api.whole redis://… DIR auto|always

Prints a line of JSON once it serves (its address and three keys), and ends with its standard input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import anyio
import msgspec
from anyio.to_thread import run_sync
from msgspec import Meta, Struct

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keys import NewKey
from streamforge.accounts.model import Scope
from streamforge.api.caller import EVERY_TENANT
from streamforge.app import Daemon
from streamforge.broker.broker import Broker
from streamforge.config import (
    ApiSettings,
    JobsSettings,
    LogsSettings,
    PathsSettings,
    PoolSettings,
    RedisSettings,
    Settings,
    WorkerSettings,
)
from streamforge.errors import AssetRejected
from streamforge.jobs.model import Artifact
from streamforge.ops import logs
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline


class Brief(Struct, forbid_unknown_fields=True):
    """Stands for the banner's input."""

    prompt: Annotated[str, Meta(min_length=1, max_length=100)]
    width: Annotated[int, Meta(ge=16, le=4096)] = 1200
    height: Annotated[int, Meta(ge=16, le=4096)] = 628
    files: list[Artifact] = msgspec.field(default_factory=list[Artifact])


class Echo(Struct, forbid_unknown_fields=True):
    """The input of a kind that takes no files; ``fails`` has it end badly."""

    text: Annotated[str, Meta(max_length=100)] = ""
    fails: bool = False


async def make_banner(ctx: Context, brief: Brief) -> dict[str, Any]:
    """A file that says what was asked for."""
    await ctx.save("banner.txt", brief.prompt.encode(errors="replace"), media_type="text/plain")
    return {"width": brief.width, "versions": [{"version": 1}]}


async def echo(ctx: Context, spec: Echo) -> str:
    """The text; or a failure."""

    async def say() -> str:
        if spec.fails:
            raise AssetRejected("as it was asked to")
        return spec.text

    return await ctx.step("say", say, returns=str)


PIPELINES = (
    Pipeline("banner", Brief, make_banner),
    Pipeline("echo", Echo, echo, result_type=str, steps=("say",)),
)


async def serve(url: str, home: Path, auth: str) -> None:
    """Run the daemon until standard input ends."""
    settings = Settings(
        redis=RedisSettings(url=url, prefix=f"whole-{auth}"),
        paths=PathsSettings(data_dir=home),
        worker=WorkerSettings(name="whole", concurrency=8, grace_s=0.0),
        pool=PoolSettings(slots=1),
        api=msgspec.convert({"port": 0, "auth": auth}, ApiSettings),
        jobs=JobsSettings(),
    )
    keys = await issue(settings, url)
    daemon = Daemon(settings, PIPELINES)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(daemon.run)
        await daemon.ready.wait()
        assert daemon.api is not None
        print(json.dumps({"url": daemon.api.url, "keys": keys}), flush=True)  # noqa: T201 - for who started this
        await run_sync(sys.stdin.read)
        daemon.stop()


async def issue(settings: Settings, url: str) -> dict[str, str]:
    """A key for an operator and one for each of two tenants."""
    broker = Broker(settings.redis, settings.jobs, url)
    accounts = Accounts(broker)
    wanted = {
        "operator": NewKey(tenant=EVERY_TENANT, scopes=(Scope.ADMIN,)),
        "one": NewKey(tenant="one", scopes=(Scope.SUBMIT,)),
        "two": NewKey(tenant="two", scopes=(Scope.SUBMIT,)),
    }
    keys = {name: (await accounts.keys.create(new)).token for name, new in wanted.items()}
    await broker.close()
    return keys


if __name__ == "__main__":
    logs.configure(LogsSettings(level="error"))
    anyio.run(serve, sys.argv[1], Path(sys.argv[2]), sys.argv[3], backend_options={"use_uvloop": True})
