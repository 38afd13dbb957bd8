"""A design at a size, laid out: measured, solved, placed. Runs in a pool child."""

from __future__ import annotations

from typing import Literal

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.measure import Measured, measure
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.solve.layout import solve
from streamforge.solve.problem import Item, Placed, Solution


def arrange(design: Design, order: Order) -> Arrangement:
    """Measure and solve.

    Raises LayoutInfeasible naming the relations that contradict each other, or the side of a canvas that is too small;
    AssetRejected for the logo. Deterministic but for ``timings`` (ms: ``measure``, ``solve``).
    """
    watch = Stopwatch()
    size = order.size
    logo = logo_of(order, design)
    aspect = logo.width / logo.height if logo else None
    watch.lap("logo")
    measured = measure(design, size, aspect)
    watch.lap("measure")
    solution = _solved(design, size, measured, aspect)
    watch.lap("solve")
    return Arrangement(
        size=size,
        margin=measured.problem.margin,
        solver=solution.status,
        placements=_placements(design, measured, solution),
        dropped=solution.dropped,
        relaxed=solution.relaxed,
        lost={name: count for name, count in measured.lost.items() if count},
        timings=watch.laps,
    )


def _solved(design: Design, size: Size, measured: Measured, logo_aspect: float | None) -> Solution:
    try:
        return solve(measured.problem)
    except LayoutInfeasible as error:
        if not room.is_for_space(error):
            raise
        raise room.too_small(design, size, logo_aspect, error.conflicts) from error


def _placements(design: Design, measured: Measured, solution: Solution) -> list[Placement]:
    elements = {element.id: element for element in design.elements}
    items = {item.id: item for item in measured.problem.items}
    held = {relation.name for relation in design.relations} - set(solution.relaxed)
    return [_placement(elements[box.id], items[box.id], box, design, measured, held=held) for box in solution.placed]


def _placement(
    element: Element, item: Item, box: Placed, design: Design, measured: Measured, *, held: set[str]
) -> Placement:
    """The content's exact size within its box on the grid, at the side its alignment asks for."""
    candidate = next(c for c in item.candidates if c.key == box.key)
    width = box.width if item.stretch else candidate.width
    align = _alignment(element, design)
    x = box.x + {"left": 0, "center": (box.width - width) // 2, "right": box.width - width}[align]
    if f"center_x({element.id}, canvas)" in held:
        x = (measured.problem.width - width) // 2
    sizes = measured.texts.get(element.id)
    return Placement(
        id=element.id,
        role=element.role,
        x=x,
        y=box.y,
        width=width,
        height=candidate.height,
        px=sizes[box.key].px if sizes else 0,
        lines=list(sizes[box.key].block.lines) if sizes else [],
        align=align,
    )


def _alignment(element: Element, design: Design) -> Literal["left", "center", "right"]:
    for relation in design.relations:
        if relation.a == element.id and relation.rel == "align_right":
            return "right"
        if relation.a == element.id and relation.rel == "center_x":
            return "center"
        if relation.b == element.id and relation.rel == "center_x":
            return "center"
    return "left" if any(r.rel == "left_of" for r in design.relations) else design.align
