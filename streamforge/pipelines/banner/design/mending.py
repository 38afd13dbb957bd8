"""Mending a graph by rule: each kind of violation has its remedies, tried in order, none twice."""

from __future__ import annotations

from collections.abc import Iterator

from streamforge.pipelines.banner.design.brief import Attempt, Brief, Edit, Patch, Violation
from streamforge.pipelines.banner.design.colour import luminance
from streamforge.pipelines.banner.design.graph import Design, Element
from streamforge.pipelines.banner.design.palette import palette_ids
from streamforge.pipelines.banner.design.settle import DARK_CEILING
from streamforge.pipelines.banner.design.strategy import BackgroundStyle, Mode
from streamforge.pipelines.banner.design.themes import THEMES
from streamforge.pipelines.banner.design.turns import CONFLICT, WEIGHT
from streamforge.pipelines.banner.words import wording

_COLOUR = frozenset(["contrast", "logo_contrast", "logo", "saliency"])
_VITAL = frozenset(["headline", "logo"])
_QUIET: tuple[BackgroundStyle, ...] = ("gradient", "solid")
_ORDERS = ("above", "left_of")
_SHORTER = 0.7
_LEAST_LETTERS = 12
_KEPT_LINES = 8


def mended(brief: Brief, design: Design, history: list[Attempt]) -> Patch:
    """A patch for what the last attempt's violations name; empty where no rule helps any more."""
    if not history:
        return Patch(rationale="nothing was wrong")
    violations = history[-1].violations
    tried = [attempt.patch for attempt in history if attempt.patch is not None]
    locked = {lock.element for lock in brief.spec.locks}
    if all(violation.check == WEIGHT for violation in violations):
        return _lightened(design)
    if conflicts := [violation for violation in violations if violation.check == CONFLICT]:
        return _untied(design, conflicts)
    if any(violation.check in _COLOUR for violation in violations):
        return _recoloured(brief, design, tried)
    return _tightened(design, violations, locked)


def _untied(design: Design, conflicts: list[Violation]) -> Patch:
    """Take out the relation that the hint names, or else the conflict's last one that is no reading order."""
    names = [relation.name for relation in design.relations]
    for violation in conflicts:
        hinted = [name for name in names if name in violation.fix_hint]
        named = [name for name in names if name in violation.element]
        loose = [name for name in named if not name.startswith(_ORDERS)]
        for group in (hinted, loose, named):
            if group:
                return Patch(unrelate=group[-1:], rationale=f"took out {group[-1]}, which contradicts the others")
    return Patch(rationale="no relation of the graph is named in the conflict")


def _lightened(design: Design) -> Patch:
    """A plain ground; no other patch makes a file much lighter."""
    if design.background == "solid":
        return Patch(rationale="the ground is plain already, and files are still too heavy")
    return Patch(background="solid", rationale="a plain ground makes lighter files")


def _recoloured(brief: Brief, design: Design, tried: list[Patch]) -> Patch:
    """A quieter ground first, then the other mode, then themes of the catalogue one after the other."""
    if design.strategy is None:
        return Patch(background=_QUIET[-1], rationale="a plain ground under the text")
    seen = [(patch.background, patch.mode, patch.palette) for patch in tried]
    for background, mode, palette in _looks(brief, design):
        if (background, mode, palette) not in seen:
            return Patch(background=background, mode=mode, palette=palette, rationale="colours that can be read")
    return Patch(rationale="every palette has been tried")


def _looks(brief: Brief, design: Design) -> Iterator[tuple[BackgroundStyle, Mode | None, str | None]]:
    mode = design.strategy.mode if design.strategy else "light"
    other: Mode = "dark" if mode == "light" else "light"
    if design.background not in _QUIET:
        yield "gradient", None, None
    yield "solid", other, None
    for name in palette_ids(brief):
        if name in THEMES:
            theme_mode: Mode = "dark" if luminance(THEMES[name].ground) <= DARK_CEILING else "light"
            yield "solid", theme_mode, name


def _tightened(design: Design, violations: list[Violation], locked: set[str]) -> Patch:
    """Shorter copy for what is too long; else the least important element goes."""
    elements = {element.id: element for element in design.elements}
    named = [elements[v.element] for v in violations if v.element in elements and v.element not in locked]
    edits: dict[str, Edit] = {}
    for element in named:
        if (shorter := _shorter(element)) is not None:
            edits.setdefault(element.id, shorter)
        elif element.role not in _VITAL:
            edits.setdefault(element.id, Edit(element=element.id, text=""))
    if edits:
        return Patch(edits=list(edits.values()), rationale=f"less to say: {', '.join(edits)}")
    return _thinned(design, locked)


def _shorter(element: Element) -> Edit | None:
    """The element's own short form, or its text cut where a phrase ends; else leave for more lines, if it has none."""
    if element.role in {"logo", "hero", "deco", "contact"} or not element.text:
        return None
    if element.short and element.short != element.text:
        return Edit(element=element.id, text=element.short, short=element.short)
    letters = max(_LEAST_LETTERS, int(len(element.text) * _SHORTER))
    words = max(1, int(len(element.text.split()) * _SHORTER))
    cut = wording.shorten(element.text, words=words, letters=letters)
    if cut and cut != element.text:
        return Edit(element=element.id, text=cut, short=cut)
    return Edit(element=element.id, max_lines=_KEPT_LINES) if element.max_lines < _KEPT_LINES else None


def _thinned(design: Design, locked: set[str]) -> Patch:
    rest = [e for e in design.elements if e.role not in _VITAL and e.id not in locked]
    if not rest:
        return Patch(rationale="nothing can be left out any more")
    victim = max(rest, key=lambda element: element.priority)
    return Patch(edits=[Edit(element=victim.id, text="")], rationale=f"left out {victim.id} to make room")
