"""A problem less one item, without losing what was said through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from msgspec.structs import replace

from streamforge.solve.problem import Problem, Rule

_ORDERS = frozenset(["above", "left_of", "larger_type"])
_EQUALITIES = frozenset(
    ["align_left", "align_right", "align_top", "align_bottom", "center_x", "center_y", "same_width"]
)


def without(problem: Problem, name: str) -> Problem:
    """The problem less one item; orders and alignments that went through it still bind its neighbours."""
    about = [rule for rule in problem.rules if name in {rule.a, rule.b}]
    kept = [rule for rule in problem.rules if name not in {rule.a, rule.b}]
    items = [item for item in problem.items if item.id != name]
    subjects = {item.id for item in items}
    bridges = _bridges(about, name, subjects)
    bridged = {rule.name: rule for rule in bridges if rule.a in subjects and rule.a != rule.b}
    known = {rule.name for rule in kept}
    return replace(problem, items=items, rules=[*kept, *(bridged[each] for each in bridged if each not in known)])


def _bridges(about: list[Rule], name: str, subjects: set[str]) -> Iterable[Rule]:
    for kind in dict.fromkeys(rule.kind for rule in about):
        rules = [rule for rule in about if rule.kind == kind]
        if kind in _ORDERS:
            for before in (rule for rule in rules if rule.b == name):
                yield from (_joined(before, after, before.a, after.b) for after in rules if after.a == name)
        elif kind in _EQUALITIES:
            other: Callable[[Rule], str] = lambda rule: rule.b if rule.a == name else rule.a  # noqa: E731
            items_first = sorted(rules, key=lambda rule: other(rule) not in subjects)
            for first, second in pairwise(items_first):
                yield _joined(first, second, other(first), other(second))


def _joined(first: Rule, second: Rule, a: str, b: str) -> Rule:
    return replace(
        first,
        name=f"{first.kind}({a}, {b or 'canvas'})",
        a=a,
        b=b,
        hard=first.hard and second.hard,
        weight=min(first.weight, second.weight),
        gap=max(first.gap, second.gap),
        ideal=max(first.ideal, second.ideal),
    )
