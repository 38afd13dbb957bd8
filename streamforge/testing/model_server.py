"""A scripted stand-in for model providers: Anthropic's and OpenAI's wire formats over real HTTP, faults on demand.

    async with ModelServer([Answer({"a": 1}), Fault("rate_limited", retry_after_s=7)]) as server:
        model = AnthropicText(api_key="test-key", base_url=server.url)

It speaks Messages (``/v1/messages``), chat completions, image generations and transcriptions. Each request takes the
next step of the script; when it is used up, the last step repeats. What was asked stays readable in ``requests``, what
each key used in ``accounts``. Steps that wait do so until ``release`` is set (or the client goes away, or their own
``delay_s`` is over), so no test has to sleep.

Errors that it answers with repeat key and prompt, whole, in part and in other letters: who talks to it must not pass
them on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from typing import Any, Protocol, Self

import msgspec
from aiohttp import web
from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.testing.anthropic_dialect import FIXED, AnthropicDialect, schema_breach
from streamforge.testing.media_dialect import MediaEndpoints, abort, cut
from streamforge.testing.model_accounts import Account, KeyLimits, Tally, Tokens
from streamforge.testing.model_script import (
    REFUSALS,
    Answer,
    Fault,
    FaultKind,
    RandomFaults,
    Script,
    Seen,
    Slow,
    Step,
    echo,
    faults_from,
    fitting,
)
from streamforge.testing.openai_dialect import OpenAIDialect
from streamforge.traffic.keys import fingerprint

__all__ = [
    "Answer",
    "Fault",
    "FaultKind",
    "KeyLimits",
    "ModelServer",
    "RandomFaults",
    "Script",
    "Seen",
    "Slow",
    "Step",
    "Tally",
    "faults_from",
    "fitting",
    "schema_breach",
    "serve",
]

_REMEMBERED = 100_000
_PIECE = 40
_ENDS = {"refusal": "refusal", "max_tokens": "max_tokens"}
_BROKEN = frozenset({"truncated", "dropped", "mid_stream", "garbled"})


class Dialect(Protocol):
    """What the server must know of a wire format to speak it; texts in, bytes out."""

    def breach(self, seen: Seen) -> str: ...
    def headers(self, account: Account, number: int) -> dict[str, str]: ...
    def error(self, kind: str, message: str, number: int) -> tuple[int, bytes]: ...
    def count(self, seen: Seen, text: str, account: Account) -> Tokens: ...
    def limited(self, tokens: Tokens) -> int: ...
    def told_first(self, tokens: Tokens) -> Tokens: ...
    def whole(self, seen: Seen, text: str, end: str, tokens: Tokens) -> bytes: ...
    def opening(self, seen: Seen, tokens: Tokens) -> bytes: ...
    def first(self) -> bytes: ...
    def piece(self, seen: Seen, text: str) -> bytes: ...
    def ending(self, seen: Seen, end: str, tokens: Tokens) -> bytes: ...
    def trouble(self) -> bytes: ...
    def garbage(self) -> bytes: ...


class Pause(Struct, frozen=True):
    """Send nothing for so long; None: until released."""

    delay_s: float | None


class Call(Struct):
    """A request that is being answered."""

    request: web.Request
    seen: Seen
    account: Account
    number: int
    is_spent: bool = False


class ModelServer:
    """Serves the script on a loopback port of its own; use as an async context manager."""

    def __init__(
        self,
        script: Script = (),
        *,
        limits: KeyLimits | None = None,
        replays: bool = False,
        remembers: bool = True,
        unknown: Collection[str] = (),
        port: int = 0,
        host: str = "127.0.0.1",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """With ``limits`` tokens are counted by length, otherwise every answer costs the same.

        ``replays``: a whole answer is given again, for free, to a repeated ``Idempotency-Key``. ``unknown`` names
        parameters of chat completions that this server does not know. Without ``remembers`` ``requests`` stays
        empty, for long runs.
        """
        self.script = script
        self.requests: list[Seen] = []
        self.accounts: dict[str, Account] = {}
        self.arrived = asyncio.Event()
        self.release = asyncio.Event()
        self.url = ""
        self._limits = limits
        self._replays = replays
        self._remembers = remembers
        self._count = 0
        self._given: OrderedDict[tuple[str, str], tuple[str, Tokens]] = OrderedDict()
        self._address = (host, port)
        self._clock = clock
        self._anthropic = AnthropicDialect()
        self._openai = OpenAIDialect(unknown)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Bind the port: a free one, unless one was named."""
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/chat/completions", self._completions)
        MediaEndpoints(self).add_to(app)
        app.router.add_get("/tallies", self._tallies)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address, backlog=4096).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let held answers go and close the port."""
        self.release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def limits(self) -> KeyLimits | None:
        """What each key may do; setting others holds at once."""
        return self._limits

    @limits.setter
    def limits(self, limits: KeyLimits | None) -> None:
        self._limits = limits
        for account in self.accounts.values():
            account.limit(limits or KeyLimits())

    def tally(self, key: str) -> Tally:
        """What a key has used."""
        return self.account(key).tally

    def account(self, key: str) -> Account:
        """A key's account, opened when it is first seen."""
        if key not in self.accounts:
            self.accounts[key] = Account(self._limits or KeyLimits(), self._clock)
        return self.accounts[key]

    @contextlib.asynccontextmanager
    async def begun(self, request: web.Request, body: dict[str, Any]) -> AsyncGenerator[Call]:
        """Note a request, and that it is under way."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(headers, body, request.path)
        self._count += 1
        if self._remembers:
            self.requests.append(seen)
        call = Call(request, seen, self.account(seen.key), self._count)
        tally = call.account.tally
        tally.requests += 1
        tally.in_flight += 1
        tally.peak_in_flight = max(tally.peak_in_flight, tally.in_flight)
        self.arrived.set()
        try:
            yield call
        finally:
            tally.in_flight -= 1

    def step(self, call: Call) -> Step:
        """What the script says to this request."""
        if callable(self.script):
            return self.script(call.seen)
        return self.script[min(call.number, len(self.script)) - 1] if self.script else Answer("ok")

    async def pause(self, delay_s: float | None) -> None:
        """Wait so long, or until released."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.release.wait(), delay_s)

    def refuse(self, call: Call, kind: str, why: str, retry_after_s: float | None = None) -> web.Response:
        """An answer that is an error; scripted ones repeat what no client may pass on."""
        dialect = self.dialect(call)
        status, body = dialect.error(kind, why, call.number)
        headers = dialect.headers(call.account, call.number)
        if retry_after_s is not None:
            headers["retry-after"] = f"{retry_after_s:g}"
        if kind == "gateway":
            return web.Response(status=status, text=f"<html>{why}</html>", content_type="text/html")
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    def dialect(self, call: Call) -> Dialect:
        """The wire format that a request is in."""
        return self._anthropic if call.seen.path == "/v1/messages" else self._openai

    def obstacle(self, call: Call, step: Step, tokens: Tokens) -> web.Response | None:
        """The refusal that the limits, or the script, give instead of an answer."""
        if wait_s := call.account.admit(self.dialect(call).limited(tokens)):
            call.account.tally.limited += 1
            return self.refuse(call, "rate_limited", "too many for the limits of this key", max(1.0, -(-wait_s // 1)))
        if isinstance(step, Fault) and step.kind in REFUSALS:
            call.account.tally.refused += 1
            why = f"scripted {step.kind} for {echo(call.seen.last_turn)} by {echo(call.seen.key)}"
            return self.refuse(call, step.kind, why, step.retry_after_s)
        return None

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._text(request)

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        return await self._text(request)

    async def _text(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read(), type=dict[str, Any])
        async with self.begun(request, body) as call:
            if problem := self.dialect(call).breach(call.seen):
                return self.refuse(call, "bad_request", problem)
            step = self.step(call)
            replay = self._replay(call)
            text = replay[0] if replay else _text_of(step)
            tokens = replay[1] if replay else self._cost(call, text)
            if refusal := self.obstacle(call, step, tokens):
                return refusal
            return await self._say(call, Answer(text) if replay else step, text, tokens)

    async def _say(self, call: Call, step: Step, text: str, tokens: Tokens) -> web.StreamResponse:
        is_broken = isinstance(step, Fault) and step.kind in _BROKEN
        try:
            if call.seen.is_stream:
                response = await self._stream(call, step, text, tokens)
            else:
                response = await self._whole(call, step, text, tokens)
        except (asyncio.CancelledError, ConnectionError):
            call.account.tally.abandoned += not call.is_spent
            raise
        if is_broken:
            call.account.tally.broken += 1
            if call.seen.is_stream:
                call.account.tally.broken_tokens += self.dialect(call).told_first(tokens)
        return response

    async def _stream(self, call: Call, step: Step, text: str, tokens: Tokens) -> web.StreamResponse:
        dialect = self.dialect(call)
        headers = {"content-type": "text/event-stream", **dialect.headers(call.account, call.number)}
        response = web.StreamResponse(headers=headers)
        await response.prepare(call.request)
        for part in _parts(dialect, call.seen, step, text, tokens):
            if isinstance(part, bytes):
                await response.write(part)
            else:
                await self.pause(part.delay_s)
        if isinstance(step, Fault) and step.kind == "dropped":
            abort(call.request)
        if not (isinstance(step, Fault) and step.kind in _BROKEN):
            # counted before the last event: whoever has that can rely on the count
            self._spend(call, text, tokens)
            await response.write(dialect.ending(call.seen, _end(step), tokens))
        return response

    async def _whole(self, call: Call, step: Step, text: str, tokens: Tokens) -> web.StreamResponse:
        dialect = self.dialect(call)
        headers = dialect.headers(call.account, call.number)
        for part in _parts(dialect, call.seen, step, text, tokens):
            if isinstance(part, Pause):
                await self.pause(part.delay_s)
        body = dialect.whole(call.seen, text, _end(step), tokens)
        if isinstance(step, Fault) and step.kind == "mid_stream":
            return self.refuse(call, "overloaded", "Overloaded")
        if isinstance(step, Fault) and step.kind in _BROKEN:
            body = body[: len(body) // 2]
            if step.kind != "garbled":
                return await cut(call.request, body)
        else:
            self._spend(call, text, tokens)
        return web.Response(body=body, content_type="application/json", headers=headers)

    def _cost(self, call: Call, text: str) -> Tokens:
        return FIXED if self._limits is None else self.dialect(call).count(call.seen, text, call.account)

    def _replay(self, call: Call) -> tuple[str, Tokens] | None:
        return self._given.get((call.seen.key, call.seen.headers.get("idempotency-key", "")))

    def _spend(self, call: Call, text: str, tokens: Tokens) -> None:
        call.is_spent = True
        marker = call.seen.key, call.seen.headers.get("idempotency-key", "")
        if marker in self._given:
            call.account.tally.replayed += 1
            return
        call.account.spend(tokens)
        if self._replays and marker[1]:
            self._given[marker] = text, tokens
            if len(self._given) > _REMEMBERED:
                self._given.popitem(last=False)

    async def _tallies(self, _: web.Request) -> web.Response:
        """What each key used, by fingerprint: for whoever runs the server in another process."""
        tallies = {fingerprint(key): account.tally for key, account in self.accounts.items()}
        return web.Response(body=msgspec.json.encode(tallies, order="sorted"), content_type="application/json")


async def serve(
    host: str,
    port: int,
    script: Script | None = None,
    *,
    limits: KeyLimits | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run a server until cancelled; ``ready`` is told its address. Without a script it answers as ``fitting`` does."""
    server = ModelServer(script or fitting, limits=limits, replays=True, remembers=False, host=host, port=port)
    async with server:
        if ready is not None:
            ready(server.url)
        await asyncio.Event().wait()


def _text_of(step: Step) -> str:
    if isinstance(step, Fault):
        return "" if step.kind == "empty" else step.text
    content: Any = step.content
    return content if isinstance(content, str) else msgspec.json.encode(content).decode()


def _end(step: Step) -> str:
    return _ENDS.get(step.kind, "end") if isinstance(step, Fault) else "end"


def _parts(dialect: Dialect, seen: Seen, step: Step, text: str, tokens: Tokens) -> Iterator[bytes | Pause]:
    """What a stream sends before its end."""
    kind = step.kind if isinstance(step, Fault) else ""
    yield dialect.opening(seen, tokens)
    if kind == "slow_first_token":
        yield Pause(step.delay_s if isinstance(step, Fault) else None)
    elif isinstance(step, Answer) and step.delay_s:
        yield Pause(step.delay_s)
    yield dialect.first()
    if isinstance(step, Slow):
        yield Pause(None)
    for start in range(0, len(text), _PIECE):
        if start and isinstance(step, Answer) and step.piece_s:
            yield Pause(step.piece_s)
        yield dialect.piece(seen, text[start : start + _PIECE])
    if kind == "stalled":
        yield Pause(step.delay_s if isinstance(step, Fault) else None)
    elif kind == "mid_stream":
        yield dialect.trouble()
    elif kind == "garbled":
        yield dialect.garbage()
