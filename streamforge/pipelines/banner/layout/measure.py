"""A design at a size, as a layout problem: every element's possible sizes, every relation's distances.

Texts are measured here and the solver only sees boxes; gaps, margins and the logo's size follow the canvas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element, Region, Relation
from streamforge.pipelines.banner.layout.roles import SETTINGS, setting_of, style_of, type_sizes
from streamforge.render import text
from streamforge.render.text import TextSize, TextStyle
from streamforge.solve.problem import Area, Candidate, Item, Problem, Pull, Rule

BUTTON_HEIGHT = 2.5
"""A button's height and its side padding, in type sizes of its label."""
BUTTON_PADDING = 1.15
_STRIP_ASPECT = 2.4
_LOW_PX = 200
_GRIDS = ((400, 4), (100, 2), (0, 1))
"""Grid steps (px) by the least short side they are for."""
_LOGO_STEPS = 6
_MAY_BREAK = frozenset(["cta", "contact", "kicker"])
"""Roles that take one line more than they ask for before they are left out."""
_LINE_FAULT = 7


def is_strip(size: Size) -> bool:
    """Whether the canvas is so wide that elements stand side by side."""
    return size.width / size.height >= _STRIP_ASPECT


class Metrics(Struct, frozen=True):
    """The canvas' own measures, px: mean side, margin, least gap, grid; and how upright it is (0: lying or square)."""

    unit: float
    margin: int
    gap: int
    grid: int
    tallness: float

    @classmethod
    def of(cls, size: Size) -> Metrics:
        """Margins are 7 % of the short side, a little more on thin strips; small canvases have a finer grid."""
        unit = math.sqrt(size.width * size.height)
        short = min(size.width, size.height)
        share = 0.095 if is_strip(size) and short < _LOW_PX else 0.07
        grid = next(grid for least, grid in _GRIDS if short >= least)
        margin = max(5, round(short * share))
        tallness = min(max(size.height / size.width - 1.2, 0.0), 2.6)
        return cls(unit, margin, max(4, round(unit * 0.018)), grid, tallness)


class Measured(Struct, frozen=True):
    """A problem with what the solver does not know: the text block behind each candidate key."""

    problem: Problem
    texts: dict[str, list[TextSize]]
    styles: dict[str, TextStyle]
    lost: dict[str, int]


def measure(design: Design, size: Size, logo_aspect: float | None) -> Measured:
    """Measure every text and table its sizes. ``logo_aspect`` is width over height; without it logos are left out."""
    metrics = Metrics.of(size)
    texts: dict[str, list[TextSize]] = {}
    styles: dict[str, TextStyle] = {}
    lost: dict[str, int] = {}
    items: list[Item] = []
    for element in design.elements:
        if element.role == "logo" and logo_aspect is not None:
            items.append(_logo_item(element, design, size, metrics, logo_aspect))
        elif element.role == "deco":
            items.append(_deco_item(element, metrics))
        elif element.role != "logo":
            style = style_of(element, design.typography)
            cleaned, lost[element.id] = text.clean(element.text, style)
            if not cleaned:
                continue
            styles[element.id] = style
            texts[element.id] = _text_sizes(element, cleaned, style, size, metrics)
            items.append(_text_item(element, texts[element.id], design, strip=is_strip(size)))
    problem = Problem(
        width=size.width,
        height=size.height,
        margin=metrics.margin,
        grid=metrics.grid,
        gap=metrics.gap,
        seed=design.seed,
        items=items,
        rules=_rules(design, {item.id for item in items}, metrics),
        regions={region.id: _area(region, size) for region in design.regions},
    )
    return Measured(problem, texts, styles, lost)


def _text_sizes(element: Element, cleaned: str, style: TextStyle, size: Size, metrics: Metrics) -> list[TextSize]:
    room_w, room_h = size.width - 2 * metrics.margin, size.height - 2 * metrics.margin
    px = type_sizes(element, size)
    lines = 1 if element.role == "cta" else element.max_lines
    if element.role == "cta":
        room_w -= round(2 * BUTTON_PADDING * px[0])
    found = text.sizes(text.blocks(cleaned, style, lines), px, room_w, room_h)
    if not found and element.role in _MAY_BREAK:
        found = text.sizes(text.blocks(cleaned, style, lines + 1), px, room_w, room_h)
    return found


def _text_item(element: Element, sizes: list[TextSize], design: Design, *, strip: bool) -> Item:
    setting = setting_of(element)
    smallest = min((size.px for size in sizes), default=1)
    largest = max((size.px for size in sizes), default=1)
    candidates = [
        Candidate(*_box_of(element, size), size.px, _score(element, size, smallest, largest), key)
        for key, size in enumerate(sizes)
    ]
    pull_x, pull_y = _pulls(element, design)
    return Item(
        id=element.id,
        candidates=candidates,
        priority=element.priority,
        weight=setting.worth,
        pull_x=pull_x,
        pull_y=pull_y,
        stretch=element.role == "cta" and _shares_width(element, design),
        within=_headline(design) if element.role in {"sub", "body"} and not strip else "",
    )


def _shares_width(element: Element, design: Design) -> bool:
    return any(r.rel == "same_width" and element.id in {r.a, r.b} for r in design.relations)


def _headline(design: Design) -> str:
    return next((element.id for element in design.elements if element.role == "headline"), "")


def _box_of(element: Element, size: TextSize) -> tuple[int, int]:
    if element.role != "cta":
        return size.width, size.height
    more = (len(size.block.lines) - 1) * SETTINGS["cta"].leading
    return size.width + round(2 * BUTTON_PADDING * size.px), round((BUTTON_HEIGHT + more) * size.px)


def _score(element: Element, size: TextSize, smallest: int, largest: int) -> int:
    """0 to 100 by the logarithm of the type size, less for bad breaks and uneven lines.

    All but the display texts gain less and less from growing: they give way to the headline first.
    """
    grown = math.log(size.px / smallest) / math.log(largest / smallest) if largest > smallest else 1.0
    if not setting_of(element).display:
        return max(0, round(_score_of(math.sqrt(grown), size)) - _LINE_FAULT * (len(size.block.lines) - 1))
    return max(0, round(_score_of(grown, size)))


def _score_of(grown: float, size: TextSize) -> float:
    faults = 40 * size.block.penalty + 8 * (1 - size.block.evenness)
    return 20 + 80 * grown - faults


def _logo_item(element: Element, design: Design, size: Size, metrics: Metrics, aspect: float) -> Item:
    """Sizes by area: a wide wordmark and a square badge carry the same weight."""
    strip = is_strip(size)
    room_h = (size.height - 2 * metrics.margin) * (1.0 if strip else 0.24)
    room_w = (size.width - 2 * metrics.margin) * (0.26 if strip else 0.42 if size.width > size.height else 0.72)
    largest = min(math.sqrt((0.07 if strip else 0.05) * size.width * size.height / aspect), room_h, room_w / aspect)
    candidates: list[Candidate] = []
    for step in range(_LOGO_STEPS):
        height = largest * 0.88 ** (_LOGO_STEPS - 1 - step)
        score = 20 + 80 * step // (_LOGO_STEPS - 1)
        candidates.append(Candidate(max(1, round(height * aspect)), max(1, round(height)), 0, score, step))
    pull_x, pull_y = _pulls(element, design)
    return Item(
        id=element.id,
        candidates=candidates,
        priority=element.priority,
        weight=6,
        pull_x=pull_x,
        pull_y=pull_y,
        clear=max(metrics.gap, round(largest * 0.2)),
    )


def _deco_item(element: Element, metrics: Metrics) -> Item:
    width, height = max(16, round(metrics.unit * 0.08)), max(2, round(metrics.unit * 0.007))
    return Item(id=element.id, candidates=[Candidate(width, height, 0, 1, 0)], priority=element.priority)


def _pulls(element: Element, design: Design) -> tuple[Pull, Pull]:
    """Where an element drifts: to its column's outer edge, unless a rule centres it."""
    centred = {r.a for r in design.relations if r.rel == "center_x" and not r.b}
    if element.id in centred:
        return "none", "none"
    rows = {(r.a, r.b) for r in design.relations if r.rel == "left_of"}
    is_last = any(b == element.id for _, b in rows) and not any(a == element.id for a, _ in rows)
    headline = _headline(design)
    beside_headline = (headline, element.id) in rows or (element.id, headline) in rows
    is_closing = is_last and not any(b == headline for _, b in rows)
    is_end = (headline, element.id) in rows or (is_last and beside_headline) or is_closing
    return ("end" if is_end else "start"), "none"


_TIGHT = frozenset(
    [("kicker", "headline"), ("headline", "sub"), ("headline", "body"), ("body", "sub"), ("sub", "body")]
)
_GAPS = {"tight": 0.034, "offer": 0.042, "logo": 0.055, "cta": 0.048, "other": 0.032}


def _rules(design: Design, present: set[str], metrics: Metrics) -> list[Rule]:
    roles = {element.id: element.role for element in design.elements}
    areas = {region.id for region in design.regions}
    absent = set(roles) - present
    return [
        _rule(relation, roles, metrics)
        for relation in design.relations
        if relation.a not in absent and (relation.b not in absent or relation.b in areas)
    ]


def _rule(relation: Relation, roles: dict[str, str], metrics: Metrics) -> Rule:
    pair = (roles.get(relation.a, ""), roles.get(relation.b, ""))
    ideal = metrics.unit * _ideal_share(pair)
    least = metrics.gap
    if relation.rel == "above":
        least = max(3, round(ideal * 0.75))
        ideal *= 1 + (metrics.tallness * (0.25 if pair in _TIGHT else 0.9))
    elif relation.rel == "near":
        least = max(8, round(metrics.unit * 0.06))
    elif relation.rel == "left_of":
        least = max(8, round(metrics.unit * 0.055))
    return Rule(
        name=relation.name,
        kind=relation.rel,
        a=relation.a,
        b=relation.b,
        hard=relation.hard,
        weight=relation.weight,
        gap=least,
        ideal=round(ideal) if relation.rel == "above" else 0,
        tight=pair in _TIGHT,
    )


def _ideal_share(pair: tuple[str, str]) -> float:
    kinds: Iterable[str] = (
        ("tight" if pair in _TIGHT else ""),
        ("logo" if "logo" in pair else ""),
        ("cta" if "cta" in pair else ""),
        ("offer" if "offer" in pair else ""),
    )
    return _GAPS[next((kind for kind in kinds if kind), "other")]


def _area(region: Region, size: Size) -> Area:
    """A region's share of the canvas at its anchor; the centre takes it in both directions."""
    share = region.share / 100
    wide, high = round(size.width * share), round(size.height * share)
    width, height = size.width, size.height
    return {
        "full": Area(0, 0, width, height),
        "left": Area(0, 0, wide, height),
        "right": Area(width - wide, 0, wide, height),
        "top": Area(0, 0, width, high),
        "bottom": Area(0, height - high, width, high),
        "center": Area((width - wide) // 2, (height - high) // 2, wide, high),
    }[region.anchor]
