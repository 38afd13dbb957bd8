"""Arrangements by the canvas' shape, as reading order only: which elements share a column, which row closes the banner.

An archetype holds no measure and no coordinate. ``relate`` turns it into relations: the reading order hard,
everything about looks soft, so that a design can be crowded but never contradictory.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Anchor, BackgroundStyle, Element, Region, Relation

Shape = Literal["micro", "strip", "short-strip", "wide", "landscape", "square", "portrait", "skyscraper", "compact"]
Align = Literal["left", "center"]

PANEL = "panel"
_LYING = 2.4
_SKYSCRAPER = 0.5
_LANDSCAPE = 1.15
_STRIP = 4.5
_WIDE_PX = 180
_MICRO_PX2 = 20_000
_COMPACT_PX2 = 45_000
_ALIGN_WEIGHT = 8
_GROUP_WEIGHT = 3


class Archetype(Struct, frozen=True, kw_only=True):
    """Columns of elements, left to right, and a closing row below them; elements a design lacks are skipped.

    ``panel`` puts everything on one side of the canvas: its anchor and share in percent. ``needs`` are the
    elements without which the arrangement makes no sense.
    """

    name: str
    shapes: tuple[Shape, ...]
    columns: tuple[tuple[str, ...], ...]
    footer: tuple[str, ...] = ()
    align: Align = "left"
    backgrounds: tuple[BackgroundStyle, ...]
    needs: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    panel: tuple[Anchor, int] | None = None


_TEXTS = ("kicker", "headline", "date", "sub")
_CONTACTS = ("contact", "phone")
_BOXES: tuple[Shape, ...] = ("landscape", "square", "portrait")
_OFFER = frozenset({"offer"})

ARCHETYPES: tuple[Archetype, ...] = (
    Archetype(
        name="classic-left",
        shapes=(*_BOXES, "skyscraper", "compact"),
        columns=(("logo", *_TEXTS, "offer", "cta", *_CONTACTS),),
        backgrounds=("gradient", "arcs", "waves", "glow", "diagonal-split"),
    ),
    Archetype(
        name="centred-poster",
        shapes=(*_BOXES, "skyscraper", "compact"),
        columns=(("logo", *_TEXTS, "offer", "cta", *_CONTACTS),),
        align="center",
        backgrounds=("frame", "solid", "dots", "glow", "arcs"),
    ),
    Archetype(
        name="offer-hero",
        shapes=(*_BOXES, "skyscraper", "compact"),
        columns=(("logo", "kicker", "offer", "headline", "date", "sub", "cta", *_CONTACTS),),
        align="center",
        backgrounds=("bands", "dots", "gradient", "frame", "solid"),
        needs=_OFFER,
    ),
    Archetype(
        name="offer-hero-left",
        shapes=(*_BOXES, "skyscraper", "compact"),
        columns=(("logo", "kicker", "offer", "headline", "date", "sub", "cta", *_CONTACTS),),
        backgrounds=("diagonal-split", "waves", "gradient", "glow"),
        needs=_OFFER,
    ),
    Archetype(
        name="offer-beside",
        shapes=("landscape",),
        columns=(("logo", *_TEXTS, "cta", *_CONTACTS), ("offer",)),
        backgrounds=("diagonal-split", "arcs", "glow", "gradient"),
        needs=_OFFER,
    ),
    Archetype(
        name="split-panel",
        shapes=("landscape",),
        columns=(("logo", *_TEXTS, "offer", "cta", *_CONTACTS),),
        backgrounds=("panel",),
        panel=("left", 66),
    ),
    Archetype(
        name="logo-last",
        shapes=(*_BOXES, "skyscraper"),
        columns=((*_TEXTS, "offer", "cta", *_CONTACTS, "logo"),),
        backgrounds=("solid", "bands", "gradient", "waves"),
        needs=frozenset({"logo"}),
    ),
    Archetype(
        name="footer-row",
        shapes=("landscape", "square"),
        columns=((*_TEXTS, "offer", *_CONTACTS),),
        footer=("cta", "logo"),
        backgrounds=("waves", "gradient", "arcs", "frame"),
        needs=frozenset({"logo", "cta"}),
    ),
    Archetype(
        name="strip-classic",
        shapes=("strip",),
        columns=(("logo",), ("kicker", "headline", "sub"), ("offer",), ("cta", "contact")),
        backgrounds=("gradient", "solid", "diagonal-split"),
    ),
    Archetype(
        name="strip-offer-first",
        shapes=("strip",),
        columns=(("logo",), ("offer",), ("headline", "sub"), ("cta", "contact")),
        backgrounds=("diagonal-split", "solid", "bands"),
        needs=_OFFER,
    ),
    Archetype(
        name="strip-logo-last",
        shapes=("strip",),
        columns=(("headline", "sub"), ("offer",), ("cta", "contact"), ("logo",)),
        backgrounds=("solid", "gradient", "glow"),
        needs=frozenset({"logo"}),
    ),
    Archetype(
        name="strip-stacked",
        shapes=("strip", "short-strip"),
        columns=(("logo", "contact"), ("headline", "sub"), ("offer", "cta")),
        backgrounds=("gradient", "waves", "solid"),
    ),
    Archetype(
        name="strip-pairs",
        shapes=("short-strip",),
        columns=(("logo", "headline"), ("offer", "cta")),
        backgrounds=("gradient", "solid", "diagonal-split"),
    ),
    Archetype(
        name="strip-under",
        shapes=("short-strip",),
        columns=(("headline", "offer"), ("logo", "cta")),
        backgrounds=("solid", "glow", "gradient"),
    ),
    Archetype(
        name="strip-beside",
        shapes=("short-strip",),
        columns=(("logo",), ("headline", "offer"), ("cta",)),
        backgrounds=("gradient", "solid", "bands"),
    ),
    Archetype(
        name="wide-columns",
        shapes=("wide",),
        columns=(("logo", *_TEXTS), ("offer", "cta", *_CONTACTS)),
        backgrounds=("diagonal-split", "gradient", "arcs", "glow"),
    ),
    Archetype(
        name="wide-left",
        shapes=("wide",),
        columns=((*_TEXTS, "cta", *_CONTACTS), ("logo", "offer")),
        backgrounds=("waves", "glow", "gradient", "arcs"),
        needs=frozenset({"logo"}),
    ),
    Archetype(
        name="wide-centred",
        shapes=("wide",),
        columns=(("logo", *_TEXTS, "cta", *_CONTACTS),),
        align="center",
        backgrounds=("frame", "dots", "glow", "solid"),
        lacks=frozenset({"offer", "contact"}),
    ),
    Archetype(
        name="wide-offer",
        shapes=("wide",),
        columns=(("logo", "offer"), (*_TEXTS, "cta", *_CONTACTS)),
        backgrounds=("bands", "diagonal-split", "gradient", "dots"),
        needs=_OFFER,
    ),
    Archetype(
        name="wide-three",
        shapes=("wide",),
        columns=(("logo",), _TEXTS, ("offer", "cta", *_CONTACTS)),
        backgrounds=("gradient", "solid", "waves"),
    ),
    Archetype(
        name="micro-row",
        shapes=("micro",),
        columns=(("logo",), ("headline",), ("offer",), ("cta",)),
        backgrounds=("solid", "gradient"),
    ),
    Archetype(
        name="micro-row-logo-last",
        shapes=("micro",),
        columns=(("headline",), ("offer",), ("cta",), ("logo",)),
        backgrounds=("solid", "gradient"),
        needs=frozenset({"logo"}),
    ),
)


def shape_of(size: Size) -> Shape:
    """The class of a canvas: its proportions first, then how much room there is at all."""
    ratio, area = size.width / size.height, size.width * size.height
    if ratio >= _LYING:
        return _lying(size, ratio, area)
    if ratio <= _SKYSCRAPER:
        return "skyscraper"
    if area < _COMPACT_PX2:
        return "compact"
    return "landscape" if ratio >= _LANDSCAPE else "square" if ratio > 1 / _LANDSCAPE else "portrait"


def _lying(size: Size, ratio: float, area: int) -> Shape:
    if area < _MICRO_PX2:
        return "micro"
    if size.height >= _WIDE_PX and ratio < _STRIP:
        return "wide"
    return "short-strip" if ratio < _STRIP else "strip"


def fitting(shape: Shape, present: frozenset[str]) -> list[Archetype]:
    """The archetypes for a shape that the elements at hand can fill; never empty."""
    return [
        archetype
        for archetype in ARCHETYPES
        if shape in archetype.shapes and archetype.needs <= present and not archetype.lacks & present
    ]


def regions(archetype: Archetype) -> list[Region]:
    """The archetype's panel, if it has one."""
    return [Region(id=PANEL, anchor=archetype.panel[0], share=archetype.panel[1])] if archetype.panel else []


def relate(archetype: Archetype, elements: list[Element]) -> list[Relation]:
    """The archetype over the elements at hand: reading order hard, alignment, hierarchy and grouping soft."""
    present = {element.id for element in elements}
    columns = [kept for column in archetype.columns if (kept := [name for name in column if name in present])]
    footer = [name for name in archetype.footer if name in present]
    found = [*_order(columns, footer), *_aligned(archetype.align, columns, footer)]
    found += _hierarchy(archetype, present)
    if archetype.panel:
        found += [Relation(a=name, rel="inside", b=PANEL) for name in sorted(present)]
    return found


def _order(columns: list[list[str]], footer: list[str]) -> Iterator[Relation]:
    for column in columns:
        yield from (Relation(a=upper, rel="above", b=lower) for upper, lower in pairwise(column))
    for left, right in pairwise(columns):
        yield from (Relation(a=a, rel="left_of", b=b) for a, b in product(left, right))
    yield from (Relation(a=left, rel="left_of", b=right) for left, right in pairwise(footer))
    for column in columns:
        yield from (Relation(a=column[-1], rel="above", b=name) for name in footer)


def _aligned(align: Align, columns: list[list[str]], footer: list[str]) -> Iterator[Relation]:
    for at, column in enumerate(columns):
        if align == "center" and len(columns) == 1:
            yield from (_soft(name, "center_x", "", _ALIGN_WEIGHT) for name in column)
        elif len(column) == 1 and len(columns) > 1:
            yield _soft(column[0], "center_y", "", _ALIGN_WEIGHT)
        else:
            yield from _column_edge(column, centred=at > 0 and "headline" not in column)
    yield from (_soft(left, "center_y", right, _ALIGN_WEIGHT) for left, right in pairwise(footer))
    if footer and columns:
        yield _soft(footer[0], "align_left", columns[0][0], _ALIGN_WEIGHT)


def _column_edge(column: list[str], *, centred: bool) -> Iterator[Relation]:
    anchor = "headline" if "headline" in column else column[0]
    edge = "center_x" if centred else "align_left"
    yield from (_soft(name, edge, anchor, _ALIGN_WEIGHT) for name in column if name != anchor)


def _hierarchy(archetype: Archetype, present: set[str]) -> Iterator[Relation]:
    hero = archetype.name.startswith("offer-") and "offer" in present
    if hero:
        yield _soft("offer", "larger_type", "headline", 9)
    for lesser in ("sub", "kicker", "contact"):
        if lesser in present:
            yield _soft("headline", "larger_type", lesser, 9)
    if "offer" in present and not hero and "sub" in present:
        yield _soft("offer", "larger_type", "sub", 5)
    for first, second in (("headline", "sub"), ("cta", "contact"), ("contact", "phone")):
        if first in present and second in present:
            yield _soft(first, "near", second, _GROUP_WEIGHT)


def _soft(
    a: str, rel: Literal["align_left", "center_x", "center_y", "larger_type", "near"], b: str, weight: int
) -> Relation:
    return Relation(a=a, rel=rel, b=b, hard=False, weight=weight)
