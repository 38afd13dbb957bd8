"""A pipeline whose jobs wait where the test wants them to; a daemon finds it through an entry point.

A job leaves traces in its folder: ``<name>.note`` has a line for each time the first step really ran, ``<name>.pids``
the pool child of each try of the second one, which ends once ``<name>.open`` exists.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec import Struct

from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline

POLL_S = 0.01


class GateSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``folder`` is where the traces go; ``name`` tells jobs in one folder apart."""

    folder: str
    name: str


async def pass_gate(ctx: Context, spec: GateSpec) -> int:
    """Note, wait for the gate, note again."""
    await ctx.step("note", lambda: ctx.offload(note, spec.folder, spec.name), returns=int)
    await ctx.step("wait", lambda: ctx.offload(wait, spec.folder, spec.name), returns=int)
    return ctx.attempt


def note(folder: str, name: str) -> int:
    """Write a line, say which it is."""
    return _append(Path(folder) / f"{name}.note", "ran")


def wait(folder: str, name: str) -> int:
    """Say who waits, then wait."""
    tries = _append(Path(folder) / f"{name}.pids", str(os.getpid()))
    while not (Path(folder) / f"{name}.open").exists():
        time.sleep(POLL_S)
    return tries


def _append(path: Path, line: str) -> int:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return len(path.read_text(encoding="utf-8").splitlines())


PIPELINE = Pipeline("gate", GateSpec, pass_gate, steps=("note", "wait"))
