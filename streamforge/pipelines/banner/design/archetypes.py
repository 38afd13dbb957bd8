"""Ten arrangements, each for every shape of canvas: which roles share a column, which row closes the banner.

An arrangement holds no measure and no coordinate. ``relations.relate`` turns it into relations: the reading order
hard, everything about looks soft, so that a design can be crowded but never contradictory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.design.graph import Anchor
from streamforge.pipelines.banner.design.shapes import Shape
from streamforge.pipelines.banner.design.strategy import ArchetypeId, BackgroundStyle

Align = Literal["left", "center"]
Column = tuple[str, ...]


class Layout(Struct, frozen=True, kw_only=True):
    """Columns of roles, left to right, a row above and a row below them; roles that a design lacks are skipped.

    ``centred`` are the columns (by place) whose members share an axis instead of an edge. ``lead`` is what has the
    largest type. ``picture`` puts the hero on one side of the canvas: its anchor and share in percent.
    """

    columns: tuple[Column, ...]
    header: Column = ()
    footer: Column = ()
    centred: frozenset[int] = frozenset()
    lead: Literal["headline", "offer", "both"] = "headline"
    picture: tuple[Anchor, int] | None = None


class Archetype(Struct, frozen=True, kw_only=True):
    """A family of layouts that are recognisably the same on every shape, and the grounds that suit it.

    Of several layouts for a shape the seed takes one. ``needs`` are the roles without which it makes no sense.
    """

    layouts: Mapping[Shape, tuple[Layout, ...]]
    backgrounds: tuple[BackgroundStyle, ...]
    needs: frozenset[str] = frozenset()


_TEXTS: Column = ("kicker", "headline", "body", "sub")
_LINE: Column = ("kicker", "headline", "sub", "body")
_CLOSE: Column = ("cta", "contact", "legal")
_FIRST = frozenset([0])
_OFFER = frozenset(["offer"])


def _left(*columns: Column, header: Column = (), footer: Column = ()) -> Layout:
    return Layout(columns=columns, header=header, footer=footer)


def _middle(*columns: Column, at: int = 0) -> Layout:
    return Layout(columns=columns, centred=frozenset([at]))


def _offer_first(*columns: Column, centred: bool = False) -> Layout:
    return Layout(columns=columns, centred=_FIRST if centred else frozenset(), lead="offer")


def _badged(*columns: Column, header: Column = (), centred: bool = False) -> Layout:
    """Headline and badge stand side by side in rank."""
    return Layout(columns=columns, header=header, centred=_FIRST if centred else frozenset(), lead="both")


_STACK = ("logo", *_TEXTS, "offer", *_CLOSE)
_LOGO_LAST = (*_TEXTS, "offer", *_CLOSE, "logo")
_STRIP_ROW = _left(("logo",), _LINE, ("offer",), _CLOSE)
_MICRO_ROW = _left(("logo",), ("headline",), ("offer",), ("cta",))
_MICRO_LOGO_LAST = _left(("headline",), ("offer",), ("cta",), ("logo",))
_OFFER_STACK = ("logo", "kicker", "offer", "headline", "body", "sub", *_CLOSE)

_STACK_LEFT: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (_left(_STACK), _left(_LOGO_LAST)),
    "square": (_left(_STACK), _left(_LOGO_LAST)),
    "portrait": (_left(_STACK),),
    "skyscraper": (_left(_STACK), _left(_LOGO_LAST)),
    "compact": (_left(_STACK),),
    "wide": (
        _left((*_TEXTS, "offer"), ("logo", *_CLOSE)),
        _left(("logo", *_TEXTS), ("offer", *_CLOSE)),
    ),
    "strip": (_STRIP_ROW,),
    "short-strip": (_left(("logo", "headline", "sub"), ("offer", "cta")),),
    "micro": (_MICRO_ROW,),
}
_STACK_CENTRED: dict[Shape, tuple[Layout, ...]] = {
    **dict.fromkeys(("landscape", "square", "portrait", "skyscraper", "compact"), (_middle(_STACK),)),
    "wide": (_middle(("logo",), _TEXTS, ("offer", *_CLOSE), at=1),),
    "strip": (_STRIP_ROW,),
    "short-strip": (_left(("headline", "sub", "offer"), ("logo", "cta")),),
    "micro": (_MICRO_ROW, _MICRO_LOGO_LAST),
}
_SPLIT_PANEL: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (_left(_TEXTS, ("logo", "offer", *_CLOSE)),),
    "square": (_left((*_TEXTS, "logo", "offer", *_CLOSE)),),
    "portrait": (_left((*_TEXTS, "logo", "offer", *_CLOSE)),),
    "skyscraper": (_left((*_TEXTS, "logo", "offer", *_CLOSE)),),
    "compact": (_left((*_TEXTS, "logo", "offer", *_CLOSE)),),
    "wide": (_left(_TEXTS, ("logo", "offer", *_CLOSE)),),
    "strip": (_left(_LINE, ("offer",), _CLOSE, ("logo",)),),
    "short-strip": (_left(("headline", "sub"), ("logo", "offer", "cta")),),
    "micro": (_MICRO_LOGO_LAST,),
}
_OFFER_HERO: dict[Shape, tuple[Layout, ...]] = {
    **dict.fromkeys(
        ("landscape", "square", "portrait", "skyscraper", "compact"),
        (_offer_first(_OFFER_STACK, centred=True), _offer_first(_OFFER_STACK)),
    ),
    "wide": (_offer_first(("logo", "offer"), (*_TEXTS, *_CLOSE)), _offer_first(("offer",), _TEXTS, ("logo", *_CLOSE))),
    "strip": (_offer_first(("logo",), ("offer",), _LINE, _CLOSE),),
    "short-strip": (_offer_first(("offer", "headline"), ("logo", "cta")),),
    "micro": (_offer_first(("logo",), ("offer",), ("headline",), ("cta",)),),
}
_BADGE: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (_badged(("logo", *_TEXTS, *_CLOSE), ("offer",)),),
    "square": (_badged((*_TEXTS, *_CLOSE), header=("logo", "offer")),),
    "portrait": (_badged(("logo", *_TEXTS, "offer", *_CLOSE), centred=True),),
    "skyscraper": (_badged(("logo", *_TEXTS, "offer", *_CLOSE), centred=True),),
    "compact": (_badged(("headline", "cta"), header=("logo", "offer")),),
    "wide": (_badged(("logo", *_TEXTS), ("offer",), _CLOSE),),
    "strip": (_badged(_LINE, ("offer",), _CLOSE, ("logo",)),),
    "short-strip": (_badged(("logo", "headline", "sub"), ("offer",), ("cta",)),),
    "micro": (_badged(("headline",), ("offer",), ("cta",), ("logo",)),),
}
_FRAMED: dict[Shape, tuple[Layout, ...]] = {
    **dict.fromkeys(("landscape", "square", "portrait", "compact"), (_middle(_STACK), _middle(_LOGO_LAST))),
    "skyscraper": (_middle(_STACK),),
    "wide": (_middle(("logo",), _TEXTS, ("offer", *_CLOSE), at=1),),
    "strip": (_STRIP_ROW,),
    "short-strip": (_left(("logo",), ("headline", "sub", "offer"), ("cta",)),),
    "micro": (_MICRO_ROW,),
}
_EDITORIAL: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (_left(("kicker", "headline"), ("body", "sub", "offer", "cta", "contact", "legal", "logo")),),
    "square": (_left((*_TEXTS, "offer", "contact"), footer=("cta", "logo")),),
    "portrait": (_left((*_TEXTS, "offer", "contact"), footer=("cta", "logo")),),
    "skyscraper": (_left(("kicker", "headline", "sub", "body", "offer", *_CLOSE, "logo")),),
    "compact": (_left(("headline", "offer"), footer=("cta", "logo")),),
    "wide": (_left(("kicker", "headline"), ("body", "sub", "offer", *_CLOSE), ("logo",)),),
    "strip": (_left(("headline",), ("sub", "body", "contact", "legal"), ("offer",), ("cta",), ("logo",)),),
    "short-strip": (_left(("headline", "sub", "offer"), ("cta", "logo")),),
    "micro": (_MICRO_LOGO_LAST,),
}
_SIDE_BY_SIDE: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (_left(("logo", *_TEXTS), ("offer", *_CLOSE)),),
    "square": (_left(("logo", *_TEXTS, "offer", "contact"), footer=("cta",)),),
    "portrait": (_left(("logo", *_TEXTS, "offer"), footer=("cta", "contact")),),
    "skyscraper": (_left(("logo", *_TEXTS, "offer", *_CLOSE)),),
    "compact": (_left(("logo", "headline", "offer", "cta")),),
    "wide": (_left(("logo", *_TEXTS), ("offer", *_CLOSE)),),
    "strip": (_STRIP_ROW,),
    "short-strip": (_left(("logo", "headline"), ("offer", "cta")),),
    "micro": (_MICRO_ROW,),
}
_FOOTER_BAR: dict[Shape, tuple[Layout, ...]] = {
    **dict.fromkeys(
        ("landscape", "square", "portrait"),
        (_left((*_TEXTS, "offer", "contact", "legal"), footer=("logo", "cta")),),
    ),
    "skyscraper": (_left(("logo", *_TEXTS, "offer", *_CLOSE)),),
    "compact": (_left(("headline", "offer"), footer=("logo", "cta")),),
    "wide": (_left(_TEXTS, ("offer",), footer=("logo", "contact", "cta")),),
    "strip": (_STRIP_ROW,),
    "short-strip": (_left(("logo",), ("headline", "sub", "offer"), ("cta",)),),
    "micro": (_MICRO_ROW,),
}


def _beside(layouts: tuple[Layout, ...], anchor: Anchor, share: int) -> tuple[Layout, ...]:
    return tuple(
        Layout(columns=(tuple(role for column in each.columns for role in column),), picture=(anchor, share))
        for each in layouts
    )


_SIDES: tuple[Anchor, ...] = ("right", "left")
_ROW = Layout(columns=(_LINE, ("offer",), _CLOSE, ("logo",)), picture=("left", 24))
_HERO: dict[Shape, tuple[Layout, ...]] = {
    "landscape": (*_beside((_left(_STACK),), "right", 46), *_beside((_left(_STACK),), "left", 46)),
    "square": _beside((_left(_STACK),), "top", 36),
    "portrait": _beside((_left(_STACK),), "top", 48),
    "skyscraper": _beside((_left(_STACK),), "top", 38),
    "compact": (*_beside((_left(_STACK),), "right", 42), *_beside((_left(_STACK),), "left", 42)),
    "wide": tuple(Layout(columns=(_TEXTS, ("logo", "offer", *_CLOSE)), picture=(side, 34)) for side in _SIDES),
    "strip": (_ROW,),
    "short-strip": (Layout(columns=(("logo", "headline", "sub"), ("offer", "cta")), picture=("right", 28)),),
    "micro": (Layout(columns=(("headline",), ("offer",), ("cta",), ("logo",)), picture=("left", 18)),),
}

ARCHETYPES: dict[ArchetypeId, Archetype] = {
    "stack-left": Archetype(
        layouts=_STACK_LEFT,
        backgrounds=("gradient", "arcs", "waves", "glow", "diagonal-split", "dots", "panel"),
    ),
    "stack-centred": Archetype(
        layouts=_STACK_CENTRED,
        backgrounds=("solid", "dots", "glow", "arcs", "waves", "gradient"),
    ),
    "split-panel": Archetype(
        layouts=_SPLIT_PANEL,
        backgrounds=("panel", "solid", "dots", "bands"),
        needs=frozenset(["cta"]),
    ),
    "offer-hero": Archetype(
        layouts=_OFFER_HERO,
        backgrounds=("bands", "diagonal-split", "dots", "waves", "gradient", "solid"),
        needs=_OFFER,
    ),
    "badge": Archetype(
        layouts=_BADGE,
        backgrounds=("solid", "arcs", "gradient", "diagonal-split", "glow"),
        needs=_OFFER,
    ),
    "framed": Archetype(layouts=_FRAMED, backgrounds=("frame",)),
    "editorial": Archetype(layouts=_EDITORIAL, backgrounds=("solid", "bands", "arcs", "gradient")),
    "side-by-side": Archetype(
        layouts=_SIDE_BY_SIDE,
        backgrounds=("diagonal-split", "gradient", "glow", "waves", "solid"),
    ),
    "footer-bar": Archetype(
        layouts=_FOOTER_BAR,
        backgrounds=("waves", "solid", "gradient", "dots", "arcs"),
        needs=frozenset(["cta"]),
    ),
    "hero-image": Archetype(layouts=_HERO, backgrounds=("solid", "gradient"), needs=frozenset(["hero"])),
}


def fitting(roles: frozenset[str]) -> list[ArchetypeId]:
    """The archetypes that the roles at hand can fill; never empty. A hero picture is always shown."""
    if "hero" in roles:
        return ["hero-image"]
    return [name for name, archetype in ARCHETYPES.items() if archetype.needs <= roles]


def layout_of(archetype: str, shape: Shape, seed: int) -> Layout:
    """The archetype's layout for a shape, the seed choosing among several; an unknown archetype stacks."""
    known = next((found for name, found in ARCHETYPES.items() if name == archetype), ARCHETYPES["stack-left"])
    variants = known.layouts[shape]
    return variants[seed // 7 % len(variants)]
