"""Expiry: a job that nobody has begun in time is not done any more; one that somebody has begun is."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take
from streamforge.jobs.model import Claim, JobState, Priority
from streamforge.jobs.store import JobStore
from streamforge.testing.waiting import until
from tests.integration.moves import entries, pending, raw, scheduled, settle, submit, take, take_one

FAR_MS = 4_102_444_800_000  # 2100-01-01
PAST_MS = 1


async def redis_ms(broker: Broker) -> int:
    """The time by the clock that decides."""
    seconds, micros = await raw(broker).time()
    return seconds * 1000 + micros // 1000


async def expiring(broker: Broker) -> list[str]:
    """The jobs whose time is watched."""
    return [member.decode() for member in await raw(broker).zrange(f"{broker.keys.base}:expiring", 0, -1)]


async def begun(broker: Broker) -> Claim:
    """A job that was begun in time, and whose time has run out since."""
    end_ms = await redis_ms(broker) + 500
    await submit(broker, expires_at_ms=end_ms)
    claim = await take_one(broker)

    async def is_over() -> bool:
        return await redis_ms(broker) > end_ms

    await until(is_over, "its time has run out")
    return claim


async def assert_expired(broker: Broker, store: JobStore, job_id: str = "job-1") -> None:
    """The job ended so: state, error, time and one event; nothing of it is left in any line, and no letter."""
    job = await store.get(job_id)
    assert job.state is JobState.EXPIRED
    assert job.error is not None
    assert job.error.code == "expired"
    assert job.finished_ms > 0
    assert [event.type for event in await store.events_since(job_id)].count("job.expired") == 1
    assert 604_000 < await raw(broker).ttl(broker.keys.job(job_id)) <= 604_800
    assert (await scheduled(broker), await expiring(broker)) == ([], [])
    assert not await raw(broker).exists(broker.keys.running)
    assert await store.letters.list() == []


async def test_a_queued_job_expires(broker: Broker, store: JobStore) -> None:
    """It leaves its line; the jobs around it stay."""
    await submit(broker, "a")
    await submit(broker, expires_at_ms=PAST_MS)
    await submit(broker, "b", expires_at_ms=FAR_MS)
    assert (await broker.promote()).expired == 1
    assert await entries(broker) == ["a", "b"]
    assert await expiring(broker) == ["b"]
    for claim in await take(broker):
        await settle(broker, claim)
    await assert_expired(broker, store)


async def test_a_scheduled_job_expires(broker: Broker, store: JobStore) -> None:
    """A job whose time runs out before it comes leaves the schedule, and is never queued."""
    await submit(broker, not_before_ms=FAR_MS, expires_at_ms=PAST_MS)
    done = await broker.promote()
    assert (done.moved, done.expired, done.next_ms) == (0, 1, -1)
    await assert_expired(broker, store)
    assert [event.type for event in await store.events_since("job-1")] == ["job.scheduled", "job.expired"]


async def test_what_is_due_and_overdue_at_once_expires(broker: Broker, store: JobStore) -> None:
    """Where both moments passed unnoticed the end counts: it is not begun late."""
    now_ms = await redis_ms(broker)
    await submit(broker, not_before_ms=now_ms + 50, expires_at_ms=now_ms + 60)

    async def is_over() -> bool:
        return await redis_ms(broker) > now_ms + 60

    await until(is_over, "both moments have passed")
    done = await broker.promote()
    assert (done.moved, done.expired) == (0, 1)
    await assert_expired(broker, store)


async def test_a_job_of_a_paused_queue_expires(broker: Broker, store: JobStore) -> None:
    """A pause stops no clock."""
    await store.pause("default")
    await submit(broker, expires_at_ms=PAST_MS)
    assert (await broker.promote()).expired == 1
    await assert_expired(broker, store)
    assert not await raw(broker).exists(broker.keys.lines("default"))


async def test_the_claim_itself_looks_at_the_clock(broker: Broker, store: JobStore) -> None:
    """A job that is overdue when its turn comes is not begun, also where nobody has looked before; the next one is."""
    await submit(broker, expires_at_ms=PAST_MS)
    await submit(broker, "next", expires_at_ms=FAR_MS)
    claim = await take_one(broker, limit=1)
    assert claim.id == "next"
    await settle(broker, claim)
    await assert_expired(broker, store)
    assert (await broker.promote()).expired == 0


async def test_a_line_of_nothing_but_overdue_jobs_is_cleared(broker: Broker, store: JobStore) -> None:
    """A take that finds no job in time leaves no line, no ring and no turn behind."""
    for number in range(5):
        await submit(broker, f"job-{number}", expires_at_ms=PAST_MS, tenant="late")
    assert await take(broker, 2) == []
    for number in range(5):
        await assert_expired(broker, store, f"job-{number}")
    left = {key.decode() for key in await raw(broker).keys("*")}
    assert {key for key in left if ":job:" not in key and ":log:" not in key} == {
        broker.keys.feed,
        broker.keys.bell("default"),
        broker.keys.index("late"),
        broker.keys.tenants,
    }


async def test_a_whole_backlog_may_be_overdue(broker: Broker, store: JobStore) -> None:
    """After a long standstill takes meet thousands of entries that are not worth a run, and get to the one that is."""
    await submit(broker, expires_at_ms=PAST_MS)
    async with raw(broker).pipeline(transaction=False) as pipe:
        for _ in range(9000):
            pipe.xadd(broker.keys.queue("default", Priority.NORMAL), {"job": "job-1"})
        await pipe.execute()
    await submit(broker, "in-time")
    found = await broker.take(Take(queue="default", worker="w1", count=1, max_crashes=3))
    assert (found.claims, len(await entries(broker)) > 5000) == ([], True)  # Redis does other work in between
    with anyio.fail_after(2):  # there is more to go through, so nothing is waited for
        await broker.wait_for_bell("default", found.cursor)

    async def in_time() -> list[Claim]:
        return await take(broker, 1)

    (claim,) = await until(in_time, "the job in time has been taken")
    assert (claim.id, await entries(broker), await pending(broker)) == ("in-time", ["in-time"], 1)
    await settle(broker, claim)
    await assert_expired(broker, store)


@pytest.mark.parametrize("outcome", ["retry", "snooze", "released"])
async def test_what_was_begun_does_not_expire(broker: Broker, store: JobStore, outcome: str) -> None:
    """Retried, parked or handed back after its time: work has been done on it, so it goes on."""
    claim = await begun(broker)
    await settle(broker, claim, outcome)
    done = await broker.promote()
    assert done.expired == 0
    again = await take_one(broker, mode="expired" if outcome == "released" else "new")
    assert again.id == "job-1"
    await settle(broker, again)
    assert (await store.get("job-1")).state is JobState.SUCCEEDED


async def test_what_was_taken_over_does_not_expire(broker: Broker) -> None:
    """A crash after its time does not cost the job either."""
    await begun(broker)
    assert (await take_one(broker, mode="crashed")).crashes == 1


async def test_a_requeued_job_does_not_expire(broker: Broker, store: JobStore) -> None:
    """An operator who starts a job anew means it, whatever time it once had."""
    await settle(broker, await begun(broker), "failed", reason="x")
    (letter,) = await store.letters.list()
    await store.letters.requeue(letter.id)
    assert (await broker.promote()).expired == 0
    assert (await take_one(broker)).id == "job-1"


@pytest.mark.parametrize("how", [{}, {"not_before_ms": FAR_MS}])
async def test_who_is_cancelled_is_watched_no_more(broker: Broker, store: JobStore, how: dict[str, Any]) -> None:
    """A job that ended otherwise leaves nothing behind until its time, which may be centuries away."""
    await submit(broker, expires_at_ms=FAR_MS, **how)
    assert await expiring(broker) == ["job-1"]
    await store.cancel("job-1")
    assert await expiring(broker) == []


async def test_an_expired_job_stays_so(broker: Broker, store: JobStore) -> None:
    """The same submission again gives the expired job back, and does not start it."""
    await submit(broker, expires_at_ms=PAST_MS)
    await broker.promote()
    assert await submit(broker, expires_at_ms=PAST_MS) == (0, "job-1")
    assert await take(broker) == []
    await assert_expired(broker, store)


async def test_every_line_is_left_in_order(broker: Broker) -> None:
    """Expiry of one tenant's or priority's jobs takes nothing from the others'."""
    for tenant in "ab":
        for priority in Priority:
            end_ms = PAST_MS if (tenant, priority) == ("a", Priority.NORMAL) else FAR_MS
            await submit(broker, f"{tenant}-{priority}", tenant=tenant, priority=priority, expires_at_ms=end_ms)
    await broker.promote()
    assert [claim.id for claim in await take(broker)] == ["a-high", "b-high", "b-normal", "a-low", "b-low"]
