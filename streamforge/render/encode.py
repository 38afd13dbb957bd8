"""Pixels to file bytes, by Pillow: several times faster than Skia's encoders, and it releases the GIL."""

from __future__ import annotations

import io
from collections.abc import Callable

from msgspec import Struct
from PIL import Image

from streamforge.errors import InvalidInput
from streamforge.render.colour import Pixels

_PNG_LEVEL = 3
"""zlib level: 550 KB in 45 ms for a photo at 1200x628, against 490 KB in 113 ms at the default of 6."""


class Encoded(Struct, frozen=True):
    """A finished file: its extension, its media type and its bytes."""

    extension: str
    media_type: str
    data: bytes


def _png(picture: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_PNG_LEVEL)
    return Encoded("png", "image/png", buffer.getvalue())


_ENCODERS: dict[str, Callable[[Image.Image], Encoded]] = {"png": _png}


def encode(pixels: Pixels, name: str) -> Encoded:
    """Encode an opaque (height, width, 4) RGBA buffer. Raises InvalidInput for an unknown format; deterministic."""
    encoder = _ENCODERS.get(name)
    if encoder is None:
        raise InvalidInput(f"unknown format {name!r}", field="formats", hint=f"one of {', '.join(_ENCODERS)}")
    height, width = pixels.shape[:2]
    return encoder(Image.frombytes("RGB", (width, height), pixels.tobytes(), "raw", "RGBX"))
