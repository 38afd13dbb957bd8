"""What the lines of a PDF say, written beside their glyphs: ``ActualText`` (ISO 32000-1, 14.9.4).

Skia says of each glyph which one character it is. Where letters join, stack or change places (Arabic, Devanagari,
Thai), or a font has a glyph of its own for a hyphen between figures, what one copies would be something else than what
one reads. Each line is drawn under a translation of its own, by which it is found again here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from msgspec import Struct

_CONTENTS = re.compile(rb"/Contents (\d+) 0 R")
_STREAM = rb"\n%s 0 obj\n<<(.*?)/Length (\d+)>> stream\n"
_XREF = re.compile(rb"(\d{10})( 00000 n )")
_START = re.compile(rb"startxref\n(\d+)\n")
_PLACED = re.compile(rb"^q\n([-\d.]+) 0 0 ([-\d.]+) ([-\d.]+) ([-\d.]+) cm\n", re.MULTILINE)
_STACK = re.compile(rb"^(q|Q)\n", re.MULTILINE)
_NEAR = 0.01
_MARKS = re.compile("[\u200e\u200f\u200c]")
"""Marks that steer how a line is set and say nothing."""


class Said(Struct, frozen=True):
    """A line's text, and the point that it was translated to."""

    text: str
    x: float
    y: float


def with_text(pdf: bytes, lines: Sequence[Said]) -> bytes:
    """The document of one page with the text of its lines; a line that is not found stays as it was."""
    number = _CONTENTS.search(pdf)
    head = re.search(_STREAM % number[1], pdf, re.DOTALL) if number else None
    if head is None:
        return pdf
    start, length = head.end(), int(head[2])
    packed = zlib.compress(_told(zlib.decompress(pdf[start : start + length]), lines), 9)
    opening = head[0].replace(b"/Length %d>>" % length, b"/Length %d>>" % len(packed))
    grown = len(packed) - length + len(opening) - len(head[0])
    return _moved(pdf[: head.start()] + opening + packed + pdf[start + length :], head.start() + 1, grown)


def _told(content: bytes, lines: Sequence[Said]) -> bytes:
    """The page's operators with each line's marked."""
    parts, at = list[bytes](), 0
    for line in lines:
        found = next((each for each in _PLACED.finditer(content, at) if _is_at(each, line)), None)
        end = _end_of(content, found.end()) if found else None
        if found is None or end is None:
            continue
        spoken = f"{_MARKS.sub('', line.text)} ".encode("utf-16-be").hex().upper().encode()
        mark = b"/Span <</ActualText <FEFF%s>>>BDC\n" % spoken
        parts += [content[at : found.end()], mark, content[found.end() : end], b"EMC\n"]
        at = end
    return b"".join([*parts, content[at:]])


def _is_at(placed: re.Match[bytes], line: Said) -> bool:
    scale = float(placed[1]) or 1.0
    return abs(float(placed[3]) / scale - line.x) < _NEAR and abs(float(placed[4]) / scale - line.y) < _NEAR


def _end_of(content: bytes, start: int) -> int | None:
    """Where the state that was saved before ``start`` is restored."""
    depth = 1
    for operator in _STACK.finditer(content, start):
        depth += 1 if operator[1] == b"q" else -1
        if not depth:
            return operator.start()
    return None


def _moved(pdf: bytes, after: int, by: int) -> bytes:
    """The document with the places of its objects behind ``after`` corrected."""
    table = pdf.rindex(b"xref\n0 ", 0, pdf.rindex(b"startxref"))

    def place(entry: re.Match[bytes]) -> bytes:
        at = int(entry[1])
        return b"%010d%s" % (at + by if at > after else at, entry[2])

    entries = _XREF.sub(place, pdf[table:])
    return pdf[:table] + _START.sub(lambda found: b"startxref\n%d\n" % (int(found[1]) + by), entries)
