"""Measure a painted banner: contrast on its real pixels, overflow, overlaps, margins, the logo.

Contrast is decided on the fifth percentile of the pixels under a text, painted without text (WCAG 2.2 success
criterion 1.4.3: 4.5, or 3 for text of 24 px, or bold from 18.66 px). Every measurement comes back as one line, passed
or not, with a hint that a designer can act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from streamforge.render.colour import Pixels, Rgb, contrasts, luminance, luminance_of
from streamforge.render.scene import Frame, Picture, Text
from streamforge.render.text import line_width

LARGE_PX, LARGE_BOLD_PX, BOLD = 24.0, 18.66, 700
AA_NORMAL, AA_LARGE = 4.5, 3.0
LOGO_CONTRAST = 1.6
_STRIDE = 3
_TOLERANCE_PX = 1.0
_EDGE_ALPHA = 128

Mask = NDArray[np.bool_]
Named = tuple[str, Frame]


class Finding(Struct, frozen=True):
    """One measurement: what, where, against which limit, in which unit, and how to fix it."""

    check: str
    element: str
    measured: float
    limit: float
    passed: bool
    unit: str = ""
    fix_hint: str = ""


def needed_contrast(text: Text) -> float:
    """The least contrast WCAG AA asks of a text of this size and weight."""
    is_large = text.px >= LARGE_PX or (text.px >= LARGE_BOLD_PX and text.style.weight >= BOLD)
    return AA_LARGE if is_large else AA_NORMAL


def text_contrast(ground: Pixels, frame: Frame, ink: Rgb) -> float:
    """The fifth percentile of the ink's contrast over the pixels under a frame, painted without text."""
    under = _crop(ground, frame)[::_STRIDE, ::_STRIDE, :3]
    if not under.size:
        return 1.0
    return float(np.percentile(contrasts(luminance(under), luminance_of(ink)), 5))


def logo_contrast(logo: Pixels, ground: Pixels, frame: Frame) -> float:
    """How well a logo's outline shows: the 25th percentile of its edge pixels' contrast with what lies behind them.

    ``logo`` is straight RGBA of the frame's size, ``ground`` the canvas without the logo. Only pixels at the border of
    the transparent part count: a white field inside a dark outline shows on white. 21 if it has no transparent part.
    """
    opaque = logo[..., 3] >= _EDGE_ALPHA
    edge = opaque & ~_eroded(opaque)
    behind = _crop(ground, frame)[: logo.shape[0], : logo.shape[1], :3]
    edge = edge[: behind.shape[0], : behind.shape[1]]
    if not edge.any():
        return 21.0
    first = luminance(logo[: behind.shape[0], : behind.shape[1], :3][edge])
    return float(np.percentile(contrasts(luminance(behind[edge]), first), 25))


def check_contrast(ground: Pixels, texts: Iterable[Text]) -> list[Finding]:
    """One line a text."""
    found: list[Finding] = []
    for text in texts:
        measured = text_contrast(ground, text.frame, text.colour)
        limit = needed_contrast(text)
        hint = "choose a ground or ink with more difference in lightness"
        found.append(_finding("contrast", text.id, measured, limit, measured >= limit, "ratio", hint))
    return found


def check_overflow(texts: Iterable[Text]) -> list[Finding]:
    """How far (px) each text's longest line reaches over its box."""
    found: list[Finding] = []
    for text in texts:
        widest = max((line_width(line, text.style) * text.px for line in text.lines), default=0.0)
        over = max(0.0, widest - text.frame.width)
        passed = over <= _TOLERANCE_PX
        found.append(
            _finding(
                "text_overflow", text.id, over, _TOLERANCE_PX, passed, "px", "shorten the text or allow more lines"
            )
        )
    return found


def check_stray_ink(ground: Pixels, painted: Pixels, texts: Sequence[Text]) -> Finding:
    """How many pixels text changed outside every text's box (grown by a fifth of its type size for accents)."""
    changed = ground.view(np.uint32)[..., 0] != painted.view(np.uint32)[..., 0]
    for text in texts:
        _crop_mask(changed, text.frame.grown(max(2.0, text.px * 0.2)))[...] = False
    stray = int(changed.sum())
    return _finding("stray_ink", "canvas", stray, 0, stray == 0, "px", "a text is painted outside its box")


def check_overlaps(
    check: str, boxes: Sequence[tuple[str, Frame]], others: Sequence[tuple[str, Frame]]
) -> list[Finding]:
    """The pairs that share area (px²), or one passed line if none does; within ``boxes`` if ``others`` is empty."""
    pairs = [(a, b) for a in boxes for b in others] if others else list(combinations(boxes, 2))
    hits = [(f"{a[0]}, {b[0]}", a[1].overlap(b[1])) for a, b in pairs]
    hint = "separate them by above or left_of"
    bad = [_finding(check, names, area, 0, passed=False, unit="px2", hint=hint) for names, area in hits if area > 1]
    return bad or [_finding(check, "all", 0, 0, passed=True, unit="px2", hint="")]


def check_margins(width: int, height: int, margin: float, boxes: Iterable[Named]) -> list[Finding]:
    """Each box' distance (px) from the nearest canvas edge: negative is outside."""
    found: list[Finding] = []
    for name, frame in boxes:
        least = min(frame.x, frame.y, width - frame.right, height - frame.bottom)
        hint = "give it a smaller size or fewer neighbours"
        found.append(_finding("margin", name, least, margin, least >= margin - _TOLERANCE_PX, "px", hint))
    return found


def check_logo(logo: Pixels, ground: Pixels, where: Picture) -> Finding:
    """Whether the logo's outline shows on what lies behind it."""
    measured = logo_contrast(logo, ground, where.frame)
    hint = "use a variant of the logo for this ground, or another ground"
    return _finding("logo_contrast", where.id, measured, LOGO_CONTRAST, measured >= LOGO_CONTRAST, "ratio", hint)


def check_least(check: str, element: str, measured: float, limit: float, hint: str, unit: str = "px") -> Finding:
    """A measurement that must not be under its limit."""
    return _finding(check, element, measured, limit, measured >= limit, unit, hint)


def _finding(check: str, element: str, measured: float, limit: float, passed: bool, unit: str, hint: str) -> Finding:
    return Finding(check, element, round(measured, 2), limit, passed, unit, "" if passed else hint)


def _window(frame: Frame, width: int, height: int) -> tuple[slice, slice]:
    left, top = max(int(frame.x), 0), max(int(frame.y), 0)
    return slice(top, max(min(-int(-frame.bottom // 1), height), top)), slice(
        left, max(min(-int(-frame.right // 1), width), left)
    )


def _crop(pixels: Pixels, frame: Frame) -> Pixels:
    return pixels[_window(frame, pixels.shape[1], pixels.shape[0])]


def _crop_mask(mask: Mask, frame: Frame) -> Mask:
    return mask[_window(frame, mask.shape[1], mask.shape[0])]


def _eroded(mask: Mask) -> Mask:
    """The mask less its outermost pixels; beyond the picture counts as outside."""
    padded = np.pad(mask, 1)
    return mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
