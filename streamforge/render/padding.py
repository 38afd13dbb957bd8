"""The padding of plates, measured on the picture: how far a text's ink is from where the colour behind it ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from streamforge.render.checks import Finding, finding
from streamforge.render.colour import Pixels
from streamforge.render.ink import Ink
from streamforge.render.scene import Frame

AT_SIDES, ABOVE = 0.25, 0.1
"""The least padding of a text, in type sizes: left and right of a line, above the first and below the last."""
_UNEVEN = 0.5
"""The least padding at a side as a share of what the opposite side has."""
_TOLERANCE_PX = 1.5
_SAME = 24
"""How far (of 255, per channel) two pixels may be apart and be one plate."""
_ENDLESS = float("inf")
Sides = tuple[float, float]


def check_padding(bare: Pixels, ink: Ink, plate: Frame | None) -> Finding | None:
    """The padding that a text lacks most (px), on the picture without texts; None where its plate ends nowhere near.

    It ends where its colour does, and at the box of ``plate``, if that is known: the ground may have the same colour. A
    plate that runs on to an edge of the canvas has no end there.
    """
    lines = ink.line_bounds()
    if not lines:
        return None
    px = ink.text.px
    first, last = lines[0], lines[-1]
    sides = [_beside(bare, line) for line in lines]
    if plate:
        sides += [(line.x - plate.x, plate.right - line.right) for line in lines]
    ends = [_over_and_under(bare, first, last), *([(first.y - plate.y, plate.bottom - last.bottom)] if plate else [])]
    found = [*_held(_least(sides), AT_SIDES * px, even=True), *_held(_least(ends), ABOVE * px, even=False)]
    return _worst(ink.text.id, found)


def check_logo_padding(name: str, ink: Frame, plate: Frame, canvas: Frame) -> Finding | None:
    """The same for a logo on a plate of its own, where each side counts by the other one alone."""
    across = (ink.x - plate.x, plate.right - ink.right)
    down = (ink.y - plate.y, plate.bottom - ink.bottom)
    found = [*_held(across, 1.0, even=True), *_held(down, 1.0, even=True)]
    spans = (plate.width >= canvas.width, plate.height >= canvas.height)
    return _worst(name, [each for index, each in enumerate(found) if not spans[index // 2]])


def _least(sides: Iterable[Sides]) -> Sides:
    """The least at either side: of a text the longest line counts."""
    before, behind = zip(*sides, strict=True)
    return min(before), min(behind)


def _held(sides: Sides, least: float, *, even: bool) -> list[tuple[float, float]]:
    """What was measured at each side, with its limit; sides without an end count as the other one."""
    first, second = sides
    pairs = ((first, second), (second, first))
    return [
        (one, max(least, _UNEVEN * other) if even and other < _ENDLESS else least)
        for one, other in pairs
        if one < _ENDLESS
    ]


def _worst(name: str, found: list[tuple[float, float]]) -> Finding | None:
    if not found:
        return None
    measured, limit = min(found, key=lambda pair: pair[0] - pair[1])
    return finding("plate_padding", name, measured, max(limit - _TOLERANCE_PX, 0.0))


def _beside(bare: Pixels, line: Frame) -> Sides:
    """How far the colour behind a line goes on to its left and right, at half its height."""
    row = bare[_at(line.y + line.height / 2, bare.shape[0])]
    return _runs(row, line.x, line.right)


def _over_and_under(bare: Pixels, first: Frame, last: Frame) -> Sides:
    over, _ = _runs(bare[:, _at(first.x + first.width / 2, bare.shape[1])], first.y, first.bottom)
    _, under = _runs(bare[:, _at(last.x + last.width / 2, bare.shape[1])], last.y, last.bottom)
    return over, under


def _runs(line: NDArray[np.uint8], start: float, end: float) -> Sides:
    """How many pixels before ``start`` and from ``end`` on are like the middle one; endless to the picture's edge."""
    colours = line[:, :3].astype(np.int16)
    first, last = _at(start, len(line)), _at(end - 1, len(line))
    other = np.abs(colours - colours[(first + last) // 2]).max(axis=1) > _SAME
    before, behind = other[:first][::-1], other[last + 1 :]
    return _first(before), _first(behind)


def _first(other: NDArray[np.bool_]) -> float:
    return float(other.argmax()) if other.any() else _ENDLESS


def _at(place: float, length: int) -> int:
    return min(max(int(place), 0), length - 1)
