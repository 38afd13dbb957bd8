"""A design on a canvas, laid out: measured, solved, placed. Runs in a pool child."""

from __future__ import annotations

from typing import Literal

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.measure import Measured, ends_right, is_badge, measure
from streamforge.pipelines.banner.layout.pictures import hero_region
from streamforge.pipelines.banner.layout.stage import Stage
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.render.raster import bytes_of, decode
from streamforge.solve.layout import solve
from streamforge.solve.problem import Item, Placed, Rule, Solution


def arrange(design: Design, order: Order, hint: Arrangement | None = None) -> Arrangement:
    """Measure and solve.

    ``hint`` is an earlier arrangement of much the same design, on any canvas: where the search looks first. Raises
    LayoutInfeasible naming the relations and locked places that contradict each other, or the side of a canvas that is
    too small; AssetRejected for the logo. Deterministic but for ``timings`` (ms: ``logo``, ``measure``, ``solve``).
    """
    watch = Stopwatch()
    stage = stage_of(design, order)
    watch.lap("logo")
    measured = measure(design, stage)
    watch.lap("measure")
    solution = _solved(design, stage, measured, hint)
    watch.lap("solve")
    return Arrangement(
        size=order.size,
        margin=measured.problem.margin,
        solver=solution.status,
        placements=_placements(design, stage, measured, solution),
        dropped=solution.dropped,
        reasons=solution.reasons,
        relaxed=solution.relaxed,
        lost={name: count for name, count in measured.lost.items() if count},
        timings=watch.laps,
    )


def stage_of(design: Design, order: Order) -> Stage:
    """The canvas with the proportions of the pictures that the design shows. Raises AssetRejected for the logo."""
    logo = logo_of(order, design)
    return Stage(
        canvas=order.canvas,
        logo_aspect=logo.width / logo.height if logo else None,
        hero_aspect=_hero_aspect(order, design),
        clear_space=order.clear_space,
    )


def _hero_aspect(order: Order, design: Design) -> float | None:
    """The hero's own proportions, read only where the layout depends on them; 1 where it does not."""
    heroes = [element for element in design.elements if element.role == "hero"]
    if order.hero is None or not heroes:
        return None
    bound = {r.a for r in design.relations if r.hard and r.rel == "inside"}
    if all(hero.aspect or hero.id in bound for hero in heroes):
        return 1.0
    height, width = decode(bytes_of(order.hero, "hero"), "hero").shape[:2]
    return width / height


def _solved(design: Design, stage: Stage, measured: Measured, hint: Arrangement | None) -> Solution:
    try:
        return solve(measured.problem, _scaled(hint, stage.size) if hint else None)
    except LayoutInfeasible as error:
        if not room.is_for_space(error):
            raise
        raise room.too_small(design, stage, error.conflicts) from error


def _scaled(hint: Arrangement, size: Size) -> dict[str, Placed]:
    """The boxes of another canvas, stretched to this one."""
    across, down = size.width / hint.size.width, size.height / hint.size.height
    return {
        p.id: Placed(p.id, round(p.x * across), round(p.y * down), round(p.width * across), round(p.height * down), 0)
        for p in hint.placements
    }


def _placements(design: Design, stage: Stage, measured: Measured, solution: Solution) -> list[Placement]:
    elements = {element.id: element for element in design.elements}
    items = {item.id: item for item in measured.problem.items}
    held = {relation.name for relation in design.relations} - set(solution.relaxed)
    centred = {element.id for element in design.elements if f"center_x({element.id}, canvas)" in held}
    found: list[Placement] = []
    for box in solution.placed:
        element, item = elements[box.id], items[box.id]
        if item.bleed:
            found.append(_filling(element, design, stage, box))
        else:
            found.append(_placement(element, item, box, design, measured, centred=box.id in centred))
    return found


def _filling(element: Element, design: Design, stage: Stage, box: Placed) -> Placement:
    """A picture that fills its region, to the very edge that the grid may miss."""
    area = hero_region(element, design, stage)
    x, y, width, height = (area.x, area.y, area.width, area.height) if area else (box.x, box.y, box.width, box.height)
    return Placement(id=element.id, role=element.role, x=x, y=y, width=width, height=height)


def _placement(
    element: Element, item: Item, box: Placed, design: Design, measured: Measured, *, centred: bool
) -> Placement:
    """The content's exact size within its box on the grid, at the side its alignment asks for."""
    candidate = next(c for c in item.candidates if c.key == box.key)
    width = box.width if item.stretch else candidate.width
    align = _alignment(element, design, measured.problem.rules)
    x = box.x + {"left": 0, "center": (box.width - width) // 2, "right": box.width - width}[align]
    if item.pin is not None:
        x = item.pin[0]
    elif centred:
        x = int(measured.middle - width / 2)
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


def _alignment(element: Element, design: Design, rules: list[Rule]) -> Literal["left", "center", "right"]:
    about = {rule.kind for rule in rules if element.id in {rule.a, rule.b}}
    if is_badge(element, design):
        return "center"
    if "align_right" in about:
        return "right"
    if "center_x" in about:
        return "center"
    beside = any(rule.kind == "left_of" for rule in rules)
    if design.align == "center" and not beside:
        return "center"
    return "right" if ends_right(element, design) else "left"
