"""Pausing a queue: nothing new is started on any worker, what had begun goes on; resuming wakes who waits."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take
from streamforge.jobs.model import Priority
from streamforge.jobs.store import JobStore
from streamforge.testing.waiting import until
from tests.integration.moves import cursor, entries, raw, settle, submit, take, take_one


@pytest.mark.parametrize("first", Priority)
async def test_nothing_new_is_started(broker: Broker, store: JobStore, first: Priority) -> None:
    """No priority and no tenant is served; the jobs wait where they are, and others may be handed in."""
    await submit(broker, "before")
    assert await store.pause("default")
    await submit(broker, "after", tenant="t", priority=Priority.HIGH)
    assert await take(broker, first=first) == []
    assert await entries(broker) == ["before"]
    assert await store.resume("default")
    assert {claim.id for claim in await take(broker, first=first)} == {"after", "before"}


async def test_other_queues_go_on(broker: Broker, store: JobStore) -> None:
    """A pause is one queue's."""
    await submit(broker, "a", queue="one")
    await submit(broker, "b", queue="two")
    await store.pause("one")
    assert [claim.id for claim in await take(broker, queues=("one", "two"))] == ["b"]


@pytest.mark.parametrize(("mode", "crashes"), [("crashed", 1), ("expired", 1), ("lost", 0)])
async def test_what_had_begun_is_taken_over(broker: Broker, store: JobStore, mode: str, crashes: int) -> None:
    """A dead worker's job is no new one: recoveries go on."""
    await submit(broker)
    await take_one(broker)
    await store.pause("default")
    claim = await take_one(broker, mode=mode, lease_ms=0)  # type: ignore[arg-type]
    assert (claim.id, claim.crashes) == ("job-1", crashes)


async def test_what_was_handed_back_waits_too(broker: Broker, store: JobStore) -> None:
    """A job that a stopping worker gave back does not start elsewhere before the end of the pause."""
    await submit(broker)
    claim = await take_one(broker)
    await store.pause("default")
    await settle(broker, claim, "released")
    assert await take(broker, worker="w2", mode="expired") == []
    await store.resume("default")
    assert [again.id for again in await take(broker, worker="w2", mode="expired")] == ["job-1"]


async def test_what_runs_is_settled(broker: Broker, store: JobStore) -> None:
    """An attempt may end in every way; what is to be tried again waits for the end of the pause."""
    await submit(broker, "a")
    await submit(broker, "b")
    first, second = await take(broker)
    await store.pause("default")
    assert await settle(broker, first) == 1
    assert await settle(broker, second, "retry") == 1
    assert (await broker.promote()).moved == 1
    assert await take(broker) == []
    await store.resume("default")
    assert (await take_one(broker)).id == "b"


async def test_resuming_wakes_who_waits(broker: Broker, store: JobStore) -> None:
    """A worker that found a paused queue and waits is woken by the end of the pause, at whatever moment it comes."""
    for number in range(50):
        await store.pause("default")
        await submit(broker, str(number))
        here = await cursor(broker)
        async with asyncio.TaskGroup() as tasks:
            wait = tasks.create_task(broker.wait_for_bell("default", here))
            if number % 5 == 0:
                await until(lambda: _is_blocked(broker), "it waits")
            await store.resume("default")
            with anyio.fail_after(2):
                await wait
        await settle(broker, await take_one(broker))


async def _is_blocked(broker: Broker) -> bool:
    return (await raw(broker).info("clients"))["blocked_clients"] > 0


async def test_a_bell_before_the_wait_is_heard(broker: Broker, store: JobStore) -> None:
    """A pause that ends between the look and the wait is not slept through."""
    await store.pause("default")
    await submit(broker)
    found = await broker.take(Take(queue="default", worker="w1", count=1, max_crashes=3))
    await store.resume("default")
    with anyio.fail_after(2):
        await broker.wait_for_bell("default", found.cursor)


async def test_pauses_are_told(broker: Broker, store: JobStore) -> None:
    """Pausing and resuming say whether they changed anything; paused queues are listed, and none leaves a trace."""
    assert [await store.pause(queue) for queue in ("b", "a", "a")] == [True, True, False]
    assert await store.paused() == ["a", "b"]
    assert [await store.resume(queue) for queue in ("b", "a", "a")] == [True, True, False]
    assert await store.paused() == []
    assert not await raw(broker).exists(broker.keys.paused)
