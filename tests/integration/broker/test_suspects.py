"""Jobs that have crashed their workers twice in a row: held to be the cause, and kept apart until one of them is."""

from __future__ import annotations

import asyncio

from streamforge.broker.broker import Broker
from streamforge.broker.keys import GROUP
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import checkpoint, dump, entries, field, raw, settle, submit, take, take_one


async def crash(broker: Broker, worker: str, times: int, *jobs: str) -> None:
    """Jobs that ran side by side while their worker died, so often."""
    for job in jobs:
        await submit(broker, job)
    assert len(await take(broker, worker=worker)) == len(jobs)
    for _ in range(times):
        assert len(await take(broker, worker=worker, mode="crashed")) == len(jobs)


async def abandon(broker: Broker) -> None:
    """Make everything that is claimed look as if nobody had renewed it for a minute."""
    line = broker.keys.queue("default", Priority.NORMAL)
    for row in await raw(broker).xpending_range(line, GROUP, "-", "+", 1000):
        await raw(broker).xclaim(line, GROUP, "w0", 0, [row["message_id"]], idle=60_000)


async def test_crashes_count_since_the_last_checkpoint(broker: Broker, store: JobStore) -> None:
    """A job that gets on is not given up, however many workers it outlives; the letter's count is of all of them."""
    await crash(broker, "w1", 0, "job-1")
    for crashes in range(1, 8):
        claim = await take_one(broker, mode="crashed", max_crashes=1)
        assert claim.crashes == 1
        await broker.record(checkpoint(claim, f"step-{crashes}"))
    assert (await store.get("job-1")).crashes == 7
    assert len(await take(broker, mode="crashed", max_crashes=1)) == 1
    assert await take(broker, mode="crashed", max_crashes=1) == []
    assert (await store.get("job-1")).state == JobState.FAILED


async def test_progress_that_is_no_checkpoint_spares_nobody(broker: Broker, store: JobStore) -> None:
    """Only a value that the next attempt goes on from is getting on."""
    await crash(broker, "w1", 0, "job-1")
    for _ in range(2):
        claim = (await take(broker, mode="crashed", max_crashes=2))[0]
        await broker.record(checkpoint(claim, target="", event="job.progress"))
    assert await take(broker, mode="crashed", max_crashes=2) == []
    assert (await store.get("job-1")).state == JobState.FAILED


async def test_a_worker_takes_one_suspect_at_a_time(broker: Broker) -> None:
    """Of jobs that crashed together twice, one runs; the others wait, unharmed and uncharged, until it has ended."""
    await crash(broker, "w1", 1, "a", "b", "c")
    (first,) = await take(broker, worker="w1", mode="crashed")
    before = await dump(broker)
    assert await take(broker, worker="w1", mode="expired", has_suspect=True, held=(first.id,)) == []
    assert await dump(broker) == before
    for job in {"a", "b", "c"} - {first.id}:
        assert (await field(broker, job, "crashes"), await field(broker, job, "state")) == ("1", "running")
    await settle(broker, first)
    (second,) = await take(broker, worker="w1", mode="expired")
    await settle(broker, second)
    (third,) = await take(broker, worker="w1", mode="expired")
    await settle(broker, third)
    assert {first.id, second.id, third.id} == {"a", "b", "c"}
    assert await entries(broker) == []


async def test_workers_share_the_suspects(broker: Broker) -> None:
    """Each worker that is free of suspects takes one, so that they wait for one another as little as can be."""
    await crash(broker, "w1", 1, "a", "b", "c")
    await abandon(broker)
    taken = [await take_one(broker, worker=name, mode="expired") for name in ("w2", "w3", "w4")]
    assert {claim.id for claim in taken} == {"a", "b", "c"}


async def test_the_guilty_is_found_and_its_neighbours_end(broker: Broker, store: JobStore) -> None:
    """One job takes its worker down each time: it alone passes the cap, whoever ran beside it at first."""
    await crash(broker, "w1", 0, "a", "guilty", "b")
    running = ["a", "guilty", "b"]
    for _ in range(12):
        claims = await take(broker, worker="w1", mode="crashed", max_crashes=3)
        claims += await take(broker, worker="w1", mode="expired", has_suspect=bool(claims), held=tuple(running))
        running = [claim.id for claim in claims]
        if "guilty" in running:
            continue
        for claim in claims:
            await settle(broker, claim)
    states = {job: (await store.get(job)).state for job in ("a", "guilty", "b")}
    assert states == {"a": JobState.SUCCEEDED, "guilty": JobState.FAILED, "b": JobState.SUCCEEDED}
    (letter,) = await store.letters.list()
    assert (letter.job, letter.reason) == ("guilty", "crashed")
    assert not await raw(broker).exists(broker.keys.running, broker.keys.lines("default"))


async def test_a_sleeper_goes_on_with_a_suspect_that_nobody_has_taken(broker: Broker) -> None:
    """Who wakes while its job only waits for a turn still owns it; and its end is the one that counts."""
    await submit(broker, "job-1")
    await take_one(broker, worker="w0")
    (claim,) = await take(broker, worker="w1", mode="expired", lease_ms=0)
    assert await take(broker, worker="w2", mode="expired", lease_ms=0, has_suspect=True) == []
    assert await settle(broker, claim) == 1
    assert await take(broker, worker="w2", mode="expired", lease_ms=0) == []


async def test_what_has_expired_is_taken_over_once(broker: Broker) -> None:
    """Many workers look at the same moment: each job goes to one of them, and is charged one crash."""
    jobs = [f"job-{number}" for number in range(40)]
    for job in jobs:
        await submit(broker, job)
    assert len(await take(broker, 40, worker="w0")) == len(jobs)
    await abandon(broker)
    takes = (take(broker, 40, worker=f"w{number}", mode="expired") for number in range(1, 9))
    claims = [claim for taken in await asyncio.gather(*takes) for claim in taken]
    assert sorted(claim.id for claim in claims) == sorted(jobs)
    assert {claim.crashes for claim in claims} == {1}
