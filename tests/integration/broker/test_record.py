"""Recording: what a running attempt writes down, fenced, once, in the feed and in the job's log alike."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import InvalidInput
from streamforge.jobs.events import EVENTS, Event
from streamforge.jobs.store import JobStore
from streamforge.testing.server import TestServer
from tests.integration.moves import checkpoint, dump, field, raw, settle, submit, take, take_one

KINDS: dict[str, dict[str, Any]] = {
    "checkpoint": {},
    "artifact": {"event": "artifact.saved", "target": "files", "name": "a.png", "value": b"{}"},
    "progress": {"event": "job.progress", "target": "", "name": "", "value": b"", "progress": 12.3},
}


async def feed(broker: Broker) -> list[Event]:
    """The feed as events."""
    rows = await raw(broker).xrange(broker.keys.feed)
    return [
        Event(row.decode(), f[b"type"].decode(), int(f[b"at"]), int(f[b"attempt"]), f[b"data"].decode())
        for row, f in rows
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_is_told_in_both_places(broker: Broker, store: JobStore, kind: str) -> None:
    """The feed and the job's log hold the same events, under the same ids, in the same order."""
    await submit(broker)
    claim = await take_one(broker)
    assert await broker.record(checkpoint(claim, data=b'{"x":1}', **KINDS[kind]))
    events = await store.events_since("job-1")
    assert events == await feed(broker)
    assert events[-1].payload() == {"x": 1}
    assert {event.type for event in events} <= EVENTS.keys()
    ids = [tuple(map(int, event.id.split("-"))) for event in events]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", ["takeover", "succeeded", "released", "retry"])
async def test_nobody_else_may_write(broker: Broker, kind: str, after: str) -> None:
    """Without the current token, or after its end, an attempt writes nothing at all."""
    await submit(broker)
    claim = await take_one(broker)
    if after == "takeover":
        await take_one(broker, mode="lost")
    else:
        await settle(broker, claim, after)
    before = await dump(broker)
    assert not await broker.record(checkpoint(claim, **KINDS[kind]))
    assert await dump(broker) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_repeated_write_is_recognised(broker: Broker, kind: str) -> None:
    """The same record again, because its answer was lost, is accepted and tells nothing twice."""
    await submit(broker)
    record = checkpoint(await take_one(broker), **KINDS[kind])
    assert await broker.record(record)
    before = await dump(broker)
    assert await broker.record(record)
    assert await dump(broker) == before


async def test_a_late_write_is_not_repeated(broker: Broker) -> None:
    """A write that comes again after a newer one of its attempt, as after a cut connection, changes nothing."""
    await submit(broker)
    claim = await take_one(broker)
    older, newer = checkpoint(claim, "a", serial=9), checkpoint(claim, "b", serial=10)
    assert await broker.record_all([older, newer]) == [1, 1]
    before = await dump(broker)
    assert await broker.record(older)
    assert await dump(broker) == before


async def test_a_batch_gives_each_its_own_code(broker: Broker) -> None:
    """In one call, one job's records are refused, another's recognised, and the others' written."""
    for name in "abcd":
        await submit(broker, name)
    fenced, known, first, second = await take(broker, 4)
    await settle(broker, fenced, "released")
    again = checkpoint(known)
    await broker.record(again)
    before = await dump(broker)
    assert await broker.record_all([checkpoint(fenced), again]) == [0, 1]
    assert await dump(broker) == before
    batch = [checkpoint(first), checkpoint(fenced), checkpoint(second, "x"), again, checkpoint(second, "y")]
    assert await broker.record_all(batch) == [1, 0, 1, 1, 1]
    assert [len(await broker.checkpoints(name)) for name in "abcd"] == [0, 1, 1, 2]


async def test_the_numbers_of_another_attempt_do_not_matter(broker: Broker, store: JobStore) -> None:
    """Each attempt counts its writes from one; the first of the second attempt is not taken for the first's."""
    await submit(broker)
    await broker.record(checkpoint(await take_one(broker), "a", serial=1))
    await broker.record(checkpoint(await take_one(broker, mode="lost"), "b", serial=1))
    assert set(await broker.checkpoints("job-1")) == {"a", "b"}
    assert [event.type for event in await store.events_since("job-1")].count("step.completed") == 2


async def test_a_record_changes_what_it_names(broker: Broker) -> None:
    """Step and progress are set where they are given, and stay where they are not."""
    await submit(broker)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, progress=40.0, step="design"))
    await broker.record(checkpoint(claim, "layout", progress=None))
    assert (await field(broker, "job-1", "progress"), await field(broker, "job-1", "step")) == ("40.0", "design")
    assert await broker.checkpoints("job-1") == {"design": b"v\x01", "layout": b"v\x01"}


async def test_the_log_is_capped(shared_server: TestServer, broker: Broker) -> None:
    """A job that talks without end keeps its newest events only."""
    small = Broker(RedisSettings(), JobsSettings(event_log_max=5), shared_server.url)
    await submit(small)
    claim = await take_one(small)
    for number in range(9):
        await small.record(checkpoint(claim, f"s{number}", data=b'{"n":%d}' % number))
    events = await JobStore(small).events_since("job-1")
    assert [event.payload()["n"] for event in events] == [4, 5, 6, 7, 8]
    assert await raw(broker).llen(broker.keys.log("job-1")) == 5
    await small.close()


async def test_following_on_gives_exactly_the_rest(broker: Broker, store: JobStore) -> None:
    """After any event's id come exactly the events behind it; after the last one, none."""
    await submit(broker)
    claim = await take_one(broker)
    for number in range(4):
        await broker.record(checkpoint(claim, f"s{number}"))
    events = await store.events_since("job-1")
    assert len(events) == 6
    for place, event in enumerate(events):
        assert await store.events_since("job-1", event.id) == events[place + 1 :]


@pytest.mark.parametrize("last_id", ["x", "-", "1-", "1-2-3", "²", "1" * 30, "+", "$", " 1-1"])
async def test_what_is_no_event_id_is_refused(store: JobStore, last_id: str) -> None:
    """A malformed id is the caller's mistake, and named as such."""
    with pytest.raises(InvalidInput) as caught:
        await store.events_since("job-1", last_id)
    assert caught.value.field == "last_event_id"


async def test_an_object_that_may_be_being_deleted_is_not_referred_to(broker: Broker) -> None:
    """Nothing is written, and the answer says in which place to put it again; with that it is, and is pardoned.

    A repeated call is recognised, and the object counted once.
    """
    keys, client, key, other = broker.keys, raw(broker), "0" * 64, "1" * 64
    await submit(broker)
    claim = await take_one(broker)
    await client.zadd(keys.condemned, {key: 5, other: 5, "2" * 64: 5})
    await client.zadd(keys.deleted, {key: 7, other: 7})
    facts: dict[str, Any] = {"object": key, "size": 10, "named": [other]}
    before = await dump(broker)
    assert await broker.record(checkpoint(claim, **facts)) == 7
    assert await dump(broker) == before
    again = checkpoint(claim, number=7, **facts)
    assert [await broker.record(again) for _ in range(2)] == [1, 1]
    assert await broker.record(checkpoint(claim, number=9, **facts)) == 1
    assert await client.zrange(keys.condemned, 0, -1) == [b"2" * 64]
    assert await client.hgetall(keys.stored) == {b"default": b"10"}
