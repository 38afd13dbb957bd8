"""Two lists as one: nothing is missing and nothing doubled, however the jobs lie and wherever the pages end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamforge.api.records import Part, merged
from streamforge.jobs.listing import Place
from streamforge.jobs.model import Job, JobState, Priority


def job(created_ms: int, job_id: str, queue: str = "live") -> Job:
    """A job; its queue says where it was read."""
    facts = {"kind": "echo", "state": JobState.SUCCEEDED, "priority": Priority.NORMAL, "tenant": "acme"}
    return Job(id=job_id, queue=queue, created_ms=created_ms, **facts)  # type: ignore[arg-type]


def page(jobs: list[Job], after: Place | None, count: int, scan: int) -> Part:
    """As both sources give it: at most ``count`` of the next ``scan`` that are looked at, of which some do not fit."""
    ordered = sorted(jobs, key=lambda one: (one.created_ms, one.id), reverse=True)
    rest = [one for one in ordered if after is None or (one.created_ms, one.id) < after]
    found: list[Job] = []
    for number, one in enumerate(rest, 1):
        if one.kind == "echo":
            found.append(one)
        is_last = number == len(rest)
        if (len(found) == count or number == scan) and not is_last:
            return Part(found, Place(one.created_ms, one.id))
    return Part(found, None)


PLACES = st.lists(
    st.tuples(st.integers(0, 4), st.text("abc", min_size=1, max_size=2), st.sampled_from("LAB")),
    unique_by=lambda each: each[1],
    max_size=12,
)
"""When a job was submitted, its id, and who has it: Redis, the archive, both."""


@given(PLACES, st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_every_job_is_on_one_page(
    places: list[tuple[int, str, str]], count: int, live_scan: int, old_scan: int
) -> None:
    """In the order of the whole, as Redis has it where it has it, with pages no longer than asked for, to an end."""
    live = [job(at, name) for at, name, where in places if where in "LB"]
    old = [job(at, name, "old") for at, name, where in places if where in "AB"]
    known, found, place = {one.id for one in live}, list[Job](), None
    for _ in range(100):
        part = merged(page(live, place, count, live_scan), page(old, place, count, old_scan), known, count)
        assert len(part.jobs) <= count
        assert place is None or part.place is None or part.place < place
        found += part.jobs
        if (place := part.place) is None:
            break
    else:
        raise AssertionError("there is no end to it")
    expected = sorted(((at, name) for at, name, _ in places), reverse=True)
    assert [(one.created_ms, one.id) for one in found] == expected
    assert {one.id for one in found if one.queue == "live"} == known
