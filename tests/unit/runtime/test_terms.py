"""Which time limits hold: the daemon's, the pipeline's, the step's."""

from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec import Struct

from streamforge.config import JobsSettings
from streamforge.errors import RecipeMisused
from streamforge.runtime.limits import Alarm, Limits, chosen, terms_of
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import RetryPolicy

DEFAULT = Limits(300, 360)
DAEMON = RetryPolicy(max_attempts=7)


class Spec(Struct):
    """An input."""


def pipeline(**options: Any) -> Pipeline[Any]:  # noqa: ANN401 - Pipeline's own
    """A pipeline that is never run."""

    async def recipe(_: object, __: object) -> None: ...

    return Pipeline("x", Spec, recipe, **options)


@pytest.mark.parametrize(
    ("soft_s", "hard_s", "limits"),
    [
        (None, None, DEFAULT),
        (10, None, Limits(10, 360)),
        (0, None, Limits(0, 360)),
        (None, 900, Limits(300, 900)),
        (1, 2, Limits(1, 2)),
    ],
)
def test_what_is_given_takes_the_defaults_place(soft_s: float | None, hard_s: float | None, limits: Limits) -> None:
    """Each limit by itself."""
    assert chosen(DEFAULT, soft_s, hard_s, "x") == limits


def test_a_shorter_hard_limit_alone_leaves_no_soft_one() -> None:
    """Who gives a step 20 s does not wait for a soft limit at 300."""
    assert chosen(DEFAULT, None, 20, "x").first_s == 20


@pytest.mark.parametrize(
    ("soft_s", "hard_s"), [(400, None), (5, 5), (6, 5), (-1, None), (None, 0), (None, -1), (math.nan, 5), (1, math.nan)]
)
def test_limits_that_cannot_hold_are_refused(soft_s: float | None, hard_s: float | None) -> None:
    """With whose they are, and what to change."""
    with pytest.raises(RecipeMisused) as caught:
        chosen(DEFAULT, soft_s, hard_s, "paint")
    assert caught.value.field == "paint"
    assert caught.value.hint


def test_a_pipeline_has_terms_of_its_own() -> None:
    """What it gives takes the settings' place, for steps, attempts and retries; the rest stays."""
    settings = JobsSettings()
    plain = terms_of(pipeline(), settings, DAEMON)
    assert plain.step == Limits(settings.step_soft_timeout_s, settings.step_timeout_s)
    assert plain.job == Limits(settings.job_soft_timeout_s, settings.job_timeout_s)
    assert plain.retry is DAEMON
    own = RetryPolicy(max_attempts=1)
    terms = terms_of(pipeline(step_timeout_s=5000, job_soft_timeout_s=0, retry=own), settings, DAEMON)
    assert terms.step == Limits(settings.step_soft_timeout_s, 5000)
    assert terms.job == Limits(0, settings.job_timeout_s)
    assert terms.retry is own


async def test_what_is_left_is_never_negative() -> None:
    """And infinite where there is no soft limit."""
    ignored: list[None] = []
    alarm = Alarm(Limits(0, 1e6), lambda: ignored.append(None), lambda: ignored.append(None))
    assert (alarm.seconds_left.soft, 0 < alarm.seconds_left.hard <= 1e6) == (math.inf, True)
    alarm.cancel()
    tiny = Alarm(Limits(1e-9, 1e-8), lambda: ignored.append(None), lambda: ignored.append(None))
    assert tiny.seconds_left == (0, 0)
    tiny.cancel()
