"""What an attempt costs: one of the kind's attempts, a crash, a place in the line, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from streamforge.testing.server import TestServer
from tests.integration.moves import ERROR, checkpoint, entries, raw, settle, submit, take, take_one


@pytest.fixture
async def strict(shared_server: TestServer, broker: Broker) -> AsyncIterator[Broker]:  # noqa: ARG001 - empties the server
    """A broker that forgives one crash."""
    made = Broker(RedisSettings(), JobsSettings(), shared_server.url, max_crashes=1)
    yield made
    await made.close()


async def test_a_crash_costs_a_crash(broker: Broker, store: JobStore) -> None:
    """A child that died under the job keeps its attempt, counts the crash and keeps what is known of it."""
    await submit(broker)
    for crashes in (1, 2, 3):
        claim = await take_one(broker)
        assert (claim.attempt, claim.crashes) == (1, crashes - 1)
        assert await settle(broker, claim, "retry", charge="crash", signal="SIGSEGV", peak_rss_kb=4321) == 1
        job = await store.get("job-1")
        assert (job.state, job.attempt, job.crashes) == (JobState.SCHEDULED, 0, crashes)
        await broker.promote()
    assert (await take_one(broker)).attempt == 1


async def test_one_crash_too_many_fails_the_job(strict: Broker, store: JobStore) -> None:
    """Past ``max_crashes`` the job is dead, with the signal and the memory in its letter, and nothing is scheduled."""
    await submit(strict)
    await settle(strict, await take_one(strict), "retry", charge="crash", signal="SIGSEGV", peak_rss_kb=1)
    await strict.promote()
    claim = await take_one(strict)
    more = {"charge": "crash", "signal": "SIGKILL", "peak_rss_kb": 765_432, "delay_ms": 0}
    assert await settle(strict, claim, "retry", **more) == 1
    job = await store.get("job-1")
    assert (job.state, job.attempt, job.crashes) == (JobState.FAILED, 1, 2)
    (letter,) = await store.letters.list()
    assert (letter.reason, letter.signal, letter.peak_rss_kb) == ("crashed", "SIGKILL", 765_432)
    assert (letter.crashes, letter.attempts, letter.error) == (2, 1, job.error)
    events = await store.events_since("job-1")
    assert events[-1].payload()["reason"] == "crashed"
    assert [event.type for event in events].count("job.retrying") == 1
    assert (await strict.promote()).moved == 0
    assert not await raw(strict).exists(strict.keys.running, strict.keys.lines("default"), strict.keys.scheduled)
    assert await settle(strict, claim, "retry", **more) == 2
    assert len(await store.letters.list()) == 1
    await strict.close()


async def test_crashes_of_children_and_of_workers_are_one_count(strict: Broker, store: JobStore) -> None:
    """A job that took its child down and then its worker has crashed twice; the letter names the last cause known."""
    await submit(strict)
    await settle(strict, await take_one(strict), "retry", charge="crash", signal="SIGSEGV")
    await strict.promote()
    await take_one(strict)
    assert await take(strict, mode="crashed", max_crashes=1) == []
    (letter,) = await store.letters.list()
    assert (letter.reason, letter.crashes, letter.signal) == ("crashed", 2, "SIGSEGV")
    assert (await store.get("job-1")).state is JobState.FAILED
    await strict.close()


async def test_the_cause_of_a_workers_death_is_kept(broker: Broker, store: JobStore) -> None:
    """What ended the worker is told in the letter and its message, also where a later takeover does not know it."""
    await submit(broker)
    await take_one(broker)
    await take_one(broker, mode="crashed", cause="killed by SIGKILL")
    assert await take(broker, mode="expired", lease_ms=0, max_crashes=1, worker="w2") == []
    (letter,) = await store.letters.list()
    assert (letter.signal, letter.crashes) == ("killed by SIGKILL", 2)
    assert "killed by SIGKILL" in letter.error.message


@pytest.mark.parametrize(
    ("before", "after"),
    [(Priority.LOW, Priority.NORMAL), (Priority.NORMAL, Priority.HIGH), (Priority.HIGH, Priority.HIGH)],
)
async def test_a_soft_limit_costs_an_attempt_and_raises_the_job(
    broker: Broker, store: JobStore, before: Priority, after: Priority
) -> None:
    """What ran out of time comes back one priority higher, in that priority's line, and is told so."""
    await submit(broker, priority=before)
    claim = await take_one(broker)
    assert not claim.is_boosted
    await settle(broker, claim, "retry", charge="soft_limit")
    await broker.promote()
    assert await entries(broker, priority=after) == ["job-1"]
    again = await take_one(broker)
    assert (again.is_boosted, again.attempt, again.crashes) == (True, 2, 0)
    assert (await store.get("job-1")).priority is after
    assert await settle(broker, again) == 1
    assert not await raw(broker).exists(broker.keys.lines("default"))


async def test_the_second_soft_limit_raises_again(broker: Broker) -> None:
    """From low to normal to high, and no further."""
    await submit(broker, priority=Priority.LOW)
    for priority in (Priority.NORMAL, Priority.HIGH, Priority.HIGH):
        await settle(broker, await take_one(broker), "retry", charge="soft_limit")
        await broker.promote()
        assert await entries(broker, priority=priority) == ["job-1"]


async def test_a_raised_job_that_is_handed_back_keeps_its_line(broker: Broker) -> None:
    """Released, cancelled or ended after the raise, it leaves nothing in either line."""
    await submit(broker)
    await settle(broker, await take_one(broker), "retry", charge="soft_limit")
    await broker.promote()
    await settle(broker, await take_one(broker), "released")
    assert await entries(broker, priority=Priority.HIGH) == ["job-1"]
    assert await broker.cancel("job-1", ERROR) == 1
    assert not await raw(broker).exists(broker.keys.lines("default"))


async def test_a_snooze_costs_nothing(broker: Broker, store: JobStore) -> None:
    """Parked any number of times, the job is still in its first attempt, with no error, and with its checkpoints."""
    await submit(broker)
    for _ in range(5):
        claim = await take_one(broker)
        await broker.record(checkpoint(claim))
        await settle(broker, claim, "snooze", reason="rate limited")
        job = await store.get("job-1")
        assert (job.attempt, job.crashes, job.error) == (0, 0, None)
        await broker.promote()
    assert (await take_one(broker)).attempt == 1
    assert await broker.checkpoints("job-1") == {"design": b"v\x01"}


async def test_a_failure_keeps_what_is_known_of_its_child(broker: Broker, store: JobStore) -> None:
    """Signal and memory are in the letter of a plain failure as well."""
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="out_of_memory", signal="SIGKILL", peak_rss_kb=99)
    (letter,) = await store.letters.list()
    assert (letter.reason, letter.signal, letter.peak_rss_kb) == ("out_of_memory", "SIGKILL", 99)
