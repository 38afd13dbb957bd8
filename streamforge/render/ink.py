"""The ink of a text: which pixels its letters take, found by painting it alone with the painter of the banner.

Boxes say where a text should be, ink where it is. A text's ink is kept in a window of its own that may reach beyond
the canvas, so that what is cut off can be measured as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from streamforge.render.colour import Pixels
from streamforge.render.paint import Easel
from streamforge.render.scene import Frame, Text
from streamforge.render.text import line_width

Mask = NDArray[np.bool_]

VISIBLE = 48
"""The least coverage (of 255) that counts as ink: fainter edge pixels are antialiasing."""
_RIM = 0.5
"""Room around a box for accents, tails and side bearings, in type sizes."""
_CAPITAL, _DESCENT = 0.72, 0.22
"""How far letters rise over the baseline and sink under it, in type sizes: where lines are told apart."""
_MOST_SIDE = 3900
_SAME_COLOUR = 3
_PICTOGRAPHS = 0x1F000
_EMOJI_STYLE = "\ufe0f"


class Ink(Struct, frozen=True):
    """A text alone, in a window whose first pixel is at (``x``, ``y``) of the canvas.

    ``cover`` (0..255) is how much of each pixel is inked. ``letters`` are the inked pixels that are letters: emoji in a
    text have colours of their own, and are pictures.
    """

    text: Text
    x: int
    y: int
    cover: NDArray[np.uint8]
    letters: Mask

    def bounds(self) -> Frame | None:
        """The box around all ink, or None without any."""
        return self._around(0, self.cover.shape[0])

    def line_bounds(self) -> list[Frame]:
        """The box around each line's ink; lines without ink are left out."""
        return [box for top, bottom in self._bands() if (box := self._around(top, bottom)) is not None]

    def _bands(self) -> Iterator[tuple[int, int]]:
        """Each line's rows: cut midway between one line's descenders and the next one's capitals."""
        text, height = self.text, self.cover.shape[0]
        step, first = text.style.leading * text.px, text.frame.y + text.rise * text.px - self.y
        below = (step + _DESCENT * text.px - _CAPITAL * text.px) / 2
        cuts = [round(first + step * index + below) for index in range(len(text.lines) - 1)]
        ends = [0, *(min(max(cut, 0), height) for cut in cuts), height]
        yield from pairwise(ends)

    def _around(self, top: int, bottom: int) -> Frame | None:
        inked = self.cover[top:bottom] >= VISIBLE
        rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        if not rows.size:
            return None
        left, up = int(columns[0]), int(rows[0])
        width, height = int(columns[-1]) - left + 1, int(rows[-1]) - up + 1
        return Frame(float(self.x + left), float(self.y + top + up), float(width), float(height))


def ink_of(text: Text) -> Ink:
    """Paint a text alone, in a window with room for accents and for lines that are wider than the box.

    The window lies an even number of pixels from the canvas' origin, so that letters are rasterised as on the banner:
    a baseline midway between two rows is rounded to the even one.
    """
    frame = text.frame
    widest = max((line_width(line, text.style) * text.px for line in text.lines), default=0.0)
    aside = math.ceil(max(widest - frame.width, 0.0) + text.px * _RIM)
    lines_px = text.px * (text.style.leading * len(text.lines) + _RIM)
    x, y = _even(frame.x - aside), _even(frame.y - text.px * _RIM)
    width = math.ceil(frame.right) + aside - x
    height = math.ceil(max(frame.bottom, frame.y + lines_px) + text.px * _RIM) - y
    easel = Easel(min(max(width, 1), _MOST_SIDE), min(max(height, 1), _MOST_SIDE))
    easel.text(replace(text, frame=Frame(frame.x - x, frame.y - y, frame.width, frame.height)))
    cover = np.ascontiguousarray(easel.pixels[..., 3])
    return Ink(text, x, y, cover, _letters(text, easel.pixels, cover))


def _even(value: float) -> int:
    return math.floor(value / 2) * 2


def _letters(text: Text, pixels: Pixels, cover: NDArray[np.uint8]) -> Mask:
    inked = cover >= VISIBLE
    if not any(ord(c) >= _PICTOGRAPHS or c == _EMOJI_STYLE for line in text.lines for c in line):
        return inked
    expected = np.array(text.colour, np.int32) * cover[..., None].astype(np.int32) // 255
    return inked & (np.abs(pixels[..., :3].astype(np.int32) - expected).max(axis=-1) <= _SAME_COLOUR)
