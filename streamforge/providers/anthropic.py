"""Claude over the official SDK (2.x): one streamed call, no hidden retries, errors translated.

The SDK sends the request and names the errors; the stream is read here. Its own reader builds a checked model of every
event, which costs most of a worker's time where thousands of streams run at once, and takes a stream that ends early
for a whole message. The SDK is imported at the first call, in a thread: the import takes about a second.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import PermanentError, ProviderRefused, ProviderUnavailable
from streamforge.providers.access import checked_base, checked_key
from streamforge.providers.anthropic_errors import translate, translate_event
from streamforge.providers.refusals import ContentRefused
from streamforge.providers.sse import events
from streamforge.providers.telling import traced
from streamforge.providers.text import Listener, Progress, TextRequest, TextResponse, Turn, Usage
from streamforge.providers.timeouts import Patience, Timeouts, timed_out
from streamforge.providers.usage import counted

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncAPIResponse, Omit
    from anthropic.types import MessageParam, OutputConfigParam

DEFAULT_MODEL = "claude-sonnet-5-5"
_ERRORS_FROM = 400
_CHARACTERS_PER_TOKEN = 4
_LIMITS_PREFIX = "anthropic-ratelimit-"

STOP_REASONS: dict[str, type[PermanentError | ProviderUnavailable] | None] = {
    "end_turn": None,
    "stop_sequence": None,
    "max_tokens": ProviderRefused,
    "model_context_window_exceeded": ProviderRefused,
    "refusal": ContentRefused,
    "tool_use": ProviderRefused,
    "pause_turn": ProviderUnavailable,
}
"""What each stop reason means for a call without tools; None is a whole answer."""

_STOP_HINTS = {
    "max_tokens": "raise max_tokens or lower the effort",
    "model_context_window_exceeded": "shorten the brief",
    "refusal": "reword the brief",
}


class AnthropicText:
    """A ``TextModel`` that speaks to the Messages API (or a server of its wire format) at ``base_url``."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str = DEFAULT_MODEL,
        base_url: str | None = None,
        timeouts: Timeouts | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Needs no network and no SDK yet. Raises ConfigError without a key, or for an address that is none."""
        self._key = checked_key(api_key, "providers.anthropic.keys", "set it, or use the offline designer")
        self.model = model
        self.base_url = checked_base(base_url, "providers.anthropic.base_url") if base_url else None
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._client: AsyncAnthropic | None = None
        self._opening = anyio.Lock()

    def __repr__(self) -> str:
        """Model and address; never the key."""
        return f"AnthropicText(model={self.model!r}, base_url={self.base_url!r})"

    @property
    def name(self) -> str:
        """``anthropic:<model>``."""
        return f"anthropic:{self.model}"

    async def complete(self, request: TextRequest) -> TextResponse:
        """One streamed call; see ``TextModel.complete`` for the errors."""
        client = await self._open()
        try:
            async with Patience(self.name, self._timeouts, request.timeout_s) as patience:
                answer = await self._stream(client, request, patience)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProviderUnavailable(f"{self.name} sent an event that is not of its format") from None
        except _failures() as error:
            _hear_failure(error, request.listener)
            # the SDK's error carries the request, with key and prompt: it must not travel on as the cause
            raise self._translated(error, request) from None
        return _checked(answer, self.name, patience.first_token_s)

    async def aclose(self) -> None:
        """Close the connection pool; a later call opens a new one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _open(self) -> AsyncAnthropic:
        async with self._opening:
            if self._client is None:
                self._client = await anyio.to_thread.run_sync(self._connect)
            return self._client

    def _connect(self) -> AsyncAnthropic:
        import anthropic  # noqa: PLC0415 - slow to import, needed only by those who use it
        import httpx2  # noqa: PLC0415 - the same

        # aiohttp, whose cost of a connection does not grow with their number. No limit of its own (0; None stands for
        # 100), which would be waited for in silence: how many calls run at once is the limiter's. No redirects, which
        # would take the key along to wherever they lead
        limits = httpx2.Limits(max_connections=0)
        return anthropic.AsyncAnthropic(
            api_key=self._key,
            base_url=self.base_url,
            timeout=httpx2.Timeout(None, connect=self._timeouts.connect_s),
            max_retries=0,
            http_client=anthropic.DefaultAioHttpClient(limits=limits, follow_redirects=False),
        )

    async def _stream(self, client: AsyncAnthropic, request: TextRequest, patience: Patience) -> _Answer:
        answer = _Answer(request)
        async with _start(client, self.model, request) as response:
            answer.head(response.status_code, dict(response.headers))
            async for data in events(response.iter_bytes()):
                event = _EVENTS.decode(data)
                if event.type == "ping":
                    continue
                if event.error is not None:
                    raise translate_event(event.error, answer.request_id)
                if patience.first_token_s is not None or event.type.startswith("content_block"):
                    patience.heard()
                answer.take(event)
        return answer

    def _translated(self, error: Exception, request: TextRequest) -> Exception:
        if any(type(each).__name__ == "ConnectTimeout" for each in (error, error.__cause__)):
            return timed_out(self.name, "connect", self._timeouts, request.timeout_s)
        return translate(error, self._clock)


def _failures() -> tuple[type[Exception], ...]:
    """What the SDK raises, and what its transport raises past it while a stream is read."""
    import anthropic  # noqa: PLC0415 - loaded by now; see the module's docstring
    import httpx2  # noqa: PLC0415 - the same

    return anthropic.AnthropicError, httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL


def _hear_failure(error: Exception, listener: Listener | None) -> None:
    """Tell of an answer that is an error; one inside a stream came under a head that was told of already."""
    response: Any = getattr(error, "response", None)
    status: Any = getattr(response, "status_code", None)
    if listener is not None and isinstance(status, int) and status >= _ERRORS_FROM:
        listener.hear(status, dict(response.headers))


def _start(
    client: AsyncAnthropic, model: str, request: TextRequest
) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
    return client.messages.with_streaming_response.create(
        model=model,
        max_tokens=request.max_tokens,
        system=[{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
        messages=[_message(turn) for turn in request.turns],
        output_config=_output_config(request),
        extra_headers=_headers(request) or None,
        stream=True,
    )


def _headers(request: TextRequest) -> dict[str, str]:
    given = {"Idempotency-Key": request.idempotency_key, "traceparent": request.traceparent}
    return {name: value for name, value in given.items() if value}


def _message(turn: Turn) -> MessageParam:
    if turn.speaker == "assistant":
        return {"role": "assistant", "content": turn.text}
    return {"role": "user", "content": turn.text}


def _output_config(request: TextRequest) -> OutputConfigParam | Omit:
    from anthropic import omit  # noqa: PLC0415 - loaded by now; see the module's docstring

    config: OutputConfigParam = {}
    if request.effort is not None:
        config["effort"] = request.effort
    if request.schema is not None:
        config["format"] = {"type": "json_schema", "schema": request.schema}
    return config or omit


class _Counts(Struct):
    """Tokens in total; later events leave out what has not changed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(Struct):
    model: str = ""
    usage: _Counts = msgspec.field(default_factory=_Counts)


class _Delta(Struct):
    type: str = ""
    text: str = ""
    stop_reason: str | None = None


class _Event(Struct):
    """What is read of a stream's event, whichever it is."""

    type: str
    message: _Message = msgspec.field(default_factory=_Message)
    delta: _Delta = msgspec.field(default_factory=_Delta)
    usage: _Counts = msgspec.field(default_factory=_Counts)
    error: dict[str, Any] | None = None


_EVENTS = msgspec.json.Decoder(_Event)


class _Tokens(Struct):
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def update(self, counts: _Counts) -> None:
        """A count that is left out keeps its value."""
        self.input = _known(counts.input_tokens, self.input)
        self.output = _known(counts.output_tokens, self.output)
        self.cache_read = _known(counts.cache_read_input_tokens, self.cache_read)
        self.cache_write = _known(counts.cache_creation_input_tokens, self.cache_write)

    def usage(self) -> Usage:
        """As billed so far."""
        return Usage(
            input_tokens=self.input,
            output_tokens=self.output,
            cache_read_tokens=self.cache_read,
            cache_write_tokens=self.cache_write,
        )


class _Answer:
    """What has arrived of a message so far."""

    def __init__(self, request: TextRequest) -> None:
        self.parts: list[str] = []
        self.model = self.request_id = self.stop_reason = ""
        self.tokens = _Tokens()
        self.limits: dict[str, str] = {}
        self._characters = 0
        self._on_progress = request.on_progress
        self._listener = request.listener

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Note the request id and the rate headers."""
        self.request_id = headers.get("request-id", "")
        self.limits = {
            name.removeprefix(_LIMITS_PREFIX): value
            for name, value in headers.items()
            if name.startswith(_LIMITS_PREFIX)
        }
        if self._listener is not None:
            self._listener.hear(status, headers)

    def take(self, event: _Event) -> None:
        """Add one event; thinking blocks and unknown events are passed over."""
        if event.type == "message_start":
            self.model = event.message.model
            self._count(event.message.usage)
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self._add(event.delta.text)
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason or ""
            self._count(event.usage)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self._characters += len(text)
        if self._on_progress is not None:
            guess = max(self.tokens.output, self._characters // _CHARACTERS_PER_TOKEN)
            self._on_progress(Progress(self._characters, guess, text))

    def _count(self, counts: _Counts) -> None:
        self.tokens.update(counts)
        if self._listener is not None:
            limited = self.tokens.input + self.tokens.cache_write
            self._listener.use(input_tokens=limited, output_tokens=self.tokens.output)
            self._listener.bill(self.tokens.usage())


def _known(count: int | None, otherwise: int) -> int:
    return otherwise if count is None else counted(count)


def _checked(answer: _Answer, name: str, first_token_s: float | None) -> TextResponse:
    """The answer if it is whole; a truncated, refused or empty one raises."""
    trace = "".join(f"({each})" for each in traced(answer.request_id))
    if not answer.stop_reason:
        raise ProviderUnavailable(f"the stream of {name} ended before its message did {trace}".strip())
    failure = STOP_REASONS.get(answer.stop_reason, ProviderUnavailable)
    if failure is not None:
        why = answer.stop_reason if answer.stop_reason in STOP_REASONS else "a reason that is not known"
        raise failure(f"{name} stopped with {why} {trace}".strip(), hint=_STOP_HINTS.get(answer.stop_reason))
    text = "".join(answer.parts)
    if not text.strip():
        raise ProviderUnavailable(f"{name} answered without text {trace}".strip())
    return TextResponse(
        text=text,
        model=answer.model,
        usage=answer.tokens.usage(),
        stop_reason=answer.stop_reason,
        request_id=answer.request_id,
        limits=answer.limits,
        first_token_s=first_token_s,
    )
