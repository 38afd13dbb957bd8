"""Font files for documents: a family at one weight as a static font, whole or cut to the letters of a text.

HarfBuzz cuts and pins in one pass: a variable family becomes static in 2 to 25 ms, a text's letters come out in less
than one. Chinese, Japanese, Korean and emoji take two seconds whole, so those are for cutting.
"""

from __future__ import annotations

import struct
import unicodedata
import zlib
from functools import lru_cache
from typing import Literal

import uharfbuzz as hb

from streamforge.errors import InvalidInput
from streamforge.render.catalogue import nearest_weight, source

Flavour = Literal["ttf", "woff"]
_WOFF_ENTRY, _SFNT_ENTRY, _WOFF_HEADER = 20, 16, 44
_FORMS: tuple[Literal["NFC", "NFD", "NFKD"], ...] = ("NFC", "NFD", "NFKD")


@lru_cache(maxsize=64)
def static_file(family: str, weight: int) -> bytes:
    """The family at the nearest weight it has, as a static OpenType file with every glyph and feature."""
    return _cut(family, weight, None)


@lru_cache(maxsize=256)
def subset(family: str, weight: int, text: str, flavour: Flavour = "ttf") -> bytes:
    """A static font with what the text needs, its ligatures and joined forms included; equal texts give equal bytes.

    Characters that the family lacks are left out: ask ``text.faces`` which families a line takes.
    """
    cut = _cut(family, weight, text)
    return _woff(cut) if flavour == "woff" else cut


def _cut(family: str, weight: int, text: str | None) -> bytes:
    one = source(family, weight)
    face = hb.Face(hb.Blob.from_file_path(str(one.path)), one.index)
    wanted = hb.SubsetInput()
    if text is None:
        wanted.keep_everything()
    else:
        wanted.unicode_set.update(sorted(_spelled(text)))
    if one.is_variable:
        wanted.pin_all_axes_to_default(face)
        wanted.pin_axis_location(face, "wght", float(nearest_weight(family, weight)))
    wanted.flags = hb.SubsetFlags.DOWNGRADE_CFF2  # a PDF cannot hold the newer outlines
    return bytes(hb.subset(face, wanted).blob.data)


def _spelled(text: str) -> set[int]:
    """A text's characters and those that a shaper sets in their stead: it takes Thai's am apart, and joins accents."""
    forms = (text, *(unicodedata.normalize(form, text) for form in _FORMS))
    return {ord(character) for form in forms for character in form}


def _woff(font: bytes) -> bytes:
    """An OpenType file packed as WOFF 1.0 (W3C): the same tables, each deflated."""
    kind, count = struct.unpack_from(">4sH", font)
    if len(font) < _SFNT_ENTRY * count:
        raise InvalidInput("not an OpenType file")
    entries, body, offset = b"", b"", _WOFF_HEADER + _WOFF_ENTRY * count
    for index in range(count):
        tag, checksum, start, length = struct.unpack_from(">4sIII", font, 12 + _SFNT_ENTRY * index)
        table = font[start : start + length]
        packed = min(table, zlib.compress(table, 9), key=len)  # of equal ones the plain: readers go by the length
        entries += struct.pack(">4sIIII", tag, offset + len(body), len(packed), length, checksum)
        body += packed + b"\0" * (-len(packed) % 4)
    plain_size = 12 + sum(
        _SFNT_ENTRY + (length + 3 & ~3)
        for (length,) in (struct.unpack_from(">I", font, 24 + _SFNT_ENTRY * index) for index in range(count))
    )
    total = offset + len(body)
    header = struct.pack(">4s4sIHHIHHIIIII", b"wOFF", kind, total, count, 0, plain_size, 1, 0, 0, 0, 0, 0, 0)
    return header + entries + body
