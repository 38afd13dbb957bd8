"""Ligatures taken apart again, for documents in which a glyph must say which letter it is.

Skia writes into a PDF what one character a glyph stands for, so a word copied from it would lose its ``ff``.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import uharfbuzz as hb

from streamforge.render.font_files import static_file
from streamforge.render.scripts import ZWNJ
from streamforge.render.text import TextStyle, faces

_PAIR = re.compile("(?=([A-Za-z]{2}))")


def parted(line: str, style: TextStyle) -> str:
    """The line with a zero-width non-joiner between any two Latin letters that its font would draw as one glyph."""
    face = faces(line, style)[0]
    cuts = [match.start() + 1 for match in _PAIR.finditer(line) if _joins(face.family, face.weight, match.group(1))]
    ends = [0, *cuts, len(line)]
    return ZWNJ.join(line[start:end] for start, end in pairwise(ends))


@cache
def _joins(family: str, weight: int, pair: str) -> bool:
    """Whether a face has a ligature for two letters."""
    shaped = hb.Buffer()
    shaped.add_str(pair)
    shaped.guess_segment_properties()
    hb.shape(_font(family, weight), shaped)
    return len(shaped.glyph_infos) < len(pair)


@cache
def _font(family: str, weight: int) -> hb.Font:
    return hb.Font(hb.Face(static_file(family, weight)))
