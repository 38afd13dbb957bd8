"""What a model is told: frozen instructions from files, and the turn with what this brief is about.

Nothing of a brief is in the instructions, so that a provider can cache them. In the turns our own measurements stand
outside, and what strangers wrote stands as JSON inside fences that it cannot close.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

import msgspec

from streamforge.pipelines.banner.design.brief import Attempt, Brief, Violation
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.palette import palette_ids
from streamforge.pipelines.banner.design.settle import is_dark
from streamforge.pipelines.banner.design.shapes import shape_of
from streamforge.pipelines.banner.design.strategy import Strategy
from streamforge.pipelines.banner.design.themes import CATALOGUE

STRATEGY = "banner-strategy.v1.md"
GRAPH = "banner-graph.v1.md"
PATCH = "banner-patch.v1.md"
REPAIR = "banner-repair.v1.md"
CONFLICT = "conflict"
"""The check of a violation whose element is the names of relations that exclude each other."""
ANSWER = "answer"
"""The check of a violation that an answer has which cannot be used as it was given: its hint says why."""
WEIGHT = "weight"
"""The check of a violation whose element is a file that is too heavy."""
_MOST_VIOLATIONS = 24
_MOST_ATTEMPTS = 4
_MOST_PROBLEMS = 12
_WRITTEN = ("elements", "relations", "regions", "align")
_OWN = ("ink", "x", "y", "min_px", "max_px", "aspect")
"""Fields of an element that are not a model's to write."""


@cache
def instructions(name: str) -> str:
    """A prompt file with the palettes of the catalogue in it: the same text for every brief."""
    text = resources.files("streamforge.pipelines.banner.design").joinpath("prompts", name).read_text(encoding="utf-8")
    return text.replace("{palettes}", _palettes())


def strategy_turn(brief: Brief) -> str:
    """What there is to decide on."""
    return f"{_facts(brief)}\n{_brief(brief)}"


def graph_turn(brief: Brief, strategy: Strategy) -> str:
    """The brief with the strategy that was decided."""
    return f"{_facts(brief)}\n{_brief(brief)}\n{_fenced('strategy', msgspec.to_builtins(strategy))}"


def patch_turn(brief: Brief, design: Design, history: list[Attempt]) -> str:
    """The design, what does not hold in it, and what has been tried before."""
    last = _varied(history[-1].violations) if history else []
    lines = [f"- {line_of(violation)}" for violation in last[:_MOST_VIOLATIONS]]
    if len(last) > _MOST_VIOLATIONS:
        lines.append(f"- and {len(last) - _MOST_VIOLATIONS} more of these kinds")
    found = "\n".join(lines) or "- nothing: make the weakest part of it better, or change nothing"
    locks = ", ".join(sorted({lock.element for lock in brief.spec.locks})) or "none"
    return (
        f"{_facts(brief)}\nLocked elements: {locks}.\n{_brief(brief)}\n{_fenced('design', _written(design))}\n"
        f"What the detectors measured on version {history[-1].version if history else 1}:\n{_escaped(found)}\n"
        f"{_tried(history)}"
    ).rstrip()


def repair_turn(problems: list[str]) -> str:
    """What is wrong with an answer, in words."""
    lines = "\n".join(f"- {line}" for line in problems[:_MOST_PROBLEMS])
    return instructions(REPAIR).replace("{problems}", _escaped(lines))


def line_of(violation: Violation) -> str:
    """``300x250 contrast(headline): measured 2.1 ratio, limit 4.5 ratio (choose …)``; not all have measures."""
    said = f"{violation.size} {violation.check}({violation.element})"
    if violation.check not in {CONFLICT, ANSWER}:
        unit = f" {violation.unit}" if violation.unit else ""
        said += f": measured {violation.measured:g}{unit}, limit {violation.limit:g}{unit}"
    return f"{said} ({violation.fix_hint})" if violation.fix_hint else said


def _facts(brief: Brief) -> str:
    others = ", ".join(f"{each.size} ({shape_of(each.size)})" for each in islice(brief.spec.canvases, 40))
    lines = [f"Canvas: {brief.size} px ({shape_of(brief.size)}). All sizes of the set: {others}.", _logo(brief)]
    lines += [_hero(brief), f"Palettes for this brief: {', '.join(palette_ids(brief))}."]
    return "\n".join(lines)


def _logo(brief: Brief) -> str:
    logo = brief.logo
    if logo is None:
        return "Logo: none."
    ground = "transparent" if logo.transparent else "opaque"
    colours = ", ".join(logo.colors) or "unknown"
    return f"Logo: {logo.width}x{logo.height} px, {ground}, luminance {logo.luminance:.2f}, colours {colours}."


def _hero(brief: Brief) -> str:
    hero = brief.hero
    if hero is None:
        return "Picture: none."
    return f"Picture: {hero.width}x{hero.height} px, luminance {hero.luminance:.2f}, calm {hero.calm}."


def _brief(brief: Brief) -> str:
    spec, kit = brief.spec, brief.kit
    said = {
        "prompt": spec.prompt,
        "brand_name": spec.brand_name or kit.name,
        "audience": spec.audience,
        "purpose": spec.purpose,
        "brand_colors": spec.brand_colors or [colour.hex for colour in kit.colors],
        "brand_fonts": [font for font in (kit.display_font, kit.text_font) if font],
    }
    return _fenced("brief", said)


def _written(design: Design) -> dict[str, Any]:
    """The design in the form in which a model writes one."""
    whole = msgspec.to_builtins(design)
    kept = {name: whole[name] for name in _WRITTEN}
    kept["elements"] = [{k: v for k, v in element.items() if k not in _OWN} for element in whole["elements"]]
    look = {"archetype": design.archetype, "background": design.background}
    if design.strategy is not None:
        look |= {"palette": design.strategy.palette, "mode": design.strategy.mode}
    return {**look, **kept}


def _varied(violations: list[Violation]) -> list[Violation]:
    """The first of each kind before the others: where many sizes fail alike, none hides what else there is."""
    firsts = {(each.check, each.element): each for each in reversed(violations)}
    return [*reversed(firsts.values()), *(each for each in violations if each not in firsts.values())]


def _tried(history: list[Attempt]) -> str:
    earlier = [attempt for attempt in history if attempt.patch is not None][-_MOST_ATTEMPTS:]
    if not earlier:
        return ""
    told = [
        {"version": each.version, "patch": _patch(each), "failures_after_it": len(each.violations)} for each in earlier
    ]
    return _fenced("attempts", told)


def _patch(attempt: Attempt) -> dict[str, Any]:
    """Only what the patch asked for."""
    return {name: value for name, value in msgspec.to_builtins(attempt.patch).items() if value}


def _fenced(name: str, value: object) -> str:
    return f"<{name}>\n{_escaped(msgspec.json.encode(value).decode())}\n</{name}>"


def _escaped(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _palettes() -> str:
    return "\n".join(
        f"- `{theme.name}`: {'dark' if is_dark(theme.ground) else 'light'} ground {theme.ground}, accent {theme.accent}"
        for theme in CATALOGUE
    )
