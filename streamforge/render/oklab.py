# ruff: noqa: PLR2004 - the literals are the constants of the cited formulas
"""Colours by lightness, chroma and hue as the eye orders them: OKLab, Björn Ottosson (2020). No numpy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

Rgb = tuple[int, int, int]


class Oklch(NamedTuple):
    """A colour as lightness 0..1, chroma 0..~0.37 and hue in degrees."""

    lightness: float
    chroma: float
    hue: float


@lru_cache(maxsize=4096)
def to_oklch(rgb: Rgb) -> Oklch:
    """An (r, g, b) of 0..255 in OKLCH."""
    red, green, blue = (to_linear(channel / 255) for channel in rgb)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


@lru_cache(maxsize=4096)
def from_oklch(colour: Oklch) -> Rgb:
    """The nearest (r, g, b) of that lightness and hue: chroma is reduced until it fits sRGB."""
    lightness = min(max(colour.lightness, 0.0), 1.0)
    chroma = max(colour.chroma, 0.0)
    while chroma > 0.001:
        channels = _channels(Oklch(lightness, chroma, colour.hue))
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            return _bytes(channels)
        chroma *= 0.92
    return _bytes(_channels(Oklch(lightness, 0.0, colour.hue)))


def to_linear(channel: float) -> float:
    """The sRGB transfer curve, 0..1 to linear light."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _to_gamma(channel: float) -> float:
    clipped = min(max(channel, 0.0), 1.0)
    return clipped * 12.92 if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055


def _channels(colour: Oklch) -> tuple[float, float, float]:
    angle = math.radians(colour.hue)
    a, b = colour.chroma * math.cos(angle), colour.chroma * math.sin(angle)
    long = (colour.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (colour.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (colour.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _bytes(channels: tuple[float, float, float]) -> Rgb:
    red, green, blue = (round(_to_gamma(channel) * 255) for channel in channels)
    return red, green, blue
