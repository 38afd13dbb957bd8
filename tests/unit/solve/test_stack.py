"""The fallback layout always exists, in reading order, and drops what does not fit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.solve.problem import Area
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


def test_what_has_a_place_keeps_it_and_the_others_step_aside() -> None:
    """A locked item stands where it was locked, a filling one fills its region, the rest stack clear of both."""
    regions = {"side": Area(0, 0, 100, 300)}
    items = [
        replace(box("hero", (100, 300)), bleed=True),
        replace(box("note"), pin=(120, 40)),
        box("a"),
        box("b"),
    ]
    layout = problem(items, [rule("inside", "hero", "side")], regions=regions)
    with_lane = replace(
        layout,
        regions={**regions, "rest": Area(112, 0, 288, 300)},
        rules=[*layout.rules, rule("inside", "a", "rest"), rule("inside", "b", "rest")],
    )
    placed = by_id(stack(with_lane))
    assert (placed["hero"].x, placed["hero"].y, placed["hero"].height) == (0, 0, 300)
    assert (placed["note"].x, placed["note"].y) == (120, 40)
    assert placed["a"].y >= placed["note"].y + placed["note"].height
    assert placed["b"].y >= placed["a"].y + placed["a"].height


def test_vital_items_are_refused_rather_than_dropped() -> None:
    """A stack that cannot hold what has to stay is no layout, and says so by name."""
    items = [replace(box("a", (80, 200)), vital=True), replace(box("b", (80, 200)), vital=True), box("c")]
    with pytest.raises(LayoutInfeasible, match="too small for a, b"):
        stack(problem(items, column("a", "b", "c")))


def test_dropped_items_come_with_a_reason() -> None:
    """Each item that the stack leaves out has one."""
    layout = problem([box("a", priority=1), box("b", priority=9)], column("a", "b"), width=120, height=60)
    assert set(stack(layout).reasons) == {"b"}
