"""A picture as data: a display list of shapes, pictures and texts, in the order they are painted.

Lengths are px, angles degrees, colours (r, g, b) of 0..255, opacities 0..1. A scene holds no pixels and no fonts, so
it can be checked, stored and drawn by any backend: PNG, SVG and PDF all show the same list.
"""

from __future__ import annotations

from collections.abc import Iterator

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
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        if width <= 0:
            return 0.0
        return width * max(min(self.y + self.height, other.y + other.height) - max(self.y, other.y), 0.0)


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
    """A linear blend over a rounded frame from ``start`` to ``end`` (points); beyond them the end colours go on."""

    frame: Frame
    start: tuple[float, float]
    end: tuple[float, float]
    colours: tuple[Rgb, Rgb]
    opacities: tuple[float, float] = (1.0, 1.0)
    radius: float = 0.0


FADE = ((0.0, 1.0), (0.35, 0.55), (0.7, 0.18), (1.0, 0.0))
"""How a glow fades: (share of the radius, share of the opacity)."""


class Glow(Struct, frozen=True, tag=True):
    """A soft disc that fades out towards its radius, by ``FADE``."""

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


Crop = tuple[float, float, float, float]
"""A part of a picture: left, top, right, bottom as shares of its width and height."""
WHOLE: Crop = (0.0, 0.0, 1.0, 1.0)


class Picture(Struct, frozen=True, tag=True):
    """Where the picture of that id goes: its ``crop`` fills the frame, the corners rounded by ``radius``."""

    id: str
    frame: Frame
    crop: Crop = WHOLE
    radius: float = 0.0


class Text(Struct, frozen=True, kw_only=True, tag=True):
    """Lines of text in a box; ``align`` places each line in the box's width, ``rise`` is top to first baseline."""

    id: str
    frame: Frame
    lines: tuple[str, ...]
    px: float
    rise: float
    style: TextStyle
    colour: Rgb
    align: str = "left"

    def baseline(self, index: int) -> float:
        """The y of a line's baseline: a whole pixel, on which letters are sharp, and the same one everywhere."""
        return float(round(self.frame.y + (self.rise + self.style.leading * index) * self.px))


Item = Shape | Picture | Text


class Group(Struct, frozen=True):
    """What belongs to one element, bottom first, so that an editor can take hold of it as a whole."""

    id: str
    role: str
    items: tuple[Item, ...]


class Scene(Struct, frozen=True, kw_only=True):
    """All of a picture: the ground's colour, then groups, bottom first."""

    width: int
    height: int
    ground: Rgb
    groups: list[Group] = msgspec.field(default_factory=list[Group])

    def items(self) -> Iterator[Item]:
        """Everything in the order it is painted."""
        for group in self.groups:
            yield from group.items

    @property
    def texts(self) -> list[Text]:
        """The texts, in reading order."""
        return in_reading_order([item for item in self.items() if isinstance(item, Text)])


def in_reading_order(texts: list[Text]) -> list[Text]:
    """Texts as one reads them: cut along the widest free lane, again and again (recursive XY cut, Nagy & Seth 1984)."""
    if len(texts) <= 1:
        return texts
    across, column = _lane([(text.frame.x, text.frame.right) for text in texts])
    down, row = _lane([(text.frame.y, text.frame.bottom) for text in texts])
    if max(across, down) <= 0:
        return sorted(texts, key=lambda text: (text.frame.y, text.frame.x))
    is_first = [text.frame.x < column if across > down else text.frame.y < row for text in texts]
    first = [text for text, early in zip(texts, is_first, strict=True) if early]
    rest = [text for text, early in zip(texts, is_first, strict=True) if not early]
    return in_reading_order(first) + in_reading_order(rest)


def _lane(spans: list[tuple[float, float]]) -> tuple[float, float]:
    """The widest free lane between spans: its width and where it ends; (0, 0) where there is none."""
    spans = sorted(spans)
    widest, reach = (0.0, 0.0), spans[0][1]
    for start, end in spans[1:]:
        widest = max(widest, (start - reach, start))
        reach = max(reach, end)
    return widest
