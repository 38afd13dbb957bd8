"""How long a search may take: a deterministic limit that decides, and a wall limit for slow machines.

CP-SAT counts its own work ("deterministic time"), so a search cut off by that count ends the same way everywhere. The
wall is set wide enough that only a starved machine meets it.
"""

from __future__ import annotations

import time

from ortools.sat.python import cp_model

from streamforge.solve.problem import Problem

_QUICK = 0.05
"""Effort for a first look at whether there is any layout."""


Answer = tuple[cp_model.CpSolverStatus, cp_model.CpSolver]


class Budget:
    """What is left for the search for the best layout (``search``) and for the reasons why there is none (``checks``).

    The efforts are in CP-SAT's deterministic time, about a second each on a slow core.
    """

    def __init__(self, problem: Problem) -> None:
        self.search = problem.effort
        self.checks = problem.effort
        self._seed = problem.seed % (2**31)
        self._deadline_s = time.monotonic() + problem.wall_s

    @property
    def is_spent(self) -> bool:
        """Whether nothing more can be asked of the solver."""
        return self.checks <= 0 or time.monotonic() >= self._deadline_s

    def optimise(self, model: cp_model.CpModel) -> Answer:
        """Search for the best solution; the status and the solver that holds the values."""
        solver = self._solver(self.search)
        status = solver.solve(model)
        self.search -= solver.response_proto.deterministic_time
        return status, solver

    def check(self, model: cp_model.CpModel) -> Answer:
        """Whether there is any solution: presolve costs more than the answer, unless the question is hard."""
        for thorough in (False, True):
            solver = self._solver(self.checks if thorough else min(self.checks, _QUICK))
            solver.parameters.linearization_level = 0
            solver.parameters.cp_model_presolve = thorough
            status = solver.solve(model)
            self.checks -= solver.response_proto.deterministic_time
            if status != cp_model.UNKNOWN:
                break
        return status, solver

    def _solver(self, effort: float) -> cp_model.CpSolver:
        """One worker and a fixed seed make it reproducible.

        Measured on 12-element banners: 15 ms without cuts, with a full linear relaxation and a single round of
        presolve; 25 ms with presolve to the end, 60 ms with a lesser relaxation.
        """
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = self._seed
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        parameters.linearization_level = 2
        parameters.cut_level = 0
        parameters.max_presolve_iterations = 1
        parameters.max_deterministic_time = max(effort, 0.0)
        parameters.max_time_in_seconds = max(self._deadline_s - time.monotonic(), 0.0)
        return solver
