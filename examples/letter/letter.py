"""Text that can be read while a model writes it; ``streamforge.toml`` beside it names ``letter:LETTER``.

With the key of a provider in the environment (OPENAI_API_KEY or ANTHROPIC_API_KEY), both in this directory:

    $ streamforge run
    $ streamforge submit letter --input '{"topic": "the first snow"}'

Then watch it: the events called step.delta carry the text, piece by piece.

    $ curl -N http://127.0.0.1:8080/api/v1/jobs/<job_id>/events
"""

from __future__ import annotations

from msgspec import Struct

from streamforge import Context, Pipeline
from streamforge.providers.text import TextModel, TextRequest, Turn


class Letter(Struct, kw_only=True, forbid_unknown_fields=True):
    """What to write about."""

    topic: str


async def write(ctx: Context, spec: Letter) -> str:
    """The model's answer; each piece is shown as it comes, at the place where it belongs."""
    request = TextRequest(
        system="You write short, warm letters.",
        turns=(Turn("user", f"A letter about {spec.topic}."),),
        max_tokens=2_000,
        idempotency_key=ctx.idempotency_key("write"),
        on_progress=lambda piece: ctx.delta(piece.text, at=piece.start),
    )
    return (await ctx.use(TextModel).complete(request)).text


async def letter(ctx: Context, spec: Letter) -> str:
    """Have it written once, whatever happens to the process meanwhile, and keep it as a file too."""
    text = await ctx.step("write", lambda: write(ctx, spec), returns=str)
    await ctx.save("letter.txt", text.encode(), "text/plain")
    return text


LETTER = Pipeline("letter", Letter, letter, result_type=str, version=1, steps=("write",))
