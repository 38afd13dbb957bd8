"""The colours of a picture, by share: what a designer would name when asked what colours it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamforge.render.colour import Pixels

_NEAR = 28
"""Channels that differ less than this (of 255) are the same colour to a designer."""


def dominant(rgb: Pixels, limit: int = 6) -> list[str]:
    """Hex colours of (n, 3) pixels by falling share: the means of 5-bit buckets, near ones merged, under 2 % dropped.

    ``n`` is at least 1.
    """
    coarse = (rgb >> 3).astype(np.int32)
    code = (coarse[:, 0] << 10) | (coarse[:, 1] << 5) | coarse[:, 2]
    counts = np.bincount(code, minlength=1 << 15)
    sums = np.stack([np.bincount(code, rgb[:, i], 1 << 15) for i in range(3)], axis=1)
    groups: list[tuple[NDArray[np.float64], int]] = []
    for index in np.argsort(-counts, kind="stable")[:256]:
        if counts[index]:
            _merge(groups, sums[index] / counts[index], int(counts[index]))
    groups.sort(key=lambda group: -group[1])
    kept = [mean for mean, count in groups if count >= 0.02 * len(rgb)] or [groups[0][0]]
    return [f"#{round(r):02x}{round(g):02x}{round(b):02x}" for r, g, b in kept[:limit]]


def _merge(groups: list[tuple[NDArray[np.float64], int]], mean: NDArray[np.float64], count: int) -> None:
    """Add a bucket to the first group of nearly its colour, or as a group of its own."""
    for index, (other, total) in enumerate(groups):
        if np.abs(other - mean).max() < _NEAR:
            groups[index] = (other, total + count)
            return
    groups.append((mean, count))
