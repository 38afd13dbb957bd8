"""The jobs of ``chaos.traffic``: some call models, some do not."""

from __future__ import annotations

from typing import Any, cast

import anyio
from msgspec import Struct

from streamforge import Context, Pipeline
from streamforge.errors import TransientError
from streamforge.providers.text import TextModel, TextRequest, Turn

CALLS = 2
"""Of each letter."""

SYSTEM = "You write one letter at a time. " * 20
PLAIN_S = 0.02


class Letter(Struct, frozen=True, kw_only=True):
    """What is asked of the models; a clumsy first attempt fails after its first answer."""

    topic: str
    is_clumsy: bool = False


class Errand(Struct, frozen=True, kw_only=True):
    """Work without a model."""

    number: int = 0


async def write(ctx: Context, letter: Letter) -> int:
    """A draft, then the letter: a call each."""
    model: TextModel = ctx.use(cast("Any", TextModel))

    async def ask(what: str) -> str:
        turn = Turn("user", f"{what} about {letter.topic}")
        answer = await model.complete(TextRequest(system=SYSTEM, turns=(turn,), max_tokens=200, timeout_s=30.0))
        if what == "draft" and letter.is_clumsy and ctx.attempt == 1:
            raise TransientError("the draft got lost")
        return answer.text

    draft = await ctx.step("draft", lambda: ask("draft"), returns=str)
    final = await ctx.step("final", lambda: ask("final"), returns=str)
    return len(draft) + len(final)


async def fetch(ctx: Context, errand: Errand) -> int:
    """A short wait."""

    async def wait() -> int:
        await anyio.sleep(PLAIN_S)
        return errand.number

    return await ctx.step("wait", wait, returns=int)


LETTER = Pipeline("letter", Letter, write, result_type=int, steps=("draft", "final"))
ERRAND = Pipeline("errand", Errand, fetch, result_type=int, steps=("wait",))
MODULES = ",".join(f"{__name__}:{name}" for name in ("LETTER", "ERRAND"))
