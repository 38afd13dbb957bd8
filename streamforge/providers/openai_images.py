"""Pictures by the OpenAI images API, or any server of its wire format: one call, no retries, errors translated.

An answer holds the picture, or an address to fetch it from. That address comes from outside, so it is fetched as a
stranger's would be: from the open internet, or from the very server that was asked.
"""

from __future__ import annotations

import asyncio
import base64
import binascii

import msgspec
from msgspec import Struct
from yarl import URL

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import AssetRejected, ProviderUnavailable
from streamforge.providers.download import Hosts, Limits, download
from streamforge.providers.images import ImageRequest, ImageResponse, ImageUsage
from streamforge.providers.openai_errors import Service
from streamforge.providers.openai_wire import OpenAIModel, Sending, lower
from streamforge.providers.timeouts import Timeouts, timed_out
from streamforge.providers.usage import counted

DEFAULT_MODEL = "gpt-image-2.5-flare"
MAX_PICTURE_BYTES = 32_000_000

_SIZES: dict[str, tuple[tuple[int, int], ...]] = {
    "dall-e-2": ((1024, 1024),),
    "dall-e-3": ((1024, 1024), (1792, 1024), (1024, 1792)),
    "": ((1024, 1024), (1536, 1024), (1024, 1536)),
}
"""What each family of models draws, by the beginning of its name."""
_MAGIC = ((0, b"\x89PNG\r\n\x1a\n", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"), (8, b"WEBP", "image/webp"))


class _Datum(Struct):
    b64_json: str | None = None
    url: str | None = None


class _Usage(Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None


class _Answer(Struct):
    data: list[_Datum] = []
    usage: _Usage | None = None


class OpenAIImages(OpenAIModel):
    """An ``ImageModel`` that speaks to ``{base_url}/v1/images/generations``."""

    service = Service(
        noun="image service",
        key="providers.openai.keys",
        base_url="providers.openai.base_url",
        model="images.chain",
        reword="reword the brief, or give a hero picture",
    )
    default_model = DEFAULT_MODEL

    def __init__(
        self,
        *,
        api_key: str = "",
        model: str = "",
        base_url: str = "",
        timeout_s: float = 120.0,
        timeouts: Timeouts | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """As every ``OpenAIModel``; ``timeout_s`` bounds every call, besides the request's own."""
        super().__init__(api_key=api_key, model=model, base_url=base_url, timeouts=timeouts, clock=clock)
        self._timeout_s = timeout_s

    async def draw(self, request: ImageRequest) -> ImageResponse:
        """One picture; see ``ImageModel.draw`` for the errors."""
        timeout_s = min(request.timeout_s, self._timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                answer, request_id = await self._ask(request, timeout_s)
                data = await self._picture(answer, timeout_s)
        except TimeoutError:
            raise timed_out(self.name, "total", self._timeouts, timeout_s) from None
        told = answer.usage or _Usage()
        usage = ImageUsage(input_tokens=counted(told.input_tokens), output_tokens=counted(told.output_tokens))
        if request.listener is not None and answer.usage is not None:
            request.listener.use(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        return ImageResponse(
            data=data,
            media_type=_media_type(data, self.name),
            model=self.model,
            usage=usage,
            request_id=request_id,
        )

    async def _ask(self, request: ImageRequest, timeout_s: float) -> tuple[_Answer, str]:
        sending = Sending(
            json=_body(self.model, request),
            idempotency_key=request.idempotency_key,
            traceparent=request.traceparent,
            listener=request.listener,
            timeout_s=timeout_s,
        )
        async with self._wire.post("/v1/images/generations", sending) as response:
            data = await self._wire.read(response)
        try:
            return msgspec.json.decode(data, type=_Answer), lower(response.headers).get("x-request-id", "")
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProviderUnavailable(f"{self.name} answered with what is not its format") from None

    async def _picture(self, answer: _Answer, timeout_s: float) -> bytes:
        datum = answer.data[0] if answer.data else _Datum()
        if datum.b64_json:
            try:
                return base64.b64decode(datum.b64_json, validate=True)
            except (binascii.Error, ValueError):
                raise ProviderUnavailable(f"{self.name} sent a picture that is not valid base64") from None
        if not datum.url:
            raise ProviderUnavailable(f"{self.name} answered without a picture")
        own = (str(URL(self._wire.base).origin()),)
        limits = Limits(max_bytes=MAX_PICTURE_BYTES, timeout_s=timeout_s)
        try:
            return await download(datum.url, Hosts(allowed=("*",), private=own), limits)
        except AssetRejected as error:
            raise ProviderUnavailable(f"the picture of {self.name} cannot be fetched: {error.message}") from None


def _body(model: str, request: ImageRequest) -> dict[str, object]:
    """A family of models that always answers with the picture itself refuses to be asked for it."""
    width, height = nearest_size(model, request.width / request.height)
    body: dict[str, object] = {"model": model, "prompt": request.prompt, "n": 1, "size": f"{width}x{height}"}
    return body if model.startswith("gpt-") else {**body, "response_format": "b64_json"}


def nearest_size(model: str, aspect: float) -> tuple[int, int]:
    """The size (px) that the model draws whose shape is nearest to ``aspect`` (width over height)."""
    sizes = next(sizes for prefix, sizes in _SIZES.items() if model.startswith(prefix))
    return min(sizes, key=lambda size: max(aspect * size[1] / size[0], size[0] / size[1] / aspect))


def _media_type(data: bytes, name: str) -> str:
    found = next((kind for at, magic, kind in _MAGIC if data.startswith(magic, at)), None)
    if found is None:
        raise ProviderUnavailable(f"{name} sent what is no PNG, JPEG or WebP")
    return found
