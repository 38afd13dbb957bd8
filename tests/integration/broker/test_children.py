"""Children: a parked parent is woken by its child's end, whichever it is and whenever it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take
from streamforge.jobs.model import Claim, JobState
from streamforge.jobs.store import JobStore
from tests.integration.moves import ERROR, cursor, ended, entries, field, scheduled, settle, submit, take, take_one

HOUR_MS = 3_600_000
PAST_MS = 1


async def park(broker: Broker, claim: Claim, child: str = "child", delay_ms: int = HOUR_MS) -> None:
    """Let the parent wait for its child."""
    assert await settle(broker, claim, "snooze", reason="child", delay_ms=delay_ms, awaits=child) == 1


async def family(broker: Broker, **child: object) -> None:
    """A parent in one line, parked for a child in another."""
    await submit(broker, "parent")
    claim = await take_one(broker)
    await submit(broker, "child", parent="parent", tenant="nursery", **child)
    await park(broker, claim)


async def _take_child(broker: Broker) -> Claim:
    claim = await take_one(broker)
    assert claim.id == "child"
    return claim


async def _succeeded(broker: Broker) -> None:
    await settle(broker, await _take_child(broker))


async def _failed(broker: Broker) -> None:
    await settle(broker, await _take_child(broker), "failed", reason="x")


async def _crashed(broker: Broker) -> None:
    await settle(broker, await _take_child(broker), "retry", charge="crash")
    for _ in range(3):
        await broker.promote()
        await settle(broker, await _take_child(broker), "retry", charge="crash")


async def _poisoned(broker: Broker) -> None:
    await _take_child(broker)
    await take(broker, mode="crashed", max_crashes=0)


async def _cancelled_while_queued(broker: Broker) -> None:
    await broker.cancel("child", ERROR)


async def _cancelled_while_scheduled(broker: Broker) -> None:
    await settle(broker, await _take_child(broker), "retry", delay_ms=HOUR_MS)
    await broker.cancel("child", ERROR)


async def _cancelled_while_running(broker: Broker) -> None:
    claim = await _take_child(broker)
    await broker.cancel("child", ERROR)
    await settle(broker, claim, "retry")


async def _cancelled_by_its_worker(broker: Broker) -> None:
    await settle(broker, await _take_child(broker), "cancelled")


async def _cancelled_at_the_takeover(broker: Broker) -> None:
    await _take_child(broker)
    await broker.cancel("child", ERROR)
    await take(broker, mode="crashed")


ENDS = [
    _succeeded,
    _failed,
    _crashed,
    _poisoned,
    _cancelled_while_queued,
    _cancelled_while_scheduled,
    _cancelled_while_running,
    _cancelled_by_its_worker,
    _cancelled_at_the_takeover,
]


async def assert_awake(broker: Broker, store: JobStore) -> None:
    """The parent waits no more, is queued once, told once, and goes on in the same attempt."""
    parent = await store.get("parent")
    assert (parent.state, parent.awaits) == (JobState.QUEUED, "")
    assert await scheduled(broker) == []
    assert await entries(broker) == ["parent"]
    types = [event.type for event in await store.events_since("parent")]
    assert types == ["job.queued", "job.started", "job.snoozed", "job.queued"]
    claim = await take_one(broker)
    assert (claim.id, claim.attempt) == ("parent", 1)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
async def test_each_end_wakes_the_parent(
    broker: Broker, store: JobStore, end: Callable[[Broker], Awaitable[None]]
) -> None:
    """In whatever way the child ends, the parent is queued in that same step."""
    await family(broker)
    assert (await store.get("parent")).awaits == "child"
    await end(broker)
    assert (await store.get("child")).is_terminal
    await assert_awake(broker, store)


async def test_a_child_that_expires_wakes_the_parent(broker: Broker, store: JobStore) -> None:
    """Also a child that nobody ever began."""
    await family(broker, expires_at_ms=PAST_MS)
    await broker.promote()
    await assert_awake(broker, store)


async def test_a_child_that_expires_at_its_claim_wakes_the_parent(broker: Broker, store: JobStore) -> None:
    """The take that finds the child overdue gives the parent, at once or with the next bell."""
    await family(broker, expires_at_ms=PAST_MS)
    claims = await take(broker, 1) or await take(broker, 1)
    assert [claim.id for claim in claims] == ["parent"]
    assert (await store.get("child")).state is JobState.EXPIRED


@pytest.mark.parametrize("count", [1, 2, 10])
async def test_parent_and_child_may_share_a_line(broker: Broker, count: int) -> None:
    """A parent that is woken while its child's line is being read is not left in it without a turn."""
    await submit(broker, "parent")
    claim = await take_one(broker)
    await submit(broker, "child", parent="parent", expires_at_ms=PAST_MS)
    await park(broker, claim)
    found = await broker.take(Take(queue="default", worker="w1", count=count, max_crashes=3))
    if not found.claims:  # then the bell must have rung meanwhile
        await broker.wait_for_bell("default", found.cursor)
        found = await broker.take(Take(queue="default", worker="w1", count=count, max_crashes=3))
    assert [claim.id for claim in found.claims] == ["parent"]


async def test_who_waits_for_work_hears_of_the_parent(broker: Broker) -> None:
    """Waking a parent rings the bell of its queue."""
    await submit(broker, "parent")
    claim = await take_one(broker)
    await submit(broker, "child", parent="parent", queue="other")
    await park(broker, claim)
    here = await cursor(broker)
    await settle(broker, await take_one(broker, queues=("other",)))
    await broker.wait_for_bell("default", here)  # returns at once, or the test's time limit ends it
    assert (await take_one(broker)).id == "parent"


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "cancelled"])
async def test_a_child_that_was_quicker_delays_nobody(broker: Broker, store: JobStore, outcome: str) -> None:
    """Where the child had ended before its parent was parked, the parent is due at once."""
    await submit(broker, "parent")
    claim = await take_one(broker)
    await submit(broker, "child", parent="parent")
    await settle(broker, await take_one(broker), outcome, reason="x")
    await park(broker, claim)
    assert (await store.get("parent")).awaits == ""
    assert (await broker.promote()).moved == 1
    await assert_awake(broker, store)


@pytest.mark.parametrize("order", [1, -1])
async def test_both_may_be_settled_together(broker: Broker, order: int) -> None:
    """Parent and child in one batch, whichever comes first: the parent goes on."""
    await submit(broker, "parent")
    await submit(broker, "child", parent="parent")
    parent, child = await take(broker)
    batch = [ended(parent, "snooze", delay_ms=HOUR_MS, awaits="child"), ended(child)]
    assert await broker.settle(batch[::order]) == [1, 1]
    await broker.promote()
    assert (await take_one(broker)).id == "parent"


async def test_a_child_that_nobody_knows_delays_nobody(broker: Broker, store: JobStore) -> None:
    """A child whose record has gone can end no more: the parent is due at once."""
    await submit(broker, "parent")
    await park(broker, await take_one(broker), "nobody")
    await broker.promote()
    await assert_awake(broker, store)


async def test_a_parents_patience_has_an_end(broker: Broker) -> None:
    """After its delay the parent goes on without the child, whose end then changes nothing for it."""
    await submit(broker, "parent")
    claim = await take_one(broker)
    await submit(broker, "child", parent="parent")
    await park(broker, claim, delay_ms=0)
    child = await take_one(broker)
    await broker.promote()
    again = await take_one(broker)
    assert (again.id, await field(broker, "parent", "awaits")) == ("parent", "")
    await settle(broker, child)
    assert await settle(broker, again, "snooze", delay_ms=HOUR_MS) == 1
    assert await field(broker, "parent", "state") == "scheduled"


@pytest.mark.parametrize("outcome", ["retry", "snooze", "released"])
async def test_a_child_that_goes_on_wakes_nobody(broker: Broker, outcome: str) -> None:
    """Only an end is an end."""
    await family(broker)
    await settle(broker, await _take_child(broker), outcome, delay_ms=HOUR_MS)
    assert await field(broker, "parent", "state") == "scheduled"


async def test_another_child_wakes_nobody(broker: Broker) -> None:
    """The parent waits for the child that it named, and for no other."""
    await family(broker)
    await submit(broker, "sibling", parent="parent")
    for claim in await take(broker):
        if claim.id == "sibling":
            await settle(broker, claim)
    assert await field(broker, "parent", "state") == "scheduled"


async def test_an_ended_parent_stays_ended(broker: Broker) -> None:
    """A child that outlives its parent does not bring it back, nor one whose parent's record has gone."""
    await family(broker)
    claim = await _take_child(broker)
    await broker.cancel("parent", ERROR)
    await settle(broker, claim)
    assert await field(broker, "parent", "state") == "cancelled"
    await submit(broker, "orphan", parent="forgotten")
    await settle(broker, await take_one(broker))
    assert await field(broker, "forgotten", "state") == ""


async def test_a_requeued_child_wakes_nobody_twice(broker: Broker, store: JobStore) -> None:
    """A child that an operator starts anew finds a parent that goes on, and leaves it be."""
    await family(broker)
    await _failed(broker)
    await take_one(broker)
    (letter,) = await store.letters.list()
    await store.letters.requeue(letter.id)
    await _succeeded(broker)
    assert await field(broker, "parent", "state") == "running"
