"""What a background knows of the banner on it, and where it finds room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from streamforge.render.colour import Rgb, contrast, luminance_of
from streamforge.render.grounds.tone import blend, deepened
from streamforge.render.scene import Frame

Side = Literal["left", "right", "top", "bottom", "none"]
_FREE_SHARE = 0.2
"""A side counts as free when the content leaves at least this share of the canvas there."""
_SHOWS = 1.15
_SOFT_CHROMA = 0.05


class Mark(Struct, frozen=True):
    """An element of the banner: its role, its box, its type size (px; 0: no text), whether its lines end right.

    ``pad`` is how far (px, across and down) the box reaches beyond the text: the room of a ground of its own.
    """

    role: str
    frame: Frame
    px: int = 0
    is_right: bool = False
    pad: tuple[float, float] = (0.0, 0.0)

    @property
    def text(self) -> Frame:
        """The box without its padding."""
        (across, down), box = self.pad, self.frame
        return Frame(box.x + across, box.y + down, box.width - 2 * across, box.height - 2 * down)


class Ground(Struct, frozen=True, kw_only=True):
    """What a background is made from: the canvas (px), the content's boxes, the palette's colours and a seed.

    ``marks`` say which box is what, so that ``archetype`` can put a panel, a bar or a badge behind it.
    """

    width: int
    height: int
    boxes: tuple[Frame, ...]
    ground: Rgb
    ground_2: Rgb
    accent: Rgb
    decor: Rgb
    seed: int = 0
    archetype: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def unit(self) -> float:
        """The canvas' mean side, px."""
        return math.sqrt(self.width * self.height)

    @property
    def short(self) -> float:
        """The shorter side, px."""
        return float(min(self.width, self.height))

    @property
    def frame(self) -> Frame:
        """The whole canvas."""
        return Frame(0, 0, self.width, self.height)

    @property
    def content(self) -> Frame:
        """The least frame around all boxes."""
        return hull(self.boxes)

    @property
    def side(self) -> Side:
        """The side with most free space, or none if the content fills the canvas or is centred."""
        content = self.content
        shares: dict[Side, float] = {
            "right": (self.width - content.right) / self.width,
            "left": content.x / self.width,
            "bottom": (self.height - content.bottom) / self.height,
            "top": content.y / self.height,
        }
        best, second = sorted(shares, key=lambda side: -shares[side])[:2]
        if shares[best] < _FREE_SHARE or shares[best] < shares[second] * 1.35:
            return "none"
        return best

    @property
    def free(self) -> Frame:
        """The strip of canvas beyond the content on the free side (the right quarter if none is free)."""
        content, side = self.content, self.side
        gap = self.unit * 0.04
        if side == "left":
            return Frame(0, 0, content.x - gap, self.height)
        if side == "top":
            return Frame(0, 0, self.width, content.y - gap)
        if side == "bottom":
            return Frame(0, content.bottom + gap, self.width, self.height - content.bottom - gap)
        start = content.right + gap if side == "right" else self.width * 0.76
        return Frame(start, 0, self.width - start, self.height)

    @property
    def corner(self) -> tuple[float, float]:
        """The canvas corner with most free space around it; the seed breaks ties between the right-hand ones."""
        corners = [(self.width, self.height), (self.width, 0), (0, self.height), (0, 0)]
        turned = corners[self.seed % 2 :] + corners[: self.seed % 2]
        x, y = max(turned, key=lambda corner: round(self.space(*corner) / self.unit, 1))
        return float(x), float(y)

    @property
    def inward(self) -> tuple[int, int]:
        """The signs of the directions from the free corner into the canvas."""
        x, y = self.corner
        return (-1 if x else 1), (-1 if y else 1)

    def space(self, x: float, y: float) -> float:
        """How far (px) a point is from the nearest box."""
        return min((_distance(box, x, y) for box in self.boxes), default=self.unit)

    @property
    def reach(self) -> float:
        """The radius (px) of the largest disc around the free corner that stays off the content."""
        return min(max(self.space(*self.corner) - self.unit * 0.04, self.unit * 0.06), self.unit * 0.7)

    @property
    def figure(self) -> Rgb:
        """The colour of strong shapes: the decor colour, or the accent if the decor would not show."""
        seen = contrast(luminance_of(self.decor), luminance_of(self.ground))
        return self.decor if seen >= _SHOWS else self.accent

    @property
    def quiet(self) -> Rgb:
        """What stands for the accent in decoration where the accent itself is a badge's."""
        return self.figure if self.figure != self.accent else self.soft

    @property
    def soft(self) -> Rgb:
        """A tone beside the ground that text may cross: seen, never read."""
        tone = self.ground_2 if self.ground_2 != self.ground else blend(self.ground, self.figure, 0.3)
        return deepened(tone, self.ground, _SOFT_CHROMA)

    @property
    def faint(self) -> Rgb:
        """Half as strong as ``soft``, for forms as large as the canvas."""
        return blend(self.ground, self.soft, 0.55)

    def of(self, *roles: str) -> tuple[Frame, ...]:
        """The boxes of the elements with one of the roles."""
        return tuple(mark.frame for mark in self.marks if mark.role in roles)


def hull(frames: Iterable[Frame]) -> Frame:
    """The least frame around all."""
    boxes = list(frames)
    left, top = min((f.x for f in boxes), default=0.0), min((f.y for f in boxes), default=0.0)
    right, bottom = max((f.right for f in boxes), default=0.0), max((f.bottom for f in boxes), default=0.0)
    return Frame(left, top, right - left, bottom - top)


def _distance(box: Frame, x: float, y: float) -> float:
    return math.hypot(max(box.x - x, x - box.right, 0.0), max(box.y - y, y - box.bottom, 0.0))
