"""Chat completions against the scripted server: what is sent, what comes back, and servers that know less."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Collection

import pytest

from streamforge.errors import ConfigError, ProviderRefused
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.schema import structured_schema
from streamforge.providers.text import TextRequest, Turn, Usage
from streamforge.testing.model_server import Answer, ModelServer, Script

KEY = "sk-test-0123456789"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}


@contextlib.asynccontextmanager
async def serving(
    script: Script, unknown: Collection[str] = (), key: str = KEY
) -> AsyncGenerator[tuple[ModelServer, OpenAIChat]]:
    """A scripted server and a model that talks to it."""
    async with ModelServer(script, unknown=unknown) as server:
        model = OpenAIChat(api_key=key, model="gpt-test", base_url=f"{server.url}/v1/")
        try:
            yield server, model
        finally:
            await model.aclose()


def ask(**changes: object) -> TextRequest:
    """A small request."""
    fields: dict[str, object] = {"system": "You are terse.", "turns": (Turn("user", "hello"),), **changes}
    return TextRequest(**fields)  # type: ignore[arg-type]


async def test_a_streamed_answer_comes_back_whole() -> None:
    """Text, usage (cache reads apart), stop reason, request id and rate headers all arrive."""
    async with serving([Answer("ä" * 500)]) as (_, model):
        answer = await model.complete(ask())
    assert answer.text == "ä" * 500
    assert answer.usage == Usage(input_tokens=11, output_tokens=42, cache_read_tokens=2000, cache_write_tokens=3)
    assert (answer.stop_reason, answer.request_id, answer.model) == ("stop", "req_test_1", "gpt-test")
    assert answer.limits["remaining-requests"] == "49"


async def test_the_request_is_what_the_api_wants() -> None:
    """The wire holds all turns after the system text, the strict schema, the effort, the limit and the key's header."""
    turns = (Turn("user", "one"), Turn("assistant", "[x]"), Turn("user", "again"))
    async with serving([Answer({"a": 1})]) as (server, model):
        asked = ask(turns=turns, schema=SCHEMA, effort="max", max_tokens=77, idempotency_key="job-7")
        await model.complete(asked)
    seen = server.requests[0]
    assert [turn["role"] for turn in seen.body["messages"]] == ["system", "user", "assistant", "user"]
    assert seen.body["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}
    assert (seen.body["reasoning_effort"], seen.body["max_completion_tokens"]) == ("max", 77)
    assert seen.headers["idempotency-key"] == "job-7"
    assert seen.key == KEY


async def test_a_server_that_knows_less_is_asked_for_less_once() -> None:
    """Unknown parameters are left out, the schema is then written out; later calls begin with what was learnt."""
    unknown = ("response_format", "stream_options", "reasoning_effort", "max_completion_tokens")
    async with serving([Answer('```json\n{"a": 1}\n```')], unknown) as (server, model):
        first = await model.complete(ask(schema=SCHEMA, effort="low"))
        assert len(server.requests) == 5
        await model.complete(ask(schema=SCHEMA, effort="low"))
        assert len(server.requests) == 6
    assert first.text == '{"a": 1}'
    assert first.usage == Usage()
    body = server.requests[-1].body
    assert '"additionalProperties":false' in body["messages"][0]["content"]
    assert body["max_tokens"] == 16_000
    assert not set(unknown) & body.keys()


async def test_a_schema_that_is_refused_is_written_out_but_the_next_one_is_tried() -> None:
    """Trouble with one schema says nothing about the server."""
    bounded = {**SCHEMA, "properties": {"a": {"type": "integer", "minimum": 1}}}
    async with serving([Answer({"a": 1})]) as (server, model):
        await model.complete(ask(schema=bounded))
        await model.complete(ask(schema=SCHEMA))
    assert ["response_format" in seen.body for seen in server.requests] == [True, False, True]


async def test_a_schema_without_an_object_at_its_root_is_written_out() -> None:
    """The structured form takes objects only."""
    async with serving([Answer([1])]) as (server, model):
        assert (await model.complete(ask(schema=structured_schema(list[int])))).text == "[1]"
    assert "response_format" not in server.requests[0].body


async def test_other_refusals_are_not_asked_again() -> None:
    """A 400 about something else is raised after one request."""
    async with serving([Answer("")]) as (server, model):
        with pytest.raises(ProviderRefused):
            await model.complete(ask(system="", turns=()))
        assert len(server.requests) == 1


async def test_a_server_of_ones_own_needs_no_key() -> None:
    """Without a key no header is sent; the provider's own address wants one."""
    async with serving([Answer("hi")], key="") as (server, model):
        await model.complete(ask())
    assert "authorization" not in server.requests[0].headers
    with pytest.raises(ConfigError, match="no API key"):
        OpenAIChat()


@pytest.mark.parametrize("base_url", ["ftp://x", "somewhere", "http:///v1/", "http://me:pw@host"])
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    """So is one with a password in it, which every message would repeat; it is not repeated here."""
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(api_key=KEY, base_url=base_url)
    assert base_url not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-with\nline", "sk-with space", "sk-ünicode"])
def test_a_key_that_no_header_carries_is_refused(key: str) -> None:
    """Before any call, and without being repeated."""
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(api_key=key)
    assert key not in f"{caught.value} {caught.value!r}"
