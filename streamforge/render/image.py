"""Pictures from strangers: decoded within limits, reduced to what a layout needs to know.

A logo arrives as a data URI (PNG, JPEG, WebP or SVG). Dimensions come from the file's header before any pixel is
decoded, so a few bytes cannot ask for gigabytes. Transparent borders are trimmed, so that a logo's edge aligns with
text edges.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import urllib.parse
import warnings
from typing import NoReturn

import numpy as np
import skia
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from streamforge.errors import AssetRejected
from streamforge.render import svg
from streamforge.render.colour import Pixels, luminance

MAX_BYTES = 5_000_000
MAX_PIXELS = 16_000_000
MAX_SIDE = 8192
MIN_SIDE = 8
MAX_ASPECT = 40
_PROBE_PX = 512
_MEASURED_PX = 1024
_RASTER_FORMATS = ("PNG", "JPEG", "WEBP")
_MEDIA_TYPES = frozenset(["image/png", "image/jpeg", "image/jpg", "image/webp", "image/svg+xml"])
_VISIBLE_ALPHA = 24
_OPAQUE_ALPHA = 128
_NEAR = 28
"""Channels that differ less than this (of 255) are the same colour to a designer."""


class LogoFacts(Struct, frozen=True, kw_only=True):
    """What a designer may know of a logo.

    ``width``/``height``: pixels of the visible part (an SVG's: 512 on the long side). ``colors``: up to six hex colours
    by falling share of the visible pixels. ``luminance``: their mean relative luminance, 0 (black) to 1 (white).
    ``transparent``: whether the ground shows through somewhere; if not, the logo brings its own box.
    """

    width: int
    height: int
    colors: list[str]
    luminance: float
    transparent: bool


class Logo:
    """A decoded logo that can be drawn at any size.

    ``box`` is the visible part as fractions (left, top, right, bottom) of the whole picture.
    """

    def __init__(self, *, pixels: Pixels, document: bytes | None = None) -> None:
        self.document = document
        self.pixels, self.box = _trim(pixels)

    @property
    def width(self) -> int:
        """Pixels of the visible part."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels of the visible part."""
        return int(self.pixels.shape[0])

    def rasterise(self, width: int, height: int) -> Pixels:
        """The visible part as straight-alpha RGBA of exactly ``width`` x ``height`` pixels."""
        if self.document is None:
            picture = Image.fromarray(self.pixels).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
            return np.asarray(picture)
        left, top, right, bottom = self.box
        full_w, full_h = width / (right - left), height / (bottom - top)
        return _draw_svg(self.document, full_w, full_h, (left * full_w, top * full_h, width, height))


def load_logo(data_uri: str, field: str = "logo") -> Logo:
    """Decode a data URI. Raises AssetRejected naming ``field`` for all but a sound picture within the limits."""
    data = _decode_uri(data_uri, field)
    logo = _load_svg(data, field) if _looks_like_svg(data) else Logo(pixels=_load_raster(data, field))
    if not logo.pixels.size:
        _reject(field, "the picture has no visible pixel", "give one that is not fully transparent")
    if not 1 / MAX_ASPECT <= logo.width / logo.height <= MAX_ASPECT:
        _reject(field, f"its visible part is {logo.width}x{logo.height}", "give a logo that is less of a line")
    return logo


def logo_facts(data_uri: str) -> LogoFacts:
    """Measure a logo given as a data URI. Raises AssetRejected as ``load_logo`` does."""
    return facts(load_logo(data_uri))


def facts(logo: Logo) -> LogoFacts:
    """Measure a decoded logo; of a large one every n-th pixel, which is plenty for colours."""
    stride = max(1, max(logo.pixels.shape[:2]) // _MEASURED_PX)
    pixels = logo.pixels[::stride, ::stride]
    alpha = pixels[..., 3]
    visible = pixels[alpha >= _OPAQUE_ALPHA][:, :3]
    if not visible.size:
        visible = pixels[alpha > 0][:, :3]
    if not visible.size:  # a hairline that the stride stepped over
        visible = logo.pixels[logo.pixels[..., 3] > 0][:_MEASURED_PX, :3]
    return LogoFacts(
        width=logo.width,
        height=logo.height,
        colors=_dominant(visible),
        luminance=round(float(luminance(visible).mean()), 4),
        transparent=bool((alpha < _OPAQUE_ALPHA).mean() > 0.01),  # noqa: PLR2004 - one percent: more than soft edges
    )


def _reject(field: str, message: str, hint: str) -> NoReturn:
    raise AssetRejected(message, field=field, hint=hint)


def _decode_uri(uri: str, field: str) -> bytes:
    head, comma, body = uri.partition(",")
    kind, *parameters = head.removeprefix("data:").split(";")
    if not head.startswith("data:") or not comma:
        _reject(field, "not a data URI", "give data:image/png;base64,...")
    if kind.strip().lower() not in _MEDIA_TYPES:
        _reject(field, f"media type {kind[:60]!r} is not a supported picture", "use PNG, JPEG, WebP or SVG")
    if len(body) > MAX_BYTES * 3:
        _reject(field, "the data URI is too long", f"keep the file under {MAX_BYTES} bytes")
    data = _decode_base64(body, field) if "base64" in parameters else urllib.parse.unquote_to_bytes(body)
    if not data or len(data) > MAX_BYTES:
        _reject(field, f"the file has {len(data)} bytes", f"give 1 to {MAX_BYTES} bytes")
    return data


def _decode_base64(body: str, field: str) -> bytes:
    try:
        return base64.b64decode(urllib.parse.unquote_to_bytes(body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AssetRejected(
            f"the data URI is not valid base64: {error}", field=field, hint="encode it again"
        ) from error


def _looks_like_svg(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _load_raster(data: bytes, field: str) -> Pixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=_RASTER_FORMATS) as picture:
                _check_dimensions(picture.width, picture.height, field)
                picture.load()
                return np.asarray(_as_rgba(ImageOps.exif_transpose(picture)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise AssetRejected(str(error), field=field, hint=f"keep it under {MAX_PIXELS / 1e6:.0f} megapixels") from error
    except UnidentifiedImageError as error:
        raise AssetRejected(
            "the file is no PNG, JPEG or WebP", field=field, hint="check that it is what its media type says"
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, struct.error, Warning) as error:
        raise AssetRejected(
            f"not a readable PNG, JPEG or WebP: {error}"[:300],
            field=field,
            hint="the file is damaged or of another format",
        ) from error


def _check_dimensions(width: int, height: int, field: str) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        _reject(
            field,
            f"the picture is {width}x{height}",
            f"at most {MAX_SIDE} a side and {MAX_PIXELS} pixels in all",
        )
    if min(width, height) < MIN_SIDE:
        _reject(field, f"the picture is {width}x{height}", f"at least {MIN_SIDE} pixels a side")


def _as_rgba(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture.convert("RGBA")


def _load_svg(data: bytes, field: str) -> Logo:
    document, width, height = svg.clean(data, field)
    scale = _PROBE_PX / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    try:
        return Logo(pixels=_draw_svg(document, *size, (0, 0, *size)), document=document)
    except ValueError as error:
        raise AssetRejected("the SVG cannot be drawn", field=field, hint="save it as plain SVG 1.1") from error


def _draw_svg(document: bytes, width: float, height: float, window: tuple[float, float, int, int]) -> Pixels:
    """Draw at ``width`` x ``height`` and keep the window (x, y, w, h). Raises ValueError where Skia reads nothing."""
    dom = skia.SVGDOM.MakeFromStream(skia.MemoryStream(document, True))
    if dom is None:
        raise ValueError("no drawable SVG")
    x, y, window_w, window_h = window
    pixels = np.zeros((window_h, window_w, 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    canvas = surface.getCanvas()
    canvas.translate(-x, -y)
    dom.setContainerSize(skia.Size(width, height))
    dom.render(canvas)
    return _straight(pixels)


def _straight(premultiplied: Pixels) -> Pixels:
    alpha = premultiplied[..., 3:].astype(np.float32)
    rgb = premultiplied[..., :3] * (255 / np.maximum(alpha, 1))
    return np.concatenate([np.minimum(rgb + 0.5, 255), alpha], axis=2).astype(np.uint8)


def _trim(pixels: Pixels) -> tuple[Pixels, tuple[float, float, float, float]]:
    mask = pixels[..., 3] > _VISIBLE_ALPHA
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return pixels[:0, :0], (0.0, 0.0, 1.0, 1.0)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    height, width = mask.shape
    return pixels[top:bottom, left:right], (left / width, top / height, right / width, bottom / height)


def _dominant(rgb: Pixels, limit: int = 6) -> list[str]:
    """Colours by share: the means of 5-bit buckets, near ones merged, those under two percent left out."""
    coarse = (rgb >> 3).astype(np.int32)
    code = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    counts = np.bincount(code, minlength=1 << 15)
    sums = np.stack([np.bincount(code, rgb[:, i], 1 << 15) for i in range(3)], axis=1)
    groups: list[tuple[NDArray[np.float64], int]] = []
    for index in np.argsort(-counts, kind="stable")[:256]:
        if counts[index]:
            _merge(groups, sums[index] / counts[index], int(counts[index]))
    groups.sort(key=lambda group: -group[1])
    kept = [mean for mean, count in groups if count >= 0.02 * len(rgb)] or [groups[0][0]]
    return [f"#{round(r):02x}{round(g):02x}{round(b):02x}" for r, g, b in kept[:limit]]


def _merge(groups: list[tuple[NDArray[np.float64], int]], mean: NDArray[np.float64], count: int) -> None:
    """Add a bucket to the first group of nearly its colour, or as a group of its own."""
    for index, (other, total) in enumerate(groups):
        if np.abs(other - mean).max() < _NEAR:
            groups[index] = (other, total + count)
            return
    groups.append((mean, count))
