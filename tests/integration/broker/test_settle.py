"""Settling: every end, once, by the attempt that holds the job, and together with its entry's ack."""

from __future__ import annotations

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import (
    checkpoint,
    dump,
    ended,
    entries,
    pending,
    raw,
    scheduled,
    settle,
    submit,
    take,
    take_one,
)

OUTCOMES: tuple[str, ...] = ("succeeded", "failed", "cancelled", "retry", "snooze", "released")
STATES = {"retry": "scheduled", "snooze": "scheduled", "released": "queued"}
EVENTS = {"retry": "retrying", "snooze": "snoozed"}


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_an_end_is_state_event_and_ack_together(broker: Broker, store: JobStore, outcome: str) -> None:
    """Each outcome leads to its state, tells its event, takes the owner and the entry away; a release keeps it."""
    await submit(broker)
    assert await settle(broker, await take_one(broker), outcome, reason="why", delay_ms=60_000) == 1
    job = await store.get("job-1")
    assert (job.state, job.owner) == (STATES.get(outcome, outcome), "")
    assert (await store.events_since("job-1"))[-1].type == f"job.{EVENTS.get(outcome, outcome)}"
    assert await pending(broker) == len(await entries(broker))
    assert await entries(broker) == (["job-1"] if outcome == "released" else [])
    assert await scheduled(broker) == (["job-1"] if outcome in ("retry", "snooze") else [])


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_a_repeated_end_is_recognised(broker: Broker, outcome: str) -> None:
    """The same settlement again, after a lost answer, gives 2 and changes not one byte."""
    await submit(broker)
    claim = await take_one(broker)
    await settle(broker, claim, outcome)
    before = await dump(broker)
    assert await settle(broker, claim, outcome) == 2
    assert await settle(broker, claim, "failed", reason="another") == 2
    assert await dump(broker) == before


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_a_stale_attempt_can_change_nothing(broker: Broker, outcome: str) -> None:
    """An attempt whose job was taken over settles in vain: 0, and Redis is as it was."""
    await submit(broker)
    stale = await take_one(broker)
    await take_one(broker, mode="crashed")
    before = await dump(broker)
    assert await settle(broker, stale, outcome) == 0
    assert await dump(broker) == before


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "retry", "released"])
async def test_an_attempt_is_stale_also_when_its_successor_has_ended(broker: Broker, end: str) -> None:
    """What the newer attempt made of the job stays, whatever the older one says afterwards."""
    await submit(broker)
    stale = await take_one(broker)
    await settle(broker, await take_one(broker, mode="crashed"), end)
    before = await dump(broker)
    for outcome in OUTCOMES:
        assert await settle(broker, stale, outcome) == 0
    assert await dump(broker) == before


async def test_the_end_of_a_job_that_is_gone_is_refused(broker: Broker) -> None:
    """A record that has vanished is not made anew by a late settlement."""
    await submit(broker)
    claim = await take_one(broker)
    await raw(broker).delete(broker.keys.job("job-1"))
    assert await settle(broker, claim) == 0
    assert not await raw(broker).exists(broker.keys.job("job-1"))


async def test_success_keeps_the_result(broker: Broker, store: JobStore) -> None:
    """The result is the recipe's JSON, byte for byte, with the time it ended."""
    await submit(broker)
    await settle(broker, await take_one(broker), body=b'{"a":[1,2.50]}')
    job = await store.get("job-1")
    assert job.result is not None
    assert bytes(job.result) == b'{"a":[1,2.50]}'
    assert job.finished_ms >= job.started_ms > 0
    assert job.is_terminal


async def test_failure_leaves_a_letter(broker: Broker, store: JobStore) -> None:
    """A failed job is a dead letter with its reason, error, input and counts."""
    await submit(broker, tenant="acme")
    await settle(broker, await take_one(broker), "failed", reason="attempts_exhausted")
    (letter,) = await store.letters.list()
    assert (letter.source, letter.job, letter.kind, letter.attempts) == ("job", "job-1", "echo", 1)
    assert (letter.reason, letter.error.code) == ("attempts_exhausted", "internal")
    assert (await store.letters.get(letter.id)).fields == {"input": '{"text":"hi"}'}
    assert (await store.get("job-1")).error == letter.error


async def test_a_cancelled_job_is_no_dead_letter(broker: Broker, store: JobStore) -> None:
    """Somebody asked for that end, so nobody needs to look at it."""
    await submit(broker)
    await settle(broker, await take_one(broker), "cancelled")
    assert await store.letters.list() == []


@pytest.mark.parametrize(("outcome", "attempt"), [("retry", 2), ("snooze", 1), ("released", 1)])
async def test_only_a_failed_attempt_is_charged(broker: Broker, outcome: str, attempt: int) -> None:
    """After a retry the next attempt is the second; after a snooze or a release it is still the first."""
    await submit(broker)
    await settle(broker, await take_one(broker), outcome)
    await broker.promote()
    claim = await take_one(broker, mode="expired" if outcome == "released" else "new")
    assert (claim.attempt, claim.is_fresh) == (attempt, False)


async def test_a_retry_waits_its_delay(broker: Broker, store: JobStore) -> None:
    """The job is due ``delay_ms`` after its end by Redis's clock, keeps the error for its owner, and says both."""
    await submit(broker)
    await settle(broker, await take_one(broker), "retry", delay_ms=60_000)
    job = await store.get("job-1")
    event = (await store.events_since("job-1"))[-1]
    assert job.due_ms == event.at_ms + 60_000
    assert event.payload()["due_ms"] == job.due_ms
    assert job.error is not None
    assert (await broker.promote()).moved == 0


async def test_a_batch_mixes_outcomes_and_streams(broker: Broker, store: JobStore) -> None:
    """One call ends jobs of several streams in several ways, a code for each in order, one fenced among them."""
    for name, priority in zip("abcd", (*Priority, Priority.LOW), strict=True):
        await submit(broker, name, priority=priority)
    claims = {claim.id: claim for claim in await take(broker)}
    stale = claims["c"]
    claims["c"] = await take_one(broker, mode="lost", held=("a", "b", "d"))
    batch = [
        ended(claims["a"]),
        ended(claims["b"], "failed", reason="x"),
        ended(stale),
        ended(claims["d"], "released"),
        ended(claims["a"]),
    ]
    assert await broker.settle(batch) == [1, 1, 0, 1, 2]
    states = [(await store.get(name)).state for name in "abcd"]
    assert states == [JobState.SUCCEEDED, JobState.FAILED, JobState.RUNNING, JobState.QUEUED]
    assert [await pending(broker, priority=priority) for priority in Priority] == [0, 0, 2]
    assert await entries(broker, priority=Priority.LOW) == ["c", "d"]


async def test_a_full_batch_is_one_call(broker: Broker) -> None:
    """The largest batch that the settler makes is settled whole: acks and deletes take all their ids at once."""
    for number in range(256):
        await submit(broker, f"job-{number}")
    claims = await take(broker, 256)
    assert await broker.settle([ended(claim) for claim in claims]) == [1] * 256
    assert await entries(broker) == []
    assert await pending(broker) == 0


async def test_reasons_are_quoted(broker: Broker, store: JobStore) -> None:
    """A reason with quotes, newlines and other scripts does not break its event."""
    reason = 'a "quoted" \\ reason\n— ü 漢 \x01'
    await submit(broker)
    await settle(broker, await take_one(broker), "snooze", reason=reason, delay_ms=1)
    assert (await store.events_since("job-1"))[-1].payload()["reason"] == reason


async def test_everything_of_an_ended_job_expires(broker: Broker) -> None:
    """Record, log, checkpoints and files live on for the result's time, and no longer."""
    for outcome in ("succeeded", "failed", "cancelled"):
        await submit(broker, outcome)
        claim = await take_one(broker)
        await broker.record(checkpoint(claim))
        await broker.record(checkpoint(claim, "a.png", b"{}", target="files"))
        await settle(broker, claim, outcome)
        keys = broker.keys
        for key in (keys.job(outcome), keys.log(outcome), keys.steps(outcome), keys.files(outcome)):
            assert 604_000 < await raw(broker).ttl(key) <= 604_800, key


async def test_what_waits_never_expires(broker: Broker) -> None:
    """A job that is queued, running or scheduled has no time to live on any key."""
    for name in "abc":
        await submit(broker, name)
    for claim, outcome in zip(await take(broker), ("retry", "released", ""), strict=True):
        await broker.record(checkpoint(claim))
        if outcome:
            await settle(broker, claim, outcome, delay_ms=60_000)
    ttls = {key: await raw(broker).ttl(key) for key in await raw(broker).keys("*")}
    assert set(ttls.values()) == {-1}
