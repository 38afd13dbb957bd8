"""What a pipeline may ask of a language model, whoever answers: a request, a response, a protocol.

Errors are the package's own; an implementation translates its library's in one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

Effort = Literal["low", "medium", "high", "xhigh", "max"]
Speaker = Literal["user", "assistant"]


class Turn(Struct, frozen=True):
    """One message of the conversation."""

    speaker: Speaker
    text: str

    def __repr__(self) -> str:
        """Who spoke and how much: the words may be confidential."""
        return f"Turn({self.speaker}, {len(self.text)} characters)"


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens billed. ``input_tokens`` counts neither cache reads nor cache writes."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


class Progress(Struct, frozen=True):
    """How much of an answer is there, and its newest piece.

    ``output_tokens`` is a guess by length until the provider counts.
    """

    characters: int
    output_tokens: int
    text: str = ""

    @property
    def start(self) -> int:
        """Where in the answer the piece begins; 0 again where another model had to begin anew."""
        return self.characters - len(self.text)


class Listener(Protocol):
    """Who must know of a call what its answer does not say when it fails: a limiter, a ledger."""

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """The answer's head came, be it an error's."""
        ...

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Tokens so far, in total, as the provider counts them against its limits (cache reads may be left out)."""
        ...

    def bill(self, usage: Usage) -> None:
        """Tokens so far, in total, as the provider bills them: of text only, and known before an answer breaks off."""
        ...


class TextRequest(Struct, frozen=True, kw_only=True):
    """One call. ``system`` is the frozen prefix (cached by the provider: no ids, dates or user text in it).

    ``schema`` asks for one JSON value of that shape; the provider may still miss it, so validate the answer.
    ``timeout_s`` bounds the whole call, waiting and reading. ``idempotency_key`` lets a provider that knows such keys
    charge a repeated request once. ``traceparent`` (W3C Trace Context) is sent as a header. ``on_progress`` is called,
    in the event loop, with every piece of the answer.
    """

    system: str
    turns: tuple[Turn, ...]
    schema: dict[str, object] | None = None
    max_tokens: int = 16_000
    effort: Effort | None = None
    timeout_s: float = 120.0
    idempotency_key: str = ""
    traceparent: str = ""
    on_progress: Callable[[Progress], None] | None = None
    listener: Listener | None = None

    def __repr__(self) -> str:
        """The shape of the request without its words."""
        schema = "with" if self.schema is not None else "without"
        return f"TextRequest({len(self.turns)} turns, {schema} schema, max_tokens={self.max_tokens})"


class TextResponse(Struct, frozen=True, kw_only=True):
    """A complete answer: truncated, refused and empty ones are errors instead.

    ``limits`` holds the provider's rate headers as sent, by their name without the provider's prefix. ``first_token_s``
    is the time from the start of the call. ``tried`` names the models that a chain asked, the one that answered last.
    """

    text: str
    model: str
    usage: Usage
    stop_reason: str = ""
    request_id: str = ""
    limits: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    first_token_s: float | None = None
    tried: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """What the call cost, without the words."""
        return f"TextResponse({self.model}, {len(self.text)} characters, {self.usage}, {self.request_id})"


class TextModel(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """``provider:model``, for results, metrics and limits."""
        ...

    async def complete(self, request: TextRequest) -> TextResponse:
        """The whole answer to one request. Not retried here: the job's policy decides.

        Raises RateLimited, ProviderUnavailable or StepTimeout when trying again may help, ProviderRefused
        when it will not, ConfigError when the key or the address is unusable.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; idempotent."""
        ...
