"""The layout of last resort: items one below the other (or side by side on a strip), smallest sizes first.

It stands in when the search ends without an answer. It keeps margins, order and gaps, locked places and filled regions;
of the rules it keeps none by intent, so all are reported as relaxed.
"""

from __future__ import annotations

from streamforge.errors import LayoutInfeasible
from streamforge.solve.model import inner
from streamforge.solve.problem import Area, Candidate, Item, Placed, Problem, Solution

_STRIP_ASPECT = 3.0
_NO_PLACE = "the search for a layout ended without an answer, and the stack that stands in has no room for it"


def stack(problem: Problem) -> Solution:
    """Stack the items in reading order; the least important go while they do not fit.

    Raises LayoutInfeasible naming what has to stay, and does not fit.
    """
    items = _reading_order(problem)
    dropped: list[str] = []
    placed = _place(problem, items)
    while placed is None:
        free = [item for item in items if not item.vital and item.pin is None]
        if not free or len(items) == 1:
            raise LayoutInfeasible(
                f"the canvas is too small for {', '.join(item.id for item in items)}",
                conflicts=("area(canvas)",),
                hint="shorten the texts, or enlarge the canvas",
            )
        victim = max(free, key=lambda item: item.priority)
        items.remove(victim)
        dropped.append(victim.id)
        placed = _place(problem, items)
    return Solution(
        status="stack",
        placed=placed,
        relaxed=[rule.name for rule in problem.rules],
        dropped=dropped,
        reasons=dict.fromkeys(dropped, _NO_PLACE),
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
    """Boxes along the main axis, clear of what has its own place; None if they do not fit."""
    settled = [box for item in items if item.is_free and (box := _settled(problem, item))]
    across = problem.width / problem.height >= _STRIP_ASPECT
    placed = list(settled)
    lane = _lane(problem, items)
    cursor = lane.x if across else lane.y
    for item in items:
        if item.is_free:
            continue
        blocks = [box for box in settled if box.id not in item.over]
        box = _next(problem, item, lane, blocks, cursor, across=across)
        if box is None:
            return None
        placed.append(box)
        cursor = problem.gap + (box.x + box.width if across else box.y + box.height)
    return placed if len(placed) == len(items) else None


def _lane(problem: Problem, items: list[Item]) -> Area:
    """Where free items go (px): the region that all of them are bound to, or the canvas inside its margins."""
    bound = {item.id for item in items if not item.is_free}
    inside = {r.a: r.b for r in problem.rules if r.hard and r.kind == "inside" and r.a in bound}
    names = set(inside.values())
    shared = problem.regions.get(min(names, default="")) if len(names) == 1 and inside.keys() == bound else None
    room = inner(problem, shared or Area(0, 0, problem.width, problem.height))
    return Area(*(side * problem.grid for side in (room.x, room.y, room.width, room.height)))


def _settled(problem: Problem, item: Item) -> Placed | None:
    """The box of an item that is pinned, or that fills its region."""
    if not item.candidates:
        return None
    areas = [problem.regions[r.b] for r in problem.rules if r.hard and r.a == item.id and r.b in problem.regions]
    room = inner(problem, areas[0] if areas else Area(0, 0, problem.width, problem.height), free=True)
    x, y = item.pin or (room.x * problem.grid, room.y * problem.grid)
    order = sorted(item.candidates, key=lambda c: c.width * c.height)
    size = order[0] if item.pin is not None else order[-1]
    return Placed(item.id, x, y, size.width, size.height, size.key)


def _next(
    problem: Problem, item: Item, lane: Area, blocks: list[Placed], cursor: int, *, across: bool
) -> Placed | None:
    """The item's smallest size at the first place along the lane that nothing blocks."""
    fitting = [c for c in item.candidates if c.width <= lane.width and c.height <= lane.height]
    if not fitting:
        return None
    size = min(fitting, key=lambda c: (c.width if across else c.height, c.width * c.height))
    box = _box(item, size, lane, cursor, across=across)
    for _ in blocks:
        for block in blocks:
            if _touch(box, block, problem.gap):
                end = block.x + block.width if across else block.y + block.height
                box = _box(item, size, lane, end + problem.gap, across=across)
    ends = box.x + box.width <= lane.x + lane.width and box.y + box.height <= lane.y + lane.height
    return box if ends else None


def _box(item: Item, size: Candidate, lane: Area, at: int, *, across: bool) -> Placed:
    y = lane.y + (lane.height - size.height) // 2
    x, y = (at, y) if across else (lane.x, at)
    return Placed(item.id, x, y, size.width, size.height, size.key)


def _touch(a: Placed, b: Placed, gap: int) -> bool:
    beside = a.x + a.width + gap <= b.x or b.x + b.width + gap <= a.x
    return not (beside or a.y + a.height + gap <= b.y or b.y + b.height + gap <= a.y)
