"""A design's relations as rules with distances: what belongs together stands closer than what does not.

Distances follow the canvas, and through the rim that every size of a text keeps free also the type: the space between
two blocks is never less than the one between the lines of either.
"""

from __future__ import annotations

from collections.abc import Callable

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Region, Relation
from streamforge.pipelines.banner.layout.stage import Metrics
from streamforge.render.text import is_rtl
from streamforge.solve.problem import Area, Rule, RuleKind

_TEXTS = frozenset(["kicker", "headline", "sub", "body"])
_NOTES = frozenset(["contact", "legal"])
_GROUPED = 0.034
"""The distance within a group, as a share of the canvas' mean side."""
_APART = {"offer": 0.056, "logo": 0.055, "cta": 0.05}
_CLOSING = frozenset(["cta", "logo"])
_BARRED = 0.1
_TURN = ("sub", "headline")
"""An offer's rest above the headline belongs to the offer."""
_OTHER = 0.045
_NOTED = 0.03
_LEAST = 0.75
"""The least distance, as a share of the ideal one."""
_NEAR, _NEAR_PX = 0.06, 8
_BESIDE, _BESIDE_PX = 0.055, 8
_GROUPED_GROWTH, _APART_GROWTH = 0.2, 0.55
"""How much distances grow on upright canvases, where height is to spare."""


Edged = Callable[[tuple[str, str]], bool]
"""Whether the edge of a panel or a bar runs between two roles, the upper one first."""


def rules_of(design: Design, metrics: Metrics) -> list[Rule]:
    """One rule a relation, equal ones once."""
    roles = {element.id: element.role for element in design.elements}
    starts_right = {element.id for element in design.elements if is_rtl(element.text)}
    found = {relation.name: relation for relation in design.relations}
    edged = {"footer-bar": _closes, "split-panel": _leaves_texts}.get(design.archetype, _nowhere)
    return [_rule(relation, roles, metrics, _kind(relation, starts_right), edged) for relation in found.values()]


def _kind(relation: Relation, starts_right: set[str]) -> RuleKind:
    """Where lines start at the right, a common left edge that is only wished for becomes a common right one."""
    follows = relation.b in starts_right or (not relation.b and relation.a in starts_right)
    return "align_right" if relation.rel == "align_left" and not relation.hard and follows else relation.rel


def _rule(relation: Relation, roles: dict[str, str], metrics: Metrics, kind: RuleKind, edged: Edged) -> Rule:
    pair = (roles.get(relation.a, ""), roles.get(relation.b, ""))
    is_grouped = _belong(pair)
    gap, ideal = metrics.gap, 0.0
    if kind == "above":
        ideal = metrics.unit * (_BARRED if edged(pair) else _share(pair))
        gap = max(3, round(ideal * _LEAST))
        ideal *= 1 + metrics.tallness * (_GROUPED_GROWTH if is_grouped else _APART_GROWTH)
    elif kind == "near":
        gap = max(_NEAR_PX, round(metrics.unit * _NEAR))
    elif kind == "left_of":
        gap = max(_BESIDE_PX, round(metrics.unit * _BESIDE))
    return Rule(
        name=relation.name,
        kind=kind,
        a=relation.a,
        b=relation.b,
        hard=relation.hard,
        weight=relation.weight,
        gap=gap,
        ideal=round(ideal),
        tight=is_grouped,
    )


def _closes(pair: tuple[str, str]) -> bool:
    """Whether the lower one begins the closing row: a bar's edge lies between the two."""
    return pair[0] not in _CLOSING and pair[1] in _CLOSING


def _leaves_texts(pair: tuple[str, str]) -> bool:
    """Whether one of the two stands on the panel of the texts, and the other beside it."""
    return (pair[0] in _TEXTS) != (pair[1] in _TEXTS)


def _nowhere(_: tuple[str, str]) -> bool:
    return False


def _belong(pair: tuple[str, str]) -> bool:
    """Whether two roles, one above the other, are one group: the message, an offer and its rest, button and notes."""
    upper, lower = pair
    is_message = upper in _TEXTS and lower in _TEXTS and pair != _TURN
    return is_message or pair == ("offer", "sub") or (upper in {"cta", *_NOTES} and lower in _NOTES)


def _share(pair: tuple[str, str]) -> float:
    if _belong(pair):
        return _NOTED if pair[1] in _NOTES else _GROUPED
    if pair == _TURN:
        return _APART["offer"]
    return next((_APART[role] for role in ("logo", "cta", "offer") if role in pair), _OTHER)


def area_of(region: Region, size: Size) -> Area:
    """A region's share of the canvas at its anchor; the centre takes it in both directions."""
    share = region.share / 100
    wide, high = round(size.width * share), round(size.height * share)
    width, height = size.width, size.height
    return {
        "full": Area(0, 0, width, height),
        "left": Area(0, 0, wide, height),
        "right": Area(width - wide, 0, wide, height),
        "top": Area(0, 0, width, high),
        "bottom": Area(0, height - high, width, high),
        "center": Area((width - wide) // 2, (height - high) // 2, wide, high),
    }[region.anchor]
