"""How far what lies under a single element may reach beyond it: as far as is free, and no farther."""

from __future__ import annotations

from collections.abc import Iterable

from streamforge.render.scene import Frame


def underlay(frame: Frame, pad: float, others: Iterable[Frame], canvas: Frame) -> Frame:
    """The frame, larger by ``pad`` px on each side, less where a neighbour or the canvas' edge is near.

    Of the gap to any of them at least one half stays free.
    """
    gaps = [frame.x - canvas.x, frame.y - canvas.y, canvas.right - frame.right, canvas.bottom - frame.bottom]
    for other in others:
        beside = (frame.x - other.right, frame.y - other.bottom, other.x - frame.right, other.y - frame.bottom)
        side = max(range(4), key=lambda each: beside[each])  # the one on which the two are farthest apart
        gaps[side] = min(gaps[side], beside[side])
    left, top, right, bottom = (min(pad, max(gap, 0.0) / 2) for gap in gaps)
    return Frame(frame.x - left, frame.y - top, frame.width + left + right, frame.height + top + bottom)


def tab(frame: Frame, others: Iterable[Frame], canvas: Frame, reach: float) -> Frame:
    """The frame carried on to those edges of the canvas that are within ``reach`` px, where nothing else lies between.

    What ends at an edge is a part of the ground; what floats near it is a sticker.
    """
    lying, found = list(others), frame
    sides = (
        Frame(canvas.x, frame.y, frame.right - canvas.x, frame.height),
        Frame(frame.x, canvas.y, frame.width, frame.bottom - canvas.y),
        Frame(frame.x, frame.y, canvas.right - frame.x, frame.height),
        Frame(frame.x, frame.y, frame.width, canvas.bottom - frame.y),
    )
    gaps = (frame.x - canvas.x, frame.y - canvas.y, canvas.right - frame.right, canvas.bottom - frame.bottom)
    for side, gap in zip(sides, gaps, strict=True):
        left, top = min(found.x, side.x), min(found.y, side.y)
        grown = Frame(left, top, max(found.right, side.right) - left, max(found.bottom, side.bottom) - top)
        if gap <= reach and not any(grown.overlap(other) for other in lying):
            found = grown
    return found
