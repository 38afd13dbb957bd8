"""The scripted server: official clients talk to it unmodified, it holds its limits and counts to the token."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import aiohttp
import anthropic
import httpx2
import msgspec
import openai
import pytest

from streamforge.errors import ProviderUnavailable, RateLimited
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import TextModel, TextRequest, Turn
from streamforge.testing import FakeClock
from streamforge.testing.model_server import (
    Answer,
    Fault,
    KeyLimits,
    ModelServer,
    RandomFaults,
    Seen,
    faults_from,
    fitting,
    serve,
)
from streamforge.traffic.headers import told_by

KEY = "sk-test-0123456789"
RECORDING = Path(__file__).parents[2] / "data" / "speech.ogg"
PROMPT = "x" * 400
HUNDRED = "a" * 400
"""A hundred tokens, as the server counts."""


def openai_client(server: ModelServer) -> openai.AsyncOpenAI:
    """The official client."""
    return openai.AsyncOpenAI(api_key=KEY, base_url=f"{server.url}/v1", max_retries=0)


def anthropic_client(server: ModelServer) -> anthropic.AsyncAnthropic:
    """The official client."""
    return anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url, max_retries=0)


def ask(**changes: object) -> TextRequest:
    """A hundred tokens of prompt."""
    return TextRequest(**{"system": "", "turns": (Turn("user", PROMPT),), **changes})  # type: ignore[arg-type]


def model_at(provider: str, url: str, key: str = KEY) -> TextModel:
    """A model of the provider at an address."""
    return (AnthropicText if provider == "anthropic" else OpenAIChat)(api_key=key, model="test", base_url=url)


async def test_the_official_anthropic_client_streams_and_reads_whole_messages() -> None:
    """Its stream helper and its plain call both understand the server."""
    async with ModelServer([Answer("hello there")]) as server, anthropic_client(server) as client:
        async with client.messages.stream(
            model="claude-test", max_tokens=99, messages=[{"role": "user", "content": "hi"}]
        ) as stream:
            message = await stream.get_final_message()
        whole = await client.messages.create(
            model="claude-test", max_tokens=99, messages=[{"role": "user", "content": "hi"}]
        )
    for each in (message, whole):
        assert each.content[-1].type == "text"
        assert each.content[-1].text == "hello there"
        assert (each.stop_reason, each.usage.output_tokens, each.usage.input_tokens) == ("end_turn", 42, 11)


async def test_the_official_openai_client_streams_and_reads_whole_completions() -> None:
    """Pieces, the last of them with the usage, and a completion in one piece."""
    async with ModelServer([Answer("hello there")]) as server, openai_client(server) as client:
        stream = await client.chat.completions.create(
            model="gpt-test",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        whole = await client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": "hi"}])
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "hello there"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 42
    assert whole.choices[0].message.content == "hello there"


async def test_the_official_openai_client_draws_and_listens() -> None:
    """Pictures by value and by address, transcriptions in both forms."""
    async with ModelServer([Answer("hello there")]) as server, openai_client(server) as client:
        drawn = await client.images.generate(model="gpt-image-test", prompt="a house", size="1024x1024")
        by_url = await client.images.generate(model="dall-e-test", prompt="a house", response_format="url")
        recording = ("speech.ogg", io.BytesIO(RECORDING.read_bytes()))
        said = await client.audio.transcriptions.create(model="whisper-test", file=recording)
        async with aiohttp.ClientSession() as session, session.get(str((by_url.data or [])[0].url)) as response:
            fetched = await response.read()
    assert (drawn.data or [])[0].b64_json
    assert fetched.startswith(b"\x89PNG")
    assert said.text == "hello there"
    assert server.tally(KEY).images == 2
    assert server.tally(KEY).audio_seconds == 1.0


@pytest.mark.parametrize(
    ("kind", "ours", "theirs"),
    [
        ("rate_limited", anthropic.RateLimitError, openai.RateLimitError),
        ("overloaded", anthropic.InternalServerError, openai.InternalServerError),
        ("unauthorised", anthropic.AuthenticationError, openai.AuthenticationError),
        ("no_model", anthropic.NotFoundError, openai.NotFoundError),
        ("bad_request", anthropic.BadRequestError, openai.BadRequestError),
        ("mid_stream", anthropic.APIStatusError, openai.APIError),
        ("dropped", httpx2.TransportError, openai.APIConnectionError),
    ],
)
async def test_the_official_clients_see_faults_as_such(
    kind: str, ours: type[Exception], theirs: type[Exception]
) -> None:
    """Each client raises the class that it has for the real thing."""
    fault = msgspec.convert({"kind": kind}, Fault)
    async with ModelServer([fault]) as server:
        async with anthropic_client(server) as client:
            with pytest.raises(ours):
                async with client.messages.stream(
                    model="claude-test", max_tokens=99, messages=[{"role": "user", "content": "hi"}]
                ) as stream:
                    await stream.get_final_message()
        async with openai_client(server) as other:
            with pytest.raises(theirs):
                _ = [
                    chunk
                    async for chunk in await other.chat.completions.create(
                        model="gpt-test", messages=[{"role": "user", "content": "hi"}], stream=True
                    )
                ]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_requests_a_minute_are_held_for_each_key(provider: str) -> None:
    """The third of two is refused with the time to wait; another key has its own; time makes room again."""
    clock = FakeClock()
    async with ModelServer([Answer("ok")], limits=KeyLimits(requests=2), clock=clock) as server:
        model, other = model_at(provider, server.url), model_at(provider, server.url, "sk-another-0123456789")
        await model.complete(ask())
        last = await model.complete(ask())
        assert last.limits["requests-remaining" if provider == "anthropic" else "remaining-requests"] == "0"
        with pytest.raises(RateLimited) as caught:
            await model.complete(ask())
        assert caught.value.retry_after_s == 30
        await other.complete(ask())
        clock.advance(30)
        await model.complete(ask())
        assert (server.tally(KEY).answered, server.tally(KEY).limited) == (3, 1)
        for each in (model, other):
            await each.aclose()


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_tokens_a_minute_are_held_too(provider: str) -> None:
    """Input is charged as a call begins, output as it ends; an overdraft is worked off before the next."""
    clock = FakeClock()
    async with ModelServer([Answer(HUNDRED)], limits=KeyLimits(tokens=150), clock=clock) as server:
        model = model_at(provider, server.url)
        await model.complete(ask())
        with pytest.raises(RateLimited):
            await model.complete(ask())
        clock.advance(61)
        await model.complete(ask())
        await model.aclose()
        assert server.tally(KEY).limited == 1


async def test_other_limits_hold_at_once() -> None:
    """A limit that shrinks leaves no more than fits; one that goes leaves none."""
    clock = FakeClock()
    async with ModelServer([Answer("ok")], limits=KeyLimits(requests=100), clock=clock) as server:
        model = model_at("anthropic", server.url)
        await model.complete(ask())
        server.limits = KeyLimits(requests=1)
        await model.complete(ask())
        with pytest.raises(RateLimited):
            await model.complete(ask())
        server.limits = KeyLimits()
        await model.complete(ask())
        await model.aclose()


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_rate_headers_are_read_by_the_limiter(provider: str) -> None:
    """Both dialects say the same in the way that the limiter understands."""
    limits = KeyLimits(requests=60, input_tokens=6000, output_tokens=600, tokens=9000)
    async with ModelServer([Answer("ok")], limits=limits, clock=FakeClock()) as server:
        model = model_at(provider, server.url)
        heard: dict[str, str] = {}
        request = ask(listener=_Noting(heard))
        await model.complete(request)
        await model.aclose()
    told = told_by(heard, FakeClock().now_ms())
    assert told.limits[0] == 60
    assert told.remaining[0] == 59
    if provider == "anthropic":
        assert (told.limits[1:3], told.remaining[1]) == ((6000, 600), 5900)
    else:
        assert (told.limits[3], told.remaining[3]) == (9000, 8900)


class _Noting:
    """A listener that keeps headers."""

    def __init__(self, into: dict[str, str]) -> None:
        self._into = into

    def hear(self, status: int, headers: object) -> None:
        """Keep them."""
        del status
        self._into.update(msgspec.convert(headers, dict[str, str]))

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Of no interest."""

    def bill(self, usage: object) -> None:
        """Of no interest."""


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_its_count_is_ours_to_the_token_under_faults(provider: str) -> None:
    """60 calls, every third with a fault by chance, repeated until answered: sums of both sides are equal."""
    kinds = ("rate_limited", "overloaded", "server_error", "dropped", "truncated", "mid_stream", "garbled")
    script = faults_from(",".join(f"{kind}=0.05" for kind in kinds), seed=7)
    ours = [0, 0, 0, 0]
    async with ModelServer(script, limits=KeyLimits(), replays=True) as server:
        model = model_at(provider, server.url)
        for number in range(60):
            request = ask(system="be brief", turns=(Turn("user", "y" * number * 7 + "?"),), idempotency_key=f"{number}")
            answer = await _persist(model, request)
            usage = answer.usage
            counts = (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens, usage.output_tokens)
            ours = [sum(pair) for pair in zip(ours, counts, strict=True)]
        tally = server.tally(KEY)
        await model.aclose()
    assert ours == [tally.input_tokens, tally.cache_read_tokens, tally.cache_write_tokens, tally.output_tokens]
    assert tally.answered == 60
    assert tally.requests == 60 + tally.refused + tally.broken
    assert tally.broken > 0
    assert (tally.broken_tokens.input > 0) is (provider == "anthropic"), "only one tells what a broken answer costs"


async def _persist(model: TextModel, request: TextRequest):  # noqa: ANN202 - the model's answer
    for _ in range(20):
        try:
            return await model.complete(request)
        except (ProviderUnavailable, RateLimited):
            continue
    raise AssertionError("20 faults in a row")


async def test_a_repeated_key_is_charged_once() -> None:
    """The same answer comes again for free, whatever the script says now; another key, or none, is another call."""
    async with ModelServer([Answer("one"), Answer("two")], limits=KeyLimits(), replays=True) as server:
        model = model_at("openai", server.url)
        answers = [(await model.complete(ask(idempotency_key=key))).text for key in ("a", "a", "b", "", "")]
        await model.aclose()
    assert answers == ["one", "one", "two", "two", "two"]
    tally = server.tally(KEY)
    assert (tally.requests, tally.answered, tally.replayed) == (5, 4, 1)


async def test_faults_by_chance_are_repeatable() -> None:
    """Equal seeds give equal scripts, others others; shares are kept about."""
    seen = Seen({}, {})
    one, same, other = (RandomFaults({"stalled": 0.1, "dropped": 0.2}, seed=seed) for seed in (1, 1, 2))
    steps = [one(seen) for _ in range(1000)]
    assert steps == [same(seen) for _ in range(1000)]
    assert steps != [other(seen) for _ in range(1000)]
    assert 250 < sum(isinstance(step, Fault) for step in steps) < 350
    with pytest.raises(ValueError, match="at most 1"):
        RandomFaults({"stalled": 0.6, "dropped": 0.6}, seed=1)
    with pytest.raises(ValueError, match="no fault"):
        faults_from("nonsense=0.1", seed=1)


@pytest.mark.parametrize("wire", ["anthropic", "openai"])
def test_an_answer_fits_the_schema_that_was_asked_for(wire: str) -> None:
    """So that local work with structured output gets somewhere."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}}}
    forms = {
        "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
        "openai": {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}},
    }
    assert fitting(Seen({}, forms[wire])).content == {"n": 1, "kind": "a"}
    assert isinstance(fitting(Seen({}, {})).content, str)


async def test_serving_goes_on_until_cancelled() -> None:
    """The address is told; tallies are there for other processes, by fingerprint and not by key."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve("127.0.0.1", 0, ready=told.set_result), name="server")
        url = await told
        model = model_at("openai", url)
        assert (await model.complete(ask())).text == "This is a scripted answer."
        async with aiohttp.ClientSession() as session, session.get(f"{url}/tallies") as response:
            tallies = await response.text()
        await model.aclose()
        task.cancel()
    assert '"answered":1' in tallies
    assert KEY not in tallies
