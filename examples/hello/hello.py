"""A pipeline in one file; ``streamforge.toml`` beside it names ``hello:HELLO``.

Both in this directory:

    $ streamforge run
    $ streamforge submit hello --input '{"name": "Ada"}' --wait

Whoever has the daemon's Redis needs no client: ``XADD streamforge:inbox * kind hello name Ada``.
"""

from __future__ import annotations

from msgspec import Struct

from streamforge import Context, Pipeline


class Greeting(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whom to greet, and how often."""

    name: str
    times: int = 1


async def compose(spec: Greeting) -> str:
    """What takes its time in a real pipeline: a model, a service, a database."""
    return "\n".join([f"Hello, {spec.name}!"] * spec.times)


async def hello(ctx: Context, spec: Greeting) -> str:
    """Compose a greeting once, whatever happens to the process meanwhile, and keep it as a file too."""
    text = await ctx.step("compose", lambda: compose(spec), returns=str)
    await ctx.save("hello.txt", text.encode(), "text/plain")
    return text


HELLO = Pipeline("hello", Greeting, hello, result_type=str, version=1, steps=("compose",))
