"""The fallback layout always exists, in reading order, and drops what does not fit."""

from __future__ import annotations

from itertools import pairwise

from streamforge.solve.stack import stack
from tests.unit.solve.problems import box, by_id, column, problem, rule


def test_tall_canvases_stack_downwards_in_reading_order() -> None:
    """Items follow the order the hard rules give, one below the other, inside the margins."""
    layout = problem([box("c"), box("a"), box("b")], column("a", "b", "c"))
    placed = stack(layout).placed
    assert [p.id for p in placed] == ["a", "b", "c"]
    assert all(upper.y + upper.height < lower.y for upper, lower in pairwise(placed))


def test_strips_stack_sideways() -> None:
    """On a wide strip items stand side by side."""
    layout = problem([box("a"), box("b")], [rule("left_of", "a", "b")], width=700, height=90)
    placed = by_id(stack(layout))
    assert placed["a"].x + placed["a"].width < placed["b"].x
    assert placed["a"].y == placed["b"].y


def test_what_does_not_fit_is_dropped_by_priority() -> None:
    """The highest priority number goes first."""
    layout = problem([box("a", priority=1), box("b", priority=9)], column("a", "b"), width=120, height=60)
    solution = stack(layout)
    assert solution.dropped == ["b"]
    assert [p.id for p in solution.placed] == ["a"]


def test_a_cycle_of_orders_still_ends() -> None:
    """Contradictory orders do not hang the fallback."""
    layout = problem([box("a"), box("b")], [rule("above", "a", "b"), rule("above", "b", "a")])
    assert len(stack(layout).placed) == 2
