# ruff: noqa: PLR2004 - the literals are the constants of the cited formulas
"""Colour arithmetic: WCAG contrast, and moving a colour's lightness in OKLCH without losing its hue.

Luminance and contrast follow WCAG 2.2 (relative luminance, success criterion 1.4.3); OKLab is Björn
Ottosson's (2020).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

WHITE = "#ffffff"
BLACK = "#000000"
_LIGHTNESS_STEP = 0.01


class Oklch(NamedTuple):
    """A colour as lightness 0..1, chroma 0..~0.37 and hue in degrees."""

    lightness: float
    chroma: float
    hue: float


def normalise(colour: str) -> str:
    """``#RGB`` and ``#RRGGBB`` as ``#rrggbb``."""
    digits = colour.lstrip("#").lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def luminance(colour: str) -> float:
    """WCAG relative luminance, 0 for black to 1 for white."""
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio, 1..21; the order does not matter."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def to_oklch(colour: str) -> Oklch:
    """A hex colour in OKLCH."""
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def from_oklch(colour: Oklch) -> str:
    """The nearest hex colour of that lightness and hue: chroma is reduced until it fits sRGB."""
    lightness = min(max(colour.lightness, 0.0), 1.0)
    chroma = max(colour.chroma, 0.0)
    while chroma > 0.001:
        channels = _channels(Oklch(lightness, chroma, colour.hue))
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            return _hex(channels)
        chroma *= 0.92
    return _hex(_channels(Oklch(lightness, 0.0, colour.hue)))


def shade(colour: str, *, lightness: float | None = None, chroma: float | None = None, turn: float = 0.0) -> str:
    """The colour with another lightness or chroma, its hue turned by ``turn`` degrees."""
    was = to_oklch(colour)
    return from_oklch(
        Oklch(
            was.lightness if lightness is None else lightness,
            was.chroma if chroma is None else chroma,
            (was.hue + turn) % 360,
        )
    )


def readable(colour: str, grounds: Iterable[str], ratio: float) -> str:
    """The colour, moved as little as possible in lightness, until it has ``ratio`` against every ground.

    Falls back to black or white, whichever reads better, when no lightness of that hue reaches the ratio.
    """
    surfaces = list(grounds)
    if _worst(colour, surfaces) >= ratio:
        return normalise(colour)
    steps = round(1 / _LIGHTNESS_STEP)
    start = to_oklch(colour)
    for distance in range(1, steps + 1):
        for sign in (-1, 1):
            moved = start._replace(lightness=start.lightness + sign * distance * _LIGHTNESS_STEP)
            if not 0 <= moved.lightness <= 1:
                continue
            candidate = from_oklch(moved)
            if _worst(candidate, surfaces) >= ratio:
                return candidate
    return max((BLACK, WHITE), key=lambda tone: _worst(tone, surfaces))


def _worst(colour: str, grounds: list[str]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _linear(colour: str) -> tuple[float, float, float]:
    digits = normalise(colour)[1:]
    red, green, blue = (_to_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return red, green, blue


def _to_linear(channel: float) -> float:
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


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(_to_gamma(channel) * 255):02x}" for channel in channels)
