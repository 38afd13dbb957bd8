"""From a layout of roles to relations between elements, and what becomes of them when elements go or the side turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, product

from msgspec import Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.design.archetypes import Align, Column, Layout
from streamforge.pipelines.banner.design.brief import HeroFacts
from streamforge.pipelines.banner.design.framing import OPPOSITE, PANEL, PICTURE, regions_for
from streamforge.pipelines.banner.design.graph import Element, Region, Relation, RelationKind
from streamforge.pipelines.banner.words.wording import follows

_ALIGN_WEIGHT = 8
_GROUP_WEIGHT = 3
_LEAD_WEIGHT = 9
_SECOND_WEIGHT = 6
_GROUPS = frozenset([("headline", "sub"), ("offer", "sub"), ("cta", "contact")])
_ORDERS = frozenset(["above", "left_of"])
_ACTIONS = frozenset(["cta", "contact", "legal", "offer", "logo"])
_MIRRORED: dict[RelationKind, RelationKind] = {"align_left": "align_right", "align_right": "align_left"}


class Related(Struct, frozen=True):
    """What an arrangement makes of elements."""

    relations: list[Relation]
    regions: list[Region]
    align: Align


def relate(
    layout: Layout,
    elements: list[Element],
    hero: HeroFacts | None = None,
    *,
    size: tuple[int, int] = (1, 1),
    offer_goes_on: bool = False,
) -> Related:
    """The layout over the elements at hand: reading order hard; alignment, hierarchy and grouping soft.

    ``hero`` and the canvas' ``size`` (px) decide where a picture goes. Where the offer goes on in the line below the
    headline, that line stands below the offer instead.
    """
    texts = [element for element in elements if element.role != "hero"]
    wanted = [_joined(column, layout) for column in layout.columns] if offer_goes_on else layout.columns
    columns = [kept for column in wanted if (kept := _members(column, texts))]
    header, footer = _members(layout.header, texts), _members(layout.footer, texts)
    columns = _with_homeless(columns, [*header, *footer], texts)
    centred = {columns.index(kept) for at in layout.centred if (kept := _members(wanted[at], texts)) in columns}
    centred -= {0} if len(columns) > 1 else set[int]()  # at the canvas' left edge: what stands there begins there
    lead = next((element.id for element in texts if element.role == "headline"), "")
    quiet = {element.id for element in texts if element.role in {"sub", "body"}}
    order = [*_order(columns), *_rows(columns, header, footer)]
    relations = [*order, *_aligned(columns, centred, {lead} | quiet, lead), *_edges(columns, header, footer)]
    relations += [*_hierarchy(layout, elements), *_grouped(columns, elements)]
    if layout.picture and (name := next((element.id for element in elements if element.role == "hero"), "")):
        regions = regions_for(layout.picture, hero, size)
        inside = [Relation(a=name, rel="inside", b=PICTURE)]
        inside += [Relation(a=element.id, rel="inside", b=PANEL) for element in texts]
        return Related([*relations, *inside], regions, "left")
    return Related(relations, [], "center" if centred and len(columns) == 1 else "left")


def offer_goes_on(prompt: str, elements: list[Element]) -> bool:
    """Whether the line below the headline is the rest of the offer: ``30% off``, ``on every roast``."""
    texts = {element.role: element.text for element in reversed(elements)}
    return follows(prompt, texts.get("offer", ""), texts.get("sub", ""))


def _joined(column: Column, layout: Layout) -> Column:
    """The column with the line that goes on with the offer right below it; a badge has no such line."""
    named = {role for each in layout.columns for role in each}
    if layout.lead == "both" or "offer" not in named:
        return column
    rest = tuple(role for role in column if role != "sub")
    at = rest.index("offer") + 1 if "offer" in rest else 0
    return (*rest[:at], "sub", *rest[at:]) if at else rest


def without(relations: Iterable[Relation], gone: Iterable[str]) -> list[Relation]:
    """The relations less those of some elements; an order that went through one of these still binds its neighbours."""
    kept = list(relations)
    for name in gone:
        about = [r for r in kept if name in {r.a, r.b}]
        kept = [r for r in kept if name not in {r.a, r.b}]
        known = {r.name for r in kept}
        kept += [bridge for bridge in _bridges(about, name) if bridge.name not in known and bridge.a != bridge.b]
    return kept


def mirrored(relations: Iterable[Relation]) -> list[Relation]:
    """The relations for a reader who starts at the right."""
    return [_mirrored(relation) for relation in relations]


def mirrored_regions(regions: list[Region]) -> list[Region]:
    """The regions with left and right exchanged; text that lies on a picture stays where that is calm."""
    if any(region.id == PICTURE and region.anchor == "full" for region in regions):
        return regions
    return [
        replace(region, anchor=OPPOSITE[region.anchor]) if region.anchor in {"left", "right"} else region
        for region in regions
    ]


def _mirrored(relation: Relation) -> Relation:
    if relation.rel == "left_of":
        return replace(relation, a=relation.b, b=relation.a)
    return replace(relation, rel=_MIRRORED.get(relation.rel, relation.rel))


def _bridges(about: list[Relation], name: str) -> Iterator[Relation]:
    for before, after in product(about, about):
        if before.rel in _ORDERS and before.rel == after.rel and before.b == name == after.a:
            yield replace(before, b=after.b, hard=before.hard and after.hard)


def _members(roles: Iterable[str], elements: list[Element]) -> list[str]:
    return [element.id for role in roles for element in elements if element.role == role]


def _with_homeless(columns: list[list[str]], rows: list[str], elements: list[Element]) -> list[list[str]]:
    """Elements whose role the layout does not name go below what they belong to: texts or the action."""
    placed = {name for column in (*columns, rows) for name in column}
    homeless = [element for element in elements if element.id not in placed]
    if not columns:
        return [[element.id for element in homeless]] if homeless else []
    roles = {element.id: element.role for element in elements}
    grown = [list(column) for column in columns]
    for element in homeless:
        wanted = element.role in _ACTIONS
        home = next((c for c in reversed(grown) if any((roles[n] in _ACTIONS) == wanted for n in c)), grown[-1])
        home.append(element.id)
    return grown


def _order(columns: list[list[str]]) -> Iterator[Relation]:
    for column in columns:
        yield from (Relation(a=upper, rel="above", b=lower) for upper, lower in pairwise(column))
    for left, right in pairwise(columns):
        yield from (Relation(a=a, rel="left_of", b=b) for a, b in product(left, right))


def _rows(columns: list[list[str]], header: list[str], footer: list[str]) -> Iterator[Relation]:
    for row in (header, footer):
        yield from (Relation(a=left, rel="left_of", b=right) for left, right in pairwise(row))
    for column in columns:
        yield from (Relation(a=name, rel="above", b=column[0]) for name in header)
        yield from (Relation(a=column[-1], rel="above", b=name) for name in footer)


def _edges(columns: list[list[str]], header: list[str], footer: list[str]) -> Iterator[Relation]:
    """Each row in line, and its first member with the column's edge."""
    for row in (header, footer):
        yield from (_soft(left, "center_y", right, _ALIGN_WEIGHT) for left, right in pairwise(row))
        if row and columns:
            yield _soft(row[0], "align_left", columns[0][0], _ALIGN_WEIGHT)


def _aligned(columns: list[list[str]], centred: set[int], ragged: set[str], lead: str) -> Iterator[Relation]:
    """Columns of sentences share an edge; those of offer, button and logo share an axis, but for the first."""
    for at, column in enumerate(columns):
        if at in centred and len(columns) == 1:
            yield from (_soft(name, "center_x", "", _ALIGN_WEIGHT) for name in column)
        elif len(column) == 1 and len(columns) > 1:
            yield _soft(column[0], "center_y", "", _ALIGN_WEIGHT)
        else:
            anchor = lead if lead in column else column[0]
            yield from _column_edge(column, anchor, centred=at in centred or (at > 0 and ragged.isdisjoint(column)))


def _column_edge(column: list[str], anchor: str, *, centred: bool) -> Iterator[Relation]:
    edge: RelationKind = "center_x" if centred else "align_left"
    yield from (_soft(name, edge, anchor, _ALIGN_WEIGHT) for name in column if name != anchor)


def _hierarchy(layout: Layout, elements: list[Element]) -> Iterator[Relation]:
    names: dict[str, str] = {}
    for element in elements:
        names.setdefault(element.role, element.id)
    lead = "offer" if layout.lead == "offer" and "offer" in names else "headline"
    second = "headline" if lead == "offer" else "offer"
    pairs = [] if layout.lead == "both" else [(lead, second, _LEAD_WEIGHT if lead == "offer" else _SECOND_WEIGHT)]
    pairs += [("headline", lesser, _LEAD_WEIGHT) for lesser in ("sub", "kicker", "contact")]
    pairs += [("offer", "sub", 5)]
    lines = [element.id for element in elements if element.role == "sub"]
    yield from (_soft(first, "larger_type", other, _SECOND_WEIGHT) for first, other in pairwise(lines))
    yield from (_soft(names[a], "larger_type", names[b], w) for a, b, w in pairs if a in names and b in names)


def _grouped(columns: list[list[str]], elements: list[Element]) -> Iterator[Relation]:
    """What belongs together and shares a column stands close: beside each other, each has its own column's place."""
    roles = {element.id: element.role for element in elements}
    for column in columns:
        for upper, lower in pairwise(column):
            if (roles[upper], roles[lower]) in _GROUPS:
                yield _soft(upper, "near", lower, _GROUP_WEIGHT)


def _soft(a: str, rel: RelationKind, b: str, weight: int) -> Relation:
    return Relation(a=a, rel=rel, b=b, hard=False, weight=weight)
