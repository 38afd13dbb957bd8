"""What a model writes: small flat structs without the fields that are not its business, and what becomes of them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from streamforge.pipelines.banner.design.brief import Brief, Edit, Patch
from streamforge.pipelines.banner.design.graph import (
    Design,
    Element,
    ElementId,
    ElementRole,
    Region,
    Relation,
    Typography,
)
from streamforge.pipelines.banner.design.palette import palette_of
from streamforge.pipelines.banner.design.seeds import seed_of
from streamforge.pipelines.banner.design.shapes import shape_of
from streamforge.pipelines.banner.design.strategy import ArchetypeId, BackgroundStyle, Mode, Strategy
from streamforge.pipelines.banner.design.themes import CATALOGUE
from streamforge.providers.schema import structured_schema

PALETTE_IDS = ("brand", "logo", *(theme.name for theme in CATALOGUE))
_READING_ORDER = frozenset({"above", "left_of", "inside"})
"""What may bind. Everything about looks gives way: a model that makes an alignment hard only makes layouts fail."""
_LOOKS_WEIGHT = 8


class Piece(Struct, frozen=True, kw_only=True):
    """An element as a model writes it."""

    id: ElementId
    role: ElementRole
    text: Annotated[str, Meta(max_length=300)] = ""
    short: Annotated[str, Meta(max_length=120)] = ""
    priority: Annotated[int, Meta(ge=1, le=9)] = 5
    max_lines: Annotated[int, Meta(ge=1, le=8)] = 3


class Draft(Struct, frozen=True, kw_only=True):
    """A graph as a model writes it; its look is the strategy's."""

    elements: Annotated[list[Piece], Meta(min_length=1, max_length=12)]
    relations: Annotated[list[Relation], Meta(max_length=60)]
    regions: Annotated[list[Region], Meta(max_length=4)]
    align: Literal["left", "center"] = "left"
    rationale: Annotated[str, Meta(max_length=600)] = ""


class Mend(Struct, frozen=True, kw_only=True):
    """A patch as a model writes it; null and empty lists leave things as they are."""

    edits: Annotated[list[Edit], Meta(max_length=12)] = msgspec.field(default_factory=list[Edit])
    add: Annotated[list[Piece], Meta(max_length=4)] = msgspec.field(default_factory=list[Piece])
    relate: Annotated[list[Relation], Meta(max_length=24)] = msgspec.field(default_factory=list[Relation])
    unrelate: Annotated[list[str], Meta(max_length=24)] = msgspec.field(default_factory=list[str])
    palette: str | None = None
    mode: Mode | None = None
    background: BackgroundStyle | None = None
    archetype: ArchetypeId | None = None
    rationale: Annotated[str, Meta(max_length=600)] = ""


def schema_of(kind: type[Struct]) -> dict[str, object]:
    """The schema that a model is sent, with the palettes of the catalogue as an enum."""
    schema = structured_schema(kind)
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    if "palette" in properties:
        closed = {"type": "string", "enum": list(PALETTE_IDS)}
        is_optional = "anyOf" in properties["palette"]
        properties["palette"] = {"anyOf": [closed, {"type": "null"}]} if is_optional else closed
    return schema


def design_of(draft: Draft, strategy: Strategy, brief: Brief, designer: str) -> Design:
    """The draft as a whole design in the strategy's look, its palette settled."""
    return Design(
        designer=designer,
        archetype=strategy.archetype,
        background=strategy.background,
        palette=palette_of(strategy, brief),
        typography=Typography(
            display=strategy.display_font, text=strategy.text_font, display_weight=strategy.display_weight
        ),
        elements=[element_of(piece) for piece in draft.elements],
        relations=softened(draft.relations),
        regions=draft.regions,
        align=draft.align,
        rationale=draft.rationale,
        seed=seed_of(brief.spec),
        strategy=strategy,
        shape=shape_of(brief.size),
    )


def patch_of(mend: Mend) -> Patch:
    """The patch that the model means."""
    return Patch(
        edits=mend.edits,
        add=[element_of(piece) for piece in mend.add],
        relate=softened(mend.relate),
        unrelate=mend.unrelate,
        palette=mend.palette,
        mode=mend.mode,
        background=mend.background,
        archetype=mend.archetype,
        rationale=mend.rationale,
    )


def element_of(piece: Piece) -> Element:
    """The piece as an element of a graph."""
    return Element(**msgspec.structs.asdict(piece))


def softened(relations: list[Relation]) -> list[Relation]:
    """Relations of which only the reading order and the regions bind."""
    return [
        relation
        if relation.rel in _READING_ORDER or not relation.hard
        else replace(relation, hard=False, weight=max(relation.weight, _LOOKS_WEIGHT))
        for relation in relations
    ]


def unwrapped(answer: str) -> str:
    """The JSON without a code fence: servers without structured output answer with one."""
    match = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", answer, re.DOTALL)
    return match.group(1) if match else answer
