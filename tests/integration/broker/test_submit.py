"""Submitting: once, whatever is repeated, raced or refused."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.errors import IdempotencyConflict, UnknownJob
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import entries, raw, scheduled, submission, submit, take

FAR_MS = 4_102_444_800_000  # 2100-01-01


async def test_a_job_is_its_record_and_one_entry(broker: Broker, store: JobStore) -> None:
    """A new job has all it was handed in with, waits in its own queue and priority, and says so in one event."""
    job = submission(queue="fast", priority=Priority.HIGH, tenant="acme", source="http")
    assert (await store.submit(job)).is_new
    found = await store.get("job-1")
    assert (found.state, found.kind, found.queue, found.priority) == (JobState.QUEUED, "echo", "fast", Priority.HIGH)
    assert (found.tenant, found.source, found.attempt, found.token) == ("acme", "http", 0, 0)
    assert await store.input_of("job-1") == job.input
    assert await entries(broker, "fast", Priority.HIGH, "acme") == ["job-1"]
    (event,) = await store.events_since("job-1")
    assert (event.type, event.payload()) == ("job.queued", {"kind": "echo", "queue": "fast", "priority": "high"})


async def test_the_same_id_again_is_the_same_job(broker: Broker, store: JobStore) -> None:
    """A repeated submission changes nothing and says that the job was known."""
    await store.submit(submission())
    again = await store.submit(submission())
    assert (again.id, again.is_new) == ("job-1", False)
    assert await entries(broker) == ["job-1"]
    assert len(await store.events_since("job-1")) == 1


@pytest.mark.parametrize("other", [{"input": b"{}"}, {"kind": "shout"}])
async def test_an_id_used_for_something_else_is_a_conflict(
    broker: Broker, store: JobStore, other: dict[str, Any]
) -> None:
    """Another input or kind under a known id is refused, not taken for a repetition; the first job stays as it is."""
    await store.submit(submission())
    with pytest.raises(IdempotencyConflict, match="the id already stands for job job-1") as caught:
        await store.submit(submission(**other))
    assert caught.value.field == "id"
    assert await store.input_of("job-1") == submission().input
    assert await entries(broker) == ["job-1"]


async def test_an_idempotency_key_stands_for_its_first_job(broker: Broker, store: JobStore) -> None:
    """The same key and input under another id gives the first job, and makes no second one."""
    await store.submit(submission("a", idempotency_key="k"))
    again = await store.submit(submission("b", idempotency_key="k"))
    assert (again.id, again.is_new) == ("a", False)
    assert await entries(broker) == ["a"]
    with pytest.raises(UnknownJob):
        await store.get("b")


@pytest.mark.parametrize("other", [{"input": b"{}"}, {"kind": "shout"}])
async def test_a_key_used_for_something_else_is_a_conflict(store: JobStore, other: dict[str, object]) -> None:
    """Another input or another kind under a used key is refused, names the first job, and leaves nothing behind."""
    await store.submit(submission("a", idempotency_key="k"))
    with pytest.raises(IdempotencyConflict, match="job a") as caught:
        await store.submit(submission("b", idempotency_key="k", **other))
    assert caught.value.field == "idempotency_key"
    with pytest.raises(UnknownJob):
        await store.get("b")


async def test_keys_belong_to_their_tenant(store: JobStore) -> None:
    """Two tenants may use the same key for different inputs."""
    await store.submit(submission("a", idempotency_key="k", tenant="one"))
    assert (await store.submit(submission("b", idempotency_key="k", tenant="two", input=b"{}"))).is_new


async def test_fifty_at_once_make_one_job(broker: Broker, store: JobStore) -> None:
    """Concurrent submissions under one key agree on a single job, which is in the queue once."""
    ids: set[str] = set()
    new: list[str] = []

    async def one(number: int) -> None:
        submitted = await store.submit(submission(f"job-{number}", idempotency_key="k"))
        ids.add(submitted.id)
        new.extend([submitted.id] * submitted.is_new)

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(one, number)
    assert len(ids) == 1
    assert new == list(ids)
    assert await entries(broker) == new


async def test_a_job_for_later_waits_for_its_time(broker: Broker, store: JobStore) -> None:
    """``not_before_ms`` puts a job on the schedule under its time, out of every worker's reach."""
    await store.submit(submission(not_before_ms=FAR_MS))
    found = await store.get("job-1")
    assert (found.state, found.due_ms) == (JobState.SCHEDULED, FAR_MS)
    assert await scheduled(broker) == ["job-1"]
    assert await take(broker) == []
    (event,) = await store.events_since("job-1")
    assert (event.type, event.payload()) == ("job.scheduled", {"due_ms": FAR_MS})


async def test_a_time_in_the_past_means_now(broker: Broker) -> None:
    """A job whose time is over when it is submitted goes to its queue at once."""
    await submit(broker, not_before_ms=1)
    assert await entries(broker) == ["job-1"]


async def test_a_refused_call_leaves_no_key_behind(broker: Broker, store: JobStore) -> None:
    """A key is kept only together with its job: after an id that exists already, the key is still free."""
    await store.submit(submission("a"))
    await store.submit(submission("a", idempotency_key="k"))
    assert not await raw(broker).exists(broker.keys.idempotency("default", "k"))
    assert (await store.submit(submission("b", idempotency_key="k", input=b"{}"))).id == "b"


async def test_a_key_is_kept_for_its_time(broker: Broker) -> None:
    """An idempotency key has the configured lifetime."""
    await submit(broker, idempotency_key="k")
    ttl = await raw(broker).ttl(broker.keys.idempotency("default", "k"))
    assert 86_000 < ttl <= 86_400
