"""A patch put on a graph: small changes by name, refused as a whole where one of them cannot be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.design.brief import Brief, Edit, Patch
from streamforge.pipelines.banner.design.graph import Design, Element, Region, Relation
from streamforge.pipelines.banner.design.palette import choose_id, palette_ids, palette_of
from streamforge.pipelines.banner.design.relations import without
from streamforge.pipelines.banner.design.settle import is_dark
from streamforge.pipelines.banner.design.strategy import ArchetypeId, BackgroundStyle, Mode, Strategy
from streamforge.pipelines.banner.design.themes import THEMES

NO_SHAPE = "none"
"""A class that no canvas has: every canvas takes the relations of the design's archetype."""


def applied(design: Design, patch: Patch, brief: Brief) -> Design:
    """The design with the patch on it; pure. Raises InvalidInput with every reason why it cannot be put on."""
    if problems := _problems(design, patch, brief):
        raise InvalidInput("; ".join(problems), field="patch", hint="name what the design has, and leave locks alone")
    edits = {edit.element: edit for edit in patch.edits}
    gone = [edit.element for edit in patch.edits if edit.text == ""]
    elements = [_edited(element, edits.get(element.id)) for element in design.elements if element.id not in gone]
    relations = [relation for relation in design.relations if relation.name not in set(patch.unrelate)]
    known = {relation.name for relation in patch.relate}
    kept = [relation for relation in without(relations, gone) if relation.name not in known]
    changed = replace(design, elements=[*elements, *patch.add], relations=[*kept, *patch.relate])
    return _looking(_bounded(changed), patch, brief)


def _bounded(design: Design) -> Design:
    """The design, if it can be read back as a graph: it bounds texts, numbers, and how many things there are."""
    try:
        return msgspec.convert(msgspec.to_builtins(design), Design)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"what comes of it is no graph: {error}", field="patch", hint="change less") from error


def _problems(design: Design, patch: Patch, brief: Brief) -> list[str]:
    """In words, what the patch names that is not there, says twice, or may not touch; empty for one that fits."""
    ids = [element.id for element in design.elements]
    edited = [edit.element for edit in patch.edits]
    found = [f"there is no element {name} to edit" for name in edited if name not in ids]
    found += [f"{name} is edited twice" for name, count in Counter(edited).items() if count > 1]
    found += [f"{name} is locked and cannot be changed" for name in _locked(brief) if name in edited]
    found += _additions(ids, patch.add)
    gone = {edit.element for edit in patch.edits if edit.text == ""}
    after = {*ids, *(element.id for element in patch.add)} - gone
    found += ["this would leave no element"] if not after else []
    names = {relation.name for relation in design.relations}
    found += [f"there is no relation {name} to take out" for name in patch.unrelate if name not in names]
    found += strays(patch.relate, after, design.regions)
    return found + _look_problems(patch, brief)


def strays(relations: Iterable[Relation], elements: set[str], regions: Iterable[Region]) -> list[str]:
    """Relations that do not join two of the elements, or one with a region or the canvas."""
    areas = {region.id for region in regions}
    return [
        f"the relation {relation.name} does not join two of the elements"
        for relation in relations
        if relation.a not in elements
        or relation.b not in (areas if relation.rel == "inside" else elements | {""})
        or relation.a == relation.b
    ]


def _locked(brief: Brief) -> list[str]:
    return sorted({lock.element for lock in brief.spec.locks})


def _additions(ids: list[str], added: list[Element]) -> list[str]:
    found: list[str] = []
    seen = set(ids)
    for element in added:
        if element.id in seen:
            found.append(f"the new element {element.id} has a name that is taken")
        seen.add(element.id)
    return found


def _edited(element: Element, edit: Edit | None) -> Element:
    if edit is None:
        return element
    changes = {name: value for name, value in msgspec.structs.asdict(edit).items() if value is not None}
    del changes["element"]
    if "text" in changes:
        changes.setdefault("short", "")  # the old short text says what the old text said
    return replace(element, **changes)


def _look_problems(patch: Patch, brief: Brief) -> list[str]:
    offered = {
        "background": get_args(BackgroundStyle),
        "archetype": get_args(ArchetypeId),
        "palette": palette_ids(brief),
    }
    found = [
        f"there is no {name} {wish}; there are {', '.join(known)}"
        for name, known in offered.items()
        if (wish := getattr(patch, name)) is not None and wish not in known
    ]
    if patch.archetype and (patch.relate or patch.unrelate):
        found.append("another archetype brings its own relations: change the archetype or the relations, not both")
    return found


def _looking(design: Design, patch: Patch, brief: Brief) -> Design:
    """The design in another look: its strategy follows, so that every canvas does."""
    names = ("background", "archetype", "palette", "mode")
    changes: dict[str, Any] = {name: value for name in names if (value := getattr(patch, name)) is not None}
    if not changes:
        return design
    before = design.strategy or _strategy(design, brief)
    if patch.mode and not patch.palette and _contradicts(before.palette, patch.mode):
        changes["palette"] = choose_id(brief, patch.mode)
    strategy = replace(before, **changes)
    look: dict[str, Any] = {name: changes[name] for name in ("background", "archetype") if name in changes}
    if patch.archetype:
        look |= {"relations": [], "regions": [], "shape": NO_SHAPE}
    if patch.palette or patch.mode:
        look["palette"] = palette_of(strategy, brief)
    return replace(design, strategy=strategy if design.strategy else None, **look)


def _contradicts(palette: str, mode: Mode) -> bool:
    """Whether it is one of the catalogue, which brings its own ground, of the other mode."""
    theme = THEMES.get(palette)
    return theme is not None and is_dark(theme.ground) != (mode == "dark")


def _strategy(design: Design, brief: Brief) -> Strategy:
    """What is needed to choose colours for a graph that was written without a strategy."""
    mode: Mode = "dark" if is_dark(design.palette.ground) else "light"
    return Strategy(
        audience="",
        message="",
        hierarchy=["headline"],
        mode=mode,
        archetype="stack-left",
        background=design.background,
        palette=choose_id(brief, mode),
        display_font=design.typography.display,
        text_font=design.typography.text,
    )
