"""The constraint graph: what a designer (a model or the offline rules) writes, and the solver reads.

It is flat (lists with ids, no nesting, no recursion) so that structured output can hold it, and it holds no
coordinates: geometry is the solver's. Fonts and background styles are ids from a catalogue, colours are roles of one
palette, so neither can be invented.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streamforge.pipelines.banner.design.strategy import BackgroundStyle, FontId, Strategy
from streamforge.pipelines.banner.kit import HexColour

ElementRole = Literal["logo", "hero", "kicker", "headline", "sub", "body", "offer", "cta", "contact", "legal", "deco"]
RelationKind = Literal[
    "above",  # a ends before b begins, vertically
    "left_of",  # a ends before b begins, horizontally
    "align_left",
    "align_right",
    "align_top",
    "align_bottom",
    "center_x",  # with b, or with the canvas when b is empty
    "center_y",
    "inside",  # a lies within the region b
    "same_width",
    "near",  # the gap between a and b stays small
    "larger_type",  # a's type is larger than b's: hierarchy
]
Anchor = Literal["full", "left", "right", "top", "bottom", "center"]
ElementId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]


class Element(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something to place: a text, the logo, a button, the hero picture.

    ``short`` is the text for small canvases. ``priority`` 1 is kept longest when space runs out; ``min_px``/``max_px``
    bound the type size (0: by role and canvas). ``aspect`` is a hero's width over height in hundredths (0: the
    picture's own). ``ink`` overrides the text's colour; ``x`` and ``y`` pin the upper left corner (px; None: free).
    These last are for people's overrides: no designer writes them.
    """

    id: ElementId
    role: ElementRole
    text: Annotated[str, Meta(max_length=300)] = ""
    priority: Annotated[int, Meta(ge=1, le=9)] = 5
    min_px: Annotated[int, Meta(ge=0, le=400)] = 0
    max_px: Annotated[int, Meta(ge=0, le=600)] = 0
    max_lines: Annotated[int, Meta(ge=1, le=8)] = 3
    short: Annotated[str, Meta(max_length=120)] = ""
    aspect: Annotated[int, Meta(ge=0, le=1000)] = 0
    ink: HexColour | None = None
    x: Annotated[int, Meta(ge=0, le=8192)] | None = None
    y: Annotated[int, Meta(ge=0, le=8192)] | None = None


class Relation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule between elements, or one and a region or the canvas; hard ones hold, soft ones cost ``weight``."""

    a: ElementId
    rel: RelationKind
    b: Annotated[str, Meta(max_length=32)] = ""
    hard: bool = True
    weight: Annotated[int, Meta(ge=1, le=10)] = 3

    @property
    def name(self) -> str:
        """``above(headline, cta)``: how a conflict names it."""
        return f"{self.rel}({self.a}, {self.b or 'canvas'})"


class Region(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named part of the canvas: ``share`` percent of it, at ``anchor``."""

    id: ElementId
    anchor: Anchor
    share: Annotated[int, Meta(ge=10, le=100)]


class Palette(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours by role. ``ink`` is text on ``ground``; ``on_accent`` is text on ``accent`` (the button)."""

    ground: HexColour
    ground_2: HexColour
    ink: HexColour
    muted: HexColour
    accent: HexColour
    on_accent: HexColour
    decor: HexColour


class Typography(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Font families by catalogue id, and the headline's weight."""

    display: FontId
    text: FontId
    display_weight: Annotated[int, Meta(ge=300, le=900)] = 700


class Design(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole constraint graph with its look. ``graph`` is the version of this form.

    ``strategy`` is what it follows, where a designer wrote it; ``shape`` the class of canvas that the relations were
    written for (empty: any). On a canvas of another class an archetype's relations take their place.
    """

    graph: Literal[1] = 1
    designer: str = "hand"
    archetype: Annotated[str, Meta(max_length=60)] = ""
    background: BackgroundStyle = "solid"
    palette: Palette
    typography: Typography
    elements: Annotated[list[Element], Meta(min_length=1, max_length=24)]
    relations: Annotated[list[Relation], Meta(max_length=80)] = msgspec.field(default_factory=list[Relation])
    regions: Annotated[list[Region], Meta(max_length=8)] = msgspec.field(default_factory=list[Region])
    align: Literal["left", "center"] = "left"
    rationale: Annotated[str, Meta(max_length=600)] = ""
    seed: int = 0
    strategy: Strategy | None = None
    shape: Annotated[str, Meta(max_length=20)] = ""
