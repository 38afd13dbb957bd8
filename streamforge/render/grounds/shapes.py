"""Outlines that styles are made of, as display-list shapes."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from streamforge.render.colour import Rgb
from streamforge.render.scene import Circle, Frame, Polygon, Rect, Shape

_BOW = 0.5523
"""Makes a cubic curve a circle's arc."""
Point = tuple[float, float]


def quarter(cell: Frame, turn: int, colour: Rgb) -> Polygon:
    """A quarter disc at one of the cell's corners: 0 upper left, 1 upper right, 2 lower left, 3 lower right."""
    x, y = (cell.x, cell.right)[turn % 2], (cell.y, cell.bottom)[turn // 2]
    across = cell.width * (-1 if turn % 2 else 1)
    down = cell.height * (-1 if turn // 2 else 1)
    a, b = (x + across, y), (x, y + down)
    bow = ((x + across, y + down * _BOW), (x + across * _BOW, y + down), b)
    return Polygon((a, *bow, b, (x, y), (x, y), (x, y), a, a), colour, 1.0, smooth=True)


def tiles(area: Frame, colours: tuple[Rgb, ...], side: float, seed: int) -> list[Shape]:
    """A mosaic of quarter discs, discs, rings and stripes: whole cells across the shorter way, cropped along the other.

    The first colour is the ground of the mosaic, the last its accent, used once in a while.
    """
    rng = random.Random(seed)  # noqa: S311 - a pattern, not a secret
    upright = area.height >= area.width
    across, along = (area.width, area.height) if upright else (area.height, area.width)
    if across <= 1 or along <= 1:
        return []
    cell = across / max(1, round(across / side))
    found: list[Shape] = [Rect(area, colours[0])]
    for first in range(round(across / cell)):
        for second in range(math.ceil(along / cell)):
            column, row = (first, second) if upright else (second, first)
            found += _tile(rng, Frame(area.x + column * cell, area.y + row * cell, cell, cell), colours)
    return found


def _tile(rng: random.Random, cell: Frame, colours: tuple[Rgb, ...]) -> list[Shape]:
    tints = colours[1:]
    colour = tints[rng.choices(range(len(tints)), [6, 4, *(2 for _ in tints[2:])][: len(tints)])[0]]
    kind = rng.choice(("quarter", "quarter", "quarter", "leaf", "half", "disc", "ring", "none"))
    turn = rng.randrange(4)
    if kind == "quarter":
        return [quarter(cell, turn, colour)]
    if kind == "half":
        return [quarter(cell, turn // 2 * 2, colour), quarter(cell, turn // 2 * 2 + 1, tints[0])]
    if kind == "leaf":
        half = Frame(cell.x, cell.y, cell.width / 2, cell.height / 2)
        return [Rect(half, colour), quarter(cell, turn, colour)] if turn == 0 else [quarter(cell, turn, colour)]
    middle = (cell.x + cell.width / 2, cell.y + cell.height / 2)
    if kind == "disc":
        return [Circle(*middle, cell.width * 0.26, colour)]
    return [Circle(*middle, cell.width * 0.29, colour, 1.0, cell.width * 0.11)] if kind == "ring" else []


def wave(width: float, height: float, y: float, swing: float, colour: Rgb, *, upright: bool = False) -> Polygon:
    """The part of the canvas beyond a wavy line: below it, or right of it if ``upright``."""
    along, far = (height, width) if upright else (width, height)
    points: list[Point] = [
        (0.0, y),
        *((along * 0.25, y - swing), (along * 0.3, y - swing), (along * 0.5, y)),
        *((along * 0.7, y + swing), (along * 0.8, y + swing), (along, y - swing * 0.4)),
        *((along, y), (along, far), (along, far)),
        *((along * 0.6, far), (along * 0.3, far), (0.0, far)),
    ]
    turned = tuple((b, a) for a, b in points) if upright else tuple(points)
    return Polygon(turned, colour, 1.0, smooth=True)


def stripes(area: Frame, step: float, colours: tuple[Rgb, ...], *, outward: int) -> Iterator[Shape]:
    """Slanted stripes by turns in the colours, from the side of the area where content begins ``outward`` (1: right).

    The first edge leans away from the content; the last stripes run over the canvas.
    """
    lean = min(area.height * 0.35, area.width * 0.6)
    begin = area.x if outward > 0 else area.right
    for index in range(math.ceil(area.width / step) + 1):
        foot, head = begin + outward * index * step, begin + outward * (index * step + lean)
        corners = (
            (head, area.y),
            (head + outward * step, area.y),
            (foot + outward * step, area.bottom),
            (foot, area.bottom),
        )
        yield Polygon(corners, colours[index % len(colours)])
