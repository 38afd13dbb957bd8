"""What a file is by its first bytes, whatever its name or its sender says."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Final

from streamforge.errors import UnsupportedMedia

HEAD_BYTES: Final = 4096
"""How much of a file is looked at."""
TEXT: Final = "text/plain"

_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"PK\3\4", "application/zip"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"\x1f\x8b", "application/gzip"),
)
"""Offset, bytes, type; the first that fits. Those at 8 follow ``RIFF`` and a length."""

_ALSO: Final[dict[str, frozenset[str]]] = {
    "image/jpeg": frozenset({"image/jpg", "image/pjpeg"}),
    "image/png": frozenset({"image/x-png"}),
    "audio/wav": frozenset({"audio/x-wav", "audio/wave", "audio/vnd.wave"}),
    "audio/mpeg": frozenset({"audio/mp3"}),
    "audio/flac": frozenset({"audio/x-flac"}),
    "image/heif": frozenset({"image/heic"}),
}
"""Other names of a type."""

_HOLDS: Final[dict[str, frozenset[str]]] = {
    "audio/ogg": frozenset({"video/ogg", "application/ogg", "audio/opus"}),
    "video/mp4": frozenset({"audio/mp4", "audio/x-m4a"}),
    "video/webm": frozenset({"audio/webm", "video/x-matroska", "audio/x-matroska"}),
}
"""Types whose first bytes are those of another: there the sender's word decides between them."""

_TEXTUAL: Final = frozenset({"application/json", "application/x-ndjson", "application/xml", "application/yaml"})
_UNSAID: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"})
"""What clients say that do not know."""
_COMMENT: Final = r"<!--(?:(?!-->).){0,1000}-->"
_HTML: Final = re.compile(
    rf"(?:\s|{_COMMENT})*+<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE | re.DOTALL
)
_SVG: Final = re.compile(
    rf"(?:\s|<\?xml[^>]{{0,200}}>|<!doctype\s+svg[^>]{{0,500}}>|{_COMMENT})*+<svg\b", re.IGNORECASE | re.DOTALL
)
"""Possessive, so that a hostile file costs no more than one way through it."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def type_of(head: bytes) -> str:
    """The media type of a file that begins like that; empty where nobody knows it."""
    for at, magic, media_type in _MAGIC:
        if head[at : at + len(magic)] == magic and (at != 8 or head.startswith(b"RIFF")):  # noqa: PLR2004 - see _MAGIC
            return media_type
    text = _text(head)
    if not text:
        return ""
    if _SVG.match(text):
        return "image/svg+xml"
    return "text/html" if _HTML.match(text) else TEXT


def checked_type(head: bytes, said: str, taken: Sequence[str]) -> str:
    """The type to keep a file under, given what its sender says (empty: nothing) and the types that are taken.

    Raises UnsupportedMedia where it is something else than was said, or nothing that is taken.
    """
    found, said = type_of(head), said.partition(";")[0].strip().lower()
    kept = found if said in _UNSAID or said in _ALSO.get(found, ()) else said
    if not found or (kept != found and not _may_be(found, kept)):
        what = found or "of no type that is known"
        raise UnsupportedMedia(f"its content is {what}", field="Content-Type", hint="say what it is, or send another")
    if not any(kept == entry or (entry.endswith("/*") and kept.startswith(entry[:-1])) for entry in taken):
        raise UnsupportedMedia(f"{kept} is not taken", field="Content-Type", hint=f"send {', '.join(taken)}")
    return kept


def _may_be(found: str, said: str) -> bool:
    if found == TEXT:
        return said in _TEXTUAL or (said.startswith("text/") and said != "text/html")
    if found == "application/zip":  # office documents, and much else
        return said.startswith(("application/vnd.", "application/epub"))
    return said in _HOLDS.get(found, ())


def _text(head: bytes) -> str:
    """The beginning of a text in UTF-8; empty where it is none. What is cut off in a character's midst is let go."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return ""
    return "" if _CONTROL.search(text) else text
