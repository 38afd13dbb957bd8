"""How large a canvas must be for what a design has to say: the way out that a refusal for want of room names."""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal

from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import MAX_PIXELS, Canvas, Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout.measure import is_vital, measure
from streamforge.pipelines.banner.layout.roles import least_px, setting_of
from streamforge.pipelines.banner.layout.stage import Stage
from streamforge.solve.layout import solve

_SIDES = (24, 32, 40, 48, 64, 80, 100, 128, 160, 200, 250, 300, 400, 500, 600, 800, 1000, 1200)
_EFFORT = 0.02
"""What the question is worth: whether a few vital texts fit needs no best layout."""
_FOR_SPACE = ("size(", "area(")
_ADVICE = "shorten the text of the prompt, or choose a larger width and height"


def is_for_space(error: LayoutInfeasible) -> bool:
    """Whether the canvas is too small, rather than the design contradictory."""
    return bool(error.conflicts) and all(name.startswith(_FOR_SPACE) for name in error.conflicts)


def too_small(design: Design, stage: Stage, conflicts: tuple[str, ...]) -> LayoutInfeasible:
    """The refusal of a canvas in the brief's own terms: the side to enlarge, and how far."""
    needed = _least(design, stage)
    vital = [element.id for element in design.elements if is_vital(element)]
    named = [name for name in vital if f"size({name})" in conflicts] or vital or ["elements"]
    return LayoutInfeasible(
        f"the canvas of {stage.size} pixels has no room for the {' and the '.join(named)}",
        conflicts=conflicts,
        field=_short_side(stage.size, needed),
        hint=way_out(needed),
    )


def way_out(needed: Size | None) -> str:
    """What to change in the brief when the headline has no room."""
    if needed is None:
        return _ADVICE
    return f"choose a width and height of at least {needed.width} x {needed.height} pixels, or shorten the prompt"


def least_canvas(design: Design, size: Size, logo_aspect: float | None) -> Size | None:
    """The canvas with its short sides raised until the design's vital texts fit; None where no usual size will do.

    They must fit as on a pressed stage: in type that can be read, long words parted.
    """
    return _least(design, Stage(Canvas(size=size), logo_aspect))


def _least(design: Design, stage: Stage) -> Size | None:
    size = stage.size
    sides = (Size(max(size.width, side), max(size.height, side)) for side in _SIDES)
    larger = [each for each in sides if each != size and each.width * each.height <= MAX_PIXELS]
    vital = _only_vital(design, size)
    stages = [replace(stage, canvas=replace(stage.canvas, size=each), pressed=True) for each in larger]
    first = bisect_left(stages, True, key=lambda each: _holds(vital, each))
    return larger[first] if first < len(larger) else None


def _only_vital(design: Design, size: Size) -> Design:
    """What may never be left out: all else goes before it, so it decides alone."""
    kept = [element for element in design.elements if is_vital(element)]
    names = {element.id for element in kept} | {region.id for region in design.regions} | {""}
    relations = [r for r in design.relations if r.a in names and r.b in names]
    return replace(design, elements=[_freed(element, size) for element in kept], relations=relations)


def _freed(element: Element, size: Size) -> Element:
    """The element without leave for smaller type than usual, which was given for the canvas at hand."""
    is_settled = 0 < element.min_px == element.max_px
    is_leave = element.min_px < least_px(setting_of(element), size)
    return element if is_settled or not is_leave else replace(element, min_px=0)


def _holds(design: Design, stage: Stage) -> bool:
    try:
        solve(replace(measure(design, stage).problem, effort=_EFFORT))
    except LayoutInfeasible:
        return False
    return True


def _short_side(size: Size, needed: Size | None) -> Literal["width", "height"]:
    if needed is not None and (needed.width > size.width) != (needed.height > size.height):
        return "width" if needed.width > size.width else "height"
    return "width" if size.width <= size.height else "height"
