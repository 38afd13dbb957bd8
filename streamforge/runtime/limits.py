"""Time limits: which hold for a step or an attempt, and the alarm that rings at them.

A soft limit asks: the recipe gets StepTimeout, and may answer in a cheaper way. A hard limit tells: the job fails, and
the recipe has no say in it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from streamforge.config import JobsSettings
from streamforge.errors import RecipeMisused
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import RetryPolicy


class Limits(Struct, frozen=True):
    """A pair of limits, in seconds. A soft limit that is 0, or not below the hard one, is none."""

    soft_s: float
    hard_s: float

    @property
    def first_s(self) -> float:
        """The one that comes first."""
        return self.soft_s if 0 < self.soft_s < self.hard_s else self.hard_s


class Terms(Struct, frozen=True):
    """What holds for the jobs of one kind on this daemon."""

    step: Limits
    job: Limits
    retry: RetryPolicy


class SecondsLeft(NamedTuple):
    """What is left of an attempt until its limits; never negative, and infinite where there is no limit."""

    soft: float
    hard: float


def terms_of(pipeline: Pipeline[object], settings: JobsSettings, policy: RetryPolicy) -> Terms:
    """The pipeline's own limits and policy where it has them, else the daemon's."""
    step = Limits(settings.step_soft_timeout_s, settings.step_timeout_s)
    job = Limits(settings.job_soft_timeout_s, settings.job_timeout_s)
    return Terms(
        chosen(step, pipeline.step_soft_timeout_s, pipeline.step_timeout_s, pipeline.kind.name),
        chosen(job, pipeline.job_soft_timeout_s, pipeline.job_timeout_s, pipeline.kind.name),
        pipeline.retry or policy,
    )


def chosen(default: Limits, soft_s: float | None, hard_s: float | None, name: str) -> Limits:
    """``default``, but for what was given. A shorter hard limit alone leaves no soft one.

    Raises RecipeMisused where the given ones cannot hold; ``name`` says whose they are.
    """
    if soft_s is None and hard_s is None:
        return default
    hard = default.hard_s if hard_s is None else hard_s
    soft = default.soft_s if soft_s is None else soft_s
    if not (hard > 0 and soft >= 0):
        raise RecipeMisused("a time limit is more than 0 s", field=name, hint="soft_timeout_s=0 is no soft limit")
    if soft_s and soft >= hard:
        raise RecipeMisused(
            f"its soft limit of {soft:g} s is not below its hard one of {hard:g} s",
            field=name,
            hint="raise timeout_s, or lower soft_timeout_s",
        )
    return Limits(soft, hard)


class Alarm:
    """Rings at the soft limit, then at the hard one, until it is cancelled. One timer at a time: jobs are many."""

    __slots__ = ("_at_hard", "_at_soft", "_limits", "_loop", "_started", "_timer")

    def __init__(self, limits: Limits, at_soft: Callable[[], None], at_hard: Callable[[], None]) -> None:
        self._limits = limits
        self._at_soft = at_soft
        self._at_hard = at_hard
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        first_s = limits.first_s
        self._timer = self._loop.call_later(first_s, self._soft if first_s < limits.hard_s else at_hard)

    def cancel(self) -> None:
        """Ring no more."""
        self._timer.cancel()

    @property
    def seconds_left(self) -> SecondsLeft:
        """Until the soft limit, and until the hard one."""
        passed_s = self._loop.time() - self._started
        soft_s = self._limits.first_s if self._limits.first_s < self._limits.hard_s else math.inf
        return SecondsLeft(max(0.0, soft_s - passed_s), max(0.0, self._limits.hard_s - passed_s))

    def _soft(self) -> None:
        self._timer = self._loop.call_at(self._started + self._limits.hard_s, self._at_hard)
        self._at_soft()
