"""What a pipeline may ask of an image model, whoever answers: a request, a picture, a protocol.

Errors are the package's own; an implementation translates its service's in one table. Without a configured model there
is none: backgrounds are then generated as vectors.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from streamforge.providers.text import Listener


class ImageRequest(Struct, frozen=True, kw_only=True):
    """One picture. ``width`` and ``height`` are wished for: a model draws the size of its own that is nearest in shape.

    ``idempotency_key`` lets a service that knows it charge a repeated request once. ``timeout_s`` bounds the call.
    """

    prompt: str
    width: int
    height: int
    idempotency_key: str = ""
    traceparent: str = ""
    timeout_s: float = 120.0
    listener: Listener | None = None

    def __repr__(self) -> str:
        """The shape of the request without its words."""
        return f"ImageRequest({self.width}x{self.height}, {len(self.prompt)} characters)"


class ImageUsage(Struct, frozen=True, kw_only=True):
    """What was billed: pictures, and tokens where the service counts them."""

    images: int = 1
    input_tokens: int = 0
    output_tokens: int = 0


class ImageResponse(Struct, frozen=True, kw_only=True):
    """A picture as the service sent it: PNG, JPEG or WebP by its first bytes, not decoded yet."""

    data: bytes
    media_type: str
    model: str
    usage: ImageUsage
    request_id: str = ""

    def __repr__(self) -> str:
        """What the call cost, without the picture."""
        return (
            f"ImageResponse({self.model}, {self.media_type}, {len(self.data)} bytes, {self.usage}, {self.request_id})"
        )


class ImageModel(Protocol):
    """A model that draws."""

    @property
    def name(self) -> str:
        """``provider:model``, for results, metrics and limits."""
        ...

    async def draw(self, request: ImageRequest) -> ImageResponse:
        """One picture. Not retried here: the job's policy decides.

        Raises RateLimited, ProviderUnavailable or StepTimeout when trying again may help, ProviderRefused when it will
        not, ConfigError when the key or the address is unusable.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; idempotent."""
        ...
