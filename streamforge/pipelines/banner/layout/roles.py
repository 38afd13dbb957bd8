"""How each role of text is set, and which type sizes it may take on a canvas.

Type sizes follow the canvas' mean side, so that a hierarchy made for 1200x628 is the same one on 300x50; a floor
keeps the smallest type legible.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Element, Typography
from streamforge.render.text import TextStyle


class Setting(Struct, frozen=True, kw_only=True):
    """How a role is set: in the display or the text family, at a weight (0: the design's), with what type sizes.

    ``least`` and ``most`` are shares of the canvas' mean side, ``floor_px`` is the least that is legible, ``strip`` the
    most on a thin canvas as a share of its short side. ``worth`` is what a larger size counts in the objective;
    ``leading`` (distance of baselines) and ``tracking`` (letter spacing) are shares of the type size.
    """

    display: bool
    weight: int
    leading: float
    tracking: float
    least: float
    most: float
    floor_px: int
    worth: int
    strip: float = 0.0
    upper: bool = False


SETTINGS: dict[str, Setting] = {
    "headline": Setting(
        display=True,
        weight=0,
        leading=1.12,
        tracking=-0.012,
        least=0.058,
        most=0.155,
        floor_px=13,
        worth=32,
        strip=0.46,
    ),
    "offer": Setting(
        display=True,
        weight=0,
        leading=1.08,
        tracking=-0.01,
        least=0.05,
        most=0.165,
        floor_px=13,
        worth=20,
        strip=0.36,
    ),
    "kicker": Setting(
        display=False,
        weight=600,
        leading=1.25,
        tracking=0.07,
        least=0.021,
        most=0.034,
        floor_px=10,
        worth=2,
        upper=True,
    ),
    "sub": Setting(
        display=False,
        weight=400,
        leading=1.34,
        tracking=0.0,
        least=0.027,
        most=0.043,
        floor_px=11,
        worth=4,
        strip=0.155,
    ),
    "body": Setting(
        display=False,
        weight=500,
        leading=1.34,
        tracking=0.0,
        least=0.025,
        most=0.042,
        floor_px=11,
        worth=3,
        strip=0.15,
    ),
    "cta": Setting(
        display=False,
        weight=700,
        leading=1.2,
        tracking=0.005,
        least=0.031,
        most=0.046,
        floor_px=11,
        worth=4,
        strip=0.145,
    ),
    "contact": Setting(
        display=False,
        weight=600,
        leading=1.3,
        tracking=0.0,
        least=0.022,
        most=0.036,
        floor_px=10,
        worth=2,
        strip=0.14,
    ),
    "legal": Setting(
        display=False,
        weight=400,
        leading=1.3,
        tracking=0.0,
        least=0.014,
        most=0.025,
        floor_px=8,
        worth=3,
    ),
}
_STEPS = 9
_LEGIBLE, _SEEN_SIDES, _LEGIBLE_PX = 0.037, 3, 9
"""The least headline as a share of the canvas' mean side, of which so many short sides count at most; never less px."""
_THIN_PX = 160
_THIN_ASPECT = 2.4
_LOW_PX = 60
_LOW_HEADLINE = 1.3
"""On the lowest strips a headline has a line to itself and may fill it."""
_UPRIGHT_THIN = 0.62
_LEAST_UPRIGHT = 0.075
"""On upright canvases the width is what limits type: the least size is at most this share of it."""
_OLD_STYLE_FIGURES = frozenset(["playfair-display", "raleway"])
"""Families whose figures rise and sink like small letters: a one reads as an i, so texts with figures avoid them."""
_LINING = "inter"


def setting_of(element: Element) -> Setting:
    """How the element's role is set."""
    return SETTINGS.get(element.role, SETTINGS["body"])


def style_of(element: Element, typography: Typography) -> TextStyle:
    """The type an element's text is set in."""
    setting = setting_of(element)
    family = typography.display if setting.display else typography.text
    weight = setting.weight or typography.display_weight
    return TextStyle(family, weight, setting.leading, setting.tracking, setting.upper)


def lining(typography: Typography, elements: Iterable[Element]) -> Typography:
    """The type for all of a graph: without families whose figures sink, where the texts to be set in them have figures.

    Once for a whole set, and by all that any size may say: one campaign has one pair of families.
    """
    figured = {
        setting_of(element).display
        for element in elements
        if any(character.isdigit() for character in element.text + element.short)
    }
    plain = next((family for family in (typography.text, _LINING) if family not in _OLD_STYLE_FIGURES), _LINING)
    display = plain if True in figured and typography.display in _OLD_STYLE_FIGURES else typography.display
    return replace(
        typography,
        display=display,
        text=plain if False in figured and typography.text in _OLD_STYLE_FIGURES else typography.text,
    )


def least_px(setting: Setting, size: Size) -> int:
    """The least type size (px) of a role on a canvas, where the element sets none."""
    least = setting.least * math.sqrt(size.width * size.height)
    least = min(least, _LEAST_UPRIGHT * size.width) if size.height > size.width else least
    return max(setting.floor_px, round(least))


def legible_px(size: Size) -> int:
    """The least type size (px) in which a headline can be read on a canvas."""
    unit, short = math.sqrt(size.width * size.height), min(size.width, size.height)
    return max(_LEGIBLE_PX, math.ceil(_LEGIBLE * min(unit, _SEEN_SIDES * short)))


def _thinness(element: Element, size: Size) -> float:
    """How far the short side decides the largest type: fully on thin strips, in part on thin columns, else not."""
    short = min(size.width, size.height)
    if short > _THIN_PX or max(size.width, size.height) < _THIN_ASPECT * short:
        return 0.0
    if size.height > size.width:
        return _UPRIGHT_THIN
    return _LOW_HEADLINE if element.role == "headline" and short < _LOW_PX else 1.0


def type_sizes(element: Element, size: Size) -> list[int]:
    """The type sizes (px) to try, a geometric series; the element's own bounds win over its role's."""
    setting = setting_of(element)
    unit, short = math.sqrt(size.width * size.height), min(size.width, size.height)
    least = least_px(setting, size)
    low = element.min_px or min(least, element.max_px or least)
    most = max(setting.most * unit, setting.strip * short * _thinness(element, size))
    high = max(low, element.max_px or round(most))
    ratio = (high / low) ** (1 / (_STEPS - 1))
    return sorted({round(low * ratio**step) for step in range(_STEPS)})
