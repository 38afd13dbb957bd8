"""A job's story: attempts and steps as its events tell them."""

from __future__ import annotations

import json
from itertools import count

import pytest

from streamforge.jobs.events import Event
from streamforge.jobs.timeline import History, history_of

ERROR = {"code": "slot_crashed", "message": "gone"}


def told(*happened: tuple[str, int, dict[str, object]]) -> History:
    """The history of events (type, attempt, data), a second apart from 1000 ms on."""
    clock = count(1000, 1000)
    return history_of(
        Event(f"{at}-0", kind, at, attempt, json.dumps(data))
        for at, (kind, attempt, data) in zip(clock, happened, strict=False)
    )


def test_a_plain_life() -> None:
    """One attempt with its worker and times; its step with its own seconds; the queue before it is no part of it."""
    story = told(
        ("job.queued", 0, {}),
        ("job.started", 1, {"worker": "w1"}),
        ("step.started", 1, {"step": "paint"}),
        ("job.progress", 1, {"step": "paint", "progress": 20.0}),
        ("step.completed", 1, {"step": "paint", "seconds": 1.25, "progress": 50.0}),
        ("job.succeeded", 1, {}),
    )
    (attempt,) = story.attempts
    assert (attempt.attempt, attempt.worker, attempt.outcome) == (1, "w1", "succeeded")
    assert (attempt.started_ms, attempt.ended_ms) == (2000, 6000)
    (span,) = story.spans
    assert (span.name, span.state, span.started_ms, span.seconds, span.progress) == (
        "paint",
        "completed",
        3000,
        1.25,
        50.0,
    )


def test_a_retry_begins_another_attempt_and_replays() -> None:
    """What failed tells its error, its running step failed with it, and the next attempt replays what was done."""
    story = told(
        ("job.started", 1, {"worker": "w1"}),
        ("step.started", 1, {"step": "a"}),
        ("step.completed", 1, {"step": "a", "seconds": 1}),
        ("step.started", 1, {"step": "b"}),
        ("job.retrying", 1, {"error": ERROR, "due_ms": 9}),
        ("job.queued", 1, {}),
        ("job.started", 2, {"worker": "w2"}),
        ("step.replayed", 2, {"step": "a"}),
        ("step.started", 2, {"step": "b"}),
    )
    assert [attempt.outcome for attempt in story.attempts] == ["retrying", "running"]
    assert story.attempts[0].error is not None
    assert story.attempts[0].error.code == "slot_crashed"
    assert [(span.name, span.attempt, span.state) for span in story.spans] == [
        ("a", 1, "completed"),
        ("b", 1, "failed"),
        ("a", 2, "replayed"),
        ("b", 2, "running"),
    ]
    assert story.spans[1].seconds == 1.0


def test_a_takeover_ends_the_attempt_before_as_lost() -> None:
    """A worker that vanished ends nothing itself: the next one's start tells that it is gone."""
    story = told(("job.started", 1, {"worker": "w1"}), ("job.recovered", 1, {"worker": "w2", "crashes": 1}))
    assert [(attempt.worker, attempt.outcome) for attempt in story.attempts] == [("w1", "lost"), ("w2", "running")]
    assert story.attempts[0].ended_ms == 2000


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("job.snoozed", "snoozed"),
        ("job.released", "released"),
        ("job.cancelled", "cancelled"),
        ("job.failed", "failed"),
    ],
)
def test_every_end_has_its_word(event: str, outcome: str) -> None:
    """What ended otherwise says how; a step that was under way then ended with it."""
    story = told(("job.started", 1, {}), ("step.started", 1, {"step": "a"}), (event, 1, {}))
    assert story.attempts[0].outcome == outcome
    assert story.spans[0].state == ("failed" if outcome == "failed" else "stopped")


def test_an_end_between_two_attempts_ends_none() -> None:
    """A job that is cancelled while it waits for its retry keeps its first attempt as it was."""
    story = told(("job.started", 1, {}), ("job.retrying", 1, {"error": ERROR}), ("job.cancelled", 1, {"error": ERROR}))
    assert [attempt.outcome for attempt in story.attempts] == ["retrying"]


def test_a_log_that_lost_its_beginning_is_told_as_far_as_it_goes() -> None:
    """Steps whose start was dropped, or never told, began as long before their end as they took."""
    story = told(("step.completed", 1, {"step": "a", "seconds": 0.4}), ("job.succeeded", 1, {}))
    assert story.attempts == []
    (span,) = story.spans
    assert (span.name, span.state, span.seconds, span.started_ms) == ("a", "completed", 0.4, 600)


def test_steps_done_are_counted_once_and_among_those_declared() -> None:
    """A step that was replayed counts no second time; where the recipe declares its steps, only those count."""
    story = told(
        ("step.completed", 1, {"step": "a"}),
        ("step.replayed", 2, {"step": "a"}),
        ("step.completed", 2, {"step": "a[1]"}),
    )
    assert (story.completed(), story.completed(("a", "b"))) == (2, 1)
