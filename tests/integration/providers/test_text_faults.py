"""Both text providers against the scripted server, over real sockets: every fault, every timeout, nothing leaked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import get_args

import pytest
import structlog

from streamforge.errors import ProviderUnavailable, RateLimited, StepTimeout, StreamForgeError
from streamforge.jobs.outcome import Failed
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.metered import MeteredText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import Progress, TextModel, TextRequest, Turn, Usage
from streamforge.providers.timeouts import Timeouts
from streamforge.runtime.retry import Past, RetryPolicy, decide
from streamforge.testing.fault_table import OTHERS, ROWS, FaultRow, as_markdown
from streamforge.testing.model_script import FaultKind
from streamforge.testing.model_server import Answer, Fault, ModelServer, Script, Slow

KEY = "sk-test-0123456789-planted"
BRIEF = "a very confidential product launch"
PROVIDERS = ("anthropic", "openai")
QUICK = Timeouts(connect_s=0.3, first_token_s=0.3, idle_s=0.3)


def model_at(provider: str, url: str, timeouts: Timeouts | None = None) -> TextModel:
    """A model of the provider at an address."""
    if provider == "anthropic":
        return AnthropicText(api_key=KEY, model="claude-test", base_url=url, timeouts=timeouts)
    return OpenAIChat(api_key=KEY, model="gpt-test", base_url=url, timeouts=timeouts)


@contextlib.asynccontextmanager
async def serving(
    provider: str, script: Script, timeouts: Timeouts | None = None
) -> AsyncGenerator[tuple[ModelServer, TextModel]]:
    """A scripted server and a model that talks to it."""
    async with ModelServer(script) as server:
        model = model_at(provider, server.url, timeouts)
        try:
            yield server, model
        finally:
            await model.aclose()


def ask(**changes: object) -> TextRequest:
    """A small request."""
    fields: dict[str, object] = {"system": "You are terse.", "turns": (Turn("user", BRIEF),), **changes}
    return TextRequest(**fields)  # type: ignore[arg-type]


@contextlib.contextmanager
def crowded() -> Generator[str]:
    """An address where connections are neither taken nor refused: a listener with a full backlog."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_the_table_has_every_fault() -> None:
    """Each fault that the server knows has a row, and the docs' table a line for each."""
    assert set(ROWS) == set(get_args(FaultKind))
    assert len(as_markdown().splitlines()) == 2 + len(ROWS) + len(OTHERS)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", ROWS)
async def test_every_fault_becomes_the_error_of_its_row(provider: str, kind: FaultKind) -> None:
    """The right class, after one request; neither key nor prompt, which the server echoes, in text, cause or logs."""
    with structlog.testing.capture_logs() as logs:
        async with serving(provider, [Fault(kind, text=BRIEF)], QUICK) as (server, model):
            with pytest.raises(StreamForgeError) as caught:
                await MeteredText(model).complete(ask())
            assert len(server.requests) == 1
    assert type(caught.value) is ROWS[kind].raises
    error = caught.value
    said = f"{error} {error!r} {error.hint} {error.__dict__} {model!r} {ask()!r} {logs}"
    assert KEY not in said
    assert BRIEF not in said
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("retry_after_s", [None, 3600.0])
async def test_a_pause_is_handed_on_and_not_slept(provider: str, retry_after_s: float | None) -> None:
    """A 429 comes back at once, with the pause that it asks for, or with none."""
    async with serving(provider, [Fault("rate_limited", retry_after_s=retry_after_s)]) as (_, model):
        with pytest.raises(RateLimited) as caught:
            await model.complete(ask())
    assert caught.value.retry_after_s == retry_after_s


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "phase"), [("slow_first_token", "first token"), ("stalled", "idle"), ("slow_first_token", "total")]
)
async def test_a_timeout_says_which(provider: str, kind: FaultKind, phase: str) -> None:
    """First token, idle stream and total are told apart; the error says how long was waited."""
    patient = Timeouts(first_token_s=20, idle_s=20)
    limits = patient if phase == "total" else QUICK
    async with serving(provider, [Fault(kind)], limits) as (_, model):
        with pytest.raises(StepTimeout, match=rf"0.3 s \({phase} timeout\)"):
            await model.complete(ask(timeout_s=0.3 if phase == "total" else 20))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_connection_that_does_not_come_is_a_timeout_of_its_own(provider: str) -> None:
    """Connecting has a limit far below the others."""
    with crowded() as url:
        model = model_at(provider, url, Timeouts(connect_s=0.3))
        with pytest.raises(StepTimeout, match=r"0.3 s \(connect timeout\)"):
            await model.complete(ask(timeout_s=20))
        await model.aclose()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nobody_listening_is_transient(provider: str) -> None:
    """A refused connection may be better later; it says which setting holds the address."""
    async with ModelServer() as server:
        url = server.url
    model = model_at(provider, url)
    with pytest.raises(ProviderUnavailable) as caught:
        await model.complete(ask())
    assert "base_url" in str(caught.value.hint)
    await model.aclose()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_progress_and_first_token_are_told(provider: str) -> None:
    """Characters grow to the answer's length, tokens with them; the first token's time is in the answer."""
    heard: list[Progress] = []
    async with serving(provider, [Answer("x" * 500)]) as (_, model):
        answer = await model.complete(ask(on_progress=heard.append))
    assert [each.characters for each in heard] == [*range(40, 500, 40), 500]
    assert heard[-1].output_tokens == 125
    assert answer.first_token_s is not None
    assert answer.first_token_s > 0


class Ear:
    """A listener that notes all."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.used: list[tuple[int | None, int | None]] = []
        self.bills: list[Usage] = []

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the head."""
        self.statuses.append(status)
        self.headers = dict(headers)

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Note the tokens."""
        self.used.append((input_tokens, output_tokens))

    def bill(self, usage: Usage) -> None:
        """Note what is billed."""
        self.bills.append(usage)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("step", "status", "is_used"),
    [
        (Answer("ok"), 200, True),
        (Fault("refusal"), 200, True),
        (Fault("rate_limited", retry_after_s=7), 429, False),
        (Fault("unauthorised"), 401, False),
        (Fault("overloaded"), 0, False),
    ],
)
async def test_a_listener_hears_of_every_head_and_of_what_was_used(
    provider: str, step: Answer | Fault, status: int, is_used: bool
) -> None:
    """Status and headers, of errors too, once a call; tokens also where the answer is then refused."""
    ear = Ear()
    async with serving(provider, [step]) as (_, model):
        with contextlib.suppress(StreamForgeError):
            await model.complete(ask(listener=ear))
    assert ear.statuses == [status or {"anthropic": 529, "openai": 503}[provider]]
    assert any("ratelimit" in name for name in ear.headers)
    assert ("retry-after" in ear.headers) == (status == 429)
    assert (
        ear.bills[-1:] == [Usage(input_tokens=11, output_tokens=42, cache_read_tokens=2000, cache_write_tokens=3)]
    ) is (is_used)
    assert (ear.used[-1:] == [({"anthropic": 14, "openai": 2014}[provider], 42)]) is is_used


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_call_that_is_cancelled_ends(provider: str) -> None:
    """Cancelling goes through a stream that waits, and the server sees it go."""
    async with serving(provider, [Slow(), Answer("fine")]) as (server, model):
        async with asyncio.TaskGroup() as group:
            call = group.create_task(model.complete(ask()), name="call")
            await server.arrived.wait()
            call.cancel()
        assert call.cancelled()
        assert (await model.complete(ask())).text == "fine"


@pytest.mark.parametrize("row", [*ROWS.values(), *OTHERS.values()])
def test_what_the_job_does_is_what_the_policy_says(row: FaultRow) -> None:
    """The table's last column: the job fails at once exactly where its row's error is permanent."""
    line = next(line for line in as_markdown().splitlines() if f"| {row.happens} |" in line)
    is_failed = isinstance(decide(row.raises(), Past(), RetryPolicy(), lambda: 0.5), Failed)
    assert ("fails at once" in line) == is_failed
