"""Taking: claims in order, nothing read unclaimed, and what an earlier process or a lost answer left behind."""

from __future__ import annotations

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import (
    checkpoint,
    cursor,
    entries,
    field,
    pending,
    raw,
    settle,
    submit,
    take,
    take_one,
)


async def test_no_more_is_claimed_than_asked_for(broker: Broker) -> None:
    """A take gives up to ``count`` claims, oldest first; the rest stays for others."""
    for number in range(5):
        await submit(broker, f"job-{number}")
    assert [claim.id for claim in await take(broker, 3)] == ["job-0", "job-1", "job-2"]
    assert [claim.id for claim in await take(broker, 3, worker="w2")] == ["job-3", "job-4"]


async def test_the_most_urgent_come_first(broker: Broker) -> None:
    """Priority counts before age; a patient take has it the other way round, so that the low ones have their turn."""
    for priority in reversed(Priority):
        for number in (1, 2):
            await submit(broker, f"{priority}-{number}", priority=priority)
    assert [claim.id for claim in await take(broker, 3)] == ["high-1", "high-2", "normal-1"]
    assert [claim.id for claim in await take(broker, first=Priority.LOW)] == ["low-1", "low-2", "normal-2"]


async def test_a_claim_holds_what_a_run_needs(broker: Broker, store: JobStore) -> None:
    """A claim carries the input and the token; the record names the owner and counts the attempt."""
    await submit(broker, tenant="acme")
    claim = await take_one(broker)
    assert (claim.kind, claim.input, claim.tenant) == ("echo", b'{"text":"hi"}', "acme")
    assert (claim.attempt, claim.crashes, claim.token, claim.is_fresh) == (1, 0, 1, True)
    job = await store.get("job-1")
    assert (job.state, job.owner, job.attempt, job.token) == (JobState.RUNNING, "w1", 1, 1)
    assert (await store.events_since("job-1"))[-1].type == "job.started"


async def test_a_missing_group_is_made(broker: Broker) -> None:
    """A failover that lost the consumer group costs nothing: the next take makes it and sees what waits."""
    await submit(broker, "a")
    await raw(broker).xgroup_destroy(broker.keys.queue("default", Priority.NORMAL), "workers")
    assert [claim.id for claim in await take(broker)] == ["a"]


async def test_waiting_starts_where_the_take_looked(broker: Broker) -> None:
    """With nothing to claim, the cursor is where a blocking read must go on: no entry falls in between."""
    await submit(broker, "a")
    await settle(broker, await take_one(broker))
    here = await cursor(broker)
    await submit(broker, "b")
    await broker.wait_for_bell("default", here)  # returns at once, or the test's time limit ends it
    assert [claim.id for claim in await take(broker)] == ["b"]


@pytest.mark.parametrize("state", ["gone", "succeeded", "failed", "cancelled", "expired"])
async def test_an_entry_without_work_is_dropped(broker: Broker, state: str) -> None:
    """An entry whose job is gone or has ended is acked and deleted, and nobody runs it."""
    await submit(broker)
    if state == "gone":
        await raw(broker).delete(broker.keys.job("job-1"))
    else:
        await raw(broker).hset(broker.keys.job("job-1"), "state", state)
    await submit(broker, "job-2")
    assert [claim.id for claim in await take(broker)] == ["job-2"]
    assert await entries(broker) == ["job-2"]
    assert await pending(broker) == 1


async def test_a_crash_is_charged_as_a_crash(broker: Broker, store: JobStore) -> None:
    """What a dead process held is taken over under a new token, charged one crash and no attempt, with its steps."""
    await submit(broker)
    before = await take_one(broker)
    await broker.record(checkpoint(before))
    after = await take_one(broker, mode="crashed")
    assert (after.attempt, after.crashes, after.entry) == (1, 1, before.entry)
    assert after.token > before.token
    assert not after.is_fresh
    assert await broker.checkpoints("job-1") == {"design": b"v\x01"}
    recovered = (await store.events_since("job-1"))[-1]
    assert (recovered.type, recovered.payload()) == ("job.recovered", {"worker": "w1", "crashes": 1})


async def test_a_take_over_is_of_its_own_entries_only(broker: Broker) -> None:
    """Another worker's running jobs are left alone, and nothing new is read."""
    await submit(broker, "mine")
    await take(broker, worker="w1")
    await submit(broker, "theirs")
    await take(broker, worker="w2")
    await submit(broker, "waiting")
    assert [claim.id for claim in await take(broker, worker="w1", mode="crashed")] == ["mine"]


async def test_one_crash_too_many_buries_the_job(broker: Broker, store: JobStore) -> None:
    """After ``max_crashes`` take-overs the next ends the job: failed, a dead letter with the cause, no entry left."""
    await submit(broker)
    await take_one(broker)
    for crashes in (1, 2):
        assert (await take_one(broker, mode="crashed", max_crashes=2)).crashes == crashes
    assert await take(broker, mode="crashed", max_crashes=2) == []
    job = await store.get("job-1")
    assert (job.state, job.crashes, job.attempt) == (JobState.FAILED, 3, 1)
    assert job.error is not None
    assert job.error.code == "crashed"
    (letter,) = await store.letters.list()
    assert (letter.job, letter.reason, letter.crashes, letter.error) == ("job-1", "crashed", 3, job.error)
    assert (await store.letters.get(letter.id)).fields == {"input": '{"text":"hi"}'}
    assert await entries(broker) == []
    assert await pending(broker) == 0
    told = (await store.events_since("job-1"))[-1]
    assert (told.type, told.payload()["reason"]) == ("job.failed", "crashed")


async def test_a_lost_answer_costs_nothing(broker: Broker) -> None:
    """Claims whose answer was lost are given again under a new token, charging neither attempt nor crash."""
    await submit(broker, "lost")
    before = await take_one(broker)
    after = await take_one(broker, mode="lost")
    assert (after.id, after.attempt, after.crashes) == ("lost", 1, 0)
    assert after.token > before.token
    assert await field(broker, "lost", "crashes") == ""


async def test_what_runs_here_is_not_taken_again(broker: Broker) -> None:
    """``held`` jobs keep their token, and the others are found behind them, however small the count."""
    for name in ("a", "b", "c"):
        await submit(broker, name)
    claims = await take(broker)
    recovered = await take_one(broker, limit=1, mode="lost", held=("a", "b"))
    assert recovered.id == "c"
    assert await field(broker, "a", "token") == str(claims[0].token)


async def test_an_entry_deleted_under_its_reader_is_dropped(broker: Broker) -> None:
    """A pending entry that no longer exists in the stream is acked instead of stopping the recovery."""
    await submit(broker, "a")
    await submit(broker, "b")
    first, _ = await take(broker)
    await raw(broker).xdel(first.stream, first.entry)
    assert [claim.id for claim in await take(broker, mode="crashed")] == ["b"]
    assert await pending(broker) == 1


async def test_tokens_only_grow(broker: Broker) -> None:
    """Every claim of a job, by whatever way it came about, has a higher token than all before it."""
    await submit(broker)
    claims = [await take_one(broker), await take_one(broker, mode="crashed"), await take_one(broker, mode="lost")]
    for outcome, mode in (("released", "expired"), ("retry", "new"), ("snooze", "new")):
        await settle(broker, claims[-1], outcome)
        await broker.promote()
        claims += [await take_one(broker, mode=mode)]
    await settle(broker, claims[-1], "failed", reason="x")
    letter = (await raw(broker).xrange(broker.keys.dead))[0][0]
    await broker.requeue(letter.decode())
    claims += [await take_one(broker)]
    assert [claim.token for claim in claims] == [1, 2, 3, 4, 5, 6, 7]
