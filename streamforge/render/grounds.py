"""Backgrounds: ten quiet styles that know where the content is and put their weight elsewhere.

Strong shapes go to the side or the corner that the content leaves free; what runs under text stays close to the
ground colour, so that it decorates and never competes. All is geometry from the canvas and a seed: equal inputs give
equal pictures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from streamforge.render.colour import Rgb, contrast, luminance_of, mix
from streamforge.render.scene import Circle, Frame, Glow, Gradient, Polygon, Rect, Shape

Side = Literal["left", "right", "top", "bottom", "none"]
_FREE_SHARE = 0.2
"""A side counts as free when the content leaves at least this share of the canvas there."""
_SOFT = 0.2
_SHOWS = 1.15


class Ground(Struct, frozen=True, kw_only=True):
    """What a background is made from: the canvas (px), the content's boxes, the palette's colours and a seed."""

    width: int
    height: int
    boxes: tuple[Frame, ...]
    ground: Rgb
    ground_2: Rgb
    accent: Rgb
    decor: Rgb
    seed: int = 0

    @property
    def unit(self) -> float:
        """The canvas' mean side, px."""
        return math.sqrt(self.width * self.height)

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
        gap = self.unit * 0.035
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

    def space(self, x: float, y: float) -> float:
        """How far (px) a point is from the nearest box."""
        return min((_distance(box, x, y) for box in self.boxes), default=self.unit)

    @property
    def reach(self) -> float:
        """The radius (px) of the largest disc around the free corner that stays off the content."""
        return min(max(self.space(*self.corner) - self.unit * 0.05, self.unit * 0.05), self.unit * 0.62)

    @property
    def figure(self) -> Rgb:
        """The colour of strong shapes: the decor colour, or the accent if the decor would not show."""
        seen = contrast(luminance_of(self.decor), luminance_of(self.ground))
        return self.decor if seen >= _SHOWS else self.accent


def background(style: str, ground: Ground) -> list[Shape]:
    """The shapes of a style, bottom first; an unknown style is plain."""
    return _STYLES.get(style, _solid)(ground)


def hull(frames: tuple[Frame, ...]) -> Frame:
    """The least frame around all."""
    left, top = min((f.x for f in frames), default=0.0), min((f.y for f in frames), default=0.0)
    right, bottom = max((f.right for f in frames), default=0.0), max((f.bottom for f in frames), default=0.0)
    return Frame(left, top, right - left, bottom - top)


def _distance(box: Frame, x: float, y: float) -> float:
    return math.hypot(max(box.x - x, x - box.right, 0.0), max(box.y - y, y - box.bottom, 0.0))


def _blend(ground: Ground) -> Gradient:
    return Gradient(ground.frame, (0, 0), (ground.width, ground.height), (ground.ground, ground.ground_2))


def _tiles(ground: Ground, area: Frame, base: Rgb) -> list[Shape]:
    """A free area filled with a quiet mosaic: quarter discs, discs and rings on a square grid, tints of one colour.

    Cells fill the area across; along it they run over the canvas' edge.
    """
    rng = random.Random(ground.seed)  # noqa: S311 - a pattern, not a secret
    upright = ground.side not in {"top", "bottom"}
    across, along = (area.width, area.height) if upright else (area.height, area.width)
    side = across / max(1, round(across / max(ground.unit * 0.19, 24.0)))
    tints = (mix(base, ground.ground, 0.22), mix(base, ground.ground, 0.4), mix(base, ground.accent, 0.55))
    found: list[Shape] = [Rect(area, base)]
    for first in range(round(across / side)):
        for second in range(math.ceil(along / side)):
            column, row = (first, second) if upright else (second, first)
            found += _tile(rng, Frame(area.x + column * side, area.y + row * side, side, side), tints)
    return found


def _tile(rng: random.Random, cell: Frame, tints: tuple[Rgb, Rgb, Rgb]) -> list[Shape]:
    colour = tints[rng.choices((0, 1, 2), (5, 3, 2))[0]]
    kind = rng.choice(("quarter", "quarter", "quarter", "half", "disc", "ring", "none"))
    if kind == "quarter":
        return [_quarter(cell, rng.randrange(4), colour)]
    if kind == "half":
        turn = rng.choice((0, 2))
        return [_quarter(cell, turn, colour), _quarter(cell, turn + 1, tints[0])]
    middle = (cell.x + cell.width / 2, cell.y + cell.height / 2)
    if kind == "disc":
        return [Circle(*middle, cell.width * 0.28, colour)]
    return [Circle(*middle, cell.width * 0.3, colour, 1.0, cell.width * 0.09)] if kind == "ring" else []


def _quarter(cell: Frame, turn: int, colour: Rgb) -> Polygon:
    """A quarter disc at one of the cell's corners; .5523 makes a cubic curve a circle's arc."""
    x, y = (cell.x, cell.right)[turn % 2], (cell.y, cell.bottom)[turn // 2]
    across = cell.width * (-1 if turn % 2 else 1)
    down = cell.height * (-1 if turn // 2 else 1)
    a, b = (x + across, y), (x, y + down)
    bow = ((x + across, y + down * 0.5523), (x + across * 0.5523, y + down), b)
    return Polygon((a, *bow, b, (x, y), (x, y), (x, y), a, a), colour, 1.0, smooth=True)


def _solid(ground: Ground) -> list[Shape]:
    bar = max(3.0, ground.unit * 0.012)
    if ground.width < ground.height:
        return [Rect(Frame(0, 0, ground.width, bar), ground.accent)]
    edge = Rect(Frame(0, 0, bar, ground.height), ground.accent)
    if ground.side == "right":
        return [*_tiles(ground, ground.free, mix(ground.ground, ground.figure, 0.5)), edge]
    return [*_corner_discs(ground), edge]


def _corner_discs(ground: Ground) -> list[Shape]:
    """Discs one in another in the free corner, as large as the content allows."""
    x, y = ground.corner
    return [
        Circle(x, y, ground.reach * radius, mix(ground.ground, ground.figure, share))
        for radius, share in ((1.0, 0.16), (0.72, 0.36), (0.44, 0.7))
    ]


def _gradient(ground: Ground) -> list[Shape]:
    x, y = ground.corner
    soft = mix(ground.ground_2, ground.figure, 0.35)
    return [
        _blend(ground),
        Circle(x, y, ground.reach * 1.15, soft, 0.35),
        Circle(x, y, ground.reach * 0.85, soft, 0.6),
        Circle(x, y, ground.reach * 0.5, mix(soft, ground.accent, 0.35), 0.8),
    ]


def _diagonal_split(ground: Ground) -> list[Shape]:
    if ground.side in {"top", "bottom"}:
        return _tilted_floor(ground)
    if ground.side == "none":
        return _cut_corner(ground)
    free, height = ground.free, float(ground.height)
    lean = min(height * 0.3, free.width * 0.45)
    band = max(3.0, ground.unit * 0.014)
    near, far, edge = free.x + lean, free.x + band, float(ground.width)
    if ground.side == "left":
        near, far, edge, band = free.width - lean, free.width - band, 0.0, -band
    fill = ground.figure
    return [
        Polygon(((near, 0), (edge, 0), (edge, height), (far, height)), fill),
        Polygon(
            ((near + 3 * band, 0), (near + 5 * band, 0), (far + 5 * band, height), (far + 3 * band, height)),
            mix(fill, ground.ground, 0.25),
        ),
        Polygon(((near - band, 0), (near, 0), (far, height), (far - band, height)), ground.accent),
    ]


def _cut_corner(ground: Ground) -> list[Shape]:
    """A triangle over the free corner, with a stripe along it."""
    x, y = ground.corner
    reach = ground.reach * 1.18
    inward_x, inward_y = (-1 if x else 1), (-1 if y else 1)

    def corner(length: float) -> tuple[tuple[float, float], ...]:
        return (x, y), (x + inward_x * length, y), (x, y + inward_y * length)

    return [
        Polygon(corner(reach * 1.16), ground.accent),
        Polygon(corner(reach * 1.08), ground.ground),
        Polygon(corner(reach), ground.figure),
        Polygon(corner(reach * 0.5), mix(ground.figure, ground.ground, 0.25)),
    ]


def _tilted_floor(ground: Ground) -> list[Shape]:
    free, width = ground.free, float(ground.width)
    lean = min(width * 0.2, free.height * 0.4)
    band = max(3.0, ground.unit * 0.014)
    if ground.side == "bottom":
        near, far, edge = free.y + lean, free.y + band, float(ground.height)
    else:
        near, far, edge, band = free.height - lean, free.height - band, 0.0, -band
    return [
        Polygon(((0, near), (width, far), (width, edge), (0, edge)), ground.figure),
        Polygon(((0, near - band), (width, far - band), (width, far), (0, near)), ground.accent),
    ]


def _panel(ground: Ground) -> list[Shape]:
    if ground.side == "none":
        inset = ground.unit * 0.02
        frame = Frame(inset, inset, ground.width - 2 * inset, ground.height - 2 * inset)
        return [Rect(frame, mix(ground.ground, ground.ground_2, 0.7), 1.0, ground.unit * 0.025)]
    return _tiles(ground, ground.free, ground.figure)


def _arcs(ground: Ground) -> list[Shape]:
    x, y = ground.corner
    line = ground.reach * 0.1
    rings: list[Shape] = [
        Circle(x, y, ground.reach * radius, mix(ground.ground, ground.figure, share), 1.0, line)
        for radius, share in ((1.5, 0.1), (1.2, 0.18), (0.92, 0.4), (0.66, 0.65))
    ]
    return [*rings, Circle(x, y, ground.reach * 0.42, mix(ground.figure, ground.accent, 0.6))]


def _dots(ground: Ground) -> list[Shape]:
    x, y = ground.corner
    step = max(9.0, ground.unit * 0.034)
    count = max(4, int(ground.reach * 1.1 / step))
    found: list[Shape] = []
    for row in range(count):
        for column in range(count):
            fade = 1 - (row + column) / (2 * count)
            colour = mix(ground.ground, ground.figure, _SOFT + 0.5 * fade * fade)
            found.append(
                Circle(abs(x - step * (column + 0.7)), abs(y - step * (row + 0.7)), step * 0.24 * fade, colour)
            )
    return [Glow(x, y, ground.unit * 0.8, mix(ground.ground, ground.ground_2, 0.9), 0.9), *found]


def _waves(ground: Ground) -> list[Shape]:
    width, height = float(ground.width), float(ground.height)
    layers: list[Shape] = []
    for index, level in enumerate((0.74, 0.83, 0.91)):
        y, swing = height * level, height * 0.07 * (1 if (index + ground.seed) % 2 else -1)
        colour = mix(ground.ground, ground.figure if index else ground.ground_2, (0.5, 0.16, 0.26)[index])
        curve = (
            (0.0, y),
            *((width * 0.25, y - swing), (width * 0.3, y - swing), (width * 0.5, y)),
            *((width * 0.7, y + swing), (width * 0.8, y + swing), (width, y - swing * 0.4)),
            *((width, y), (width, height), (width, height)),
            *((width * 0.6, height), (width * 0.3, height), (0.0, height)),
        )
        layers.append(Polygon(curve, colour, 1.0, smooth=True))
    x, y = ground.corner
    sun = [] if y else [Circle(x, y, ground.reach * 0.7, mix(ground.ground, ground.figure, 0.4))]
    return [*layers, *sun]


def _frame(ground: Ground) -> list[Shape]:
    line = max(1.5, ground.unit * 0.005)
    inset = max(2.5, min(ground.width, ground.height) * 0.026)
    inner = Frame(inset, inset, ground.width - 2 * inset, ground.height - 2 * inset)
    size = inset * 2.2
    marks = [
        Polygon(((x, y), (x + dx * size, y), (x, y + dy * size)), ground.accent)
        for x, dx in ((0.0, 1), (float(ground.width), -1))
        for y, dy in ((0.0, 1), (float(ground.height), -1))
    ]
    return [_blend(ground), Rect(inner, ground.accent, 0.9, 0.0, line), *marks]


def _bands(ground: Ground) -> list[Shape]:
    """Parallel diagonal bands over the free corner; those that reach under text are faint."""
    x, y = ground.corner
    inward_x, inward_y = (-1 if x else 1), (-1 if y else 1)
    step = max(6.0, ground.reach * 0.28)
    found: list[Shape] = []
    for index in range(7):
        near, far = step * (index + 0.25), step * (index + 0.85)
        colour = (ground.accent, ground.figure, ground.ground_2)[index % 3]
        share = 0.9 if far <= ground.reach * 1.25 else 0.08
        corners = (
            (x + inward_x * near, y),
            (x + inward_x * far, y),
            (x, y + inward_y * far),
            (x, y + inward_y * near),
        )
        found.append(Polygon(corners, mix(ground.ground, colour, share)))
    return found


def _glow(ground: Ground) -> list[Shape]:
    x, y = ground.corner
    strength = 0.75 if ground.reach > ground.unit * 0.3 else 0.5
    return [
        _blend(ground),
        Glow(x, y, max(ground.unit * 0.6, ground.reach * 1.6), ground.figure, strength),
        Glow(ground.width - x, ground.height - y, ground.unit * 0.6, ground.accent, 0.2),
    ]


_STYLES: dict[str, Callable[[Ground], list[Shape]]] = {
    "solid": _solid,
    "gradient": _gradient,
    "diagonal-split": _diagonal_split,
    "panel": _panel,
    "arcs": _arcs,
    "dots": _dots,
    "waves": _waves,
    "frame": _frame,
    "bands": _bands,
    "glow": _glow,
}
STYLES = tuple(_STYLES)
"""The background styles there are."""
