"""Conflicts are minimal, named, and come with the rule to give up."""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.solve.budget import Budget
from streamforge.solve.explain import Checker
from streamforge.solve.model import closure
from streamforge.solve.problem import Problem
from tests.unit.solve.problems import box, problem, rule


def checker(layout: Problem, *, points: bool = False) -> Checker:
    """A checker with all the effort a problem has."""
    return Checker(layout, Budget(layout), points=points)


def test_a_solvable_problem_has_no_core() -> None:
    """No contradiction is found where there is none."""
    asked = checker(problem([box("a"), box("b")], [rule("above", "a", "b")]))
    assert asked.core(asked.names) is None


def test_want_of_space_has_a_core_without_points() -> None:
    """Items that are too large for the canvas are no contradiction once sizes are set aside."""
    crowded = problem([box("a", (300, 200)), box("b", (300, 200))], [rule("above", "a", "b")])
    sized, points = checker(crowded), checker(crowded, points=True)
    assert sized.core(sized.names) is not None
    assert points.core(points.names) is None


def test_the_lightest_rule_is_the_one_to_give_up() -> None:
    """Of two rules in conflict, the hint names the one of less weight."""
    rules = [rule("above", "a", "b", weight=2), rule("above", "b", "a", weight=9)]
    asked = checker(problem([box("a"), box("b")], rules), points=True)
    core = asked.core(asked.names)
    assert core is not None
    conflict = asked.explain(core)
    assert set(conflict.rules) == {"above(a, b)", "above(b, a)"}
    assert conflict.drop == "above(a, b)"
    assert conflict.hint == "remove or soften above(a, b)"


def test_bystanders_are_not_blamed() -> None:
    """Deleting rules one by one leaves only those the contradiction needs."""
    rules = [
        rule("above", "c", "d"),
        rule("left_of", "a", "b"),
        rule("center_x", "a", "b"),
        rule("align_left", "c", "d"),
    ]
    asked = checker(problem([box(name) for name in "abcd"], rules), points=True)
    assert set(asked.explain(asked.names).rules) == {"left_of(a, b)", "center_x(a, b)"}


def test_a_locked_place_is_named_and_kept_before_a_rule() -> None:
    """A place locked below what a rule puts under it: both are named, and the rule is the one to give up."""
    items = [replace(box("a"), pin=(100, 240)), replace(box("b"), pin=(100, 40))]
    asked = checker(problem(items, [rule("above", "a", "b", weight=10)]), points=True)
    core = asked.core(asked.names)
    assert core is not None
    conflict = asked.explain(core)
    assert set(conflict.rules) == {"at(a)", "at(b)", "above(a, b)"}
    assert conflict.drop == "above(a, b)"


def test_without_effort_the_answer_is_unsure_and_comes_at_once() -> None:
    """No effort left: nothing is claimed to be impossible, and a core is handed back unshrunk."""
    layout = replace(problem([box("a"), box("b")], [rule("above", "a", "b"), rule("above", "b", "a")]), effort=0.0)
    asked = checker(layout, points=True)
    assert asked.explain(asked.names).rules == asked.names


def test_closure_follows_chains() -> None:
    """A before b before c implies a before c; cycles end."""
    assert ("a", "c") in closure([("a", "b"), ("b", "c")])
    assert ("a", "a") in closure([("a", "b"), ("b", "a")])
