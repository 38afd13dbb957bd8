"""A problem as CP-SAT variables and constraints, on the grid.

Sizes are a table per item (``add_allowed_assignments``). Two items get a non-overlap disjunction only when no
hard rule separates them already (transitive closure of ``above`` and ``left_of``): the fewer, the faster. Every
hard rule can carry a literal, so that a contradiction comes back as the names of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    """A rectangle's expressions in grid units, with the type size, score and key that come with its size."""

    def __init__(self, x: Expr, y: Expr, w: Expr, h: Expr) -> None:
        self.x, self.y, self.w, self.h = x, y, w, h
        self.right = x + w
        self.bottom = y + h
        self.type_px = self.score = self.key = Expr.constant(0)


class LayoutModel:
    """The constraint model of a problem: ``boxes`` by item id, ``areas`` by region id, ``literals`` by rule name.

    ``named`` gives every hard rule an assumption literal (to explain a contradiction); ``points`` replaces all
    sizes by single grid cells (to ask whether the rules contradict each other at any size).
    """

    def __init__(self, problem: Problem, *, named: bool = False, points: bool = False) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        self.literals: dict[str, cp_model.IntVar] = {}
        self.canvas = inner(problem, Area(0, 0, problem.width, problem.height))
        self.areas = {name: _fixed(inner(problem, area)) for name, area in problem.regions.items()}
        self.areas[CANVAS] = _fixed(self.canvas)
        self.boxes = {item.id: self._box(item, points=points) for item in problem.items}
        self.columns = closure((rule.a, rule.b) for rule in problem.rules if rule.hard and rule.kind == "above")
        self.rows = closure((rule.a, rule.b) for rule in problem.rules if rule.hard and rule.kind == "left_of")
        for rule in problem.rules:
            if rule.hard:
                self._add_hard(rule, named=named)
        for a, b in combinations(problem.items, 2):
            self._keep_apart(a, b)

    def target(self, name: str) -> Box:
        """The box of an item, a region or the canvas."""
        return self.boxes[name] if name in self.boxes else self.areas[name]

    def bounds(self, rule: Rule) -> list[Bound]:
        """What the rule demands, as ranges of linear expressions."""
        gap = units(self.problem, rule.gap)
        return _DEMANDS[rule.kind](self.target(rule.a), self.target(rule.b), gap)

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

    def _box(self, item: Item, *, points: bool) -> Box:
        canvas, cp = self.canvas, self.cp
        size = [cp.new_int_var(0, FAR, f"{item.id}.{part}") for part in ("w", "h", "type", "score", "key")]
        cp.add_allowed_assignments(
            size, [self._row(item, index, points=points) for index in range(len(item.candidates))]
        )
        w, h, type_px, score, key = size
        x = cp.new_int_var(canvas.x, canvas.x + canvas.width, f"{item.id}.x")
        y = cp.new_int_var(canvas.y, canvas.y + canvas.height, f"{item.id}.y")
        box = Box(x, y, self._stretched(w) if item.stretch else w, h)
        box.type_px, box.score, box.key = type_px, score, key
        cp.add(box.right <= canvas.x + canvas.width)
        cp.add(box.bottom <= canvas.y + canvas.height)
        return box

    def _row(self, item: Item, index: int, *, points: bool) -> tuple[int, ...]:
        candidate = item.candidates[index]
        w, h = (1, 1) if points else (units(self.problem, candidate.width), units(self.problem, candidate.height))
        return w, h, candidate.type_px, candidate.score, candidate.key

    def _stretched(self, least: cp_model.IntVar) -> cp_model.IntVar:
        width = self.cp.new_int_var(0, self.canvas.width, "")
        self.cp.add(width >= least)
        return width

    def _add_hard(self, rule: Rule, *, named: bool) -> None:
        if not named:
            self.demand(self.bounds(rule))
            return
        literal = self.cp.new_bool_var(rule.name)
        self.literals[rule.name] = literal
        self.demand(self.bounds(rule), literal)

    def _keep_apart(self, first: Item, second: Item) -> None:
        pairs = {(first.id, second.id), (second.id, first.id)}
        if pairs & (self.columns | self.rows):
            return
        gap = units(self.problem, max(self.problem.gap, first.clear, second.clear))
        a, b = self.boxes[first.id], self.boxes[second.id]
        sides = [b.x - a.right, a.x - b.right, b.y - a.bottom, a.y - b.bottom]
        literals = [self.cp.new_bool_var("") for _ in sides]
        for side, literal in zip(sides, literals, strict=True):
            self.demand([(side, gap, FAR)], literal)
        self.cp.add_bool_or(*literals)


def units(problem: Problem, px: float) -> int:
    """Pixels as grid units, rounded up: a box never shrinks below its content."""
    return -int(-px // problem.grid)


def inner(problem: Problem, area: Area) -> Area:
    """The part of an area inside the canvas' margins, in grid units, rounded inwards."""
    x, y = (units(problem, max(start, problem.margin)) for start in (area.x, area.y))
    right = min(area.x + area.width, problem.width - problem.margin) // problem.grid
    bottom = min(area.y + area.height, problem.height - problem.margin) // problem.grid
    return Area(x, y, max(right - x, 0), max(bottom - y, 0))


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
