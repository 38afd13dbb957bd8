"""Pixels from strangers: a data URI's bytes, and PNG, JPEG and WebP decoded within limits.

Sizes come from the file's header before any pixel is decoded, so a few bytes cannot ask for gigabytes. What comes out
is always 8-bit RGBA, upright (EXIF) and in sRGB (ICC), whatever went in.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import urllib.parse
import warnings
from contextlib import suppress
from typing import NoReturn

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from streamforge.errors import AssetRejected
from streamforge.render import sniff
from streamforge.render.colour import Pixels

MAX_BYTES = 5_000_000
MAX_PIXELS = 16_000_000
MAX_SIDE = 8192
MIN_SIDE = 8
MAX_SCAN_PIXELS = 640_000_000
"""Passes of a progressive JPEG times its pixels: some bytes a pass would otherwise ask for hours."""

_WITHIN = f"scale it to at most {MAX_SIDE} pixels a side and {MAX_PIXELS / 1e6:.0f} megapixels in all"

_FORMATS = {sniff.PNG: "PNG", sniff.JPEG: "JPEG", sniff.WEBP: "WEBP"}
_ACCEPTED = frozenset([*_FORMATS, sniff.SVG, "image/jpg"])
_PROFILED = frozenset(["RGB", "L", "CMYK"])
"""Modes that a colour profile speaks of."""
_READ_ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, OverflowError),
    *(struct.error, Warning),
)
"""What Pillow's readers raise for a damaged file."""


def reject(field: str, message: str, hint: str) -> NoReturn:
    """Raise AssetRejected for the file in ``field``."""
    raise AssetRejected(message, field=field, hint=hint)


def bytes_of(uri: str, field: str) -> bytes:
    """The bytes in a data URI of a picture. Raises AssetRejected naming ``field``."""
    head, comma, body = uri.partition(",")
    kind, *parameters = head.removeprefix("data:").split(";")
    if not head.startswith("data:") or not comma:
        reject(field, "not a data URI", "give data:image/png;base64,...")
    if kind.strip().lower() not in _ACCEPTED:
        reject(field, f"media type {kind[:60]!r} is not a supported picture", "use PNG, JPEG, WebP or SVG")
    if len(body) > MAX_BYTES * 3:
        reject(field, "the data URI is too long", f"keep the file under {MAX_BYTES} bytes")
    data = _decode_base64(body, field) if "base64" in parameters else urllib.parse.unquote_to_bytes(body)
    if not data or len(data) > MAX_BYTES:
        reject(field, f"the file has {len(data)} bytes", f"give 1 to {MAX_BYTES} bytes")
    return data


def _decode_base64(body: str, field: str) -> bytes:
    try:
        return base64.b64decode(urllib.parse.unquote_to_bytes(body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AssetRejected(
            f"the data URI is not valid base64: {error}", field=field, hint="encode it again"
        ) from error


def decode(data: bytes, field: str, *, most_pixels: int = MAX_PIXELS) -> Pixels:
    """A PNG, JPEG or WebP as (height, width, 4) straight-alpha sRGB, scaled down where it has over ``most_pixels``.

    Of a phone's multi-picture JPEG the first picture is taken; an animation is refused, since a banner stands still.
    Raises AssetRejected naming ``field`` for all but a sound picture within the limits.
    """
    media_type = sniff.media_type_of(data)
    if media_type not in _FORMATS:
        reject(field, f"the file is no PNG, JPEG or WebP; it is {sniff.name_of(data)}", "export it as one of these")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _decode(data, _FORMATS[media_type], field, most_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        said = f"the picture's header says that it has over {MAX_PIXELS / 1e6:.0f} megapixels"
        raise AssetRejected(said, field=field, hint=_WITHIN) from error
    except UnidentifiedImageError as error:
        raise _damaged(field, "its header is broken") from error
    except MemoryError as error:
        raise AssetRejected(
            "decoding the picture takes too much memory", field=field, hint="save it again, smaller"
        ) from error
    except _READ_ERRORS as error:
        raise _damaged(field, str(error)) from error


def _damaged(field: str, why: str) -> AssetRejected:
    return AssetRejected(f"not a readable PNG, JPEG or WebP: {why}"[:300], field=field, hint="the file is damaged")


def _decode(data: bytes, name: str, field: str, most_pixels: int) -> Pixels:
    _check_webp_canvas(data, field)
    with Image.open(io.BytesIO(data), formats=(name,)) as picture:
        _check_dimensions(picture.width, picture.height, field)
        if picture.format == "JPEG" and data.count(b"\xff\xda") * picture.width * picture.height > MAX_SCAN_PIXELS:
            reject(field, "the JPEG has countless passes", "save it again")
        if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
            reject(field, "the picture is animated", "give one frame of it, as PNG, JPEG or WebP")
        if picture.width * picture.height > 4 * most_pixels:
            picture.draft(None, (picture.width // 2, picture.height // 2))  # a JPEG decodes straight to half its size
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return np.asarray(_shrunk(_as_rgba(picture), most_pixels))


def _check_webp_canvas(data: bytes, field: str) -> None:
    """An extended WebP's canvas: its reader allocates it while it opens the file."""
    if data[:4] == b"RIFF" and data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        _check_dimensions(width, height, field)


def _check_dimensions(width: int, height: int, field: str) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        reject(
            field,
            f"the picture is {width}x{height}",
            _WITHIN,
        )
    if min(width, height) < MIN_SIDE:
        reject(field, f"the picture is {width}x{height}", f"at least {MIN_SIDE} pixels a side")


def _shrunk(picture: Image.Image, most_pixels: int) -> Image.Image:
    share = (most_pixels / (picture.width * picture.height)) ** 0.5
    if share >= 1:
        return picture
    size = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _as_rgba(picture: Image.Image) -> Image.Image:
    """Any mode as 8-bit RGBA in sRGB; an ICC profile that cannot be read counts as sRGB."""
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bit(picture)
    if not picture.info.get("icc_profile"):
        return picture.convert("RGBA")
    if not picture.has_transparency_data:
        return _in_srgb(picture if picture.mode in _PROFILED else picture.convert("RGB")).convert("RGBA")
    whole = picture.convert("RGBA")
    shown = _in_srgb(whole.convert("RGB")).convert("RGBA")
    shown.putalpha(whole.getchannel("A"))
    return shown


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey by their upper eight; the one that is named transparent stays so."""
    deep = np.asarray(picture).astype(np.int64)
    grey = Image.fromarray((np.clip(deep, 0, 65535) >> 8).astype(np.uint8))
    clear = picture.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8))))


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not isinstance(profile, bytes):
        return picture
    with suppress(ImageCms.PyCMSError, *_READ_ERRORS):
        source = ImageCms.getOpenProfile(io.BytesIO(profile))  # pyright: ignore[reportUnknownMemberType]
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        return ImageCms.profileToProfile(picture, source, _srgb(), outputMode="RGB") or picture
    return picture


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
