"""Which part of a photograph to keep: the largest window of a shape, with the subject whole wherever it has room.

The window slides along one axis only, since the largest one of a shape fills the other. A small subject stands on a
third of the window, as photographers do it, a large one in its middle, and away from what will lie over the picture.
Of a subject that is higher than the window the head stays. Where nothing stands out, the window holds what draws the
eye most.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamforge.render.scene import WHOLE
from streamforge.render.scene import Crop as Box

Interest = NDArray[np.float32]
"""(height, width) of what draws the eye, 0 and up."""
Side = Literal["left", "right", "top", "bottom", "nowhere"]

_NEARLY = 0.98
"""Windows that hold this share of what the best one holds are as good."""
_THIRDS, _MIDDLE = (1 / 3, 2 / 3), (1 / 2,)
_SMALL = 0.4
"""A subject over less than this share of the window stands on a third of it, a larger one in its middle."""
_AIR = 0.05
"""The share of the window that a subject keeps from its edges, where there is as much."""
_OPEN = 0.25
"""What lies over the window leaves a side open that is at least this share of it: the subject's place."""
_HEAD = 0.45
"""The upper share of a subject in which its head is."""
_SIDE_SHARE = 0.42
"""How much of the picture a side is, for a text to stand on."""
_CALM = 0.6
"""A side is calm with less than this share of the interest that its fair part would be."""


class _Axis(NamedTuple):
    """One direction: the window's share of the picture, and where the subject begins and ends in the picture."""

    share: float
    near: float
    far: float

    @property
    def fits(self) -> bool:
        return self.far - self.near <= self.share

    @property
    def starts(self) -> tuple[float, float]:
        """The first and the last place (0..1 - share) at which the window holds the subject, with air if possible."""
        air = _AIR * self.share
        first, last = self.far + air - self.share, self.near - air
        if first > last:
            first = last = (self.near + self.far - self.share) / 2
        return _clipped(first, 1 - self.share), _clipped(last, 1 - self.share)

    @property
    def free(self) -> tuple[float, float]:
        """The most of the window that can stay free before the subject, and behind it."""
        if not self.fits:
            return 0.0, 0.0
        first, last = self.starts
        return (self.near - first) / self.share, 1 - (self.far - last) / self.share


def crop_for(
    interest: Interest, size: tuple[int, int], aspect: float, subject: Box = WHOLE, covered: Box | None = None
) -> Box:
    """The window of ``aspect`` (width over height, in px) to keep of a picture of ``size`` (width, height in px).

    ``subject`` is what must stay whole, in shares of the picture; ``covered`` is where something will lie over the
    window, in shares of that.
    """
    across, down = _axes(size, aspect, subject)
    over = covered or WHOLE
    if across.share < 1:
        left = _left(across, interest, subject, over[0::2])
        return left, 0.0, left + across.share, 1.0
    top = _top(down, interest, subject, over[1::2])
    return 0.0, top, 1.0, top + down.share


def shown_of(size: tuple[int, int], aspect: float, subject: Box) -> float:
    """The share (0..1) of a subject that the largest window of ``aspect`` of a picture of ``size`` px can hold."""
    across, down = _axes(size, aspect, subject)
    return min(1.0, across.share / (across.far - across.near)) * min(1.0, down.share / (down.far - down.near))


def room_beside(size: tuple[int, int], aspect: float, subject: Box) -> dict[Side, float]:
    """By side: the most of a window of ``aspect`` that can stay free there with the subject whole inside it."""
    across, down = _axes(size, aspect, subject)
    if not (across.fits and down.fits):
        return {"left": 0.0, "right": 0.0, "top": 0.0, "bottom": 0.0}
    return {"left": across.free[0], "right": across.free[1], "top": down.free[0], "bottom": down.free[1]}


def _axes(size: tuple[int, int], aspect: float, subject: Box) -> tuple[_Axis, _Axis]:
    share = aspect / (size[0] / size[1])
    left, top, right, bottom = subject
    return _Axis(min(share, 1.0), left, right), _Axis(min(1 / share, 1.0), top, bottom)


def _left(axis: _Axis, interest: Interest, subject: Box, covered: tuple[float, ...]) -> float:
    """Where the window begins: with the whole subject in it, or about the middle of the head."""
    if subject == WHOLE:
        return _best_start(interest.sum(axis=0), axis.share)
    if axis.fits:
        return _start(axis, covered)
    height, width = interest.shape
    left, top, right, bottom = subject
    rows = slice(int(top * height), max(1, round((top + _HEAD * (bottom - top)) * height)))
    head = interest[rows, int(left * width) : max(1, round(right * width))].sum(axis=0)
    head = np.maximum(head - np.median(head), 0)  # what is everywhere is no head
    middle = left + (right - left) * _quantile(head, 0.5)
    return min(max(middle - axis.share / 2, left), right - axis.share)


def _top(axis: _Axis, interest: Interest, subject: Box, covered: tuple[float, ...]) -> float:
    """Where the window begins: with the whole subject in it and air above, or at its head."""
    if subject == WHOLE:
        return _best_start(interest.sum(axis=1), axis.share)
    air = _AIR * axis.share
    if axis.far - axis.near + air <= axis.share:
        return _start(axis, covered)
    return _clipped(axis.near - air, 1 - axis.share)


def _start(axis: _Axis, covered: tuple[float, ...]) -> float:
    """Where a window begins that holds the whole subject, its middle as near as can be to where it is best."""
    first, last = axis.starts
    middle, targets = (axis.near + axis.far) / 2, _targets(axis, covered)
    begun = [min(max(middle - target * axis.share, first), last) for target in targets]
    return min(begun, key=lambda start: (round(_distance((middle - start) / axis.share, targets), 6), start))


def _targets(axis: _Axis, covered: tuple[float, ...]) -> tuple[float, ...]:
    """Where in the window the subject's middle is best: in the open part, on a third, or in the middle."""
    before, behind = covered[0], 1 - covered[1]
    if max(before, behind) >= _OPEN:
        return (before / 2 if before > behind else 1 - behind / 2,)
    return _THIRDS if axis.far - axis.near < _SMALL * axis.share else _MIDDLE


def _clipped(start: float, last: float) -> float:
    return min(max(start, 0.0), max(last, 0.0))


def _best_start(profile: NDArray[np.float32], share: float) -> float:
    """Where a window of ``share`` of the whole begins (0..1 - share), for it to hold most of the interest."""
    if share >= 1:
        return 0.0
    cells = len(profile)
    edges = np.linspace(0.0, 1.0 - share, max(2, min(cells, 129)))
    mass = _mass_below(profile, edges + share) - _mass_below(profile, edges)
    good = edges[mass >= _NEARLY * mass.max()] if mass.max() > 0 else edges
    first, centre, last = (_quantile(profile, part) for part in (0.15, 0.5, 0.85))
    targets = _THIRDS if last - first < _SMALL * share else _MIDDLE
    return float(min(good, key=lambda start: (round(_distance((centre - start) / share, targets), 6), start)))


def _mass_below(profile: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros(len(profile) + 1)
    total[1:] = np.cumsum(profile, dtype=np.float64)
    places = np.linspace(0.0, 1.0, len(total))
    return np.array([np.interp(float(place), places, total) for place in at])


def _quantile(profile: NDArray[np.float32], part: float) -> float:
    """Below which place (0..1) this part of all interest lies; the part itself for an empty picture."""
    total = np.cumsum(profile, dtype=np.float64)
    if total[-1] <= 0:
        return part
    below = int(np.count_nonzero(total < float(total[-1]) * part))
    return (below + 0.5) / len(profile)


def _distance(at: float, targets: tuple[float, ...]) -> float:
    return min(abs(at - target) for target in targets)


def calm_side(interest: Interest) -> Side:
    """The side that draws the eye least, if it is calm enough for text to stand on."""
    height, width = interest.shape
    wide, high = max(1, round(width * _SIDE_SHARE)), max(1, round(height * _SIDE_SHARE))
    sides: dict[Side, float] = {
        "left": float(interest[:, :wide].mean()),
        "right": float(interest[:, -wide:].mean()),
        "top": float(interest[:high].mean()),
        "bottom": float(interest[-high:].mean()),
    }
    calmest = min(sides, key=lambda side: sides[side])
    return calmest if sides[calmest] <= _CALM * float(interest.mean()) else "nowhere"
