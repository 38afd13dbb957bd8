"""How large a canvas must be for what a design has to say: the way out that a refusal for want of room names."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import MAX_PIXELS, Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout.measure import measure
from streamforge.solve.layout import solve

_SIDES = (24, 32, 40, 48, 64, 80, 100, 128, 160, 200, 250, 300, 400, 500, 600, 800, 1000, 1200)
_LONG_WORD_PX = 16
"""A little over the least headline: where type may not grow with the canvas, long words come to fit."""
_FOR_SPACE = ("size(", "area(")
_ADVICE = "shorten the text of the prompt, or choose a larger width and height"


def is_for_space(error: LayoutInfeasible) -> bool:
    """Whether the canvas is too small, rather than the design contradictory."""
    return bool(error.conflicts) and all(name.startswith(_FOR_SPACE) for name in error.conflicts)


def too_small(design: Design, size: Size, logo_aspect: float | None, conflicts: tuple[str, ...]) -> LayoutInfeasible:
    """The refusal of a canvas in the brief's own terms: the side to enlarge, and how far."""
    needed = least_canvas(design, size, logo_aspect)
    return LayoutInfeasible(
        f"the canvas of {size} pixels has no room for the headline",
        conflicts=conflicts,
        field=_short_side(size, needed),
        hint=way_out(needed),
    )


def way_out(needed: Size | None) -> str:
    """What to change in the brief when the headline has no room."""
    if needed is None:
        return _ADVICE
    return f"choose a width and height of at least {needed.width} x {needed.height} pixels, or shorten the prompt"


def least_canvas(design: Design, size: Size, logo_aspect: float | None) -> Size | None:
    """The canvas with its short sides raised until the design's vital texts fit; None where no usual size will do.

    They must fit in their role's usual type, or else (long words) in small type: leave for smaller type was given for
    the canvas at hand.
    """
    sides = (Size(max(size.width, side), max(size.height, side)) for side in _SIDES)
    larger = [each for each in sides if each != size and each.width * each.height <= MAX_PIXELS]
    for least_px in (0, _LONG_WORD_PX):
        sized = replace(design, elements=[_at_least(least_px, element) for element in design.elements])
        for each in larger:
            if _holds(sized, each, logo_aspect):
                return each
    return None


def _holds(design: Design, size: Size, logo_aspect: float | None) -> bool:
    measured = measure(design, size, logo_aspect)
    vital = {element.id for element in design.elements if _is_vital(element)} & measured.texts.keys()
    try:
        return vital <= {placed.id for placed in solve(measured.problem).placed}
    except LayoutInfeasible:
        return False


def _is_vital(element: Element) -> bool:
    return element.priority == 1 or element.role == "headline"


def _at_least(px: int, element: Element) -> Element:
    return replace(element, min_px=px) if _is_vital(element) else element


def _short_side(size: Size, needed: Size | None) -> Literal["width", "height"]:
    if needed is not None and (needed.width > size.width) != (needed.height > size.height):
        return "width" if needed.width > size.width else "height"
    return "width" if size.width <= size.height else "height"
