"""Colours as (r, g, b) of 0..255, and the WCAG 2.2 measures of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rgb = tuple[int, int, int]

BLACK: Rgb = (17, 17, 17)
WHITE: Rgb = (255, 255, 255)


def _linear_table() -> NDArray[np.float32]:
    """The sRGB transfer curve for 0..255 (WCAG 2.2, definition of relative luminance)."""
    value = np.arange(256) / 255
    curve = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    return curve.astype(np.float32)


_LINEAR = _linear_table()
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def parse(code: str) -> Rgb:
    """``#rgb`` or ``#rrggbb``."""
    digits = code.removeprefix("#")
    if len(digits) == 3:  # noqa: PLR2004 - the short form
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def to_hex(rgb: Rgb) -> str:
    """``#rrggbb``."""
    return "#" + bytes(rgb).hex()


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """The first colour with ``share`` (0..1) of the second in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def luminance(rgb: Pixels) -> NDArray[np.float32]:
    """L = .2126 R + .7152 G + .0722 B on linearised sRGB (WCAG 2.2), for an (..., 3) array of 0..255."""
    return _LINEAR[rgb] @ _LUMA


def luminance_of(rgb: Rgb) -> float:
    """The relative luminance of one colour, 0..1."""
    return float(luminance(np.array(rgb, np.uint8)))


def contrast(first: float, second: float) -> float:
    """(L1 + .05) / (L2 + .05) with the lighter first (WCAG 2.2): 1 to 21."""
    high, low = max(first, second), min(first, second)
    return (high + 0.05) / (low + 0.05)


def contrasts(ground: NDArray[np.float32], ink: float | NDArray[np.float32]) -> NDArray[np.float32]:
    """The contrast of an ink's luminance (or one each) with each luminance of a ground."""
    return (np.maximum(ground, ink) + np.float32(0.05)) / (np.minimum(ground, ink) + np.float32(0.05))
