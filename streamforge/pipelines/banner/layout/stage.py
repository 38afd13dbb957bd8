"""What surrounds a design when it is laid out: the canvas with its own measures, and the pictures' proportions."""

from __future__ import annotations

import math

from msgspec import Struct

from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.solve.problem import Area

_STRIP_ASPECT = 2.4
_LOW_PX = 200
_FRAMED = 0.105
"""The margin within a frame, of which the frame takes a third, as a share of the short side."""
_GRIDS = ((400, 4), (100, 2), (0, 1))
"""Grid steps (px) by the least short side they are for."""


def is_strip(size: Size) -> bool:
    """Whether the canvas is so wide that elements stand side by side."""
    return size.width / size.height >= _STRIP_ASPECT


class Metrics(Struct, frozen=True):
    """The canvas' own measures, px: mean side, margin, least gap, grid; and how upright it is (0: lying or square)."""

    unit: float
    margin: int
    gap: int
    grid: int
    tallness: float

    @classmethod
    def of(cls, size: Size, *, framed: bool = False) -> Metrics:
        """Margins are 7 % of the short side, more on thin strips and in a frame; small canvases have a finer grid."""
        unit = math.sqrt(size.width * size.height)
        short = min(size.width, size.height)
        share = 0.095 if is_strip(size) and short < _LOW_PX else _FRAMED if framed else 0.07
        grid = next(grid for least, grid in _GRIDS if short >= least)
        margin = max(5, round(short * share))
        tallness = min(max(size.height / size.width - 1.2, 0.0), 2.6)
        return cls(unit, margin, max(4, round(unit * 0.018)), grid, tallness)


class Stage(Struct, frozen=True):
    """The canvas with its safe zone, and the proportions (width over height) of the pictures at hand.

    A picture without proportions is not there, and its element is left out. ``clear_space`` is the free rim around the
    logo, as a share of its height. On a ``pressed`` stage vital texts may be smaller than usual, on more lines, and
    their long words parted: better than no banner. ``framed`` says that a frame runs around the canvas.
    """

    canvas: Canvas
    logo_aspect: float | None = None
    hero_aspect: float | None = None
    clear_space: float = 0.2
    pressed: bool = False
    framed: bool = False

    @property
    def size(self) -> Size:
        """The canvas in px."""
        return self.canvas.size

    @property
    def metrics(self) -> Metrics:
        """The canvas' own measures."""
        return Metrics.of(self.size, framed=self.framed)

    @property
    def safe(self) -> Area:
        """The part of the canvas (px) that the platform leaves free, rounded inwards."""
        size, zone = self.size, self.canvas.safe
        left, top = math.ceil(zone.left * size.width), math.ceil(zone.top * size.height)
        right, bottom = math.floor(size.width * (1 - zone.right)), math.floor(size.height * (1 - zone.bottom))
        return Area(left, top, max(right - left, 0), max(bottom - top, 0))
