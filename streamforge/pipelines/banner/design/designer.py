"""Who designs: the offline rules or a model, behind one protocol.

A model's answer is data from outside. Its shape is checked by msgspec, its references and its facts here;
what is wrong goes back once, in words, and a second failure is final. Colours need no second turn: contrast
is repaired locally.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta, Struct

from streamforge.errors import ProviderRefused
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.archetypes import shape_of
from streamforge.pipelines.banner.design.graph import (
    BackgroundStyle,
    Design,
    Element,
    Palette,
    Region,
    Relation,
    Typography,
)
from streamforge.pipelines.banner.design.offline import LogoFacts, design_offline, seed_of
from streamforge.pipelines.banner.design.palette import repaired
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.providers.schema import structured_schema
from streamforge.providers.text import Effort, TextModel, TextRequest, TextResponse, Turn

PROMPT = "banner-designer.v1.md"
REPAIR = "banner-repair.v1.md"
_READING_ORDER = frozenset({"above", "left_of"})
_MAX_PROBLEMS = 12


class Designer(Protocol):
    """Turns a brief into a constraint graph for one canvas."""

    async def design(self, spec: BannerSpec, size: Size, logo: LogoFacts | None) -> Design:
        """The design; ``logo`` is None when the brief brings none."""
        ...


class OfflineDesigner:
    """The rules of ``design_offline`` as a ``Designer``."""

    async def design(self, spec: BannerSpec, size: Size, logo: LogoFacts | None) -> Design:
        """A rule-made design; deterministic, a few milliseconds."""
        return design_offline(spec, size, logo)


class Draft(Struct, frozen=True, kw_only=True):
    """What a model writes: a ``Design`` without the fields that are not its business."""

    archetype: Annotated[str, Meta(min_length=1, max_length=40)]
    background: BackgroundStyle
    palette: Palette
    typography: Typography
    elements: Annotated[list[Element], Meta(min_length=1, max_length=12)]
    relations: Annotated[list[Relation], Meta(max_length=60)]
    regions: Annotated[list[Region], Meta(max_length=4)]
    align: Literal["left", "center"]
    rationale: Annotated[str, Meta(max_length=600)]


class ModelDesigner:
    """A language model as a ``Designer``. ``spent`` is told of every answer paid for, also of a useless one."""

    def __init__(
        self,
        model: TextModel,
        *,
        effort: Effort | None = "medium",
        max_tokens: int = 16_000,
        timeout_s: float = 120.0,
        spent: Callable[[TextResponse], None] | None = None,
    ) -> None:
        self._model = model
        self._effort: Effort | None = effort
        self._max_tokens = max_tokens
        self._timeout_s = timeout_s
        self._spent = spent
        self._system = _prompt(PROMPT)
        self._schema = structured_schema(Draft)

    async def design(self, spec: BannerSpec, size: Size, logo: LogoFacts | None) -> Design:
        """The model's design, checked; at most two calls.

        Raises ProviderRefused when the second answer cannot be used either, and whatever the model raises.
        """
        turns = (Turn("user", brief_turn(spec, size, logo)),)
        answer = await self._ask(turns)
        draft, problems = examine(answer, spec, has_logo=logo is not None)
        if draft is None or problems:
            complaint = _prompt(REPAIR).replace("{problems}", "\n".join(f"- {line}" for line in problems))
            answer = await self._ask((*turns, Turn("assistant", answer), Turn("user", complaint)))
            draft, problems = examine(answer, spec, has_logo=logo is not None)
        if draft is None or problems:
            raise ProviderRefused(
                f"{self._model.name} wrote no usable design: {'; '.join(problems)}",
                hint="try again, or use the offline designer",
            )
        return _design(draft, self._model.name, seed_of(spec), logo)

    async def aclose(self) -> None:
        """Close the model's connections."""
        await self._model.aclose()

    async def _ask(self, turns: tuple[Turn, ...]) -> str:
        request = TextRequest(
            system=self._system,
            turns=turns,
            schema=self._schema,
            max_tokens=self._max_tokens,
            effort=self._effort,
            timeout_s=self._timeout_s,
        )
        response = await self._model.complete(request)
        if self._spent is not None:
            self._spent(response)
        return response.text


def brief_turn(spec: BannerSpec, size: Size, logo: LogoFacts | None) -> str:
    """The user's turn: our measurements outside, the stranger's words as JSON inside a fence they cannot close."""
    brief = {
        "prompt": spec.prompt,
        "brand_name": spec.brand_name,
        "audience": spec.audience,
        "purpose": spec.purpose,
        "brand_colors": spec.brand_colors,
    }
    fenced = msgspec.json.encode(brief).decode().replace("<", "\\u003c").replace(">", "\\u003e")
    return f"Canvas: {size} px ({shape_of(size)}).\n{_logo_line(logo)}\n<brief>\n{fenced}\n</brief>"


def _logo_line(logo: LogoFacts | None) -> str:
    if logo is None:
        return "Logo: none."
    ground = "transparent" if logo.transparent else "opaque"
    colours = ", ".join(logo.colors) or "unknown"
    return f"Logo: {logo.width}x{logo.height} px, {ground}, luminance {logo.luminance:.2f}, colours {colours}."


def examine(answer: str, spec: BannerSpec, *, has_logo: bool) -> tuple[Draft | None, list[str]]:
    """The draft, and in words what is wrong with it; None when it is not even of the right shape."""
    try:
        draft = msgspec.json.decode(_unwrapped(answer), type=Draft)
    except msgspec.DecodeError as error:
        return None, [str(error)]
    found = [*_naming(draft), *_circles(draft), *_inventions(draft, spec), *_missing(draft, has_logo=has_logo)]
    return draft, found[:_MAX_PROBLEMS]


def _unwrapped(answer: str) -> str:
    """The JSON without a code fence: servers without structured output answer with one."""
    match = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", answer, re.DOTALL)
    return match.group(1) if match else answer


def _naming(draft: Draft) -> list[str]:
    ids = [element.id for element in draft.elements]
    known, regions = set(ids), {region.id for region in draft.regions}
    found = [f"the element id {name} is used twice" for name in sorted(known) if ids.count(name) > 1]
    found += [f"{name} names both an element and a region" for name in sorted(known & regions)]
    for relation in draft.relations:
        targets = regions if relation.rel == "inside" else known | {""}
        if relation.a not in known or relation.b not in targets or relation.a == relation.b:
            found.append(f"the relation {relation.name} does not join two of your elements")
    return found


def _circles(draft: Draft) -> list[str]:
    """Reading orders that come back to where they started."""
    found: list[str] = []
    for kind in sorted(_READING_ORDER):
        after: dict[str, set[str]] = {}
        for relation in draft.relations:
            if relation.rel == kind and relation.hard:
                after.setdefault(relation.a, set()).add(relation.b)
        found += [f"the {kind} relations of {name} form a circle" for name in sorted(after) if _returns(name, after)]
    return found


def _returns(start: str, after: dict[str, set[str]]) -> bool:
    reached: set[str] = set()
    front = set(after[start])
    while front:
        reached |= front
        front = {name for seen in front for name in after.get(seen, ())} - reached
    return start in reached


def _inventions(draft: Draft, spec: BannerSpec) -> list[str]:
    """Numbers and addresses in the copy that the brief does not state."""
    said = f"{spec.prompt} {spec.brand_name} {spec.purpose} {spec.audience}".lower()
    known = set(re.findall(r"\d+", said))
    found: list[str] = []
    for element in draft.elements:
        found += [
            f"{element.id} says {number}, which is not in the brief"
            for number in re.findall(r"\d+", element.text)
            if number not in known
        ]
        found += [
            f"{element.id} gives the address {address}, which is not in the brief"
            for address in re.findall(r"(?:www\.|https?://)[^\s]+", element.text.lower())
            if address.rstrip(".,") not in said
        ]
    return found


def _missing(draft: Draft, *, has_logo: bool) -> list[str]:
    roles = [element.role for element in draft.elements]
    found = [] if roles.count("headline") == 1 else ["there must be exactly one headline"]
    if has_logo and "logo" not in roles:
        found.append("the logo has no element")
    if not has_logo and "logo" in roles:
        found.append("the brief has no logo, so there can be no logo element")
    silent = [e.id for e in draft.elements if not e.text.strip() and e.role not in {"logo", "deco"}]
    return found + [f"{name} has no text" for name in silent]


def _design(draft: Draft, designer: str, seed: int, logo: LogoFacts | None) -> Design:
    relations = [
        relation
        if relation.rel in _READING_ORDER or not relation.hard
        else msgspec.structs.replace(relation, hard=False, weight=max(relation.weight, 8))
        for relation in draft.relations
    ]
    return Design(
        designer=designer,
        archetype=draft.archetype,
        background=draft.background,
        palette=repaired(draft.palette, logo),
        typography=draft.typography,
        elements=draft.elements,
        relations=relations,
        regions=draft.regions,
        align=draft.align,
        rationale=draft.rationale,
        seed=seed,
    )


def _prompt(name: str) -> str:
    folder = resources.files("streamforge.pipelines.banner.design").joinpath("prompts")
    return folder.joinpath(name).read_text(encoding="utf-8")
