"""Pictures made on the spot, sound and hostile, as the tests need them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

from PIL import Image

SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">'


def data_uri(data: bytes, media_type: str = "image/png") -> str:
    """The bytes as a base64 data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def encoded(picture: Image.Image, name: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401 - a format's own
    """A picture as file bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, name, **options)
    return buffer.getvalue()


def svg_uri(body: str) -> str:
    """A 100x50 SVG with the given elements."""
    return data_uri(f"{SVG_HEAD}{body}</svg>".encode(), "image/svg+xml")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 64)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def logo_png(colour: str = "#2c3e50", width: int = 200, height: int = 80) -> str:
    """A logo with transparent borders: a filled box in the middle half."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    picture.paste(Image.new("RGBA", (width // 2, height // 2), colour), (width // 4, height // 4))
    return data_uri(encoded(picture))
