"""The boxes of what is no text: the logo, the hero picture, a rule."""

from __future__ import annotations

import math

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.layout.spacing import area_of
from streamforge.pipelines.banner.layout.stage import Metrics, Stage, is_strip
from streamforge.solve.problem import Area, Candidate, Item, Pull

FILL = 0
"""The key of the size that fills a hero's region to its edges."""
_LOGO_STEPS, _LOGO_STEP, _LOGO_WORTH = 7, 0.9, 10
_IN_BAR, _BARRED_PX = 0.2, 180
"""Of the height that a logo takes in a bar below, and the least height of a canvas that has such a bar."""
_LEAST_LOGO_PX = 8
"""A smaller logo says nothing; only where not even the largest reaches it may it be smaller."""
_HERO_STEPS, _HERO_STEP, _HERO_WORTH = 5, 0.8, 20
_HERO_AREA = 0.4
"""The most of the canvas that a hero without a region takes."""
_OVER = 0.5
"""A region that covers this share of the hero's lies over it."""

Pulls = tuple[Pull, Pull]


def logo_item(element: Element, stage: Stage, pulls: Pulls, *, barred: bool = False) -> Item:
    """Sizes by area: a wide wordmark and a square badge carry the same weight.

    Around it stays its clear space and a little more: a plate that it may need fills the clear space. ``barred`` says
    that it stands beside the button in the bar that closes the banner.
    """
    size, metrics, aspect = stage.size, stage.metrics, stage.logo_aspect or 1.0
    strip, lying = is_strip(size), size.width > size.height
    room_w = min(size.width - 2 * metrics.margin, stage.safe.width) * (0.3 if strip else 0.42 if lying else 0.72)
    share = _IN_BAR if barred and size.height >= _BARRED_PX else 1.0 if strip else 0.24
    room_h = min(size.height - 2 * metrics.margin, stage.safe.height) * share
    largest = min(math.sqrt((0.07 if strip else 0.05) * size.width * size.height / aspect), room_h, room_w / aspect)
    heights = [largest * _LOGO_STEP ** (_LOGO_STEPS - 1 - step) for step in range(_LOGO_STEPS)]
    candidates: list[Candidate] = []
    for step, height in enumerate(heights):
        box_w, box_h = max(1, round(height * aspect)), max(1, round(height))
        score = round(20 + 80 * math.sqrt(step / (_LOGO_STEPS - 1)))
        clear = math.ceil(stage.clear_space * box_h) + metrics.gap
        if min(box_w, box_h) >= _LEAST_LOGO_PX or step == _LOGO_STEPS - 1:
            candidates.append(Candidate(box_w, box_h, 0, score, step, clear))
    return Item(
        id=element.id,
        candidates=candidates,
        priority=element.priority,
        weight=_LOGO_WORTH,
        pull_x=pulls[0],
        pull_y=pulls[1],
        pin=pin_of(element),
    )


def hero_item(element: Element, design: Design, stage: Stage, pulls: Pulls) -> Item:
    """The whole of its region, to the canvas' edges, or, without a region, sizes by area at its own proportions.

    A design that puts elements inside a region over the hero's wants them there: they may lie on it.
    """
    region = hero_region(element, design, stage)
    aspect = element.aspect / 100 if element.aspect else (stage.hero_aspect or 1.0)
    pin = pin_of(element)
    if region is not None and not element.aspect and pin is None:
        sizes, bleed = [(region.width, region.height)], True
    else:
        sizes, bleed = _hero_sizes(region or stage.safe, stage.size, stage.metrics, aspect), False
    return Item(
        id=element.id,
        candidates=[
            Candidate(width, height, 0, 100 - 80 * step // _HERO_STEPS, FILL + step)
            for step, (width, height) in enumerate(sizes)
        ],
        priority=element.priority,
        weight=_HERO_WORTH,
        pull_x=pulls[0],
        pull_y=pulls[1],
        pin=pin,
        bleed=bleed,
    )


def hero_region(element: Element, design: Design, stage: Stage) -> Area | None:
    """The region that holds the hero by a hard relation."""
    inside = [r.b for r in design.relations if r.hard and r.rel == "inside" and r.a == element.id]
    return next((area_of(region, stage.size) for region in design.regions if region.id in inside), None)


def _hero_sizes(region: Area, size: Size, metrics: Metrics, aspect: float) -> list[tuple[int, int]]:
    room_w = min(region.width, size.width - 2 * metrics.margin)
    room_h = min(region.height, size.height - 2 * metrics.margin)
    widest = min(room_w, room_h * aspect, math.sqrt(_HERO_AREA * size.width * size.height * aspect))
    widths = [widest * _HERO_STEP**step for step in range(_HERO_STEPS)]
    return [(max(1, int(width)), max(1, int(width / aspect))) for width in widths]


def lies_over(design: Design, stage: Stage) -> dict[str, tuple[str, ...]]:
    """By element: the heroes that it may lie on, because the design puts it inside a region over theirs."""
    heroes = [element for element in design.elements if element.role == "hero"]
    areas = {region.id: area_of(region, stage.size) for region in design.regions}
    found: dict[str, tuple[str, ...]] = {}
    for relation in design.relations:
        area = areas.get(relation.b)
        if area is None or not relation.hard or relation.rel != "inside":
            continue
        beneath = [(hero.id, hero_region(hero, design, stage)) for hero in heroes if hero.id != relation.a]
        over = tuple(name for name, ground in beneath if ground is not None and _covers(area, ground))
        found[relation.a] = found.get(relation.a, ()) + over
    return found


def _covers(area: Area, ground: Area) -> bool:
    width = min(area.x + area.width, ground.x + ground.width) - max(area.x, ground.x)
    height = min(area.y + area.height, ground.y + ground.height) - max(area.y, ground.y)
    return max(width, 0) * max(height, 0) >= _OVER * min(ground.width * ground.height, area.width * area.height)


def deco_item(element: Element, metrics: Metrics) -> Item:
    """A short bar."""
    width, height = max(16, round(metrics.unit * 0.08)), max(2, round(metrics.unit * 0.007))
    bar = Candidate(width, height, 0, 1, 0)
    return Item(id=element.id, candidates=[bar], priority=element.priority, pin=pin_of(element))


def pin_of(element: Element) -> tuple[int, int] | None:
    """The place that the element is locked to."""
    return None if element.x is None or element.y is None else (element.x, element.y)
