"""A design on a canvas, laid out: measured, solved, placed. Runs in a pool child."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element, RelationKind
from streamforge.pipelines.banner.design.relations import without
from streamforge.pipelines.banner.layout import room
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Placement
from streamforge.pipelines.banner.layout.measure import Measured, ends_right, is_vital, measure
from streamforge.pipelines.banner.layout.pictures import hero_region
from streamforge.pipelines.banner.layout.plates import is_badge
from streamforge.pipelines.banner.layout.roles import type_sizes
from streamforge.pipelines.banner.layout.stage import Stage, is_strip
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.render.raster import bytes_of, decode
from streamforge.solve.layout import solve
from streamforge.solve.problem import Item, Placed, Rule, Solution

_LEAST = 4
"""Elements of this priority or a higher number may be left out without a second thought."""
_GIVES_WAY = "gives way to what is more important"
_TURNED: dict[RelationKind, RelationKind] = {
    "above": "left_of",
    "align_left": "center_y",
    "align_right": "center_y",
    "center_x": "center_y",
}


def arrange(design: Design, order: Order, hint: Arrangement | None = None) -> Arrangement:
    """Measure and solve.

    ``hint`` is an earlier arrangement of much the same design, on any canvas: where the search looks first. On a low
    canvas a column that would lose an important element stands as a row instead. Raises LayoutInfeasible naming the
    relations and locked places that contradict each other, or the side of a canvas that is too small; AssetRejected for
    the logo. Deterministic but for ``timings`` (ms: ``logo``, ``measure``, ``solve``).
    """
    found = _arranged(design, order, hint)
    for way in _ways(design, order.size):
        if not _costs(design, found):
            break
        if way.pressed and not order.may_press:
            continue
        other = _tried(way, design, order, hint)
        found = other if other and _costs(design, other) < _costs(design, found) else found
    return found


class _Way(Struct, frozen=True):
    """Another try to show what is important: of which design, in how small a type, and what to tell of it."""

    design: Design
    pressed: bool = False
    note: str = ""


def _ways(design: Design, size: Size) -> Iterator[_Way]:
    """As a row on low canvases; without what is of no importance; both, in small type."""
    kept = [element for element in design.elements if element.priority < _LEAST or is_vital(element)]
    lean = replace(design, elements=kept)
    if is_strip(size):
        row, told = sideways(design), "the elements stand side by side: it is too low for a column"
        yield _Way(row, note=told)
        yield _Way(sideways(lean), note=told)
        yield _Way(sideways(lean), pressed=True, note=told)
    yield _Way(lean)


def _tried(way: _Way, design: Design, order: Order, hint: Arrangement | None) -> Arrangement | None:
    """The arrangement that way, if there is one; what it goes without counts as left out."""
    kept = {element.id for element in way.design.elements}
    gone = {element.id: _GIVES_WAY for element in design.elements if element.id not in kept}
    relations = without(way.design.relations, sorted(gone))
    try:
        other = _arranged(replace(way.design, relations=relations), order, hint, pressed=way.pressed)
    except LayoutInfeasible:
        return None
    notes = [*other.notes, way.note] if way.note else other.notes
    return replace(other, dropped=[*gone, *other.dropped], reasons=gone | other.reasons, notes=notes)


def sideways(design: Design) -> Design:
    """The design with columns turned into rows: what stood above stands to the left, what shared an edge a middle."""
    turned = [replace(r, rel=_TURNED.get(r.rel, r.rel)) for r in design.relations]
    return replace(design, relations=list({relation.name: relation for relation in turned}.values()))


def _costs(design: Design, found: Arrangement) -> list[int]:
    """How important what is left out is: worse ones sort later. Only what a banner can hardly be without counts."""
    priorities = {element.id: element.priority for element in design.elements}
    return sorted((_LEAST - priorities[name] for name in found.dropped if priorities[name] < _LEAST), reverse=True)


def _arranged(design: Design, order: Order, hint: Arrangement | None, *, pressed: bool = False) -> Arrangement:
    watch = Stopwatch()
    stage = replace(stage_of(design, order), pressed=pressed)
    watch.lap("logo")
    measured = measure(design, stage)
    watch.lap("measure")
    places = _scaled(hint, stage.size) if hint else None
    try:
        solution = solve(measured.problem, places)
    except LayoutInfeasible as error:
        if pressed or not room.is_for_space(error):
            raise
        if not order.may_press:
            raise room.too_small(design, stage, error.conflicts) from error
        stage = replace(stage, pressed=True)
        measured = measure(design, stage)
        solution = _pressed(design, stage, measured, error)
    watch.lap("solve")
    placements = _placements(design, stage, measured, solution)
    return Arrangement(
        size=order.size,
        margin=measured.problem.margin,
        solver=solution.status,
        placements=placements,
        dropped=solution.dropped,
        reasons=solution.reasons,
        relaxed=solution.relaxed,
        lost={name: count for name, count in measured.lost.items() if count},
        notes=_notes(design, placements, order.size) if stage.pressed else [],
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
        framed=design.background == "frame",
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


def _pressed(design: Design, stage: Stage, measured: Measured, refused: LayoutInfeasible) -> Solution:
    """The layout in smaller type and with long words parted, where in the usual type there is no room."""
    try:
        return solve(measured.problem)
    except LayoutInfeasible as error:
        raise room.too_small(design, stage, refused.conflicts) from error


def _notes(design: Design, placements: list[Placement], size: Size) -> list[str]:
    """How vital texts were made to fit."""
    elements = {element.id: element for element in design.elements}
    found: list[str] = []
    for placement in placements:
        element = elements[placement.id]
        if not is_vital(element) or not placement.lines:
            continue
        if "".join(placement.lines).count("-") > element.text.count("-"):
            found.append(f"{element.id} has a word that is longer than a line: it is parted")
        if placement.px < type_sizes(element, size)[0]:
            found.append(f"{element.id} is set in {placement.px} px: there is no room for its usual size")
    return found


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
