"""What is wrong with a model's answer, in words that can be sent back to it.

An answer is data from outside: its shape is checked by msgspec, its references and its facts here. A *fatal* fault
makes it useless; a *mild* one is worth one more turn, and is left to the detectors after that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import get_args

import msgspec
from msgspec import Struct

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Brief, Patch
from streamforge.pipelines.banner.design.graph import Design, Element, ElementRole, Relation
from streamforge.pipelines.banner.design.palette import palette_ids
from streamforge.pipelines.banner.design.patch import applied, strays
from streamforge.pipelines.banner.design.settle import is_dark
from streamforge.pipelines.banner.design.shapes import Shape, shape_of
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.design.themes import THEMES
from streamforge.pipelines.banner.words.facts import EMAIL, URL

_ORDERS = ("above", "left_of", "larger_type")
_WORDLESS = frozenset(["logo", "hero", "deco"])
_NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f ]\d{3})*(?:[.,]\d+)?")
_FIGURES = re.compile(r"\d+")
_NAME = re.compile(r"\b[A-Za-z]+[a-z][A-Z][A-Za-z]*\b|\w+[™®©]|(?<!\w)[@#]\w+")
"""Words that can only be names: a capital inside, a mark behind, a handle. Plain capitals may be any noun."""
_LETTERS: dict[Shape, dict[str, int]] = {
    "micro": {"headline": 32, "cta": 16, "offer": 20},
    "strip": {"headline": 48, "sub": 64, "cta": 22, "offer": 28},
    "short-strip": {"headline": 40, "sub": 56, "cta": 20, "offer": 26},
    "compact": {"headline": 44, "sub": 72, "cta": 20, "offer": 26},
    "skyscraper": {"headline": 56, "sub": 90, "cta": 20, "offer": 28},
}
_LETTERS_ELSEWHERE = {"headline": 72, "sub": 140, "cta": 28, "offer": 36, "kicker": 40, "contact": 80}


class Faults(Struct, frozen=True):
    """In words, what makes an answer useless, and what is merely worth another turn."""

    fatal: list[str] = msgspec.field(default_factory=list[str])
    mild: list[str] = msgspec.field(default_factory=list[str])

    @property
    def lines(self) -> list[str]:
        """All of it, the worst first."""
        return [*self.fatal, *self.mild]


def of_strategy(strategy: Strategy, brief: Brief) -> Faults:
    """Palettes that the brief cannot have, roles that do not exist, a picture that is not there."""
    palettes, roles = palette_ids(brief), get_args(ElementRole)
    fatal: list[str] = []
    if strategy.palette not in palettes:
        fatal.append(f"there is no palette {strategy.palette!r} for this brief; there are {', '.join(palettes)}")
    fatal += [f"the hierarchy names {name!r}, which is no role" for name in strategy.hierarchy if name not in roles]
    if strategy.archetype == "hero-image" and brief.hero is None:
        fatal.append("the archetype hero-image needs a picture, and the brief has none")
    theme = THEMES.get(strategy.palette)
    is_off = theme is not None and is_dark(theme.ground) != (strategy.mode == "dark")
    return Faults(fatal, [f"the palette {strategy.palette} is not {strategy.mode}"] if is_off else [])


def of_design(design: Design, brief: Brief) -> Faults:
    """References, circles, facts that the brief does not state, what is missing; copy too long for the canvas."""
    fatal = [*naming(design), *_circles(design.relations), *_missing(design, brief)]
    return Faults([*fatal, *inventions(design.elements, brief)], too_long(design.elements, brief.size))


def of_patch(patch: Patch, design: Design, brief: Brief) -> Faults:
    """What cannot be put on the design, or would spoil it."""
    try:
        after = applied(design, patch, brief)
    except InvalidInput as error:
        return Faults([error.message])
    touched = {*(edit.element for edit in patch.edits), *(element.id for element in patch.add)}
    elements = [element for element in after.elements if element.id in touched]
    fatal = [*naming(after), *_circles(after.relations), *_missing(after, brief), *inventions(elements, brief)]
    return Faults(fatal, too_long(elements, brief.size))


def inventions(elements: Iterable[Element], brief: Brief) -> list[str]:
    """Numbers, addresses and names in the copy that the brief does not state."""
    said = _said(brief)
    numbers = {*_numbers(said), *_FIGURES.findall(said)}
    found: list[str] = []
    for element in elements:
        for text in (element.text, element.short):
            unknown = [match[0] for match in _NUMBER.finditer(text) if not _is_stated(match[0], numbers)]
            named = [*_addresses(text), *(match[0] for match in _NAME.finditer(text))]
            unknown += [name for name in named if name.casefold().rstrip(".,") not in said.casefold()]
            found += [f"{element.id} says {each}, which is not in the brief" for each in unknown]
    return list(dict.fromkeys(found))


def too_long(elements: Iterable[Element], size: Size) -> list[str]:
    """Texts with more letters than a canvas of that class can show at a readable size."""
    shape = shape_of(size)
    limits = _LETTERS.get(shape, _LETTERS_ELSEWHERE)
    return [
        f"{element.id} has {len(element.text)} characters; on a canvas of {size} ({shape}) at most {limit} can be read"
        for element in elements
        if (limit := limits.get(element.role)) and len(element.text) > limit
    ]


def _said(brief: Brief) -> str:
    spec = brief.spec
    locks = [lock.text for lock in spec.locks if lock.text]
    parts = [spec.prompt, spec.brand_name, brief.kit.name, spec.audience, spec.purpose, *locks]
    if spec.design is not None:
        parts += [element.text for element in spec.design.elements]
    return " \n ".join(parts)


def _numbers(text: str) -> set[str]:
    """The numbers of a text without their separators."""
    return {_plain(match[0]) for match in _NUMBER.finditer(text)}


def _plain(number: str) -> str:
    return "".join(_FIGURES.findall(number))


def _is_stated(number: str, stated: set[str]) -> bool:
    """As a whole, or each of its parts: ``12.06.`` may be written out of ``12 June``, ``1,000`` as ``1000``."""
    return _plain(number) in stated or all(part in stated for part in _FIGURES.findall(number))


def _addresses(text: str) -> list[str]:
    return [*(match[0] for match in EMAIL.finditer(text)), *(match[0] for match in URL.finditer(text))]


def naming(design: Design) -> list[str]:
    """Ids used twice, and relations that do not join two elements."""
    ids = [element.id for element in design.elements]
    regions = {region.id for region in design.regions}
    found = [f"the element id {name} is used twice" for name, count in sorted(Counter(ids).items()) if count > 1]
    found += [f"{name} names both an element and a region" for name in sorted(set(ids) & regions)]
    return found + strays(design.relations, set(ids), design.regions)


def _circles(relations: list[Relation]) -> list[str]:
    """Orders that come back to where they started."""
    found: list[str] = []
    for kind in _ORDERS:
        after: dict[str, set[str]] = {}
        for relation in relations:
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


def _missing(design: Design, brief: Brief) -> list[str]:
    roles = [element.role for element in design.elements]
    found = [] if roles.count("headline") == 1 else ["there must be exactly one headline"]
    for role, is_there in (("logo", brief.logo is not None), ("hero", brief.hero is not None)):
        if not is_there and role in roles:
            found.append(f"the brief has no {role}, so there can be no {role} element")
    if brief.logo is not None and "logo" not in roles:
        found.append("the logo has no element")
    silent = [e.id for e in design.elements if not e.text.strip() and e.role not in _WORDLESS]
    return found + [f"{name} has no text" for name in silent]
