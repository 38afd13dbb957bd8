"""Claude over the official SDK (2.x): one streamed call, no hidden retries, errors translated.

Why it reads the stream itself: one that ends early raises nothing in the SDK (the message merely has no
``stop_reason``). The SDK is imported at the first call, in a thread: the import takes about a second.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import ConfigError, PermanentError, ProviderRefused, ProviderUnavailable, StepTimeout
from streamforge.providers.anthropic_errors import translate
from streamforge.providers.text import TextRequest, TextResponse, Turn, Usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream, Omit
    from anthropic.types import MessageParam, OutputConfigParam, RawMessageStreamEvent

DEFAULT_MODEL = "claude-sonnet-5-5"
_CONNECT_S = 5.0
_LIMITS_PREFIX = "anthropic-ratelimit-"

STOP_REASONS: dict[str, type[PermanentError | ProviderUnavailable] | None] = {
    "end_turn": None,
    "stop_sequence": None,
    "max_tokens": ProviderRefused,
    "model_context_window_exceeded": ProviderRefused,
    "refusal": ProviderRefused,
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
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Needs no network and no SDK yet. Raises ConfigError without a key."""
        if not api_key.strip():
            raise ConfigError("no API key", field="anthropic.api_key", hint="set it, or use the offline designer")
        self.model = model
        self.base_url = base_url
        self._key = api_key
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
        secrets = (self._key, *(turn.text for turn in request.turns))
        try:
            with anyio.fail_after(request.timeout_s):
                answer = await self._stream(client, request)
        except TimeoutError:
            raise StepTimeout(f"{self.name} took longer than {request.timeout_s:g} s") from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise ProviderUnavailable(f"{self.name} sent an event that is not JSON") from None
        except _failures() as error:
            # the SDK's error carries the request, with key and prompt: it must not travel on as the cause
            raise translate(error, secrets, self._clock) from None
        return _checked(answer, self.name)

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

        timeout = httpx2.Timeout(None, connect=_CONNECT_S)
        return anthropic.AsyncAnthropic(api_key=self._key, base_url=self.base_url, timeout=timeout, max_retries=0)

    async def _stream(self, client: AsyncAnthropic, request: TextRequest) -> _Answer:
        answer = _Answer()
        stream = await _start(client, self.model, request)
        async with stream:
            answer.headers(dict(stream.response.headers))
            async for event in stream:
                answer.take(event)
        return answer


def _failures() -> tuple[type[Exception], ...]:
    """What the SDK raises, and what its transport raises past it while a stream is read."""
    import anthropic  # noqa: PLC0415 - loaded by now; see the module's docstring
    import httpx2  # noqa: PLC0415 - the same

    return anthropic.AnthropicError, httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL


async def _start(client: AsyncAnthropic, model: str, request: TextRequest) -> AsyncStream[RawMessageStreamEvent]:
    return await client.messages.create(
        model=model,
        max_tokens=request.max_tokens,
        system=[{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
        messages=[_message(turn) for turn in request.turns],
        output_config=_output_config(request),
        stream=True,
    )


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


class _Tokens(Struct):
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def update(self, counts: object) -> None:
        """Later events hold totals, not increments; a field they leave out keeps its value."""
        self.input = _count(counts, "input_tokens", self.input)
        self.output = _count(counts, "output_tokens", self.output)
        self.cache_read = _count(counts, "cache_read_input_tokens", self.cache_read)
        self.cache_write = _count(counts, "cache_creation_input_tokens", self.cache_write)


class _Answer:
    """What has arrived of a message so far."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.model = self.request_id = self.stop_reason = self.refusal = ""
        self.tokens = _Tokens()
        self.limits: dict[str, str] = {}

    def headers(self, headers: dict[str, str]) -> None:
        """Note the request id and the rate headers."""
        self.request_id = headers.get("request-id", "")
        self.limits = {
            name.removeprefix(_LIMITS_PREFIX): value
            for name, value in headers.items()
            if name.startswith(_LIMITS_PREFIX)
        }

    def take(self, event: RawMessageStreamEvent) -> None:
        """Add one event; thinking blocks and unknown events are passed over."""
        if event.type == "message_start":
            self.model = event.message.model
            self.tokens.update(event.message.usage)
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self.parts.append(event.delta.text)
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason or ""
            details = event.delta.stop_details
            self.refusal = (details.category if details else None) or ""
            self.tokens.update(event.usage)


def _count(counts: object, name: str, otherwise: int) -> int:
    value = getattr(counts, name, None)
    return value if isinstance(value, int) else otherwise


def _checked(answer: _Answer, name: str) -> TextResponse:
    """The answer if it is whole; a truncated, refused or empty one raises."""
    trace = f"(request {answer.request_id})" if answer.request_id else ""
    if not answer.stop_reason:
        raise ProviderUnavailable(f"the stream of {name} ended before its message did {trace}".strip())
    failure = STOP_REASONS.get(answer.stop_reason, ProviderUnavailable)
    if failure is not None:
        why = f"{answer.stop_reason}{': ' + answer.refusal if answer.refusal else ''}"
        raise failure(f"{name} stopped with {why} {trace}".strip(), hint=_STOP_HINTS.get(answer.stop_reason))
    text = "".join(answer.parts)
    if not text.strip():
        raise ProviderUnavailable(f"{name} answered without text {trace}".strip())
    tokens = answer.tokens
    return TextResponse(
        text=text,
        model=answer.model,
        usage=Usage(
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
        ),
        stop_reason=answer.stop_reason,
        request_id=answer.request_id,
        limits=answer.limits,
    )
