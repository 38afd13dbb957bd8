"""The table of states, and what a job's record says of them."""

from __future__ import annotations

import pytest

from streamforge.jobs.events import ENDINGS, EVENTS, Event, is_after
from streamforge.jobs.model import TERMINAL, TRANSITIONS, Job, JobState, Priority, new_job_id


def test_every_state_is_in_the_table() -> None:
    """Each state has its moves, and no move leads to anything else."""
    assert set(TRANSITIONS) == set(JobState)
    assert set().union(*TRANSITIONS.values()) <= set(JobState)


def test_an_end_is_an_end() -> None:
    """The only way out of an end is the operator's, from FAILED and CANCELLED back to a queue."""
    for state in TERMINAL:
        ways_out = {JobState.QUEUED} if state in (JobState.FAILED, JobState.CANCELLED) else set[JobState]()
        assert TRANSITIONS[state] == ways_out


def test_every_other_state_leads_on() -> None:
    """No job can be stuck by the table: from each state that is no end, an end can be reached."""
    reached = set(TERMINAL)
    for _ in JobState:
        reached |= {state for state, ways in TRANSITIONS.items() if ways & reached}
    assert reached == set(JobState)


def test_every_state_can_be_reached() -> None:
    """Each state but the first is somebody's next."""
    assert set(JobState) - set().union(*TRANSITIONS.values()) == {JobState.CREATED}


@pytest.mark.parametrize("state", JobState)
def test_a_job_knows_whether_it_has_ended(state: JobState) -> None:
    """``is_terminal`` follows the set."""
    job = Job(id="x", kind="k", state=state, queue="q", priority=Priority.LOW, tenant="t", created_ms=1)
    assert job.is_terminal is (state in TERMINAL)


def test_the_events_of_ends_are_events() -> None:
    """Each ending is in the table of events, and each event says what its data holds."""
    assert EVENTS.keys() >= ENDINGS
    assert all(meaning.endswith(".") for meaning in EVENTS.values())


@pytest.mark.parametrize(
    ("event_id", "last_id", "expected"),
    [
        ("5-1", "", True),
        ("5-1", "5-0", True),
        ("5-1", "5-1", False),
        ("5-9", "5-10", False),
        ("10-0", "9-9", True),
        ("5-1", "5", True),
        ("5-0", "5", False),
    ],
)
def test_events_are_ordered_by_number(event_id: str, last_id: str, *, expected: bool) -> None:
    """Ids are compared as numbers, part by part, not as text."""
    assert is_after(event_id, last_id) is expected


def test_an_event_without_data_has_an_empty_payload() -> None:
    """Missing data is an empty object."""
    assert Event("1-0", "job.queued", 1, 0, "").payload() == {}
    assert Event("1-0", "job.queued", 1, 0, '{"a":1}').payload() == {"a": 1}


def test_job_ids_are_unique_and_sort_by_time() -> None:
    """Ids are version 7 UUIDs of variant 1; none is given twice."""
    ids = [new_job_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {(job_id[14], job_id[19]) for job_id in ids} <= {("7", variant) for variant in "89ab"}
    assert [job_id[:13] for job_id in ids] == sorted(job_id[:13] for job_id in ids)
