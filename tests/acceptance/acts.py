"""Jobs that end as they are told to, for daemons that have this module's pipelines in their settings."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Literal

from msgspec import Struct

from streamforge.errors import PermanentError, StepTimeout, TransientError
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline
from tests.acceptance.gate import GateSpec, note, wait

MODULES = ",".join(f"tests.acceptance.{name}" for name in ("gate:PIPELINE", "acts:ACT", "acts:PARENT"))
"""For ``pipelines.modules``."""

POLL_S = 0.01

Deed = Literal["succeed", "fail", "flake", "die", "tarry", "overrun", "resist"]


class ActSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``folder`` and ``name`` as a gate's; an act whose gate is open succeeds, whatever it is told to do."""

    do: Deed = "succeed"
    folder: str = ""
    name: str = ""


async def act(ctx: Context, spec: ActSpec) -> int:
    """Note, then do as told."""
    if spec.folder:
        await ctx.step("note", lambda: ctx.offload(note, spec.folder, spec.name), returns=int)
    if not is_open(spec):
        await _do(ctx, spec)
    return ctx.attempt


async def _do(ctx: Context, spec: ActSpec) -> None:
    match spec.do:
        case "succeed":
            pass
        case "fail":
            raise PermanentError("as it was told")
        case "flake":
            if ctx.attempt == 1:
                raise TransientError("the first attempt")
        case "die":
            await ctx.offload(die)
        case "tarry":
            soft_s = 0.2 if ctx.attempt == 1 else 0
            await ctx.step(
                "tarry", lambda: ctx.offload(wait, spec.folder, spec.name), returns=int, soft_timeout_s=soft_s
            )
        case "overrun":
            await _overrun(ctx, spec)
        case "resist":
            await ctx.step("resist", lambda: resist(spec), returns=int)


async def _overrun(ctx: Context, spec: ActSpec) -> None:
    """Past the soft limit in the one step, and past the hard one in the next."""
    try:
        await ctx.step("soft", lambda: ctx.offload(wait, spec.folder, spec.name), returns=int, soft_timeout_s=0.2)
    except StepTimeout:
        await ctx.step(
            "hard", lambda: ctx.offload(wait, spec.folder, spec.name), returns=int, soft_timeout_s=0, timeout_s=1.0
        )


async def resist(spec: ActSpec) -> int:
    """Hear every cancellation and go on, until the gate is open; how often it was heard."""
    heard = 0
    (Path(spec.folder) / f"{spec.name}.pids").write_text(f"{os.getpid()}\n")
    while not is_open(spec):
        try:
            await asyncio.sleep(POLL_S)
        except asyncio.CancelledError:
            heard += 1
    return heard


def is_open(spec: ActSpec) -> bool:
    """Whether its gate is."""
    return (Path(spec.folder) / f"{spec.name}.open").exists()


def die() -> None:
    """End the process that runs it."""
    os.kill(os.getpid(), signal.SIGSEGV)


async def parent(ctx: Context, spec: GateSpec) -> int:
    """Have a gate job of the same name, with a C at its end, pass; what it gave."""
    name = f"{spec.name}C"
    return await ctx.child("child", "gate", {"folder": spec.folder, "name": name}, returns=int)


ACT = Pipeline("act", ActSpec, act, steps=("note",))
PARENT = Pipeline("parent", GateSpec, parent, steps=("child",))
