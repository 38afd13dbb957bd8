"""What a file is by its first bytes, whatever its name or a server says of it; importable at no cost."""

from __future__ import annotations

import re

PNG, JPEG, WEBP, SVG = "image/png", "image/jpeg", "image/webp", "image/svg+xml"

_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF"),
    (0, b"%PDF", "a PDF"),
    (0, b"%!PS", "a PostScript or EPS file"),
    (0, b"II*\0", "a TIFF"),
    (0, b"MM\0*", "a TIFF"),
    (0, b"BM", "a BMP"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\0\0\1\0", "an icon file"),
    (0, b"\x1f\x8b", "gzip-compressed (an SVGZ?)"),
    (0, b"PK\3\4", "a ZIP archive"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftypavis", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
)
"""Formats that people send instead of a picture that can be used: offset, magic bytes, name."""

_HTML = re.compile(rb"\s*(?:<!--[^>]{0,500}-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SPACE = b"\xef\xbb\xbf \t\r\n"


def media_type_of(data: bytes) -> str:
    """The media type of a PNG, JPEG, WebP or SVG; empty for anything else. Says nothing about the rest of the file."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    if data.lstrip(_SPACE).startswith(b"<") and not _HTML.match(data.lstrip(_SPACE)[:1000]):
        return SVG
    return ""


def name_of(data: bytes) -> str:
    """What a file of no usable type is, in words for the person who sent it."""
    if _HTML.match(data.lstrip(_SPACE)[:1000]):
        return "a web page"
    return next((name for at, magic, name in _OTHERS if data[at : at + len(magic)] == magic), "of an unknown format")
