"""Solve a layout: which arrangement is best, what must be left out, and, where there is none, why.

The search for the best layout is asked first, because mostly there is one. When it says no, rules that contradict each
other at any size are named and refused; want of space is no contradiction: then the least important item in the way
goes, until the rest fits. Vital items and locked ones never go: they are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from ortools.sat.python import cp_model

from streamforge.errors import LayoutInfeasible
from streamforge.solve import fit
from streamforge.solve.bridge import without
from streamforge.solve.budget import Budget
from streamforge.solve.explain import Checker
from streamforge.solve.fit import Obstacle
from streamforge.solve.model import LayoutModel, pin_name
from streamforge.solve.objective import Objective
from streamforge.solve.problem import CANVAS, Item, Placed, Problem, Solution
from streamforge.solve.stack import stack

_NO_ROOM = "shorten the text, allow more lines or smaller type, or enlarge the region"


def solve(problem: Problem, hint: Mapping[str, Placed] | None = None) -> Solution:
    """The best layout of the problem; deterministic for equal arguments on one machine.

    ``hint`` is where to look first, by item: an earlier solution. It speeds up, and never decides what is best.
    Raises LayoutInfeasible with the names of the hard rules and locked places (``at(x)``) that contradict each other,
    or of the items (``size(x)``) that have no size fitting their room when nothing can be left out any more.
    """
    _check_names(problem)
    budget = Budget(problem)
    current = fit.with_sizes_that_fit(problem)
    _refuse_pins(problem, current)
    dropped: dict[str, str] = {}
    while True:
        found = _attempt(current, budget, hint or {})
        if isinstance(found, Solution):
            return replace(found, dropped=[*dropped, *found.dropped], reasons=dropped | found.reasons)
        if not dropped:
            _refuse_contradiction(current, budget)
        victim = _victim(current, found)
        if victim is None:
            raise _refusal(problem, found)
        dropped[victim.id] = found.reason
        current = without(current, victim.id)


def _check_names(problem: Problem) -> None:
    items = {item.id for item in problem.items}
    known = items | set(problem.regions) | {CANVAS}
    bad = [rule.name for rule in problem.rules if rule.a not in items or rule.b not in known or rule.a == rule.b]
    if bad:
        raise LayoutInfeasible(
            f"rules that name no element: {', '.join(bad)}",
            conflicts=tuple(bad),
            hint="every rule joins two different elements of the design, or one with a region or the canvas",
        )


def _refuse_pins(problem: Problem, fitted: Problem) -> None:
    """Locked places that lie off the canvas, leave no size room, or overlap each other."""
    for item, left in zip(problem.items, fitted.items, strict=True):
        if item.pin is not None and not left.candidates:
            raise LayoutInfeasible(
                f"{item.id}, locked at {item.pin[0]}, {item.pin[1]}, {_shortage(problem, item)}",
                conflicts=(pin_name(item.id),),
                hint=f"lock {item.id} nearer to the upper left corner, or release it",
            )
    clash = fit.clashing_pins(fitted)
    if clash:
        raise LayoutInfeasible(
            f"these places overlap: {' and '.join(clash)}",
            conflicts=clash,
            hint="lock one of them to another place, or to a smaller type size",
        )


def _attempt(problem: Problem, budget: Budget, hint: Mapping[str, Placed]) -> Solution | Obstacle:
    """The best layout of all the items, or what is in its way; a stack where the search ends without an answer."""
    known = fit.obstacle(problem)
    if known is not None:
        return known
    model = LayoutModel(problem)
    objective = Objective(model)
    objective.build()
    model.suggest(hint)
    status, solver = budget.optimise(model.cp)
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Solution(
            status="optimal" if status == cp_model.OPTIMAL else "feasible",
            placed=model.placements(solver),
            relaxed=[name for name, literal in objective.soft.items() if not solver.boolean_value(literal)],
        )
    if status == cp_model.INFEASIBLE:
        return _unplaceable(problem, budget)
    return stack(problem)


def _unplaceable(problem: Problem, budget: Budget) -> Obstacle:
    """The rules that cannot hold at any of the sizes, where the effort suffices to find them."""
    checker = Checker(problem, budget, points=False)
    core = checker.core(checker.names) or ()
    items = [r for r in problem.rules if r.name in set(core)]
    names = {name for rule in items for name in (rule.a, rule.b)}
    about = tuple(item.id for item in problem.items if item.id in names or pin_name(item.id) in core)
    reason = f"no room under {', '.join(core)}" if core else "the canvas is too small for all of them"
    return Obstacle(core or (fit.AREA,), about, reason)


def _refuse_contradiction(problem: Problem, budget: Budget) -> None:
    """Raise when the rules exclude each other whatever the sizes: dropping items would only hide it."""
    sized = problem
    for item in problem.items:
        sized = sized if item.candidates else without(sized, item.id)
    checker = Checker(sized, budget, points=True)
    core = checker.core(checker.names)
    if not core:
        return
    conflict = checker.explain(core)
    raise LayoutInfeasible(
        f"these rules contradict each other: {', '.join(conflict.rules)}",
        conflicts=conflict.rules,
        hint=conflict.hint,
    )


def _victim(problem: Problem, found: Obstacle) -> Item | None:
    """The item to leave out next: least important, then of least weight, then the later one.

    Of those in the way, if one of them may go; None where all that is left is vital, locked, or alone.
    """
    if len(problem.items) <= 1:
        return None
    homeless = [item for item in problem.items if not item.candidates]
    if any(_stays(item) for item in homeless):
        return None
    free = [(at, item) for at, item in enumerate(problem.items) if not _stays(item)]
    blamed = [entry for entry in free if entry[1].id in found.items]
    return max(blamed or free, key=lambda e: (e[1].priority, -e[1].weight, e[0]), default=(0, None))[1]


def _stays(item: Item) -> bool:
    return item.vital or item.pin is not None


def _refusal(problem: Problem, found: Obstacle) -> LayoutInfeasible:
    """The conflict of what may not be left out, with the size that the first homeless item asks for."""
    names = [item for item in problem.items if f"size({item.id})" in found.names]
    detail = "; ".join(f"{item.id} {_shortage(problem, item)}" for item in names) or found.reason
    return LayoutInfeasible(f"the layout does not fit the canvas: {detail}", conflicts=found.names, hint=_NO_ROOM)


def _shortage(problem: Problem, item: Item) -> str:
    """What the item's smallest size needs, and what there is."""
    width, height = fit.room_of(problem, item)
    least = min(
        item.candidates, key=lambda c: (max(c.width - width, 0) + max(c.height - height, 0), c.key), default=None
    )
    if least is None:
        return "has no size at all"
    return f"needs at least {least.width} x {least.height} px and has {max(width, 0)} x {max(height, 0)} px"
