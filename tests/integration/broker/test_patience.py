"""A server that dies, restarts, fills up or forgets its scripts: idempotent calls go through, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.model import JobState
from streamforge.jobs.store import JobStore
from streamforge.ops import metrics
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import checkpoint, ended, entries, pending, raw, submit, take, take_one


@pytest.fixture
async def fragile(own_server: TestServer) -> AsyncIterator[Broker]:
    """A broker over a server that the test may kill; it notices a silent one soon."""
    broker = Broker(RedisSettings(socket_timeout_s=0.5), JobsSettings(), own_server.url)
    yield broker
    await broker.close()


async def load_scripts(broker: Broker) -> None:
    """Have the server know every script, so that a frozen call is the script's own and not its loading."""
    await submit(broker, "warm-up")
    claim = await take_one(broker)
    await broker.record(checkpoint(claim))
    await broker.settle([ended(claim)])


def disruptions(operation: str) -> float:
    """How many calls of that name have failed so far."""
    child: Any = metrics.redis_disruptions_total(operation)
    return child._value.get()


async def test_a_killed_server_costs_nothing(own_server: TestServer, fragile: Broker) -> None:
    """Writes that meet a dead server wait for its return and are done once; the log has each event once."""
    store = JobStore(fragile)
    for number in range(5):
        await submit(fragile, f"job-{number}")
    claims = await take(fragile)
    before = disruptions("record")
    own_server.kill()
    async with asyncio.TaskGroup() as tasks:
        writes = [tasks.create_task(fragile.record(checkpoint(claim))) for claim in claims]
        await until(lambda: disruptions("record") >= before + 5, "every write has met the dead server")
        own_server.start()
    assert all(write.result() for write in writes)
    own_server.kill()
    async with asyncio.TaskGroup() as tasks:
        end = tasks.create_task(fragile.settle([ended(claim) for claim in claims]))
        await until(lambda: disruptions("settle") > 0, "the settlement has met the dead server")
        own_server.start()
    assert end.result() == [1] * 5
    for claim in claims:
        types = [event.type for event in await store.events_since(claim.id)]
        assert types == ["job.queued", "job.started", "step.completed", "job.succeeded"]
        assert len(await fragile.checkpoints(claim.id)) == 1
    assert (await entries(fragile), await pending(fragile)) == ([], 0)


async def test_a_lost_answer_doubles_nothing(own_server: TestServer, fragile: Broker) -> None:
    """A server that did the work but whose answer came too late: the repeated call changes nothing more."""
    store = JobStore(fragile)
    await load_scripts(fragile)
    await submit(fragile)
    claim = await take_one(fragile)
    before = disruptions("record")
    own_server.freeze()
    async with asyncio.TaskGroup() as tasks:
        write = tasks.create_task(fragile.record(checkpoint(claim)))
        await until(lambda: disruptions("record") > before, "the first try has timed out; the server still has it")
        own_server.thaw()
    assert write.result()
    assert [event.type for event in await store.events_since("job-1")].count("step.completed") == 1
    before = disruptions("settle")
    own_server.freeze()
    async with asyncio.TaskGroup() as tasks:
        end = tasks.create_task(fragile.settle([ended(claim, "failed", reason="x")]))
        await until(lambda: disruptions("settle") > before, "the first try has timed out")
        own_server.thaw()
    assert end.result() in ([1], [2])
    assert len(await store.letters.list()) == 1
    assert [event.type for event in await store.events_since("job-1")].count("job.failed") == 1


async def test_a_take_whose_answer_is_lost_is_recovered(own_server: TestServer, fragile: Broker) -> None:
    """A take is tried once; what it claimed unheard is in this worker's own pending list."""
    await load_scripts(fragile)
    await submit(fragile)
    own_server.freeze()
    with pytest.raises(BrokerUnavailable):
        await take(fragile)
    own_server.thaw()
    await until(lambda: pending(fragile), "the frozen call has been carried out")
    claim = await take_one(fragile, mode="lost")
    assert (claim.attempt, claim.crashes, claim.token) == (1, 0, 2)


async def test_a_call_made_while_away_can_be_given_up(own_server: TestServer, fragile: Broker) -> None:
    """Patience has no end of its own, but its caller may cancel it."""
    await submit(fragile)
    claim = await take_one(fragile)
    own_server.kill()
    with anyio.move_on_after(0.3) as scope:
        await fragile.record(checkpoint(claim))
    assert scope.cancelled_caught
    own_server.start()


async def test_forgotten_scripts_are_loaded_again(broker: Broker) -> None:
    """A server that restarted or was flushed does not know the scripts; nobody notices."""
    await submit(broker, "a")
    await raw(broker).script_flush()
    await submit(broker, "b")
    assert await entries(broker) == ["a", "b"]


async def test_a_full_server_is_waited_out(broker: Broker) -> None:
    """Out of memory is an outage: a submit is told so, a settlement waits and then is done."""
    store = JobStore(broker)
    await submit(broker)
    claim = await take_one(broker)
    before = disruptions("settle")
    await raw(broker).config_set("maxmemory", "1")
    try:
        with pytest.raises(BrokerUnavailable):
            await submit(broker, "b")
        async with asyncio.TaskGroup() as tasks:
            end = tasks.create_task(broker.settle([ended(claim)]))
            await until(lambda: disruptions("settle") > before, "the settlement was refused")
            assert (await store.get("job-1")).state is JobState.RUNNING
            await raw(broker).config_set("maxmemory", "0")
    finally:
        await raw(broker).config_set("maxmemory", "0")
    assert end.result() == [1]


async def test_a_full_server_leaves_no_half_of_anything(broker: Broker) -> None:
    """What a full server refuses it refuses whole: a job exists with its entry, or not at all."""
    await submit(broker, "a")
    await raw(broker).config_set("maxmemory", "1")
    try:
        with pytest.raises(BrokerUnavailable):
            await submit(broker, "b", idempotency_key="k")
    finally:
        await raw(broker).config_set("maxmemory", "0")
    assert not await raw(broker).exists(broker.keys.job("b"), broker.keys.idempotency("default", "k"))
    assert await submit(broker, "b", idempotency_key="k") == (1, "b")
    assert await entries(broker) == ["a", "b"]
