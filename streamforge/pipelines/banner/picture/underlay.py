"""How far what lies under a single element may reach beyond it: as far as is free, and no farther."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec import Struct

from streamforge.render.colour import Pixels
from streamforge.render.scene import Frame

_OPAQUE = 128
Sides = tuple[float, float]
"""A distance (px) before and one behind, along an axis."""


def underlay(frame: Frame, pad: float, others: Iterable[Frame], canvas: Frame) -> Frame:
    """The frame, larger by ``pad`` px on each side, less where a neighbour or the canvas' edge is near.

    Of the gap to any of them at least one half stays free.
    """
    gaps = [gap / 2 for gap in _to_edges(frame, canvas)]
    left, top, right, bottom = (min(pad, free) for free in _free(frame, others, gaps))
    return Frame(frame.x - left, frame.y - top, frame.width + left + right, frame.height + top + bottom)


def plate(frame: Frame, ink: Frame, pad: float, others: Iterable[Frame], canvas: Frame, reach: float) -> Frame:
    """The ground of a logo: it holds the frame, and has as much on the left of the ink as on the right, above as below.

    It ends at the edges of the canvas within ``reach`` px, if the other sides have room for as much: what ends at an
    edge is a part of the ground. Else it is ``pad`` px larger, or what its neighbours leave of that.
    """
    edges = _to_edges(frame, canvas)
    left, top, right, bottom = _free(frame, others, edges)
    across = _Axis((ink.x - frame.x, frame.right - ink.right), (left, right), (edges[0], edges[2]), reach)
    down = _Axis((ink.y - frame.y, frame.bottom - ink.bottom), (top, bottom), (edges[1], edges[3]), reach)
    ends = [axis.to_edges() for axis in (across, down) if axis.is_near]
    is_carried = None not in ends or any(axis.spans for axis in (across, down))
    x = (is_carried and across.to_edges()) or across.even(pad)
    y = (is_carried and down.to_edges()) or down.even(pad)
    return Frame(ink.x - x[0], ink.y - y[0], ink.width + sum(x), ink.height + sum(y))


class _Axis(Struct, frozen=True):
    """One direction of a plate: how far the frame reaches beyond the ink, what is free, and how far the edges are."""

    inner: Sides
    free: Sides
    edges: Sides
    reach: float

    @property
    def is_near(self) -> bool:
        """Whether an edge of the canvas is within reach."""
        return min(self.edges) <= self.reach

    @property
    def spans(self) -> bool:
        """Whether both are, and free: the plate is a band."""
        return self._is_open(0) and self._is_open(1)

    def to_edges(self) -> Sides | None:
        """The plate's reach beyond the ink where it ends at a near edge, or at both; None where it cannot."""
        if self.spans:
            return self.inner[0] + self.edges[0], self.inner[1] + self.edges[1]
        for side in (0, 1):
            wanted, opposite = self.inner[side] + self.edges[side], self.inner[1 - side]
            if self._is_open(side) and opposite <= wanted <= opposite + self.free[1 - side]:
                return wanted, wanted
        return None

    def even(self, pad: float) -> Sides:
        """The same where it ends nowhere: ``pad`` around the frame, or what both sides have."""
        (a, b), (before, behind) = self.inner, self.free
        even = min(max(a, b) + pad, a + before, b + behind)
        return max(even, a), max(even, b)

    def _is_open(self, side: int) -> bool:
        return self.free[side] >= self.edges[side] and self.edges[side] <= self.reach


def ink_of_logo(pixels: Pixels, frame: Frame) -> Frame:
    """The box around a logo's opaque pixels, which are straight RGBA of the frame's size; the frame if it has none."""
    seen = pixels[..., 3] >= _OPAQUE
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return frame
    left, top = float(columns[0]), float(rows[0])
    return Frame(frame.x + left, frame.y + top, float(columns[-1]) + 1 - left, float(rows[-1]) + 1 - top)


def _to_edges(frame: Frame, canvas: Frame) -> list[float]:
    """How far the frame is from the canvas' left, upper, right and lower edge."""
    edges = (frame.x - canvas.x, frame.y - canvas.y, canvas.right - frame.right, canvas.bottom - frame.bottom)
    return [max(edge, 0.0) for edge in edges]


def _free(frame: Frame, others: Iterable[Frame], bounds: Iterable[float]) -> list[float]:
    """What is free on each side: within the bounds, and half of the gap to every neighbour."""
    found = list(bounds)
    for other in others:
        beside = (frame.x - other.right, frame.y - other.bottom, other.x - frame.right, other.y - frame.bottom)
        side = max(range(4), key=lambda each: beside[each])  # the one on which the two are farthest apart
        found[side] = min(found[side], max(beside[side], 0.0) / 2)
    return found
