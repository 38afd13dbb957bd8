"""A picture as data: a display list of shapes, pictures and texts, in the order they are painted.

Lengths are px, angles degrees, colours (r, g, b) of 0..255, opacities 0..1. A scene holds no pixels and no fonts, so
it can be checked, stored and drawn by another backend.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streamforge.render.colour import Rgb
from streamforge.render.text import TextStyle


class Frame(Struct, frozen=True):
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.y + self.height

    def grown(self, by: float) -> Frame:
        """The frame with ``by`` px more on each side."""
        return Frame(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlap(self, other: Frame) -> float:
        """The area (px²) two frames share."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0)


class Rect(Struct, frozen=True, tag=True):
    """A rectangle, rounded by ``radius``; filled, or outlined if ``stroke`` is not 0."""

    frame: Frame
    colour: Rgb
    opacity: float = 1.0
    radius: float = 0.0
    stroke: float = 0.0


class Circle(Struct, frozen=True, tag=True):
    """A disc, or a ring if ``stroke`` is not 0."""

    x: float
    y: float
    radius: float
    colour: Rgb
    opacity: float = 1.0
    stroke: float = 0.0


class Polygon(Struct, frozen=True, tag=True):
    """A closed outline of straight lines, or, if ``smooth``, of cubic curves: (start, then three points a curve)."""

    points: tuple[tuple[float, float], ...]
    colour: Rgb
    opacity: float = 1.0
    smooth: bool = False


class Gradient(Struct, frozen=True, tag=True):
    """A linear blend over a frame from ``start`` to ``end`` (points)."""

    frame: Frame
    start: tuple[float, float]
    end: tuple[float, float]
    colours: tuple[Rgb, Rgb]


class Glow(Struct, frozen=True, tag=True):
    """A soft disc that fades out towards its radius."""

    x: float
    y: float
    radius: float
    colour: Rgb
    opacity: float


class Shadow(Struct, frozen=True, tag=True):
    """The blurred shade of a rounded rectangle, ``drop`` px below it."""

    frame: Frame
    radius: float
    sigma: float
    drop: float
    opacity: float
    colour: Rgb = (0, 0, 0)


Shape = Rect | Circle | Polygon | Gradient | Glow | Shadow


class Picture(Struct, frozen=True):
    """Where the picture of that id goes."""

    id: str
    frame: Frame


class Text(Struct, frozen=True, kw_only=True):
    """Lines of text in a box; ``align`` places each line in the box's width, ``rise`` is top to first baseline."""

    id: str
    frame: Frame
    lines: tuple[str, ...]
    px: float
    rise: float
    style: TextStyle
    colour: Rgb
    align: str = "left"


class Scene(Struct, frozen=True, kw_only=True):
    """All of a picture, bottom first: shapes, pictures, then texts."""

    width: int
    height: int
    ground: Rgb
    shapes: list[Shape] = msgspec.field(default_factory=list[Shape])
    pictures: list[Picture] = msgspec.field(default_factory=list[Picture])
    texts: list[Text] = msgspec.field(default_factory=list[Text])
