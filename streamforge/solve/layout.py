"""Solve a layout: can it hold at all, what must be left out, and which arrangement is best.

Order matters: a feasibility check with assumption literals comes first, because only it can name the rules that
contradict each other. Want of space is no contradiction: then the least important item goes, until the rest fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from msgspec.structs import replace
from ortools.sat.python import cp_model

from streamforge.errors import LayoutInfeasible
from streamforge.solve.explain import explain, find_core, new_solver
from streamforge.solve.model import LayoutModel, inner
from streamforge.solve.objective import Objective
from streamforge.solve.problem import CANVAS, Area, Item, Problem, Rule, Solution
from streamforge.solve.stack import stack

_FILL_LIMIT = 0.92
"""Above this share of the canvas no packing with gaps exists; the search need not prove it."""
_ORDERS = frozenset(["above", "left_of", "larger_type"])
_EQUALITIES = frozenset(
    ["align_left", "align_right", "align_top", "align_bottom", "center_x", "center_y", "same_width"]
)


def solve(problem: Problem) -> Solution:
    """The best layout of the problem; deterministic for equal problems on one machine.

    Raises LayoutInfeasible with the names of the hard rules that contradict each other, or of the items (``size(x)``)
    that have no size fitting the canvas when nothing can be left out any more.
    """
    _check_names(problem)
    fitting, dropped = _feasible(problem)
    solution = _optimise(fitting)
    return replace(solution, dropped=[*dropped, *solution.dropped])


def _check_names(problem: Problem) -> None:
    known = {item.id for item in problem.items} | set(problem.regions) | {CANVAS}
    items = {item.id for item in problem.items}
    bad = [rule.name for rule in problem.rules if rule.a not in items or rule.b not in known or rule.a == rule.b]
    if bad:
        raise LayoutInfeasible(
            f"rules that name no element: {', '.join(bad)}",
            conflicts=tuple(bad),
            hint="every rule joins two different elements of the design, or one with a region or the canvas",
        )


def _feasible(problem: Problem) -> tuple[Problem, list[str]]:
    """The problem without what does not fit, and the names of what was left out."""
    dropped: list[str] = []
    current = _with_sizes_that_fit(problem)
    reason = _obstacle(current)
    if reason:
        _refuse_contradiction(problem)
    while reason:
        victim = _victim(current)
        if victim is None:
            raise LayoutInfeasible(
                f"the layout does not fit the canvas: {', '.join(reason)}",
                conflicts=reason,
                hint="shorten the text, allow more lines or smaller type, or enlarge the region",
            )
        dropped.append(victim.id)
        current = without(current, victim.id)
        reason = _obstacle(current)
    return current, dropped


def _with_sizes_that_fit(problem: Problem) -> Problem:
    """Only the candidates that fit the room of their item: an empty domain would be an unexplained MODEL_INVALID."""
    return replace(problem, items=[_fitted(problem, item) for item in problem.items])


def _fitted(problem: Problem, item: Item) -> Item:
    rooms = [Area(0, 0, problem.width, problem.height)]
    rooms += [problem.regions[r.b] for r in problem.rules if _holds_in_region(problem, r, item)]
    inside = [inner(problem, room) for room in rooms]
    width = min(room.width for room in inside) * problem.grid
    height = min(room.height for room in inside) * problem.grid
    return replace(item, candidates=[c for c in item.candidates if c.width <= width and c.height <= height])


def _holds_in_region(problem: Problem, rule: Rule, item: Item) -> bool:
    return rule.hard and rule.kind == "inside" and rule.a == item.id and rule.b in problem.regions


def _obstacle(problem: Problem) -> tuple[str, ...]:
    """Why the problem cannot be solved, as names; empty if nothing is known to be in the way."""
    homeless = tuple(f"size({item.id})" for item in problem.items if not item.candidates)
    if homeless:
        return homeless
    room = inner(problem, Area(0, 0, problem.width, problem.height))
    least = sum(min(c.width * c.height for c in item.candidates) for item in problem.items)
    if least > _FILL_LIMIT * room.width * room.height * problem.grid**2:
        return ("area(canvas)",)
    core = find_core(problem)
    return () if core is None else core or ("area(canvas)",)


def _refuse_contradiction(problem: Problem) -> None:
    """Raise when the rules exclude each other whatever the sizes: dropping items would only hide it."""
    sized = problem
    for item in problem.items:
        sized = sized if item.candidates else without(sized, item.id)
    core = find_core(sized, points=True)
    if not core:
        return
    conflict = explain(sized, core, points=True)
    raise LayoutInfeasible(
        f"these rules contradict each other: {', '.join(conflict.rules)}",
        conflicts=conflict.rules,
        hint=conflict.hint,
    )


def _victim(problem: Problem) -> Item | None:
    """The item to leave out next: least important, then of least weight, then the later one. Never the last one."""
    if len(problem.items) <= 1:
        return None
    homeless = [item for item in problem.items if not item.candidates]
    order = list(enumerate(homeless or problem.items))
    return max(order, key=lambda entry: (entry[1].priority, -entry[1].weight, entry[0]))[1]


def without(problem: Problem, name: str) -> Problem:
    """The problem less one item; orders and alignments that went through it still bind its neighbours."""
    about = [rule for rule in problem.rules if name in {rule.a, rule.b}]
    kept = [rule for rule in problem.rules if name not in {rule.a, rule.b}]
    names = {rule.name for rule in kept}
    bridges = [rule for rule in _bridges(about, name) if rule.name not in names]
    return replace(problem, items=[item for item in problem.items if item.id != name], rules=[*kept, *bridges])


def _bridges(about: list[Rule], name: str) -> Iterable[Rule]:
    for kind in dict.fromkeys(rule.kind for rule in about):
        rules = [rule for rule in about if rule.kind == kind]
        if kind in _ORDERS:
            for before in (rule for rule in rules if rule.b == name):
                yield from (_joined(before, after, before.a, after.b) for after in rules if after.a == name)
        elif kind in _EQUALITIES:
            other: Callable[[Rule], str] = lambda rule: rule.b if rule.a == name else rule.a  # noqa: E731
            items_first = sorted(rules, key=lambda rule: other(rule) == CANVAS)
            for first, second in pairwise(items_first):
                yield _joined(first, second, other(first), other(second))


def _joined(first: Rule, second: Rule, a: str, b: str) -> Rule:
    return replace(
        first,
        name=f"{first.kind}({a}, {b or 'canvas'})",
        a=a,
        b=b,
        hard=first.hard and second.hard,
        weight=min(first.weight, second.weight),
        gap=max(first.gap, second.gap),
        ideal=max(first.ideal, second.ideal),
    )


def _optimise(problem: Problem) -> Solution:
    model = LayoutModel(problem)
    objective = Objective(model)
    objective.build()
    solver = new_solver(problem)
    status = solver.solve(model.cp)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return stack(problem)
    relaxed = [name for name, literal in objective.soft.items() if not solver.boolean_value(literal)]
    return Solution(
        status="optimal" if status == cp_model.OPTIMAL else "feasible",
        placed=model.placements(solver),
        relaxed=relaxed,
    )
