"""A pipeline that saves files, and whose first attempt takes the daemon down between an object and its record."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from msgspec import Struct

from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline


class Keep(Struct, frozen=True, kw_only=True):
    """What to save; with a ``folder``, which remembers it, the first attempt dies."""

    text: str
    folder: str = ""


async def keep(ctx: Context, spec: Keep) -> int:
    """Save it, and something large as a checkpoint."""
    deaths = Path(spec.folder) / "deaths"
    if spec.folder and not deaths.exists():
        deaths.touch()
        await ctx._objects.put(b"put, and never recorded")  # pyright: ignore[reportPrivateUsage] - as ctx.save begins
        os.kill(os.getpid(), signal.SIGKILL)
    await ctx.step("large", lambda: _large(spec.text), returns=str)
    return (await ctx.save("f.txt", spec.text.encode() * 1000, "text/plain")).size


async def _large(text: str) -> str:
    return text * 50_000


PIPELINE = Pipeline("keep", Keep, keep)
