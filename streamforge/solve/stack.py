"""The layout that always exists: items one below the other (or side by side on a strip), smallest sizes first.

It stands in when the search ends without an answer. It keeps margins, order and gaps; of the rules it keeps none by
intent, so all are reported as relaxed.
"""

from __future__ import annotations

from streamforge.solve.problem import Candidate, Item, Placed, Problem, Solution

_STRIP_ASPECT = 3.0


def stack(problem: Problem) -> Solution:
    """Stack the items in reading order; drops the least important while they do not fit."""
    items = _reading_order(problem)
    dropped: list[str] = []
    placed = _place(problem, items)
    while placed is None and len(items) > 1:
        victim = max(items, key=lambda item: item.priority)
        items.remove(victim)
        dropped.append(victim.id)
        placed = _place(problem, items)
    return Solution(
        status="stack",
        placed=placed or [],
        relaxed=[rule.name for rule in problem.rules],
        dropped=dropped if placed else [*dropped, *(item.id for item in items)],
    )


def _reading_order(problem: Problem) -> list[Item]:
    """Items sorted so that those with fewer items before them (by hard rules) come first; stable."""
    order = [(rule.a, rule.b) for rule in problem.rules if rule.hard and rule.kind in {"above", "left_of"}]
    rank = {item.id: 0 for item in problem.items}
    for _ in problem.items:
        for before, after in order:
            if before in rank and after in rank:
                rank[after] = min(max(rank[after], rank[before] + 1), len(rank))
    return sorted(problem.items, key=lambda item: rank[item.id])


def _place(problem: Problem, items: list[Item]) -> list[Placed] | None:
    """Boxes along the main axis, or None if they do not fit."""
    across = problem.width / problem.height >= _STRIP_ASPECT
    room_w, room_h = problem.width - 2 * problem.margin, problem.height - 2 * problem.margin
    placed: list[Placed] = []
    cursor = problem.margin
    for item in items:
        fitting = [c for c in item.candidates if c.width <= room_w and c.height <= room_h]
        if not fitting:
            return None
        size = min(fitting, key=lambda c: (c.width if across else c.height, c.width * c.height))
        placed.append(_box(problem, item, size, cursor, across=across))
        cursor += problem.gap + (size.width if across else size.height)
    end = cursor - problem.gap
    return placed if end <= problem.margin + (room_w if across else room_h) else None


def _box(problem: Problem, item: Item, size: Candidate, cursor: int, *, across: bool) -> Placed:
    y = (problem.height - size.height) // 2
    x, y = (cursor, y) if across else (problem.margin, cursor)
    return Placed(item.id, x, y, size.width, size.height, size.key)
