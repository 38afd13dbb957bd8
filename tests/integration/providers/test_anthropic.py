"""The real SDK against a scripted server on a real loopback socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streamforge.errors import (
    PermanentError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    StepTimeout,
    StreamForgeError,
    TransientError,
)
from streamforge.providers.anthropic import STOP_REASONS, AnthropicText
from streamforge.providers.schema import structured_schema
from streamforge.providers.text import TextRequest, Turn, Usage
from streamforge.testing.model_server import Answer, Fault, FaultKind, ModelServer, Script, Slow
from streamforge.testing.waiting import until

KEY = "sk-test-0123456789"
BRIEF = "a very confidential product launch"


@asynccontextmanager
async def serving(script: Script) -> AsyncGenerator[tuple[ModelServer, AnthropicText]]:
    """A scripted server and a model that talks to it."""
    async with ModelServer(script) as server:
        model = AnthropicText(api_key=KEY, model="claude-test", base_url=server.url)
        try:
            yield server, model
        finally:
            await model.aclose()


def ask(**changes: object) -> TextRequest:
    """A small request."""
    fields: dict[str, object] = {"system": "You are terse.", "turns": (Turn("user", BRIEF),), **changes}
    return TextRequest(**fields)  # type: ignore[arg-type]


async def test_a_streamed_answer_comes_back_whole() -> None:
    """Text, usage (with cache tokens), stop reason, request id and rate headers all arrive."""
    async with serving([Answer({"text": "ä" * 500})]) as (_, model):
        response = await model.complete(ask())
    assert response.text == '{"text":"' + "ä" * 500 + '"}'
    assert response.usage == Usage(input_tokens=11, output_tokens=42, cache_read_tokens=2000, cache_write_tokens=3)
    assert (response.stop_reason, response.request_id) == ("end_turn", "req_test_1")
    assert response.model == "claude-test"
    assert response.limits["requests-remaining"] == "49"


async def test_the_request_is_what_the_api_wants() -> None:
    """The wire holds a cached system prefix, the schema and effort in ``output_config``, and nothing of the old API."""
    schema = structured_schema(list[int])
    async with serving([Answer([1])]) as (server, model):
        turns = (Turn("user", "one"), Turn("assistant", "[x]"), Turn("user", "again"))
        await model.complete(ask(turns=turns, schema=schema, effort="low", max_tokens=77))
    body = server.requests[0].body
    assert body["system"] == [{"type": "text", "text": "You are terse.", "cache_control": {"type": "ephemeral"}}]
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": schema}}
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("claude-test", 77, True)
    assert not {"temperature", "top_p", "top_k", "tools", "tool_choice", "thinking"} & body.keys()


async def test_without_schema_and_effort_there_is_no_output_config() -> None:
    """Plain requests stay plain, so that servers of the older wire format can answer them."""
    async with serving([Answer("hello")]) as (server, model):
        await model.complete(ask())
    assert "output_config" not in server.requests[0].body


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limited", RateLimited),
        ("spend_limit", ProviderRefused),
        ("overloaded", ProviderUnavailable),
        ("server_error", ProviderUnavailable),
        ("bad_request", ProviderRefused),
        ("unauthorised", ProviderRefused),
        ("truncated", ProviderUnavailable),
        ("dropped", ProviderUnavailable),
        ("mid_stream", ProviderUnavailable),
        ("refusal", ProviderRefused),
        ("max_tokens", ProviderRefused),
        ("garbled", ProviderUnavailable),
        ("empty", ProviderUnavailable),
    ],
)
async def test_every_fault_becomes_one_of_our_errors(kind: FaultKind, expected: type[StreamForgeError]) -> None:
    """Each failure ends in the right class, after one request, with neither key, prompt nor a cause that holds them."""
    async with serving([Fault(kind, retry_after_s=7)]) as (server, model):
        with pytest.raises(expected) as caught:
            await model.complete(ask())
        assert len(server.requests) == 1
    said = f"{caught.value} {caught.value!r} {caught.value.hint}"
    assert KEY not in said
    assert BRIEF not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_stream_that_ends_early_is_named_as_such() -> None:
    """The SDK returns half a message without an error; here it is one, and says what happened."""
    async with serving([Fault("truncated")]) as (_, model):
        with pytest.raises(ProviderUnavailable, match="ended before its message did"):
            await model.complete(ask())


async def test_a_long_pause_is_handed_on_and_not_slept() -> None:
    """A 429 that asks for an hour comes back at once, with the hour on the error."""
    async with serving([Fault("rate_limited", retry_after_s=3600)]) as (_, model):
        with pytest.raises(RateLimited) as caught:
            await model.complete(ask())
    assert caught.value.retry_after_s == 3600


async def test_the_next_call_succeeds_after_a_fault() -> None:
    """A broken stream leaves the client usable."""
    async with serving([Fault("dropped"), Answer("fine")]) as (_, model):
        with pytest.raises(TransientError):
            await model.complete(ask())
        assert (await model.complete(ask())).text == "fine"


async def test_a_slow_answer_ends_in_a_step_timeout() -> None:
    """The limit bounds reading too: a stream that has begun but never ends is given up."""
    async with serving([Slow("late")]) as (server, model):
        with pytest.raises(StepTimeout):
            await model.complete(ask(timeout_s=0.3))
        assert len(server.requests) == 1


async def test_a_held_answer_arrives_when_released() -> None:
    """The scripted delay is a signal, not a sleep."""
    async with serving([Slow("late")]) as (server, model), asyncio.TaskGroup() as group:
        pending = group.create_task(model.complete(ask()), name="held call")
        await server.arrived.wait()
        assert not pending.done()
        server.release.set()
        assert (await pending).text == "late"


async def test_nobody_listening_is_a_transient_error() -> None:
    """A refused connection may be better later."""
    async with ModelServer([Answer("")]) as server:
        address = server.url
    model = AnthropicText(api_key=KEY, base_url=address)
    with pytest.raises(ProviderUnavailable):
        await model.complete(ask())
    await model.aclose()


async def test_a_closed_model_opens_again() -> None:
    """``aclose`` is idempotent and not final."""
    async with serving([Answer("one")]) as (_, model):
        assert (await model.complete(ask())).text == "one"
        await model.aclose()
        await model.aclose()
        assert (await model.complete(ask())).text == "one"


async def test_many_calls_share_one_client() -> None:
    """Calls that start together open the client once and all get their answers."""
    async with serving([Answer("ok")]) as (server, model):
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(model.complete(ask()), name=f"call {n}") for n in range(20)]
        assert {call.result().text for call in calls} == {"ok"}
        assert len(server.requests) == 20


async def test_nothing_confidential_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At every level from INFO up, logs hold neither the key nor the prompt nor the answer."""
    caplog.set_level(logging.INFO)
    async with serving([Fault("bad_request"), Answer("the secret answer")]) as (_, model):
        with pytest.raises(PermanentError):
            await model.complete(ask())
        await model.complete(ask())
    assert not [word for word in (KEY, BRIEF, "the secret answer") if word in caplog.text]


async def test_the_scripted_server_refuses_the_old_api() -> None:
    """Requests the real API answers with 400 get a 400 here too: a bounded schema is one."""
    async with serving([Answer("ok")]) as (_, model):
        with pytest.raises(ProviderRefused, match="type invalid_request_error"):
            await model.complete(ask(schema={"type": "integer", "minimum": 1}))


def test_every_stop_reason_is_decided() -> None:
    """The stop reasons of the SDK are exactly those of the table."""
    from typing import get_args  # noqa: PLC0415 - only here

    from anthropic.types.stop_reason import StopReason  # noqa: PLC0415 - only here

    assert set(get_args(StopReason)) == set(STOP_REASONS)


async def test_a_redirect_is_not_followed() -> None:
    """The key goes to the address that was configured, and to no other that it may point to."""
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"location": "/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere)
    async with TestServer(app) as server:
        model = AnthropicText(api_key=KEY, base_url=str(server.make_url("")))
        with pytest.raises(ProviderUnavailable, match="status 307"):
            await model.complete(ask())
        await model.aclose()
    assert asked == ["/v1/messages"]


async def test_more_calls_run_at_once_than_the_client_would_let() -> None:
    """No pool holds calls back in silence: aiohttp's own limit is 100 connections."""
    async with serving([Slow("late")]) as (server, model), asyncio.TaskGroup() as group:
        calls = [group.create_task(model.complete(ask()), name=f"call {n}") for n in range(120)]
        await until(lambda: len(server.requests) == len(calls), "all calls have arrived")
        server.release.set()
    assert {call.result().text for call in calls} == {"late"}
