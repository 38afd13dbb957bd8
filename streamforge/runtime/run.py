"""An attempt under way: its end as others may ask for it, its clock, and the calls that it makes.

Whatever ends an attempt from outside goes through ``Run``: its owner's wish, a worker that stops, a lost lease, a time
limit. A recipe runs in the run's scope, and each of its steps in a ``Call``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import anyio

from streamforge.errors import HardTimeout, PermanentError, SlotCrashed, StepTimeout, TransientError
from streamforge.jobs.caller import STEP
from streamforge.jobs.model import Claim, JobError
from streamforge.jobs.outcome import Cancelled, Failed, Outcome, Released
from streamforge.ops import metrics
from streamforge.runtime.limits import Alarm, Limits, SecondsLeft
from streamforge.runtime.retry import describe

T = TypeVar("T")

HARD_TIMEOUT = "hard_timeout"
"""The reason that a dead letter gives for a hard limit."""


class Run:
    """An attempt under way. ``release``, ``cancel`` and ``abandon`` end it from outside, at its next await.

    ``asked`` is the end that was asked for: what the recipe raises on its way out does not count then. The first
    counts. ``death`` is the pool child's that ended the attempt. ``is_over`` says that the recipe has ended,
    ``has_got_on`` that it has written a checkpoint.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.started = monotonic()
        self.asked: Outcome | None = None
        self.is_abandoned = False
        self.is_over = False
        self.has_got_on = False
        self.death: SlotCrashed | None = None
        self.soft_timeout: StepTimeout | None = None
        self._scope = anyio.CancelScope()
        self._alarm: Alarm | None = None
        self._limits = Limits(0.0, 0.0)
        self._calls: set[Call] = set()
        self._is_soft_due = False

    def abandon(self) -> None:
        """Stop without a word: the job is not this worker's any more."""
        self.is_abandoned = True
        self._stop()

    def release(self) -> None:
        """Hand the job back: this worker stops."""
        self._end(Released())

    def cancel(self, error: JobError) -> None:
        """End the job: somebody asked for it."""
        self._end(Cancelled(error))

    def time_out(self, error: HardTimeout, scope: str) -> None:
        """Fail the job: a step or the attempt reached its hard limit."""
        if self.asked is None:
            metrics.hard_timeouts_total(self.claim.kind, scope).inc()
        self._end(Failed(describe(error), reason=HARD_TIMEOUT))

    def _end(self, outcome: Outcome) -> None:
        self.asked = self.asked or outcome
        self._stop()

    def _stop(self) -> None:
        self._scope.cancel()
        for call in tuple(self._calls):  # those in tasks of the recipe's own making do not lie in the scope
            call.interrupt(TransientError("the attempt is being ended"))

    @property
    def is_ending(self) -> bool:
        """Whether it has come to an end, or was told to."""
        return self.is_over or self.is_abandoned or self.asked is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether the job's end was asked for by somebody, for good."""
        return isinstance(self.asked, Cancelled)

    @property
    def seconds_left(self) -> SecondsLeft:
        """Until the attempt's limits."""
        return self._alarm.seconds_left if self._alarm else SecondsLeft(self._limits.soft_s, self._limits.hard_s)

    async def within(self, limits: Limits, recipe: Callable[[], Awaitable[T]]) -> T | None:
        """What the recipe returns; None where the attempt was ended from outside. Raises what the recipe raises."""
        self._limits = limits
        self._alarm = Alarm(limits, self._at_soft_limit, self._at_hard_limit)
        try:
            with self._scope:
                return await contained(recipe)
        finally:
            self._alarm.cancel()
            self._alarm = None  # it knows this run: without the circle, neither waits for the garbage collector
            self.is_over = True
        return None

    def enter(self, call: Call) -> None:
        """A call begins; raises StepTimeout where the soft limit was reached and nobody has been told yet."""
        if self._is_soft_due and self.soft_timeout:
            self._is_soft_due = False
            raise self.soft_timeout
        self._calls.add(call)

    def leave(self, call: Call) -> None:
        """The call has ended."""
        self._calls.discard(call)

    def _at_soft_limit(self) -> None:
        metrics.soft_timeouts_total(self.claim.kind, "job").inc()
        self.soft_timeout = StepTimeout(f"the attempt took longer than its soft limit of {self._limits.soft_s:g} s")
        self._is_soft_due = not self._calls
        for call in tuple(self._calls):
            call.interrupt(self.soft_timeout)

    def _at_hard_limit(self) -> None:
        why = f"the attempt took longer than its hard limit of {self._limits.hard_s:g} s"
        self.time_out(HardTimeout(why, hint="give the kind more time, or the job less to do"), "job")


class Call:
    """One call that a recipe makes, under time limits of its own, to be interrupted by whoever holds it."""

    def __init__(self, run: Run, name: str, limits: Limits) -> None:
        self._run = run
        self._name = name
        self._limits = limits
        self._scope = anyio.CancelScope()
        self._error: Exception = TransientError("the call was interrupted")

    def interrupt(self, error: Exception) -> None:
        """Cancel what is called; ``error`` is raised in its place. The first counts."""
        if not self._scope.cancel_called:
            self._error = error
            self._scope.cancel()

    async def __call__(self, function: Callable[[], Awaitable[T]]) -> T:
        """What the function returns; raises what it raises, StepTimeout, or what it was interrupted with."""
        self._run.enter(self)
        alarm = Alarm(self._limits, self._at_soft_limit, self._at_hard_limit)
        outer = STEP.set(self._name)
        try:
            with self._scope:
                return await contained(function)
        finally:
            STEP.reset(outer)
            alarm.cancel()
            self._run.leave(self)
        raise self._error

    def _at_soft_limit(self) -> None:
        metrics.soft_timeouts_total(self._run.claim.kind, "step").inc()
        why = f"step {self._name!r} took longer than its soft limit of {self._limits.soft_s:g} s"
        self.interrupt(StepTimeout(why, field=self._name))

    def _at_hard_limit(self) -> None:
        why = f"step {self._name!r} took longer than its hard limit of {self._limits.hard_s:g} s"
        hint = "give the step more time with timeout_s, or less to do"
        self._run.time_out(HardTimeout(why, field=self._name, hint=hint), "step")


async def contained(function: Callable[[], Awaitable[T]]) -> T:
    """What the function returns, with everything that it raises an ordinary error, but for our own cancellation.

    A stray CancelledError would silently end the task that awaits it, and SystemExit the whole process.
    """
    try:
        return await function()
    except asyncio.CancelledError:
        if _is_being_cancelled():
            raise
        raise TransientError("something that the recipe waited for was cancelled") from None
    except SystemExit:
        raise PermanentError("the recipe tried to end the process") from None


def _is_being_cancelled() -> bool:
    """Whether this task itself is being cancelled, as against a CancelledError that came out of an awaited thing."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
