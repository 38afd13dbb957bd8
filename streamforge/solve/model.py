"""A problem as CP-SAT variables and constraints, on the grid.

An item's size is a choice (one boolean a candidate, exactly one true) and its width, height and type linear sums of
it: with a linear relaxation that is exact about sizes, the search takes a third of what a table of values takes. Two
items get a non-overlap disjunction only when no hard rule separates them already (transitive closure of ``above`` and
``left_of``): the fewer, the faster. Every hard rule and pin can carry a literal, so that a contradiction comes back as
names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

from ortools.sat.python import cp_model

from streamforge.solve.problem import CANVAS, Area, Item, Placed, Problem, Rule

Expr = cp_model.LinearExpr
Bound = tuple[Expr, int, int]
"""A linear expression and the range it must lie in."""
Pair = tuple[str, str]

FAR = 100_000
"""Grid units beyond any canvas: an open end of a range."""
_HALF_GRID = 1
"""Centres are compared doubled: sizes of odd and even width may differ by half a grid step."""


class Box:
    """A rectangle's expressions in grid units, with the type size, score, key and rim that come with its size."""

    def __init__(self, x: Expr, y: Expr, w: Expr, h: Expr) -> None:
        self.x, self.y, self.w, self.h = x, y, w, h
        self.right = x + w
        self.bottom = y + h
        self.type_px = self.score = self.key = self.clear = Expr.constant(0)
        self.most_clear = 0
        self.corner: list[cp_model.IntVar] = []
        self.choices: list[cp_model.IntVar] = []

    def rims(self, distance: Expr, gap: int) -> list[Bound]:
        """That a distance is not less than the box's rim; nothing where it is at least ``gap`` and that suffices."""
        return [(distance - self.clear, 0, FAR)] if self.most_clear > gap else []


class LayoutModel:
    """The constraint model of a problem: ``boxes`` by item id, ``areas`` by region id, ``literals`` by rule name.

    ``named`` gives every hard rule and pin an assumption literal (to explain a contradiction); ``points`` replaces all
    sizes by single grid cells (to ask whether the rules contradict each other at any size).
    """

    def __init__(self, problem: Problem, *, named: bool = False, points: bool = False) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        self.named, self.points = named, points
        self.literals: dict[str, cp_model.IntVar] = {}
        whole = Area(0, 0, problem.width, problem.height)
        self.canvas = inner(problem, whole)
        self.whole = inner(problem, whole, free=True)
        self.areas = {name: _fixed(inner(problem, area)) for name, area in problem.regions.items()}
        self.bleeds = {name: _fixed(inner(problem, area, free=True)) for name, area in problem.regions.items()}
        self.areas[CANVAS], self.bleeds[CANVAS] = _fixed(self.canvas), _fixed(self.whole)
        self.items = {item.id: item for item in problem.items}
        self.boxes = {item.id: self._box(item) for item in problem.items}
        self.columns = closure((rule.a, rule.b) for rule in problem.rules if rule.hard and rule.kind == "above")
        self.rows = closure((rule.a, rule.b) for rule in problem.rules if rule.hard and rule.kind == "left_of")
        for rule in problem.rules:
            if rule.hard:
                self._add_hard(rule.name, self.bounds(rule))
        for a, b in combinations(problem.items, 2):
            self._keep_apart(a, b)

    def target(self, name: str, *, by: str = "") -> Box:
        """The box of an item, a region or the canvas; the last two without margins if the item ``by`` ignores them."""
        if name in self.boxes:
            return self.boxes[name]
        return (self.bleeds if by in self.items and self.items[by].is_free else self.areas)[name]

    def bounds(self, rule: Rule) -> list[Bound]:
        """What the rule demands, as ranges of linear expressions."""
        gap = units(self.problem, rule.gap)
        a, b = self.boxes[rule.a], self.target(rule.b, by=rule.a)
        bounds = _DEMANDS[rule.kind](a, b, gap)
        if rule.kind in {"above", "left_of"}:
            bounds += [*a.rims(bounds[0][0], gap), *b.rims(bounds[0][0], gap)]
        return bounds

    def demand(self, bounds: Iterable[Bound], *literals: cp_model.IntVar) -> None:
        """Add the bounds, enforced only while all the literals are true."""
        for expression, low, high in bounds:
            constraint = self.cp.add_linear_constraint(expression, low, high)
            if literals:
                constraint.only_enforce_if(*literals)  # pyright: ignore[reportUnknownMemberType]

    def distance(self, *at_least: Expr) -> cp_model.IntVar:
        """A fresh variable not under 0 nor any of the expressions: minimised, it is their maximum."""
        variable = self.cp.new_int_var(0, FAR, "")
        for expression in at_least:
            self.cp.add(variable >= expression)
        return variable

    def suggest(self, hint: Mapping[str, Placed]) -> None:
        """Tell the solver where to look first: each item near its hinted corner, at the size most like the hinted."""
        for name, near in hint.items():
            item = self.items.get(name)
            if item is None:
                continue
            like = min(item.candidates, key=lambda c: (abs(c.width - near.width) + abs(c.height - near.height), c.key))
            box, grid = self.boxes[name], self.problem.grid
            for side, place in zip(box.corner, (near.x, near.y), strict=True):
                self.cp.add_hint(side, place // grid)
            for candidate, choice in zip(item.candidates, box.choices, strict=False):
                self.cp.add_hint(choice, candidate.key == like.key)

    def placements(self, solver: cp_model.CpSolver) -> list[Placed]:
        """The solver's values, in pixels."""
        grid = self.problem.grid
        return [
            Placed(
                name,
                solver.value(box.x) * grid,
                solver.value(box.y) * grid,
                solver.value(box.w) * grid,
                solver.value(box.h) * grid,
                solver.value(box.key),
            )
            for name, box in self.boxes.items()
        ]

    def _box(self, item: Item) -> Box:
        room, cp = self.whole if item.is_free else self.canvas, self.cp
        rows = [self._row(item, index) for index in range(len(item.candidates))]
        choices = [cp.new_bool_var(f"{item.id}.{candidate.key}") for candidate in item.candidates]
        cp.add_exactly_one(choices)
        columns = zip(*rows, strict=True)
        w, h, type_px, score, key, clear = (_chosen(choices, column) for column in columns)
        x = cp.new_int_var(room.x, room.x + room.width, f"{item.id}.x")
        y = cp.new_int_var(room.y, room.y + room.height, f"{item.id}.y")
        box = Box(x, y, self._stretched(w) if item.stretch else w, h)
        box.type_px, box.score, box.key, box.clear, box.choices = type_px, score, key, clear, choices
        box.corner = [x, y]
        box.most_clear = max(row[-1] for row in rows)
        cp.add(box.right <= room.x + room.width)
        cp.add(box.bottom <= room.y + room.height)
        if item.pin is not None:
            at = [(side, place // self.problem.grid) for side, place in zip((x, y), item.pin, strict=True)]
            self._add_hard(pin_name(item.id), [(side, place, place) for side, place in at])
        return box

    def _row(self, item: Item, index: int) -> tuple[int, ...]:
        candidate = item.candidates[index]
        w, h, clear = (units(self.problem, side) for side in (candidate.width, candidate.height, candidate.clear))
        if self.points:
            w, h, clear = 1, 1, 0
        return w, h, candidate.type_px, candidate.score, candidate.key, clear

    def _stretched(self, least: Expr) -> cp_model.IntVar:
        width = self.cp.new_int_var(0, self.canvas.width, "")
        self.cp.add(width >= least)
        return width

    def _add_hard(self, name: str, bounds: list[Bound]) -> None:
        if not self.named:
            self.demand(bounds)
            return
        literal = self.literals.setdefault(name, self.cp.new_bool_var(name))
        self.demand(bounds, literal)

    def _keep_apart(self, first: Item, second: Item) -> None:
        pairs = {(first.id, second.id), (second.id, first.id)}
        if pairs & (self.columns | self.rows) or second.id in first.over or first.id in second.over:
            return
        gap = units(self.problem, self.problem.gap)
        a, b = self.boxes[first.id], self.boxes[second.id]
        sides = [b.x - a.right, a.x - b.right, b.y - a.bottom, a.y - b.bottom]
        literals = [self.cp.new_bool_var("") for _ in sides]
        for side, literal in zip(sides, literals, strict=True):
            self.demand([(side, gap, FAR), *a.rims(side, gap), *b.rims(side, gap)], literal)
        self.cp.add_bool_or(*literals)


def _chosen(choices: list[cp_model.IntVar], values: Iterable[int]) -> Expr:
    """The value of the choice that is made."""
    return Expr.weighted_sum(choices, list(values))  # pyright: ignore[reportUnknownMemberType]


def pin_name(item: str) -> str:
    """How a conflict names the place that an item is locked to."""
    return f"at({item})"


def units(problem: Problem, px: float) -> int:
    """Pixels as grid units, rounded up: a box never shrinks below its content."""
    return -int(-px // problem.grid)


def inner(problem: Problem, area: Area, *, free: bool = False) -> Area:
    """The part of an area that items may take, in grid units, rounded inwards; ``free`` of margins and safe zones."""
    left, top, right, bottom = area.x, area.y, area.x + area.width, area.y + area.height
    if free:
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, problem.width), min(bottom, problem.height)
    else:
        pad, margin, safe = problem.padding, problem.margin, problem.safe or Area(0, 0, problem.width, problem.height)
        left = max(left + pad * (left > 0), margin, safe.x)
        top = max(top + pad * (top > 0), margin, safe.y)
        right = min(right - pad * (right < problem.width), problem.width - margin, safe.x + safe.width)
        bottom = min(bottom - pad * (bottom < problem.height), problem.height - margin, safe.y + safe.height)
    x, y = units(problem, left), units(problem, top)
    return Area(x, y, max(right // problem.grid - x, 0), max(bottom // problem.grid - y, 0))


def closure(pairs: Iterable[Pair]) -> set[Pair]:
    """The transitive closure of an order given as (before, after) pairs."""
    reached = set(pairs)
    names = {name for pair in reached for name in pair}
    for middle in names:
        before = [a for a, b in reached if b == middle]
        after = [b for a, b in reached if a == middle]
        reached |= {(a, b) for a in before for b in after}
    return reached


def _fixed(area: Area) -> Box:
    return Box(*(Expr.constant(value) for value in (area.x, area.y, area.width, area.height)))


def _equal(a: Expr, b: Expr) -> list[Bound]:
    return [(a - b, 0, 0)]


def _inside(a: Box, b: Box) -> list[Bound]:
    edges = (a.x - b.x, a.y - b.y, b.right - a.right, b.bottom - a.bottom)
    return [(edge, 0, FAR) for edge in edges]


def _near(a: Box, b: Box, gap: int) -> list[Bound]:
    gaps = (b.x - a.right, a.x - b.right, b.y - a.bottom, a.y - b.bottom)
    return [(distance, -FAR, gap) for distance in gaps]


_DEMANDS: dict[str, Callable[[Box, Box, int], list[Bound]]] = {
    "above": lambda a, b, gap: [(b.y - a.bottom, gap, FAR)],
    "left_of": lambda a, b, gap: [(b.x - a.right, gap, FAR)],
    "align_left": lambda a, b, _: _equal(a.x, b.x),
    "align_right": lambda a, b, _: _equal(a.right, b.right),
    "align_top": lambda a, b, _: _equal(a.y, b.y),
    "align_bottom": lambda a, b, _: _equal(a.bottom, b.bottom),
    "center_x": lambda a, b, _: [(a.x + a.right - b.x - b.right, -_HALF_GRID, _HALF_GRID)],
    "center_y": lambda a, b, _: [(a.y + a.bottom - b.y - b.bottom, -_HALF_GRID, _HALF_GRID)],
    "inside": lambda a, b, _: _inside(a, b),
    "same_width": lambda a, b, _: _equal(a.w, b.w),
    "near": _near,
    "larger_type": lambda a, b, _: [(a.type_px - b.type_px, 1, FAR)],
}
