"""What cannot fit, by arithmetic alone: cheaper than any search, and exact about who is in whose way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from streamforge.solve.model import closure, inner, pin_name, units
from streamforge.solve.problem import Area, Candidate, Item, Problem, Rule

_FILL_LIMIT = 0.92
"""Above this share of the canvas no packing with gaps exists; the search need not prove it."""
AREA = "area(canvas)"


class Obstacle(Struct, frozen=True):
    """What is in the way: its names for a conflict, the items of which one has to go, and a sentence about it."""

    names: tuple[str, ...]
    items: tuple[str, ...]
    reason: str


def with_sizes_that_fit(problem: Problem) -> Problem:
    """Only the candidates that fit the room of their item: an empty domain would be an unexplained MODEL_INVALID.

    What fills its region is cut to the grid.
    """
    return replace(problem, items=[_fitted(problem, item) for item in problem.items])


def _fitted(problem: Problem, item: Item) -> Item:
    width, height = room_of(problem, item)
    sizes = item.candidates
    if item.bleed:
        sizes = [replace(c, width=min(c.width, width), height=min(c.height, height)) for c in sizes if width and height]
    return replace(item, candidates=[c for c in sizes if c.width <= width and c.height <= height])


def room_of(problem: Problem, item: Item) -> tuple[int, int]:
    """The width and height (px) that an item has at most: its regions', the canvas', or what lies beyond its pin."""
    rooms = [Area(0, 0, problem.width, problem.height)]
    rooms += [problem.regions[r.b] for r in problem.rules if _holds_in_region(problem, r, item)]
    inside = [inner(problem, room, free=item.is_free) for room in rooms]
    width = min(room.width for room in inside) * problem.grid
    height = min(room.height for room in inside) * problem.grid
    if item.pin is not None:
        width, height = min(width, problem.width - item.pin[0]), min(height, problem.height - item.pin[1])
    return width, height


def _holds_in_region(problem: Problem, rule: Rule, item: Item) -> bool:
    return rule.hard and rule.kind == "inside" and rule.a == item.id and rule.b in problem.regions


def obstacle(problem: Problem) -> Obstacle | None:
    """Why items (whose candidates all fit their room) cannot stand together; None if nothing is known."""
    homeless = [item.id for item in problem.items if not item.candidates]
    if homeless:
        return Obstacle(tuple(f"size({name})" for name in homeless), tuple(homeless), "no size of it fits its room")
    return _crowded(problem) or _chain(problem, "above") or _chain(problem, "left_of")


def _crowded(problem: Problem) -> Obstacle | None:
    room = inner(problem, Area(0, 0, problem.width, problem.height))
    items = [item for item in problem.items if not (item.is_free or item.over)]
    least = sum(min(c.width * c.height for c in item.candidates) for item in items)
    if least <= _FILL_LIMIT * room.width * room.height * problem.grid**2:
        return None
    return Obstacle((AREA,), tuple(item.id for item in items), "the canvas is too small for all of them")


def _chain(problem: Problem, kind: str) -> Obstacle | None:
    """The longest chain of an order, if it is longer than the canvas even at the least sizes; cycles are not its."""
    rules = [rule for rule in problem.rules if rule.hard and rule.kind == kind]
    if any(a == b for a, b in closure((rule.a, rule.b) for rule in rules)):
        return None
    room = inner(problem, Area(0, 0, problem.width, problem.height))
    most = room.height if kind == "above" else room.width
    side: Callable[[Candidate], int] = (lambda c: c.height) if kind == "above" else (lambda c: c.width)
    longest, way = _longest(problem, rules, side)
    if longest <= most:
        return None
    names = tuple(rule.name for rule in rules if rule.a in way and rule.b in way)
    direction = "height" if kind == "above" else "width"
    return Obstacle(names or (AREA,), way, f"the canvas lacks {direction} for {', '.join(way)}")


def _longest(problem: Problem, rules: list[Rule], side: Callable[[Candidate], int]) -> tuple[int, tuple[str, ...]]:
    """The length (grid units) and members of the longest chain that margins bind; ``rules`` have no cycle."""
    items = {item.id: item for item in problem.items if not item.is_free}
    least = {name: min(units(problem, side(c)) for c in item.candidates) for name, item in items.items()}
    rims = {name: min(units(problem, c.clear) for c in item.candidates) for name, item in items.items()}
    found: dict[str, tuple[int, tuple[str, ...]]] = {}

    def reach(name: str) -> tuple[int, tuple[str, ...]]:
        if name not in found:
            best, way = 0, ()
            for rule in rules:
                if rule.b == name and rule.a in items:
                    length, before = reach(rule.a)
                    gap = max(units(problem, rule.gap), rims[rule.a], rims[name])
                    best, way = max((best, way), (length + gap, before), key=lambda each: each[0])
            found[name] = best + least[name], (*way, name)
        return found[name]

    return max((reach(name) for name in items), key=lambda each: each[0], default=(0, ()))


def clashing_pins(problem: Problem) -> tuple[str, ...]:
    """Names of the first two locked places (``at(a)``, ``at(b)``) whose items overlap even at their least sizes."""
    pinned = [(item, _least_box(item, *item.pin)) for item in problem.items if item.pin is not None and item.candidates]
    for (first, a), (second, b) in combinations(pinned, 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
        if not (apart or second.id in first.over or first.id in second.over):
            return pin_name(first.id), pin_name(second.id)
    return ()


def _least_box(item: Item, x: int, y: int) -> Area:
    return Area(x, y, min(c.width for c in item.candidates), min(c.height for c in item.candidates))
