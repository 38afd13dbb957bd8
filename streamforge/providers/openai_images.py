"""Pictures by the OpenAI images API, or any server of its wire format: one call, no retries, errors translated.

An answer holds the picture, or an address to fetch it from. That address comes from outside, so it is fetched as a
stranger's would be: from the open internet, or from the very server that was asked.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import AssetRejected, ConfigError, ProviderUnavailable, StepTimeout
from streamforge.providers.download import Hosts, Limits, download
from streamforge.providers.images import ImageRequest, ImageResponse, ImageUsage
from streamforge.providers.openai_errors import translate, translate_transport

DEFAULT_BASE_URL = "https://api.openai.com"
DEFAULT_MODEL = "gpt-image-2.5-flare"
MAX_ANSWER_BYTES = 64_000_000
MAX_PICTURE_BYTES = 32_000_000
_CONNECT_S = 5.0
_OK = 200

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


class OpenAIImages:
    """An ``ImageModel`` that speaks to ``{base_url}/v1/images/generations``."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str = DEFAULT_MODEL,
        base_url: str = "",
        timeout_s: float = 120.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Needs no network yet. Raises ConfigError without a key, or for an address that is none."""
        if not api_key.strip():
            raise ConfigError("no API key", field="images.openai_api_key", hint="set it, or leave images.model empty")
        self.model = model
        self._url = _endpoint(base_url or DEFAULT_BASE_URL)
        self._key = api_key.strip()
        self._timeout_s = timeout_s
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        """Model and address; never the key."""
        return f"OpenAIImages(model={self.model!r}, url={str(self._url)!r})"

    @property
    def name(self) -> str:
        """``openai:<model>``."""
        return f"openai:{self.model}"

    async def draw(self, request: ImageRequest) -> ImageResponse:
        """One picture; see ``ImageModel.draw`` for the errors."""
        timeout_s = min(request.timeout_s, self._timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                answer, request_id = await self._ask(request)
                data = await self._picture(answer, timeout_s)
        except TimeoutError:
            raise StepTimeout(f"{self.name} took longer than {timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            # the library's error carries the request, with key and prompt: it must not travel on as the cause
            raise translate_transport(error) from None
        usage = answer.usage or _Usage()
        return ImageResponse(
            data=data,
            media_type=_media_type(data, self.name),
            model=self.model,
            usage=ImageUsage(input_tokens=usage.input_tokens or 0, output_tokens=usage.output_tokens or 0),
            request_id=request_id,
        )

    async def aclose(self) -> None:
        """Close the connection pool; a later call opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_S)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def _ask(self, request: ImageRequest) -> tuple[_Answer, str]:
        headers = {"Authorization": f"Bearer {self._key}"}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        body = _body(self.model, request)
        async with self._open().post(self._url, json=body, headers=headers, allow_redirects=False) as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            data = await _read(response, self.name)
        if response.status != _OK:
            raise translate(response.status, _error_in(data), told, (self._key, request.prompt), self._clock)
        try:
            return msgspec.json.decode(data, type=_Answer), told.get("x-request-id", "")
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
        own = (str(self._url.origin()),)
        limits = Limits(max_bytes=MAX_PICTURE_BYTES, timeout_s=timeout_s)
        try:
            return await download(datum.url, Hosts(allowed=("*",), private=own), limits)
        except AssetRejected as error:
            raise ProviderUnavailable(f"the picture of {self.name} cannot be fetched: {error.message}") from None


def _endpoint(base_url: str) -> URL:
    try:
        url = URL(base_url.rstrip("/").removesuffix("/v1"))
        is_usable = url.scheme in {"http", "https"} and bool(url.host)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(f"{base_url[:80]!r} is no address", field="images.openai_base_url", hint="https://host")
    return URL(base_url.rstrip("/").removesuffix("/v1") + "/v1/images/generations")


def _body(model: str, request: ImageRequest) -> dict[str, object]:
    """A family of models that always answers with the picture itself refuses to be asked for it."""
    width, height = nearest_size(model, request.width / request.height)
    body: dict[str, object] = {"model": model, "prompt": request.prompt, "n": 1, "size": f"{width}x{height}"}
    return body if model.startswith("gpt-") else {**body, "response_format": "b64_json"}


def nearest_size(model: str, aspect: float) -> tuple[int, int]:
    """The size (px) that the model draws whose shape is nearest to ``aspect`` (width over height)."""
    sizes = next(sizes for prefix, sizes in _SIZES.items() if model.startswith(prefix))
    return min(sizes, key=lambda size: max(aspect * size[1] / size[0], size[0] / size[1] / aspect))


async def _read(response: aiohttp.ClientResponse, name: str) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(256 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ProviderUnavailable(f"{name} answered with over {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _error_in(data: bytes) -> Mapping[str, object]:
    """The ``error`` object of a body; empty where there is none, as with a gateway's page."""
    try:
        body: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    error: Any = body.get("error") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}  # pyright: ignore[reportUnknownVariableType]


def _media_type(data: bytes, name: str) -> str:
    found = next((kind for at, magic, kind in _MAGIC if data.startswith(magic, at)), None)
    if found is None:
        raise ProviderUnavailable(f"{name} sent what is no PNG, JPEG or WebP")
    return found
