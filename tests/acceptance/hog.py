"""A pipeline whose work holds the interpreter's lock, as native code does that never lets go of it."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Literal

from msgspec import Struct

from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline


class HogSpec(Struct, frozen=True, kw_only=True):
    """``where`` the lock is held: in a pool child, or in the daemon's own process; ``folder`` is for the traces."""

    where: Literal["child", "daemon"]
    seconds: float
    folder: str


async def hog(ctx: Context, spec: HogSpec) -> int:
    """Hold the lock once over all attempts, and say in which one the recipe came to its end."""

    async def in_daemon() -> int:
        return hold(spec.seconds, spec.folder)

    async def in_child() -> int:
        return await ctx.offload(hold, spec.seconds, spec.folder)

    await ctx.step("hold", in_child if spec.where == "child" else in_daemon, returns=int)
    return ctx.attempt


def hold(seconds: float, folder: str) -> int:
    """Let no other Python code of this process run for so long; only the first time."""
    traces = Path(folder) / "held"
    times = len(traces.read_text(encoding="utf-8")) if traces.exists() else 0
    with traces.open("a", encoding="utf-8") as file:
        file.write("x")
    if not times:
        ctypes.PyDLL(None).usleep(round(seconds * 1_000_000))  # PyDLL calls with the lock held
    return times


PIPELINE = Pipeline("hog", HogSpec, hog, steps=("hold",))
