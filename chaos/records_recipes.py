"""The jobs of ``chaos.records``: each pays for a call, has a checkpoint too large for Redis, and saves files.

One of the files is saved twice, and the first time as something else: so there is garbage to collect.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, cast

from msgspec import Struct

from streamforge import Context, Pipeline
from streamforge.providers.text import TextModel, TextRequest, Turn

SHARED = 20
"""So many jobs each save the same file: one object, to which many refer."""


class Deed(Struct, frozen=True, kw_only=True):
    """What to put on record. ``size``: bytes of its own file."""

    number: int
    size: int = 20_000


def own_file(deed: Deed) -> bytes:
    """What only this job saves."""
    return hashlib.sha256(f"deed {deed.number}".encode()).digest() * (deed.size // 32)


def shared_file(deed: Deed) -> bytes:
    """What it saves as its neighbours do."""
    return hashlib.sha256(f"annex {deed.number // SHARED}".encode()).digest() * 100


async def record(ctx: Context, deed: Deed) -> str:
    """A call, a large checkpoint, two files; the result is the SHA-256 of its own file."""
    model: TextModel = ctx.use(cast("Any", TextModel))

    async def ask() -> str:
        turn = Turn("user", f"deed {deed.number}")
        return (await model.complete(TextRequest(system="", turns=(turn,), max_tokens=100, timeout_s=30.0))).text

    async def copy() -> str:
        return f"{deed.number} " * 60_000

    await ctx.step("ask", ask, returns=str)
    await ctx.step("copy", copy, returns=str)
    await ctx.save("own.bin", os.urandom(1000), "application/octet-stream")  # garbage, as soon as the next line is done
    await ctx.save("own.bin", own_file(deed), "application/octet-stream")
    await ctx.save("annex.bin", shared_file(deed), "application/octet-stream")
    return hashlib.sha256(own_file(deed)).hexdigest()


DEED = Pipeline("deed", Deed, record, result_type=str, steps=("ask", "copy"))
MODULES = f"{__name__}:DEED"
