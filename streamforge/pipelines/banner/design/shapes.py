"""The classes of canvas that an arrangement is made for: proportions first, then how much room there is at all."""

from __future__ import annotations

from typing import Literal

from streamforge.pipelines.banner.canvas import Size

Shape = Literal["micro", "strip", "short-strip", "wide", "landscape", "square", "portrait", "skyscraper", "compact"]

_LYING = 2.4
_SKYSCRAPER = 0.5
_LANDSCAPE = 1.4
"""A 300x250 is nearer to a square than to a 1200x628: two columns of text have no room on it."""
_PORTRAIT = 0.87
_STRIP = 4.5
_WIDE_PX = 180
_MICRO_PX2 = 20_000
_COMPACT_PX2 = 45_000
LYING: frozenset[Shape] = frozenset(["micro", "strip", "short-strip", "wide"])
"""Shapes on which things stand side by side."""


def shape_of(size: Size) -> Shape:
    """The class of a canvas."""
    ratio, area = size.width / size.height, size.width * size.height
    if ratio >= _LYING:
        return _lying(size, ratio, area)
    if ratio <= _SKYSCRAPER:
        return "skyscraper"
    if area < _COMPACT_PX2:
        return "compact"
    return "landscape" if ratio >= _LANDSCAPE else "square" if ratio > _PORTRAIT else "portrait"


def _lying(size: Size, ratio: float, area: int) -> Shape:
    if area < _MICRO_PX2:
        return "micro"
    if size.height >= _WIDE_PX and ratio < _STRIP:
        return "wide"
    return "short-strip" if ratio < _STRIP else "strip"
