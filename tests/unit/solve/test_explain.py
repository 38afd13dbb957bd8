"""Conflicts are minimal, named, and come with the rule to give up."""

from __future__ import annotations

from streamforge.solve.explain import explain, find_core
from streamforge.solve.model import closure
from tests.unit.solve.problems import box, problem, rule


def test_a_solvable_problem_has_no_core() -> None:
    """No contradiction is found where there is none."""
    assert find_core(problem([box("a"), box("b")], [rule("above", "a", "b")])) is None


def test_want_of_space_has_a_core_without_points() -> None:
    """Items that are too large for the canvas are no contradiction once sizes are set aside."""
    crowded = problem([box("a", (300, 200)), box("b", (300, 200))], [rule("above", "a", "b")])
    assert find_core(crowded) is not None
    assert find_core(crowded, points=True) is None


def test_the_lightest_rule_is_the_one_to_give_up() -> None:
    """Of two rules in conflict, the hint names the one of less weight."""
    rules = [rule("above", "a", "b", weight=2), rule("above", "b", "a", weight=9)]
    layout = problem([box("a"), box("b")], rules)
    core = find_core(layout, points=True)
    assert core is not None
    conflict = explain(layout, core, points=True)
    assert set(conflict.rules) == {"above(a, b)", "above(b, a)"}
    assert conflict.drop == "above(a, b)"


def test_bystanders_are_not_blamed() -> None:
    """Deleting rules one by one leaves only those the contradiction needs."""
    rules = [
        rule("above", "c", "d"),
        rule("left_of", "a", "b"),
        rule("center_x", "a", "b"),
        rule("align_left", "c", "d"),
    ]
    layout = problem([box(name) for name in "abcd"], rules)
    conflict = explain(layout, tuple(r.name for r in rules), points=True)
    assert set(conflict.rules) == {"left_of(a, b)", "center_x(a, b)"}


def test_closure_follows_chains() -> None:
    """A before b before c implies a before c; cycles end."""
    assert ("a", "c") in closure([("a", "b"), ("b", "c")])
    assert ("a", "a") in closure([("a", "b"), ("b", "a")])
