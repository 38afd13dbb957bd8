"""What a server tells of usage is kept within bounds: negative or absurd figures reach neither books nor limits."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import json

from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import TextModel, TextRequest, Turn, Usage
from streamforge.providers.usage import LARGEST, counted, timed_s


def app_with(figure: int) -> web.Application:
    """A server of both dialects whose every figure is that one."""

    async def messages(_: web.Request) -> web.Response:
        usage = {"input_tokens": figure, "output_tokens": figure, "cache_read_input_tokens": figure}
        told = [
            {"type": "message_start", "message": {"model": "m", "usage": usage}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "hello"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
            {"type": "message_stop"},
        ]
        body = b"".join(f"event: {each['type']}\ndata: ".encode() + json.encode(each) + b"\n\n" for each in told)
        return web.Response(body=body, content_type="text/event-stream")

    async def completions(_: web.Request) -> web.Response:
        usage = {"prompt_tokens": figure, "completion_tokens": figure}
        choice = {"message": {"content": "hello"}, "finish_reason": "stop"}
        body = json.encode({"model": "m", "choices": [choice], "usage": usage})
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/messages", messages)
    app.router.add_post("/v1/chat/completions", completions)
    return app


class Ear:
    """Keeps what limits and books would be told."""

    def __init__(self) -> None:
        self.figures: list[int] = []

    def hear(self, status: int, headers: object) -> None:
        """The answer's head."""

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Tokens, as limits count them."""
        self.figures += [figure for figure in (input_tokens, output_tokens) if figure is not None]

    def bill(self, usage: Usage) -> None:
        """Tokens, as they are billed."""
        self.figures += [usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens]


@pytest.mark.parametrize(("figure", "most"), [(-5_000_000, 0), (10**18, LARGEST)])
@pytest.mark.parametrize("kind", [AnthropicText, OpenAIChat])
async def test_odd_figures_are_bounded(kind: type[AnthropicText | OpenAIChat], figure: int, most: int) -> None:
    """The answer stands, and says of its usage what can be."""
    async with TestServer(app_with(figure)) as server:
        model: TextModel = kind(api_key="sk-test-key-000111", model="m", base_url=str(server.make_url("")))
        ear = Ear()
        answer = await model.complete(TextRequest(system="s", turns=(Turn("user", "x"),), listener=ear))
        await model.aclose()
    assert answer.text == "hello"
    assert answer.usage.output_tokens == most
    assert {figure for figure in ear.figures if figure} <= {most, 2 * most}
    assert all(0 <= figure <= 2 * LARGEST for figure in ear.figures)


def test_figures_have_bounds() -> None:
    """Of counts and of lengths; none is 0."""
    assert [counted(figure) for figure in (None, -1, 7, 10**19)] == [0, 0, 7, LARGEST]
    assert [timed_s(seconds) for seconds in (None, -1.0, 7.5, 1e300)] == [0.0, 0.0, 7.5, LARGEST / 1000]
