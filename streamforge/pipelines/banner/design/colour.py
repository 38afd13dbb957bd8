# ruff: noqa: PLR2004 - the literals are the constants of the cited formulas
"""Colour arithmetic: WCAG contrast, and moving a colour's lightness in OKLCH without losing its hue.

Luminance and contrast follow WCAG 2.2 (relative luminance, success criterion 1.4.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from streamforge.render import oklab
from streamforge.render.oklab import Oklch

WHITE = "#ffffff"
BLACK = "#000000"
_LIGHTNESS_STEP = 0.01


def normalise(colour: str) -> str:
    """``#RGB`` and ``#RRGGBB`` as ``#rrggbb``."""
    digits = colour.lstrip("#").lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def luminance(colour: str) -> float:
    """WCAG relative luminance, 0 for black to 1 for white."""
    red, green, blue = (oklab.to_linear(channel / 255) for channel in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio, 1..21; the order does not matter."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def to_oklch(colour: str) -> Oklch:
    """A hex colour in OKLCH."""
    return oklab.to_oklch(_rgb(colour))


def distance(first: str, second: str) -> float:
    """How unlike two colours look: the Euclidean distance in OKLab, 0 to 1; below 0.02 few people tell them apart."""
    one, two = to_oklch(first), to_oklch(second)
    angle = math.radians(one.hue - two.hue)
    across = one.chroma**2 + two.chroma**2 - 2 * one.chroma * two.chroma * math.cos(angle)
    return math.sqrt((one.lightness - two.lightness) ** 2 + max(across, 0.0))


def from_oklch(colour: Oklch) -> str:
    """The nearest hex colour of that lightness and hue: chroma is reduced until it fits sRGB."""
    return "#" + bytes(oklab.from_oklch(colour)).hex()


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


def _rgb(colour: str) -> oklab.Rgb:
    red, green, blue = bytes.fromhex(normalise(colour)[1:])
    return red, green, blue
