"""Which part of a photograph to keep: the largest window of a shape that holds what the eye goes to.

The window slides along one axis only, since the largest one of a shape fills the other. Among places that hold nearly
the same, the one that puts a small subject on a third of the window wins, as photographers do it, or a large one in
the middle.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the whole picture."""
Interest = NDArray[np.float32]
"""(height, width) of what draws the eye, 0 and up."""
Side = Literal["left", "right", "top", "bottom", "nowhere"]

_NEARLY = 0.98
"""Windows that hold this share of what the best one holds are as good."""
_THIRDS, _MIDDLE = (1 / 3, 2 / 3), (1 / 2,)
_SMALL = 0.4
"""A subject over less than this share of the window stands on a third of it, a larger one in its middle."""
_SIDE_SHARE = 0.42
"""How much of the picture a side is, for a text to stand on."""
_CALM = 0.6
"""A side is calm with less than this share of the interest that its fair part would be."""


def crop_for(interest: Interest, size: tuple[int, int], aspect: float) -> Box:
    """The window of ``aspect`` (width over height, in px) to keep of a picture of ``size`` (width, height in px)."""
    width, height = size
    share = aspect / (width / height)
    if share < 1:
        left = _best_start(interest.sum(axis=0), share)
        return left, 0.0, left + share, 1.0
    top = _best_start(interest.sum(axis=1), 1 / share)
    return 0.0, top, 1.0, top + 1 / share


def _best_start(profile: NDArray[np.float32], share: float) -> float:
    """Where a window of ``share`` of the whole begins (0..1 - share)."""
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
