"""Pixels to file bytes, by Pillow and zlib: several times faster than Skia's encoders, and they release the GIL.

Every file says that it is sRGB. A file that must not pass a weight is fitted to it: the lossy formats by the highest
quality that is small enough, PNG by harder compression and then by fewer colours.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from streamforge.errors import InvalidInput
from streamforge.render.colour import Pixels
from streamforge.render.icc import SRGB

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {"RGB": 2, "RGBA": 6}
_DRAWN_LEVELS = (6, 9)
"""zlib levels for drawn pictures, unfiltered. A 12-element banner at 1200x628: 12 ms and 89 KB at 6 (5 ms and 110 KB at
3); with a filter chosen for each row, as is usual, 24 ms and 112 KB. Fourteen banners at 1080x1920: 26 ms and 127 KB at
6, 103 ms and 114 KB at 9 (11 ms and 162 KB at 3); in 256 dithered colours those with gradients get heavier."""
_PERCEPTUAL = b"\0"
"""The rendering intent that a PNG's sRGB chunk names."""
_STRIP_ROWS, _STRIPS = 16, 4
"""A trial compresses so many strips of so many rows: with fewer rows, what repeats in them is not found."""
_TRIAL_LEVEL = 1
_PALETTES = (256, 192, 128, 96, 64, 48, 32)
"""Numbers of colours to try for a PNG that is too heavy; fewer than these look broken."""
_FULL_CHROMA_FROM = 75
"""The JPEG quality from which colours keep their full resolution: halved, the edges of coloured letters smear."""


class Encoded(Struct, frozen=True):
    """A finished file: its extension, its media type, its bytes, and what was chosen to get there.

    ``quality`` is ``lossless``, a number of ``colours``, or the encoder's quality of 1..100. ``fits`` is whether it
    holds the weight that was asked for.
    """

    extension: str
    media_type: str
    data: bytes
    quality: str
    fits: bool = True


class _Lossy(Struct, frozen=True):
    """A format with a quality: what is written unless that is too heavy, and the least that still looks sound."""

    extension: str
    media_type: str
    quality: int
    least: int
    save: Callable[[Image.Image, int], bytes]


def encode(pixels: Pixels, name: str, max_bytes: int = 0) -> Encoded:
    """Encode a (height, width, 4) buffer of premultiplied RGBA, in at most ``max_bytes`` (0: any) where that can be.

    Raises InvalidInput for an unknown format. What does not fit comes back at its smallest, with ``fits`` false. JPEG
    has no transparency: what shines through becomes black. Deterministic.
    """
    if name == "png":
        return _png(_picture(pixels), max_bytes)
    lossy = _LOSSY.get(name)
    if lossy is None:
        raise InvalidInput(f"unknown format {name!r}", field="formats", hint=f"one of {', '.join(FORMATS)}")
    return _fitted(_picture(pixels), lossy, max_bytes)


def _picture(premultiplied: Pixels) -> Image.Image:
    """The buffer as RGB where it is opaque, otherwise as straight RGBA."""
    height, width = premultiplied.shape[:2]
    data = np.ascontiguousarray(premultiplied)
    if int(data.view(np.uint32).min()) >> 24 == 255:  # noqa: PLR2004 - the alpha of every pixel, little-endian
        return Image.frombytes("RGB", (width, height), data, "raw", "RGBX")
    return Image.frombytes("RGBa", (width, height), data).convert("RGBA")


def _png(picture: Image.Image, max_bytes: int) -> Encoded:
    """The first file that fits; what has few colours and is too heavy even so is not fitted any further."""
    lossless = _lossless(picture)
    found = _as_png(next(lossless), "lossless", max_bytes)
    if found.fits:
        return found
    least = found if picture.mode == "RGBA" else _few_colours(picture, _PALETTES[-1], max_bytes)
    if picture.mode == "RGBA" or least.fits:
        for attempt in _lighter(picture, lossless, max_bytes):
            if attempt.fits:
                return attempt
            found = min(found, attempt, key=_weight)
    return min(found, least, key=_weight)


def _lighter(picture: Image.Image, lossless: Iterator[bytes], max_bytes: int) -> Iterator[Encoded]:
    """Ever smaller files: compressed harder, then in fewer colours, of which a transparent picture keeps all."""
    yield from (_as_png(data, "lossless", max_bytes) for data in lossless)
    if picture.mode == "RGB":
        yield from (_few_colours(picture, colours, max_bytes) for colours in _PALETTES[:-1])


def _few_colours(picture: Image.Image, colours: int, max_bytes: int) -> Encoded:
    data = _saved(_with_palette(picture, colours), "PNG", optimize=True, pnginfo=_png_info())
    return _as_png(data, f"{colours} colours", max_bytes)


def _as_png(data: bytes, quality: str, max_bytes: int) -> Encoded:
    return Encoded("png", "image/png", data, quality, fits=not max_bytes or len(data) <= max_bytes)


def _weight(encoded: Encoded) -> int:
    return len(encoded.data)


def _lossless(picture: Image.Image) -> Iterator[bytes]:
    """First the way that is quick and suits the picture, then those that take their time."""
    if _is_drawn(picture):
        yield from (_unfiltered(picture, level) for level in _DRAWN_LEVELS)
    else:
        yield _saved(picture, "PNG", compress_type=zlib.Z_RLE, pnginfo=_png_info())
    yield _saved(picture, "PNG", optimize=True, pnginfo=_png_info())


def _is_drawn(picture: Image.Image) -> bool:
    """Whether rows repeat, as in graphics, rather than change a little, as in photographs, where PNG's filters help.

    Strips of the picture are compressed both ways to find out.
    """
    rows = np.asarray(picture).reshape(picture.height, -1)
    step = max(_STRIP_ROWS, picture.height // _STRIPS)
    strips = [rows[top : top + _STRIP_ROWS] for top in range(0, picture.height, step)]
    changes = [np.diff(strip, axis=0, prepend=strip[:1]) for strip in strips]
    plain, filtered = (zlib.compress(np.concatenate(each).data, _TRIAL_LEVEL) for each in (strips, changes))
    return len(plain) <= len(filtered)


def _unfiltered(picture: Image.Image, level: int) -> bytes:
    """A PNG whose rows are compressed as they are, which Pillow does not offer."""
    width, height = picture.size
    rows = np.asarray(picture).reshape(height, -1)
    scanlines = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with its filter: 0 is none
    header = struct.pack(">2I5B", width, height, 8, _COLOUR_TYPES[picture.mode], 0, 0, 0)
    chunks = {b"IHDR": header, b"sRGB": _PERCEPTUAL, b"IDAT": zlib.compress(scanlines.data, level), b"IEND": b""}
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks.items())


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _with_palette(picture: Image.Image, colours: int) -> Image.Image:
    """The picture in its best few colours, the rest dithered (Floyd and Steinberg)."""
    palette = picture.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _png_info() -> PngInfo:
    info = PngInfo()
    info.add(b"sRGB", _PERCEPTUAL)
    return info


def _fitted(picture: Image.Image, form: _Lossy, max_bytes: int) -> Encoded:
    """The highest quality that is small enough, by bisection: a file grows with its quality.

    Where the least quality is too heavy, two files have been made and no more.
    """
    data = form.save(picture, form.quality)
    if not max_bytes or len(data) <= max_bytes:
        return Encoded(form.extension, form.media_type, data, str(form.quality))
    data = form.save(picture, form.least)
    low, high = form.least, form.quality - 1
    fits = len(data) <= max_bytes
    while fits and low < high:
        middle = (low + high + 1) // 2
        attempt = form.save(picture, middle)
        if len(attempt) <= max_bytes:
            data, low = attempt, middle
        else:
            high = middle - 1
    return Encoded(form.extension, form.media_type, data, str(low), fits=fits)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    opaque = picture if picture.mode == "RGB" else picture.convert("RGB")
    subsampling = 0 if quality >= _FULL_CHROMA_FROM else 2
    return _saved(opaque, "JPEG", quality=quality, subsampling=subsampling, icc_profile=SRGB)


def _webp(picture: Image.Image, quality: int) -> bytes:
    return _saved(picture, "WEBP", quality=quality, method=2, icc_profile=SRGB)


def _avif(picture: Image.Image, quality: int) -> bytes:
    """Its container names sRGB by number (ITU-T H.273), without a profile."""
    return _saved(picture, "AVIF", quality=quality, speed=8, subsampling="4:4:4", max_threads=1)


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


_LOSSY = {
    "jpeg": _Lossy("jpg", "image/jpeg", 90, 40, _jpeg),
    "webp": _Lossy("webp", "image/webp", 85, 35, _webp),
    "avif": _Lossy("avif", "image/avif", 70, 30, _avif),
}
FORMATS = ("png", *_LOSSY)
"""The formats that hold pixels."""
