"""Promoting what is due, starting the dead anew, paging through them, counting what waits."""

from __future__ import annotations

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Promoted
from streamforge.errors import InvalidInput, UnknownJob
from streamforge.jobs.dead import Filter
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import checkpoint, entries, field, raw, scheduled, settle, submit, take, take_one


async def fail(broker: Broker, job_id: str = "job-1") -> str:
    """A failed job; the id of its dead letter."""
    await submit(broker, job_id)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim))
    await settle(broker, claim, "failed", reason="x")
    return await newest_letter(broker)


async def newest_letter(broker: Broker) -> str:
    """The id of the newest dead letter."""
    return (await raw(broker).xrevrange(broker.keys.dead, count=1))[0][0].decode()


async def test_what_is_due_is_promoted_once(broker: Broker, store: JobStore) -> None:
    """Due jobs move to their own queues, the others stay, and a second pass finds nothing left to do."""
    await submit(broker, "due", priority=Priority.HIGH)
    await submit(broker, "later")
    for claim, delay_ms in zip(await take(broker), (0, 600_000), strict=True):
        await settle(broker, claim, "retry", delay_ms=delay_ms)
    done = await broker.promote()
    assert (done.moved, done.expired) == (1, 0)
    assert 500_000 < done.next_ms <= 600_000
    assert await entries(broker, priority=Priority.HIGH) == ["due"]
    assert await scheduled(broker) == ["later"]
    assert (await store.get("due")).state is JobState.QUEUED
    assert (await broker.promote()).moved == 0
    assert await entries(broker, priority=Priority.HIGH) == ["due"]


async def test_an_empty_schedule_says_so(broker: Broker) -> None:
    """With nothing scheduled there is nothing to wait for."""
    assert await broker.promote() == Promoted(moved=0, expired=0, next_ms=-1)


async def test_the_schedule_forgets_what_no_longer_waits(broker: Broker) -> None:
    """A member whose job was ended or has vanished leaves the schedule without becoming an entry."""
    for name in ("gone", "ended"):
        await submit(broker, name)
        await settle(broker, await take_one(broker), "retry")
    await raw(broker).delete(broker.keys.job("gone"))
    await raw(broker).hset(broker.keys.job("ended"), "state", "cancelled")
    await broker.promote()
    assert await scheduled(broker) == []
    assert await entries(broker) == []


async def test_a_requeued_job_goes_on(broker: Broker, store: JobStore) -> None:
    """A failed job starts anew with its checkpoints, fresh counts and no time to live; its letter is gone."""
    dead_id = await fail(broker)
    assert await store.letters.requeue(dead_id) == "job-1"
    assert await store.letters.list() == []
    job = await store.get("job-1")
    assert (job.state, job.attempt, job.crashes, job.error, job.finished_ms) == (JobState.QUEUED, 0, 0, None, 0)
    assert await broker.checkpoints("job-1") == {"design": b"v\x01"}
    assert {await raw(broker).ttl(key) for key in await raw(broker).keys("*")} == {-1}
    claim = await take_one(broker)
    assert (claim.attempt, claim.token, claim.is_fresh) == (1, 2, False)
    assert await settle(broker, claim) == 1
    assert await raw(broker).ttl(broker.keys.steps("job-1")) > 0


async def test_a_letter_outlives_its_job(broker: Broker, store: JobStore) -> None:
    """A job whose record has expired is made again from its letter alone."""
    dead_id = await fail(broker)
    await raw(broker).delete(broker.keys.job("job-1"), broker.keys.steps("job-1"), broker.keys.log("job-1"))
    await store.letters.requeue(dead_id)
    claim = await take_one(broker)
    assert (claim.id, claim.kind, claim.input) == ("job-1", "echo", b'{"text":"hi"}')


async def test_a_job_that_was_started_otherwise_is_left_alone(broker: Broker, store: JobStore) -> None:
    """Requeueing a letter of a job that runs again is refused; the letter stays."""
    dead_id = await fail(broker)
    await raw(broker).hset(broker.keys.job("job-1"), "state", "running")
    with pytest.raises(InvalidInput, match="job-1"):
        await store.letters.requeue(dead_id)
    assert [letter.id for letter in await store.letters.list()] == [dead_id]
    assert await entries(broker) == []


async def test_a_refused_message_is_sent_again(broker: Broker, store: JobStore) -> None:
    """The letter of an inbox message goes back to the inbox with its own fields, under an id that makes it once."""
    fields = {"source": "inbox", "reason": "x", "error": b'{"code":"x","message":"x"}', "at": "1"}
    fields["fields"] = '{"kind":"echo","a":"ü"}'.encode()
    dead_id = (await raw(broker).xadd(broker.keys.dead, fields)).decode()
    assert await store.letters.requeue(dead_id) == f"requeue-{dead_id}"
    ((_, sent),) = await raw(broker).xrange(broker.keys.inbox)
    assert sent == {b"id": f"requeue-{dead_id}".encode(), b"kind": b"echo", b"a": "ü".encode()}
    assert await store.letters.list() == []


@pytest.mark.parametrize("dead_id", ["1-1", "1", "nonsense", "-", "+", "", "$", "1-1-1"])
async def test_a_wrong_letter_id_is_named(store: JobStore, broker: Broker, dead_id: str) -> None:
    """An id that no letter has, or that is none, is UnknownJob for every operation that takes one."""
    await fail(broker)
    for call in (store.letters.requeue, store.letters.get):
        with pytest.raises(UnknownJob, match="no dead letter"):
            await call(dead_id)
    assert await field(broker, "job-1", "state") == "failed"


async def test_half_an_id_finds_nothing(store: JobStore, broker: Broker) -> None:
    """The millisecond of a letter is not its id: it could mean another letter than the one then deleted."""
    dead_id = await fail(broker)
    with pytest.raises(UnknownJob):
        await store.letters.requeue(dead_id.split("-")[0])
    assert [letter.id for letter in await store.letters.list()] == [dead_id]


async def test_letters_are_paged_newest_first(broker: Broker, store: JobStore) -> None:
    """Each page goes on where the one before it ended, and every letter is on exactly one."""
    ids = [await fail(broker, f"job-{number}") for number in range(5)]
    first = await store.letters.list(count=2)
    second = await store.letters.list(count=2, before=first[-1].id)
    third = await store.letters.list(count=2, before=second[-1].id)
    assert [letter.id for letter in (*first, *second, *third)] == ids[::-1]
    assert await store.letters.list(before=third[-1].id) == []
    assert (await store.letters.get(ids[2])).job == "job-2"


async def test_depths_count_what_nobody_holds(broker: Broker, store: JobStore) -> None:
    """Claimed entries are not waiting; a queue without a stream is empty."""
    for number in range(3):
        await submit(broker, f"job-{number}")
    await take(broker, 1)
    depths = {(depth.queue, depth.priority): depth for depth in await store.depths(["default", "none"])}
    assert depths["default", "normal"].waiting == 2
    assert depths["default", "normal"].oldest_age_s >= 0
    assert {depth.waiting for key, depth in depths.items() if key != ("default", "normal")} == {0}
    assert len(depths) == 6


async def test_lists_never_hold_what_was_given(broker: Broker, store: JobStore) -> None:
    """However large an input was, the letters of a list are small; the one that is looked at has it."""
    given = b'{"text":"%s"}' % (b"x" * 1_000_000)
    for number in range(3):
        await submit(broker, f"job-{number}", input=given)
        await settle(broker, await take_one(broker), "failed", reason="x")
    assert len(repr(await raw(broker).xrange(broker.keys.dead))) < 5000
    letters, place = await store.letters.page()
    assert ([letter.fields for letter in letters], place) == ([{}] * 3, None)
    assert (await store.letters.get(letters[0].id)).fields == {"input": given.decode()}
    assert await store.letters.purge([letter.id for letter in letters]) == 3
    assert not await raw(broker).exists(broker.keys.dead, broker.keys.given, broker.keys.letters("default")) - 1


@pytest.mark.parametrize("tenant", ["", "default"])
async def test_a_page_reads_so_much_and_no_more(
    broker: Broker, store: JobStore, monkeypatch: pytest.MonkeyPatch, tenant: str
) -> None:
    """Where little is found it ends early, with a place to go on from; so all are found, each once."""
    monkeypatch.setattr("streamforge.jobs.dead.CHUNK", 2)
    monkeypatch.setattr("streamforge.jobs.dead.SCAN_MAX", 4)
    ids = [await fail(broker, f"job-{number}") for number in range(11)]
    nothing, place = await store.letters.page(only=Filter(reason="y", tenant=tenant))
    assert (nothing, place) == ([], ids[-4])
    found: list[str] = []
    place = ""
    while place is not None:
        letters, place = await store.letters.page(before=place, only=Filter(tenant=tenant), count=3)
        found += [letter.id for letter in letters]
    assert found == ids[::-1]


async def test_a_tenant_reads_its_own_letters_alone(broker: Broker, store: JobStore) -> None:
    """Another's are not looked at for it, however many there are: none of its own is one empty read."""
    await fail(broker)
    assert await store.letters.page(only=Filter(tenant="other")) == ([], None)
    assert await raw(broker).zcard(broker.keys.letters("other")) == 0
