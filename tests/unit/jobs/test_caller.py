"""In whose name a call is made, and which of its step's calls it is."""

from __future__ import annotations

import asyncio

import pytest

from streamforge.jobs.caller import ANONYMOUS, STEP, JobCaller, calling, current_caller
from streamforge.jobs.model import Claim, Priority


def claim(stream: bytes) -> Claim:
    """A job's claim out of that line."""
    return Claim(
        stream=stream,
        entry=b"1-0",
        id="job-1",
        kind="letter",
        input=b"{}",
        token=1,
        attempt=1,
        tenant="acme",
        created_ms=0,
        waited_ms=0,
        crashes=0,
    )


@pytest.mark.parametrize(
    ("stream", "priority"),
    [
        (b"streamforge:{0}:queue:default:high:acme", Priority.HIGH),
        (b"p:{0}:queue:low:normal:low", Priority.NORMAL),
        (b"p:{0}:queue:normal:low:a.b@c", Priority.LOW),
        (b"something else", Priority.NORMAL),
    ],
)
def test_a_claim_says_who_calls(stream: bytes, priority: Priority) -> None:
    """Its job, its tenant, and the priority of the line it came from."""
    caller = JobCaller.of(claim(stream))
    assert (caller.job_id, caller.tenant, caller.priority) == ("job-1", "acme", priority)


def test_without_a_job_everybody_is_somebody_else() -> None:
    """Calls of commands share a tenant and no ledger."""
    one, other = current_caller(), current_caller()
    assert one.tenant == other.tenant == ANONYMOUS
    assert one.job_id != other.job_id


async def test_calls_are_counted_by_step_and_attempt() -> None:
    """Another attempt comes to the same names; other steps, items and jobs have others."""

    async def attempt(job: str) -> list[str]:
        with calling(JobCaller(job)):
            ids = [current_caller().next_call().id for _ in range(2)]
            token = STEP.set("draw[Zürich / 7]")
            ids += [current_caller().next_call().id for _ in range(2)]
            STEP.reset(token)
            return [*ids, current_caller().next_call().id]

    first, again, other = await asyncio.gather(attempt("job-1"), attempt("job-1"), attempt("job-2"))
    assert first == again
    assert len({*first, *other}) == 10
    assert all(name.isascii() and " " not in name and len(name) < 100 for name in first)


def test_the_caller_is_gone_with_its_attempt() -> None:
    """What runs afterwards in the same task is not charged to the job."""
    with calling(JobCaller("job-1")):
        assert current_caller().job_id == "job-1"
    assert current_caller().tenant == ANONYMOUS
