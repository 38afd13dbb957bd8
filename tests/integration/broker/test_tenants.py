"""Tenants: turns by weight, limits over all workers, and a bell that wakes who waits for any of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import anyio
import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import Claim, Priority
from streamforge.jobs.store import JobStore
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import ERROR, ended, raw, settle, submit, take, take_one


def rules(max_running: int = 0, *, weights: dict[str, float] | None = None, **limits: int) -> bytes:
    """Weights and limits as a worker hands them to take.lua."""
    return msgspec.json.encode({"max_running": max_running, "weights": weights or {}, "limits": limits})


async def fill(broker: Broker, tenant: str, jobs: int, first: int = 0, **more: object) -> None:
    """A backlog of the tenant's."""
    numbers = range(first, first + jobs)
    await asyncio.gather(*(submit(broker, f"{tenant}-{n:04}", tenant=tenant, **more) for n in numbers))


async def turns(broker: Broker, count: int, at_once: int = 1, tenants: bytes = b"") -> list[str]:
    """Whose jobs come next, taken and ended by a worker that has so many free slots each time."""
    served: list[str] = []
    while len(served) < count:
        claims = await take(broker, min(at_once, count - len(served)), tenants=tenants)
        assert claims
        await broker.settle([ended(claim) for claim in claims])
        served += [claim.tenant for claim in claims]
    return served


def lead(served: Sequence[str], one: str, other: str) -> int:
    """The most turns by which either was ahead of the other at any moment."""
    ahead, most = 0, 0
    for tenant in served:
        ahead += (tenant == one) - (tenant == other)
        most = max(most, abs(ahead))
    return most


def tenants_of(claims: Sequence[Claim]) -> Counter[str]:
    """How many claims each tenant has."""
    return Counter(claim.tenant for claim in claims)


@pytest.mark.parametrize("at_once", [1, 2, 5, 64])
async def test_equals_alternate(broker: Broker, at_once: int) -> None:
    """Two backlogs of equal weight have turn and turn about, however many slots are free."""
    await fill(broker, "a", 60)
    await fill(broker, "b", 60)
    assert lead(await turns(broker, 120, at_once), "a", "b") <= 1


@pytest.mark.parametrize("at_once", [1, 7, 64])
async def test_weights_are_kept(broker: Broker, at_once: int) -> None:
    """Three to one is three to one at every moment, within one turn, over 400 claims."""
    await fill(broker, "a", 310)
    await fill(broker, "b", 110)
    served = await turns(broker, 400, at_once, rules(weights={"a": 3}))
    for end in range(1, len(served) + 1):
        assert abs(served[:end].count("a") - 0.75 * end) <= 1, served[:end]


async def test_fractions_of_a_turn_are_kept(broker: Broker) -> None:
    """A weight below one is a turn in so many of the others'."""
    await fill(broker, "a", 90)
    await fill(broker, "b", 20)
    assert Counter(await turns(broker, 99, tenants=rules(weights={"b": 0.1}))) == {"a": 90, "b": 9}


async def test_who_comes_late_is_one_of_the_others(broker: Broker) -> None:
    """After a hundred turns of others a newcomer neither has them made up to him nor waits for his first."""
    await fill(broker, "a", 120)
    await fill(broker, "b", 120)
    await turns(broker, 100)
    await fill(broker, "c", 40)
    served = await turns(broker, 90)
    assert "c" in served[:3]
    assert Counter(served) == {"a": 30, "b": 30, "c": 30}
    assert max(lead(served, "c", other) for other in "ab") <= 2


@pytest.mark.parametrize("weight", [1, 0.1, 3])
async def test_what_was_taken_while_alone_is_not_held_against_a_tenant(broker: Broker, weight: float) -> None:
    """Many slots filled by the one tenant there was give the next one no such lead over him."""
    shares = rules(weights={"a": weight, "b": weight})
    await fill(broker, "a", 120)
    await turns(broker, 64, at_once=64, tenants=shares)
    await fill(broker, "b", 60)
    assert lead(await turns(broker, 40, tenants=shares), "a", "b") <= 2


async def test_who_was_served_and_left_waits_his_turn(broker: Broker) -> None:
    """Leaving the ring and coming back is no way to be served twice in a row."""
    await fill(broker, "a", 40)
    served: list[str] = []
    for number in range(20):
        await fill(broker, "b", 1, number)
        served += await turns(broker, 2)
    assert lead(served, "a", "b") <= 1
    assert Counter(served) == {"a": 20, "b": 20}


async def test_leaving_is_no_way_round_a_small_weight(broker: Broker) -> None:
    """Who has a job at a time and is gone after each has no more turns than his weight gives him."""
    await fill(broker, "a", 60)
    served: list[str] = []
    for number in range(44):
        await submit(broker, f"b-{number}", tenant="b")
        served += await turns(broker, 1, tenants=rules(weights={"b": 0.1}))
        if served[-1] != "b":
            await broker.cancel(f"b-{number}", ERROR)
    assert 4 <= served.count("b") <= 5


async def test_one_at_a_time_has_a_turn_at_once(broker: Broker) -> None:
    """A tenant with a job now and then does not wait behind a flood: he is next or next but one."""
    await fill(broker, "flood", 200)
    for number in range(10):
        await turns(broker, 8)
        await fill(broker, "small", 1, number)
        assert "small" in await turns(broker, 2)


async def test_a_job_withdrawn_from_the_middle_costs_no_turn(broker: Broker, store: JobStore) -> None:
    """Cancelled jobs are gone from their line, and count as nobody's turn."""
    await fill(broker, "a", 30)
    await fill(broker, "b", 30)
    for number in range(5, 20):
        await store.cancel(f"a-{number:04}")
    assert lead(await turns(broker, 30), "a", "b") <= 1


async def test_priorities_come_before_turns(broker: Broker) -> None:
    """A tenant's high jobs go before anybody's normal ones; turns are taken within a priority."""
    for tenant in "ab":
        await fill(broker, tenant, 2)
        await fill(broker, tenant, 2, 10, priority=Priority.HIGH)
        await fill(broker, tenant, 2, 20, priority=Priority.LOW)
    urgent = [claim.id for claim in await take(broker, 8)]
    assert urgent == ["a-0010", "b-0010", "a-0011", "b-0011", "a-0000", "b-0000", "a-0001", "b-0001"]
    assert [claim.id[2:] for claim in await take(broker)] == ["0020", "0020", "0021", "0021"]


async def test_a_take_may_begin_with_another_priority(broker: Broker) -> None:
    """That one, then the others by urgency, with the tenants' turns within each."""
    for tenant in "ab":
        for number, priority in enumerate(Priority):
            await fill(broker, tenant, 1, number, priority=priority)
    claims = await take(broker, first=Priority.LOW)
    assert [claim.id for claim in claims] == ["a-0002", "b-0002", "a-0000", "b-0000", "a-0001", "b-0001"]


async def test_a_limit_holds_over_all_workers(broker: Broker) -> None:
    """With five running on two workers there is no sixth, at any moment, whoever asks and however often."""
    limits = rules(5)
    await fill(broker, "a", 40)
    held: list[Claim] = []
    ended_jobs = 0
    while ended_jobs < 40:
        for worker in ("w1", "w2"):
            held += await take(broker, 3, worker=worker, tenants=limits)
            assert len(held) <= 5
            assert await raw(broker).hget(broker.keys.running, "a") == str(len(held)).encode()
        ended_jobs += await settle(broker, held.pop(0))
    assert not await raw(broker).exists(broker.keys.running)


async def test_a_limit_holds_over_queues_and_priorities(broker: Broker) -> None:
    """What a tenant runs counts wherever it came from."""
    await submit(broker, "a", tenant="t", queue="one")
    await submit(broker, "b", tenant="t", queue="two", priority=Priority.HIGH)
    await submit(broker, "c", tenant="t", queue="two")
    claims = await take(broker, queues=("one", "two"), tenants=rules(2))
    assert [claim.id for claim in claims] == ["a", "b"]


async def test_a_tenant_may_have_a_limit_of_its_own(broker: Broker) -> None:
    """A tenant's limit goes before everybody's; 0 is none."""
    for tenant in ("few", "free", "other"):
        await fill(broker, tenant, 6)
    claims = await take(broker, 18, tenants=rules(3, few=1, free=0))
    assert tenants_of(claims) == {"few": 1, "free": 6, "other": 3}


async def test_who_is_at_his_limit_blocks_nobody(broker: Broker) -> None:
    """The jobs of others are taken from behind him, all of them, in turn."""
    await fill(broker, "full", 20)
    claims = await take(broker, 2, tenants=rules(full=2))
    assert tenants_of(claims) == {"full": 2}
    await fill(broker, "a", 10)
    await fill(broker, "b", 10)
    others = await take(broker, 64, tenants=rules(full=2))
    assert tenants_of(others) == {"a": 10, "b": 10}
    assert lead([claim.tenant for claim in others], "a", "b") <= 1


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "retry", "snooze", "released"])
async def test_every_end_makes_room(broker: Broker, end: str) -> None:
    """Each way in which an attempt ends gives the tenant his place back."""
    await fill(broker, "a", 2)
    first = await take_one(broker, tenants=rules(1))
    assert await take(broker, tenants=rules(1)) == []
    await settle(broker, first, end, reason="x", delay_ms=60_000)
    assert [claim.id for claim in await take(broker, tenants=rules(1))] == ["a-0001"]


async def test_a_poisoned_job_makes_room(broker: Broker) -> None:
    """A job that ends at its takeover no longer counts as running."""
    await fill(broker, "a", 2)
    await take_one(broker, tenants=rules(1))
    assert await take(broker, mode="crashed", max_crashes=0) == []
    assert [claim.id for claim in await take(broker, tenants=rules(1))] == ["a-0001"]


async def test_a_job_handed_back_does_not_break_the_limit(broker: Broker) -> None:
    """What was handed back waits for room too, when the room went to another of the tenant's jobs."""
    await fill(broker, "a", 2)
    first = await take_one(broker, tenants=rules(1))
    await settle(broker, first, "released")
    started = await take(broker, tenants=rules(1), worker="w2")
    started += await take(broker, tenants=rules(1), worker="w2", mode="expired")
    assert len(started) == 1


async def test_room_after_a_long_wait_is_no_burst(broker: Broker) -> None:
    """Turns missed at the limit are not made up: who has room again alternates with the others."""
    await fill(broker, "full", 60)
    held = await take(broker, 2, tenants=rules(full=2))
    await fill(broker, "a", 160)
    await turns(broker, 100, tenants=rules(full=2))
    for claim in held:
        await settle(broker, claim)
    assert lead(await turns(broker, 40, tenants=rules(full=2)), "full", "a") <= 2


async def test_who_comes_after_such_a_wait_is_no_burst_either(broker: Broker) -> None:
    """One tenant's old place in the ring gives a newcomer no better one than the others have now."""
    await fill(broker, "full", 60)
    held = await take(broker, 1, tenants=rules(full=1))
    await fill(broker, "a", 160)
    await turns(broker, 100, tenants=rules(full=1))
    await settle(broker, held[0])
    await turns(broker, 1, tenants=rules(full=1))
    await fill(broker, "new", 60)
    served = await turns(broker, 60, tenants=rules(full=1))
    assert lead(served, "new", "a") <= 2


# The bell. A waiting worker asks nothing by itself, so a test that waits in vain is ended by its time limit.


@pytest.fixture
async def waiter(shared_server: TestServer, broker: Broker) -> AsyncIterator[Broker]:  # noqa: ARG001 - empties the server
    """Another worker's connection."""
    other = Broker(RedisSettings(), JobsSettings(), shared_server.url)
    yield other
    await other.close()


async def wait_and_take(waiter: Broker, tenants: bytes = b"", queue: str = "default") -> Claim:
    """As a lane does: ask, and where there is nothing wait for the bell; a wait longer than a second is a lost bell."""
    while True:
        found = await waiter.take(Take(queue=queue, worker="w2", count=1, max_crashes=3, tenants=tenants))
        if found.claims:
            return found.claims[0]
        with anyio.fail_after(2):
            await waiter.wait_for_bell(queue, found.cursor)


async def is_waiting(broker: Broker) -> bool:
    """Whether somebody is in a blocking read now."""
    return (await raw(broker).info("clients"))["blocked_clients"] > 0


async def test_a_submission_wakes_who_waits(broker: Broker, waiter: Broker) -> None:
    """Round after round, at whatever moment it comes: no submission is slept through."""
    for number in range(200):
        async with asyncio.TaskGroup() as tasks:
            taken = tasks.create_task(wait_and_take(waiter))
            if number % 4:
                await asyncio.sleep(0)  # the ask may be under way, or not
            else:
                await until(lambda: is_waiting(broker), "it waits")
            await submit(broker, str(number), tenant=f"t{number % 3}")
        assert taken.result().id == str(number)
        if number % 2:
            await settle(broker, taken.result())


async def test_no_bell_is_lost_among_many_waiters(broker: Broker, waiter: Broker) -> None:
    """Five workers with a slot each, jobs of three tenants one by one: every job is taken, whoever was awake."""
    taken: list[str] = []

    async def work() -> None:
        while True:
            claim = await wait_and_take(waiter)
            taken.append(claim.id)
            await settle(waiter, claim)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(work)
        for number in range(150):
            await submit(broker, f"job-{number}", tenant=f"t{number % 3}")
            if number % 10 == 0:
                await until(lambda: len(taken) == number + 1, "all so far are taken", 5)  # noqa: B023 - awaited here
        await until(lambda: len(taken) == 150, "all are taken", 5)
        tasks.cancel_scope.cancel()
    assert len(set(taken)) == 150


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "retry", "snooze", "poisoned", "cancelled later"])
async def test_room_wakes_who_waits(broker: Broker, waiter: Broker, store: JobStore, end: str) -> None:
    """A worker held back by a tenant's limit is woken as soon as one of the tenant's jobs ends, in whatever way."""
    await fill(broker, "a", 2)
    first = await take_one(broker, tenants=rules(1))
    async with asyncio.TaskGroup() as tasks:
        taken = tasks.create_task(wait_and_take(waiter, rules(1)))
        await until(lambda: is_waiting(broker), "it is held back")
        if end == "poisoned":
            await take(broker, mode="crashed", max_crashes=0)
        elif end == "cancelled later":
            await store.cancel(first.id)
            await take(broker, mode="crashed")
        else:
            await settle(broker, first, end, reason="x", delay_ms=60_000)
    assert taken.result().id == "a-0001"


async def test_room_in_one_queue_wakes_who_waits_at_another(broker: Broker, waiter: Broker) -> None:
    """A limit is over all queues, and so is the bell that ends it."""
    await submit(broker, "here", tenant="a", queue="one")
    await submit(broker, "there", tenant="a", queue="two")
    first = await take_one(broker, queues=("one",))
    async with asyncio.TaskGroup() as tasks:
        taken = tasks.create_task(wait_and_take(waiter, rules(1), queue="two"))
        await until(lambda: is_waiting(broker), "it is held back")
        await settle(broker, first)
    assert taken.result().id == "there"


async def test_a_promotion_wakes_who_waits(broker: Broker, waiter: Broker) -> None:
    """A job whose time has come rings like one that is new."""
    for number in range(30):
        await submit(broker, str(number))
        await settle(broker, await take_one(broker), "retry")
        async with asyncio.TaskGroup() as tasks:
            taken = tasks.create_task(wait_and_take(waiter))
            if number % 2:
                await until(lambda: is_waiting(broker), "it waits")
            await broker.promote()
        await settle(broker, taken.result())
