"""Why a problem has no solution: the named rules that contradict each other, and which one to give up."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from ortools.sat.python import cp_model

from streamforge.solve.budget import Budget
from streamforge.solve.model import LayoutModel, pin_name
from streamforge.solve.problem import Problem

_MAX_DELETIONS = 12
_MAX_REPAIRS = 6
_PIN_WEIGHT = 11
"""A place that somebody locked outweighs every rule of a designer."""


class Conflict(Struct, frozen=True):
    """A minimal set of rules (by name) that cannot hold together, and the one whose removal helps with least loss."""

    rules: tuple[str, ...]
    drop: str

    @property
    def hint(self) -> str:
        """One sentence a designer can act on."""
        if self.drop.startswith("at("):
            return f"lock {self.drop[3:-1]} to another place, or release it"
        return f"remove or soften {self.drop}" if self.drop else "use fewer or shorter elements"


class Checker:
    """Asks one problem, with ever other selections of its hard rules, whether there is any layout.

    ``points`` asks regardless of sizes: what is impossible even so is a contradiction, not want of space.
    """

    def __init__(self, problem: Problem, budget: Budget, *, points: bool) -> None:
        self._budget = budget
        self._model = LayoutModel(problem, named=True, points=points)
        self._weights = {rule.name: rule.weight for rule in problem.rules}
        self._weights |= {pin_name(item.id): _PIN_WEIGHT for item in problem.items if item.pin is not None}
        self.names = tuple(self._model.literals)

    def core(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """Those of the named rules that exclude each other; None if they can hold, or the effort ended unsure.

        An empty core means that no rule is to blame: the items do not fit.
        """
        model, literals = self._model.cp, self._model.literals
        model.clear_assumptions()
        model.add_assumptions([literals[name] for name in names])
        status, solver = self._budget.check(model)
        if status != cp_model.INFEASIBLE:
            return None
        blamed = set(solver.sufficient_assumptions_for_infeasibility())
        return tuple(name for name in self.names if literals[name].index in blamed)

    def explain(self, core: tuple[str, ...]) -> Conflict:
        """Shrink a core by deletion (bounded), and find the rule of it that is cheapest to give up."""
        kept = list(core)
        for name in core[:_MAX_DELETIONS]:
            if name not in kept or self._budget.is_spent:
                continue
            smaller = self.core(rule for rule in kept if rule != name)
            kept = kept if smaller is None else list(smaller)
        return Conflict(tuple(kept), self._cheapest(kept))

    def _cheapest(self, core: list[str]) -> str:
        """The lightest rule of the core (the later one of equals) without which the whole problem can be solved."""
        order = sorted(range(len(core)), key=lambda index: (self._weights[core[index]], -index))
        for index in order[:_MAX_REPAIRS]:
            if self._budget.is_spent:
                break
            if self.core(name for name in self.names if name != core[index]) is None:
                return core[index]
        return core[order[0]] if order else ""
