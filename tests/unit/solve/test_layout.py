"""Layouts hold their rules, name what contradicts, leave out what does not fit, and come out the same each time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.solve.bridge import without
from streamforge.solve.layout import solve
from streamforge.solve.problem import Area, Candidate, Item, Placed, RuleKind
from tests.unit.solve.problems import box, by_id, column, problem, rule

NAMES = ("a", "b", "c")


HOLDS: dict[RuleKind, Callable[[Placed, Placed], bool]] = {
    "above": lambda a, b: a.y + a.height + 8 <= b.y,
    "left_of": lambda a, b: a.x + a.width + 8 <= b.x,
    "align_left": lambda a, b: a.x == b.x,
    "align_right": lambda a, b: a.x + a.width == b.x + b.width,
    "align_top": lambda a, b: a.y == b.y,
    "align_bottom": lambda a, b: a.y + a.height == b.y + b.height,
    "center_x": lambda a, b: abs(2 * a.x + a.width - 2 * b.x - b.width) <= 4,
    "center_y": lambda a, b: abs(2 * a.y + a.height - 2 * b.y - b.height) <= 4,
    "same_width": lambda a, b: a.width == b.width,
    "near": lambda a, b: max(b.x - a.x - a.width, b.y - a.y - a.height, a.y - b.y - b.height) <= 8,
    "larger_type": lambda a, b: a.height > b.height,
}
"""What each relation kind means for two placed boxes; gaps are 8 px, the grid is 4."""


def test_order_alignment_and_margins_hold() -> None:
    """A column comes out in order, on one left edge, inside the margins, with the gaps asked for."""
    placed = by_id(solve(problem([box(name) for name in NAMES], column(*NAMES))))
    assert placed["a"].y + placed["a"].height + 8 <= placed["b"].y
    assert placed["b"].y + placed["b"].height + 8 <= placed["c"].y
    assert len({p.x for p in placed.values()}) == 1
    assert all(p.x >= 16 and p.x + p.width <= 384 and p.y >= 16 and p.y + p.height <= 284 for p in placed.values())


@pytest.mark.parametrize("kind", HOLDS)
def test_every_kind_of_rule_binds(kind: RuleKind) -> None:
    """Each relation kind means what its name says."""
    items = [box("a", (60, 20), (92, 36)), box("b", (60, 20), (120, 28), (92, 36))]
    placed = by_id(solve(problem(items, [rule(kind, "a", "b")])))
    assert HOLDS[kind](placed["a"], placed["b"])


def test_a_region_holds_its_items() -> None:
    """``inside`` keeps an item in the region's part of the canvas."""
    regions = {"right_half": Area(200, 0, 200, 300)}
    placed = by_id(solve(problem([box("a")], [rule("inside", "a", "right_half")], regions=regions)))
    assert placed["a"].x >= 200
    assert placed["a"].x + placed["a"].width <= 384


def test_larger_sizes_win_while_they_fit() -> None:
    """Room for the large size gives the large size; without it, the small one, and nothing is dropped."""
    wide = solve(problem([box("a", (100, 20), (300, 60))], []))
    narrow = solve(problem([box("a", (100, 20), (300, 60))], [], width=200))
    assert by_id(wide)["a"].key == 1
    assert by_id(narrow)["a"].key == 0
    assert narrow.dropped == []


def test_cyclic_order_names_the_cycle() -> None:
    """A cycle of orders is refused with exactly the rules that form it."""
    rules = [*column(*NAMES), rule("above", "c", "a")]
    with pytest.raises(LayoutInfeasible) as caught:
        solve(problem([box(name) for name in NAMES], rules))
    assert set(caught.value.conflicts) == {"above(a, b)", "above(b, c)", "above(c, a)"}
    assert caught.value.hint == "remove or soften above(c, a)"


def test_alignment_against_order_names_both() -> None:
    """Two items beside each other cannot share a left edge: both rules are named, and no other."""
    rules = [rule("left_of", "a", "b"), rule("align_left", "a", "b"), rule("above", "a", "c")]
    with pytest.raises(LayoutInfeasible) as caught:
        solve(problem([box(name) for name in NAMES], rules))
    assert set(caught.value.conflicts) == {"left_of(a, b)", "align_left(a, b)"}


def test_impossible_hierarchy_is_named() -> None:
    """Type that can never be larger than other type is a contradiction of one rule."""
    items = [box("small", (50, 10)), box("large", (50, 40))]
    with pytest.raises(LayoutInfeasible) as caught:
        solve(problem(items, [rule("larger_type", "small", "large")]))
    assert caught.value.conflicts == ("larger_type(small, large)",)


def test_a_contradiction_is_never_solved_by_dropping() -> None:
    """Even an item that may be dropped first does not vanish to hide a designer's contradiction."""
    items = [box("a"), box("b", priority=9)]
    with pytest.raises(LayoutInfeasible):
        solve(problem(items, [rule("above", "a", "b"), rule("above", "b", "a")]))


def test_soft_rules_give_way_and_are_reported() -> None:
    """A soft rule that cannot hold is relaxed by name; the hard one stays."""
    rules = [rule("above", "a", "b"), rule("above", "b", "a", hard=False), rule("align_left", "a", "b", hard=False)]
    solution = solve(problem([box("a"), box("b")], rules))
    assert solution.relaxed == ["above(b, a)"]


def test_the_least_important_goes_first() -> None:
    """On a canvas too small for all, priority 9 goes before 5, and priority 1 stays."""
    items = [box("a", priority=1), box("b", priority=9), box("c")]
    solution = solve(problem(items, column(*NAMES), height=90))
    assert solution.dropped == ["b"]
    assert set(by_id(solution)) == {"a", "c"}
    smaller = solve(problem(items, column(*NAMES), height=60))
    assert smaller.dropped == ["b", "c"]


def test_order_survives_the_item_in_the_middle() -> None:
    """When the middle of a column is dropped, its neighbours keep their order and their edge."""
    left = without(problem([box(name) for name in NAMES], column(*NAMES)), "b")
    assert [item.id for item in left.items] == ["a", "c"]
    assert "above(a, c)" in {kept.name for kept in left.rules}
    assert "align_left(c, a)" in {kept.name for kept in left.rules}


def test_an_item_without_any_size_is_dropped_or_named() -> None:
    """No candidate fits: the item is left out if others remain, and named when it was the last."""
    giant = box("giant", (4000, 20), priority=1)
    assert solve(problem([giant, box("a")], [])).dropped == ["giant"]
    with pytest.raises(LayoutInfeasible) as caught:
        solve(problem([giant], []))
    assert caught.value.conflicts == ("size(giant)",)
    with pytest.raises(LayoutInfeasible) as empty:
        solve(problem([Item(id="empty", candidates=[])], []))
    assert empty.value.conflicts == ("size(empty)",)


def test_a_region_too_small_for_the_only_item_is_named() -> None:
    """A region into which the last item does not go is a conflict, not an empty banner."""
    regions = {"nook": Area(0, 0, 40, 40)}
    with pytest.raises(LayoutInfeasible) as caught:
        solve(problem([box("a")], [rule("inside", "a", "nook")], regions=regions))
    assert caught.value.conflicts == ("size(a)",)


@pytest.mark.parametrize("bad", [rule("above", "a", "ghost"), rule("above", "ghost", "a"), rule("above", "a", "a")])
def test_rules_about_nothing_are_refused_by_name(bad: object) -> None:
    """A rule that names no element, or one element twice, is the designer's error and is named."""
    layout = replace(problem([box("a")], []), rules=[bad])
    with pytest.raises(LayoutInfeasible) as caught:
        solve(layout)
    assert caught.value.conflicts == (layout.rules[0].name,)


def test_equal_problems_give_equal_solutions() -> None:
    """The solver is deterministic: two runs agree to the pixel."""
    layout = problem([box(name) for name in "abcdef"], column("a", "b", "c"))
    assert solve(layout) == solve(layout)


def test_no_time_falls_back_to_a_stack_that_says_so() -> None:
    """With no effort allowed the stack layout answers, and reports every rule as relaxed."""
    layout = replace(problem([box(name) for name in NAMES], column(*NAMES)), effort=0.0, wall_s=0.0)
    solution = solve(layout)
    assert solution.status == "stack"
    assert [p.id for p in sorted(solution.placed, key=lambda p: p.y)] == list(NAMES)
    assert solution.relaxed == [r.name for r in layout.rules]


def test_the_reason_names_who_was_in_whose_way() -> None:
    """Of a column that is too high its least important item goes, not the least important of another column."""
    items = [box("a", (80, 120)), box("b", (80, 120), priority=6), box("c", (80, 120)), box("far", priority=9)]
    rules = [*column("a", "b", "c"), *(rule("left_of", name, "far") for name in "abc")]
    solution = solve(problem(items, rules))
    assert solution.dropped == ["b"]
    assert solution.reasons == {"b": "the canvas lacks height for a, b, c"}


def test_vital_items_are_named_with_the_size_they_need() -> None:
    """An item that may not go and fits in no way is refused with the px it needs and the px there are."""
    giant = replace(box("giant", (4000, 20), priority=9), vital=True)
    with pytest.raises(LayoutInfeasible, match="giant needs at least 4000 x 20 px and has 368 x 268 px") as caught:
        solve(problem([giant, box("a")], []))
    assert caught.value.conflicts == ("size(giant)",)


def test_regions_keep_their_padding() -> None:
    """Inside a panel, items stay off its inner edge as they stay off the canvas' edge."""
    regions = {"panel": Area(0, 0, 200, 300)}
    layout = problem([box("a", (100, 20), (160, 20), (184, 20))], [rule("inside", "a", "panel")], regions=regions)
    assert by_id(solve(layout))["a"].width == 184
    padded = by_id(solve(replace(layout, padding=24)))["a"]
    assert padded.x + padded.width <= 176


def test_a_search_bounded_by_effort_ends_alike_each_time() -> None:
    """A puzzle that the effort does not suffice for still gives one and the same layout."""
    items = [box(f"i{at}", (40 + 4 * at, 20), (70 + 8 * at, 36), (90, 50)) for at in range(14)]
    layout = replace(problem(items, [], width=500, height=400), effort=0.05, wall_s=30.0)
    first = solve(layout)
    assert first.status in {"feasible", "stack"}
    assert solve(layout) == first


def overlap(a: Placed, b: Placed) -> bool:
    """Whether two boxes share area."""
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(8, 200), st.integers(8, 120), st.integers(1, 9)), min_size=1, max_size=6),
    st.sampled_from([(400, 300), (728, 90), (160, 600)]),
)
def test_boxes_never_overlap_nor_leave_the_canvas(raw: list[tuple[int, int, int]], canvas: tuple[int, int]) -> None:
    """Whatever the sizes: boxes are disjoint and inside the margins, each item is placed or dropped.

    Only when no item fits alone is there no layout.
    """
    items = [Item(id=f"i{at}", candidates=[Candidate(w, h, h, 10, 0)], priority=p) for at, (w, h, p) in enumerate(raw)]
    layout = problem(items, [], width=canvas[0], height=canvas[1])
    try:
        solution = solve(layout)
    except LayoutInfeasible:
        grid = layout.grid  # margins round inwards to the grid
        assert all(w > canvas[0] - 32 - grid or h > canvas[1] - 32 - grid for w, h, _ in raw)
        return
    assert not any(overlap(a, b) for a, b in combinations(solution.placed, 2))
    assert {p.id for p in solution.placed} | set(solution.dropped) == {item.id for item in items}
    for placed in solution.placed:
        assert placed.x >= 16
        assert placed.y >= 16
        assert placed.x + placed.width <= canvas[0] - 16
        assert placed.y + placed.height <= canvas[1] - 16
