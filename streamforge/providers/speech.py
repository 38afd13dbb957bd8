"""What a pipeline may ask of a speech model, whoever answers: a recording, what was said, a protocol.

Errors are the package's own; an implementation translates its library's or its service's in one table.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from streamforge.errors import InvalidInput
from streamforge.providers.text import Listener

EXTENSIONS: dict[str, str] = {
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""Media types that recordings come in, with the file extension that services go by."""


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """One recording. ``language`` is an ISO 639-1 code; empty: the model finds out.

    ``idempotency_key`` lets a service that knows it charge a repeated request once. ``timeout_s`` bounds the call.
    """

    audio: bytes
    media_type: str
    language: str = ""
    idempotency_key: str = ""
    traceparent: str = ""
    timeout_s: float = 120.0
    listener: Listener | None = None

    def __repr__(self) -> str:
        """The shape of the request without what was said."""
        return f"SpeechRequest({self.media_type}, {len(self.audio)} bytes, {self.language or 'any language'})"


class Segment(Struct, frozen=True):
    """What was said from one moment to another, in seconds from the beginning."""

    start_s: float
    end_s: float
    text: str

    def __repr__(self) -> str:
        """When and how much, without the words."""
        return f"Segment({self.start_s:g} to {self.end_s:g} s, {len(self.text)} characters)"


class SpeechResponse(Struct, frozen=True, kw_only=True):
    """What was said: empty where nobody speaks. ``seconds`` is the recording's length; 0 where the service is silent.

    ``segments`` may be missing. ``input_tokens`` and ``output_tokens`` are counted by services that bill by them.
    """

    text: str
    model: str
    seconds: float = 0.0
    language: str = ""
    segments: tuple[Segment, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    request_id: str = ""

    def __repr__(self) -> str:
        """What the call cost, without the words."""
        return f"SpeechResponse({self.model}, {self.seconds:g} s, {len(self.text)} characters, {self.request_id})"


class SpeechModel(Protocol):
    """A model that listens."""

    @property
    def name(self) -> str:
        """``provider:model``, for results, metrics and limits."""
        ...

    async def transcribe(self, request: SpeechRequest) -> SpeechResponse:
        """What is said in a recording. Not retried here: the job's policy decides.

        Raises RateLimited, ProviderUnavailable or StepTimeout when trying again may help, ProviderRefused or
        AssetRejected when it will not, InvalidInput for a media type that is no recording's, ConfigError when the key,
        the address or the installation is unusable.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; idempotent."""
        ...


def extension_of(media_type: str) -> str:
    """The file extension of a recording's media type (parameters are passed over). Raises InvalidInput for others."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain not in EXTENSIONS:
        hint = f"one of {', '.join(sorted(EXTENSIONS))}"
        raise InvalidInput(f"{media_type[:60]!r} is no recording", field="media_type", hint=hint)
    return EXTENSIONS[plain]
