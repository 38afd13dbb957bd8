"""A design on a stage, as a layout problem: every element's possible sizes, every relation's distances.

Texts are measured here and the solver only sees boxes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.shapes import shape_of
from streamforge.pipelines.banner.layout.pictures import deco_item, hero_item, lies_over, logo_item, pin_of
from streamforge.pipelines.banner.layout.plates import pad_of
from streamforge.pipelines.banner.layout.roles import SETTINGS, legible_px, setting_of, style_of, type_sizes
from streamforge.pipelines.banner.layout.spacing import area_of, rules_of
from streamforge.pipelines.banner.layout.stage import Stage, is_strip
from streamforge.render import text
from streamforge.render.cleaning import clean
from streamforge.render.hyphenation import softened
from streamforge.render.text import TextSize, TextStyle
from streamforge.solve.bridge import without
from streamforge.solve.problem import Area, Candidate, Item, Problem, Pull, Rule

BUTTON_HEIGHT = 2.5
"""A button's height and its side padding, in type sizes of its label."""
BUTTON_PADDING = 1.15
_PADDING = 0.6
"""The distance from a panel's inner edges, in margins."""
_MAY_BREAK = frozenset(["cta", "contact", "kicker"])
"""Roles that take one line more than they ask for before they are left out."""
_LINE_FAULT, _DISPLAY_LINE_FAULT, _STRIP_LINE_FAULT = 7, 3, 8
_SURPLUS_FAULT = 18
"""What a text loses by each line more than its type size needs on this canvas."""
_CRAMPED_EM, _CRAMPED_FAULT = 7.0, 40
"""Lines of fewer letters than about twice this many look like a list, not like a sentence."""
_FEW_WORDS, _SINGLE_FAULT = 3, 13
_BRIEF_LETTERS, _TORN_FAULT = 9, 30
"""So short an offer (``30% off``) is one figure: it stands on a line."""
_STRIP_OFFER = 23
"""What an offer's size is worth where it stands beside the headline, and not below: nearly as much as that one's."""
_SHORT_WORD, _SHORT_FAULT = 3, 20
"""A headline of at least so many words is no list: lines of one word count against it, more if that word is short."""
_RIM, _DISPLAY_RIM, _STRIP_RIM = 0.3, 0.36, 0.25
"""The space kept free around a text, in type sizes. On strips a headline is large for the canvas, and so much would
push the line below it to the edge."""
_THIN_COLUMN = 2.5
_ABOVE_MOTIF = 0.64
"""The share of a skyscraper that is the content's where a motif fills the rest."""
_AIRY, _HARDLY_WORSE = 0.96, 12
_TO_THE_FOOT = frozenset(["footer-bar", "framed"])
"""Archetypes whose own forms reach the lower edge."""
_ENDLESS = 1e9
_PRESSED_LINES = 8


class Measured(Struct, frozen=True):
    """A problem with what the solver does not know: the text block behind each candidate key."""

    problem: Problem
    texts: dict[str, list[TextSize]]
    styles: dict[str, TextStyle]
    lost: dict[str, int]

    @property
    def middle(self) -> float:
        """The horizontal middle (px) of what margins and safe zones leave."""
        problem = self.problem
        room = problem.safe or Area(0, 0, problem.width, problem.height)
        left = max(room.x, problem.margin)
        return (left + min(room.x + room.width, problem.width - problem.margin)) / 2


def measure(design: Design, stage: Stage) -> Measured:
    """Measure every text and table its sizes. Raises LayoutInfeasible for ids that are not unique, or half a place."""
    _check_elements(design)
    size, metrics = stage.size, stage.metrics
    texts: dict[str, list[TextSize]] = {}
    styles: dict[str, TextStyle] = {}
    lost: dict[str, int] = {}
    items: list[Item] = []
    for element in (_pressed(element, stage) for element in design.elements):
        if element.role in {"logo", "hero", "deco"}:
            items += _picture_items(element, design, stage)
            continue
        style = style_of(element, design.typography)
        cleaned, lost[element.id] = clean(element.text, style)
        if cleaned:
            styles[element.id] = style
            texts[element.id] = _text_sizes(element, cleaned, design, stage)
            items.append(_text_item(element, texts[element.id], design, stage))
    over = lies_over(design, stage)
    items = [replace(item, over=over[item.id]) if over.get(item.id) else item for item in items]
    rules = rules_of(design, metrics)
    problem = Problem(
        width=size.width,
        height=size.height,
        margin=metrics.margin,
        grid=_grid(metrics.grid, items),
        gap=metrics.gap,
        padding=round(metrics.margin * _PADDING),
        safe=_above_motif(items, rules, design, stage),
        seed=design.seed,
        items=items,
        rules=rules,
        regions={region.id: area_of(region, size) for region in design.regions},
    )
    present = {item.id for item in items}
    for element in design.elements:
        problem = problem if element.id in present else without(problem, element.id)
    return Measured(problem, texts, styles, lost)


def _above_motif(items: list[Item], rules: list[Rule], design: Design, stage: Stage) -> Area:
    """The room for the content: on a skyscraper that it would leave half empty, the part above a motif of the ground.

    Spread over all of it, a few words would float in small groups, far from each other.
    """
    size, safe, metrics = stage.size, stage.safe, stage.metrics
    upper = Area(safe.x, safe.y, safe.width, round(size.height * _ABOVE_MOTIF) - safe.y)
    is_bound = design.regions or any(item.pin is not None or item.bleed for item in items)
    if shape_of(size) != "skyscraper" or is_bound or design.archetype in _TO_THE_FOOT or design.background == "frame":
        return safe
    heights = sum(_fair_height(item) for item in items)
    gaps = sorted((rule.ideal for rule in rules if rule.kind == "above"), reverse=True)[: max(len(items) - 1, 0)]
    return upper if heights + sum(gaps) + 2 * metrics.margin <= upper.height * _AIRY else safe


def _fair_height(item: Item) -> int:
    """The most that an item would take at a size that is hardly worse than its best."""
    best = max(candidate.score for candidate in item.candidates)
    return max(candidate.height for candidate in item.candidates if candidate.score >= best - _HARDLY_WORSE)


def _check_elements(design: Design) -> None:
    names = [*(element.id for element in design.elements), *(region.id for region in design.regions)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    halved = [element.id for element in design.elements if (element.x is None) != (element.y is None)]
    contrary = [element for element in design.elements if 0 < element.max_px < element.min_px]
    if contrary:
        name, least, most = contrary[0].id, contrary[0].min_px, contrary[0].max_px
        raise LayoutInfeasible(
            f"{name} is to be at least {least} px and at most {most} px",
            conflicts=(f"size({name})",),
            hint="let min_px be no more than max_px",
        )
    if doubled:
        raise LayoutInfeasible(
            f"two elements or regions are named {doubled[0]}", conflicts=tuple(doubled), hint="give each its own id"
        )
    if halved:
        raise LayoutInfeasible(
            f"{halved[0]} is locked in one direction only",
            conflicts=(f"at({halved[0]})",),
            hint="a locked place needs both x and y",
        )


def _grid(coarsest: int, items: list[Item]) -> int:
    """The coarsest step that every locked place lies on."""
    places = [side for item in items if item.pin is not None for side in item.pin]
    return next(grid for grid in (coarsest, 2, 1) if all(side % grid == 0 for side in places))


def _picture_items(element: Element, design: Design, stage: Stage) -> list[Item]:
    """The item of the logo, the hero or a rule; none where the picture is missing."""
    if element.role == "deco":
        return [deco_item(element, stage.metrics)]
    if element.role == "logo":
        barred = design.archetype == "footer-bar"
        item = logo_item(element, stage, _pulls(element, design), barred=barred)
        return [item] if stage.logo_aspect is not None else []
    return [hero_item(element, design, stage, _pulls(element, design))] if stage.hero_aspect is not None else []


def _pressed(element: Element, stage: Stage) -> Element:
    """On a pressed stage: a vital text with leave to be small, and for more lines."""
    if not (stage.pressed and is_vital(element)):
        return element
    least = min(legible_px(stage.size), type_sizes(element, stage.size)[0])
    lines = 1 if element.role == "cta" else max(element.max_lines, _PRESSED_LINES)
    return replace(element, min_px=element.min_px or least, max_lines=lines)


def _text_sizes(element: Element, cleaned: str, design: Design, stage: Stage) -> list[TextSize]:
    """The sizes that fit the canvas; where none does, the least ones, so that a refusal can say what they need."""
    size, margin, style = stage.size, stage.metrics.margin, style_of(element, design.typography)
    room_w, room_h = min(size.width - 2 * margin, stage.safe.width), min(size.height - 2 * margin, stage.safe.height)
    if pin_of(element) is not None:
        room_w, room_h = size.width, size.height
    px = type_sizes(element, size)
    lines = 1 if element.role == "cta" else element.max_lines
    if element.role == "cta":
        room_w -= round(2 * BUTTON_PADDING * px[0])
    across, down = pad_of(element, design, px[0], size)
    room_w, room_h = room_w - 2 * across, room_h - 2 * down
    options = text.blocks(cleaned, style, lines)
    if stage.pressed and is_vital(element) and (parted := softened(cleaned)) != cleaned:
        options += text.blocks(parted, style, lines)
    found = text.sizes(options, px, room_w, room_h)
    if not found and element.role in _MAY_BREAK:
        found = text.sizes(text.blocks(cleaned, style, lines + 1), px, room_w, room_h)
    return found or text.sizes(options, px[:1], _ENDLESS, _ENDLESS)


def _text_item(element: Element, sizes: list[TextSize], design: Design, stage: Stage) -> Item:
    smallest = min((size.px for size in sizes), default=1)
    largest = max((size.px for size in sizes), default=1)
    strip = is_strip(stage.size)
    rim = _rim(element, strip=strip)
    fewest: dict[int, int] = {}
    for size in sizes:
        fewest[size.px] = min(len(size.block.lines), fewest.get(size.px, len(size.block.lines)))
    spacious_px = _spacious_px(sizes, stage) if element.role == "headline" else math.inf
    candidates: list[Candidate] = []
    for key, size in enumerate(sizes):
        grown = math.log(size.px / smallest) / math.log(largest / smallest) if largest > smallest else 1.0
        score = _score(element, size, grown, fewest[size.px], strip=strip)
        if setting_of(element).display:
            score -= _alone(size.block.lines, narrow=size.px > spacious_px)
        width, height = _box_of(element, size, design, stage.size)
        candidates.append(Candidate(width, height, size.px, round(score), key, math.ceil(rim * size.px)))
    pull_x, pull_y = _pulls(element, design)
    return Item(
        id=element.id,
        candidates=candidates,
        priority=element.priority,
        weight=_STRIP_OFFER if strip and element.role == "offer" else setting_of(element).worth,
        pull_x=pull_x,
        pull_y=pull_y,
        stretch=element.role == "cta" and _shares_width(element, design),
        within=_headline(design) if element.role in {"sub", "body"} and not strip else "",
        pin=pin_of(element),
        vital=is_vital(element),
    )


def is_vital(element: Element) -> bool:
    """Whether the banner says nothing without it: such an element is never left out."""
    return bool(element.text) and (element.priority == 1 or element.role == "headline")


def _rim(element: Element, *, strip: bool) -> float:
    return (_STRIP_RIM if strip else _DISPLAY_RIM) if setting_of(element).display else _RIM


def _shares_width(element: Element, design: Design) -> bool:
    return any(r.rel == "same_width" and element.id in {r.a, r.b} for r in design.relations)


def _headline(design: Design) -> str:
    return next((element.id for element in design.elements if element.role == "headline"), "")


def _box_of(element: Element, size: TextSize, design: Design, canvas: Size) -> tuple[int, int]:
    if element.role != "cta":
        across, down = pad_of(element, design, size.px, canvas)
        return size.width + 2 * across, size.height + 2 * down
    more = (len(size.block.lines) - 1) * SETTINGS["cta"].leading
    return size.width + round(2 * BUTTON_PADDING * size.px), round((BUTTON_HEIGHT + more) * size.px)


def _score(element: Element, size: TextSize, grown: float, fewest: int, *, strip: bool) -> float:
    """20 to 100 by how far (0..1) the type has grown, less for bad breaks, uneven lines, more lines than the fewest.

    All but the display texts gain less and less from growing: they give way to the headline first.
    """
    lines = len(size.block.lines)
    faults = 40 * size.block.penalty + 8 * (1 - size.block.evenness)
    if setting_of(element).display:
        torn = _TORN_FAULT if element.role == "offer" and len(element.text) <= _BRIEF_LETTERS and not strip else 0
        faults += ((_STRIP_LINE_FAULT if strip else _DISPLAY_LINE_FAULT) + torn) * (lines - 1)
        return 20 + 80 * grown - faults
    faults += _LINE_FAULT * (lines - 1) + _SURPLUS_FAULT * (lines - fewest)
    cramped = _CRAMPED_FAULT * max(0.0, 1 - size.block.width / _CRAMPED_EM) if lines > 1 else 0.0
    return 20 + 80 * math.sqrt(grown) - faults - cramped


def _spacious_px(sizes: list[TextSize], stage: Stage) -> float:
    """The largest type in which a line of a thin column holds two of the longest words: in a larger one it has one."""
    if stage.size.height < _THIN_COLUMN * stage.size.width:
        return math.inf
    words = {word: size.block.style for size in sizes for line in size.block.lines for word in line.split()}
    longest = max((text.line_width(word, style) for word, style in words.items()), default=1.0)
    return (stage.size.width - 2 * stage.metrics.margin) / (2 * longest)


def _alone(lines: Sequence[str], *, narrow: bool) -> float:
    """What a text of a few words loses by lines of one word: set so it is a list, unless lines are that ``narrow``.

    A short word alone is lost anywhere.
    """
    words = [line.split() for line in lines]
    if len(lines) == 1 or sum(map(len, words)) < _FEW_WORDS:
        return 0.0
    single = [line[0] for line in words if len(line) == 1]
    short = [word for word in single if len(word) <= _SHORT_WORD and word.isalpha()]
    return (0 if narrow else _SINGLE_FAULT * len(single)) + _SHORT_FAULT * len(short)


def ends_right(element: Element, design: Design) -> bool:
    """Whether its right edge is the one that counts: its lines start there, or a relation says so."""
    aligned = any(r.rel == "align_right" and element.id in {r.a, r.b} for r in design.relations)
    return aligned or text.is_rtl(element.text)


def _pulls(element: Element, design: Design) -> tuple[Pull, Pull]:
    """Where an element drifts: to its column's outer edge, unless a rule centres it."""
    centred = {r.a for r in design.relations if r.rel == "center_x" and not r.b}
    if element.id in centred:
        return "none", "none"
    if ends_right(element, design):
        return "end", "none"
    rows = {(r.a, r.b) for r in design.relations if r.rel == "left_of"}
    is_last = any(b == element.id for _, b in rows) and not any(a == element.id for a, _ in rows)
    headline = _headline(design)
    beside_headline = (headline, element.id) in rows or (element.id, headline) in rows
    is_closing = is_last and not any(b == headline for _, b in rows)
    is_end = (headline, element.id) in rows or (is_last and beside_headline) or is_closing
    return ("end" if is_end else "start"), "none"
