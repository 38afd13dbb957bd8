"""How far an attempt is, in percent: each step has an equal share, and the number never falls."""

from __future__ import annotations


class Progress:
    """The progress of one attempt. ``declared`` names the recipe's steps in order; others count as they come.

    Where steps run side by side, the job is as far as the earliest of them.
    """

    def __init__(self, declared: tuple[str, ...]) -> None:
        self._declared = declared
        self._begun: dict[str, int] = {}
        self._running: set[str] = set()
        self._percent = 0.0

    def begin(self, step: str) -> None:
        """The step runs."""
        position = self._declared.index(step) if step in self._declared else len(self._begun)
        self._begun[step] = position
        self._running.add(step)

    def leave(self, step: str) -> None:
        """The step runs no more; whether it is done is another question."""
        self._running.discard(step)

    def done(self, step: str) -> float:
        """The job's progress, now that the step is done; unchanged for what never began."""
        self.leave(step)
        if step not in self._begun:
            return self._percent
        return self._reach(step, self._begun[step] + 1.0)

    def within(self, step: str, share: float) -> float:
        """The job's progress with that share (0 to 1) of the step done; unchanged for what is not a running step."""
        if step not in self._running:
            return self._percent
        return self._reach(step, self._begun[step] + min(1.0, max(0.0, share)))

    def _reach(self, step: str, steps: float) -> float:
        others = (self._begun[other] for other in self._running if other != step)
        reached = min(steps, min(others, default=steps))
        total = max(len(self._declared), len(self._begun), 1)
        self._percent = max(self._percent, min(100.0, 100.0 * reached / total))
        return self._percent
