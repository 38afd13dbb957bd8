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
