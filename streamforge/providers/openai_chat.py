"""Chat completions by the OpenAI API, or any server of its wire format (vLLM, Ollama, LiteLLM): one streamed call.

No hidden retries, but for a server that does not know a parameter: it is asked again without, and never with it after.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from streamforge.errors import PermanentError, ProviderRefused, ProviderUnavailable
from streamforge.providers.openai_body import body_of, is_about_schema, unfenced, unknown_in
from streamforge.providers.openai_errors import BadAnswer, Service
from streamforge.providers.openai_wire import OpenAIModel, Sending, error_in, limits_in, lower
from streamforge.providers.refusals import ContentRefused
from streamforge.providers.sse import events
from streamforge.providers.telling import traced
from streamforge.providers.text import Progress, TextRequest, TextResponse, Usage
from streamforge.providers.timeouts import Patience
from streamforge.providers.usage import counted

DEFAULT_MODEL = "gpt-6.1-terra"
_PATH = "/v1/chat/completions"
_CHARACTERS_PER_TOKEN = 4
_OK = 200

FINISH_REASONS: dict[str, type[PermanentError | ProviderUnavailable] | None] = {
    "stop": None,
    "length": ProviderRefused,
    "content_filter": ContentRefused,
    "tool_calls": ProviderRefused,
    "function_call": ProviderRefused,
}
"""What each reason means for a call without tools; None is a whole answer."""

_HINTS = {"length": "raise max_tokens or lower the effort", "content_filter": "reword the brief"}


class _Delta(Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    message: _Delta | None = None
    finish_reason: str | None = None


class _Cached(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Counts(Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Cached | None = None


class _Chunk(Struct):
    """A piece of a completion, or all of it: a server that does not stream sends ``message`` for ``delta``."""

    model: str = ""
    choices: list[_Choice] = []
    usage: _Counts | None = None
    error: Any = None


_CHUNKS = msgspec.json.Decoder(_Chunk)


class OpenAIChat(OpenAIModel):
    """A ``TextModel`` that speaks to ``{base_url}/v1/chat/completions``."""

    service = Service(
        noun="chat service", key="providers.openai.keys", base_url="providers.openai.base_url", model="llm.chain"
    )
    default_model = DEFAULT_MODEL

    @cached_property
    def _unknown(self) -> set[str]:
        """What the server has said it does not know."""
        return set()

    async def complete(self, request: TextRequest) -> TextResponse:
        """One streamed call; see ``TextModel.complete`` for the errors."""
        async with Patience(self.name, self._timeouts, request.timeout_s) as patience:
            answer = await self._answer(request, patience)
        return _checked(answer, self.name, patience.first_token_s)

    async def _answer(self, request: TextRequest, patience: Patience) -> _Answer:
        unknown, complaints = set(self._unknown), [""]
        while True:
            body = body_of(request, self.model, unknown)
            try:
                return await self._stream(_sending(request, body, complaints.append), _Answer(request), patience)
            except ProviderRefused as error:
                parameter = unknown_in(complaints[-1], body) if type(error) is ProviderRefused else None
                if parameter is None:
                    raise
                unknown.add(parameter)
                if not is_about_schema(complaints[-1]):
                    self._unknown.add(parameter)

    async def _stream(self, sending: Sending, answer: _Answer, patience: Patience) -> _Answer:
        async with self._wire.post(_PATH, sending) as response:
            answer.headers = lower(response.headers)
            if response.content_type == "application/json":
                self._take(answer, await self._wire.read(response), sending)
                answer.is_done = True
                return answer
            async for data in events(response.content.iter_any()):
                if self._take(answer, data, sending):
                    patience.heard()
        return answer

    def _take(self, answer: _Answer, data: bytes, sending: Sending) -> bool:
        """Add one event; whether it brought something."""
        if data.strip() == b"[DONE]":
            answer.is_done = True
            return False
        try:
            chunk = _CHUNKS.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProviderUnavailable(f"{self.name} sent an event that is not of its format") from None
        if chunk.error is not None:
            raise self._wire.refusal(BadAnswer(_OK, error_in(data), answer.headers), sending)
        return answer.take(chunk)


def _sending(request: TextRequest, body: dict[str, object], complain: Callable[[str], None]) -> Sending:
    return Sending(
        json=body,
        complain=complain,
        idempotency_key=request.idempotency_key,
        traceparent=request.traceparent,
        listener=request.listener,
        timeout_s=request.timeout_s,
    )


class _Answer:
    """What has arrived of a completion so far."""

    def __init__(self, request: TextRequest) -> None:
        self.parts: list[str] = []
        self.model = self.finish_reason = ""
        self.is_refusal = self.is_done = False
        self.is_structured = request.schema is not None
        self.headers: dict[str, str] = {}
        self.counts: _Counts | None = None
        self._characters = 0
        self._request = request

    def take(self, chunk: _Chunk) -> bool:
        """Add one piece; whether it brought text, thoughts or the end."""
        self.model = chunk.model or self.model
        if chunk.usage is not None:
            self._count(chunk.usage)
        return bool(chunk.choices) and self._add(chunk.choices[0])

    def _add(self, choice: _Choice) -> bool:
        delta = choice.message or choice.delta
        self.finish_reason = choice.finish_reason or self.finish_reason
        self.is_refusal = self.is_refusal or bool(delta.refusal)
        if delta.content:
            self.parts.append(delta.content)
            self._characters += len(delta.content)
            self._tell(delta.content)
        return bool(delta.content or delta.refusal or delta.reasoning or delta.reasoning_content or self.finish_reason)

    def _tell(self, text: str) -> None:
        if self._request.on_progress is not None:
            self._request.on_progress(Progress(self._characters, self._characters // _CHARACTERS_PER_TOKEN, text))

    def _count(self, counts: _Counts) -> None:
        self.counts = counts
        if self._request.listener is not None:
            used = counted(counts.prompt_tokens), counted(counts.completion_tokens)
            self._request.listener.use(input_tokens=used[0], output_tokens=used[1])
            self._request.listener.bill(self.usage())

    def usage(self) -> Usage:
        """As billed; zeros from a server that does not count."""
        counts = self.counts or _Counts()
        details = counts.prompt_tokens_details or _Cached()
        read, written = counted(details.cached_tokens), counted(details.cache_write_tokens)
        return Usage(
            input_tokens=max(0, counted(counts.prompt_tokens) - read - written),
            output_tokens=counted(counts.completion_tokens),
            cache_read_tokens=read,
            cache_write_tokens=written,
        )


def _checked(answer: _Answer, name: str, first_token_s: float | None) -> TextResponse:
    """The answer if it is whole; a truncated, refused or empty one raises."""
    request_id = answer.headers.get("x-request-id", "")
    trace = "".join(f" ({each})" for each in traced(request_id))
    reason = answer.finish_reason
    if not reason or not (answer.is_done or answer.counts):
        raise ProviderUnavailable(f"the stream of {name} ended before its message did{trace}")
    if answer.is_refusal:
        raise ContentRefused(f"{name} refused{trace}", hint="reword the brief")
    failure = FINISH_REASONS.get(reason, ProviderUnavailable)
    if failure is not None:
        what = reason if reason in FINISH_REASONS else "a reason that is not known"
        raise failure(f"{name} stopped with {what}{trace}", hint=_HINTS.get(reason))
    text = "".join(answer.parts)
    if not text.strip():
        raise ProviderUnavailable(f"{name} answered without text{trace}")
    return TextResponse(
        text=unfenced(text) if answer.is_structured else text,
        model=answer.model or name.partition(":")[2],
        usage=answer.usage(),
        stop_reason=reason,
        request_id=request_id,
        limits=limits_in(answer.headers),
        first_token_s=first_token_s,
    )
