"""Lanes: everybody's turn comes, slots are kept, dead workers' jobs go first, and no wait holds up an end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from msgspec import structs

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take, TakeMode
from streamforge.config import QueueSettings
from streamforge.jobs.model import Claim, JobState, Priority
from streamforge.jobs.store import JobStore
from streamforge.runtime.context import Context
from streamforge.runtime.lane import PATIENT_EVERY, Lane
from streamforge.testing.waiting import until
from tests.integration.engine import Text
from tests.integration.moves import entries, field, raw, settle, submit, take, take_one
from tests.integration.runtime.conftest import Build

OFTEN = 4 * PATIENT_EVERY
"""Takes within which everybody's turn has come."""

LEASE_MS = 50


class Hands:
    """A lane's host that remembers what it was given; ``work`` is done with each job before its slot is free."""

    def __init__(self, slots: int, work: Callable[[Claim], Any]) -> None:
        self.free = slots
        self.given: list[Claim] = []
        self.lane: Lane
        self.recovering = asyncio.Lock()
        self._work = work
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, queue: str, count: int, mode: TakeMode, *, first: Priority) -> Take:
        """A plain question."""
        return Take(queue=queue, worker="w1", count=count, max_crashes=3, mode=mode, first=first, lease_ms=LEASE_MS)

    def slots(self, queue: str) -> int:  # noqa: ARG002 - a lane has one queue
        """As many as the test says."""
        return self.free

    def launch(self, claim: Claim) -> None:
        """Do the work, then give the slot back."""
        self.given.append(claim)
        task = asyncio.get_running_loop().create_task(self._run(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, claim: Claim) -> None:
        await self._work(claim)
        self.lane.release()

    def names(self) -> list[str]:
        """The jobs that were given, in order."""
        return [claim.id for claim in self.given]


@asynccontextmanager
async def running(broker: Broker, hands: Hands) -> AsyncGenerator[Lane]:
    """A lane at work; it is stopped at the end, and has to return."""
    hands.lane = lane = Lane("default", broker, hands)
    lane._has_expired = False  # pyright: ignore[reportPrivateUsage] - its first look; these tests are about later ones
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lane.run())
        try:
            yield lane
        finally:
            lane.stop()


class Flood:
    """Ends each job, and hands in another of the same priority for it."""

    def __init__(self, broker: Broker, *priorities: Priority) -> None:
        self._broker = broker
        self._priorities = priorities
        self._count = 0

    async def rise(self) -> None:
        """Ten jobs of each priority."""
        for priority in self._priorities:
            for _ in range(10):
                await self._add(priority)

    async def _add(self, priority: Priority) -> None:
        self._count += 1
        await submit(self._broker, f"flood-{priority}-{self._count}", priority=priority)

    async def work(self, claim: Claim) -> None:
        """A job's whole life on the worker."""
        if claim.id.startswith("flood"):
            await self._add(Priority(claim.id.split("-")[1]))
        await settle(self._broker, claim)


HIGH, NORMAL, LOW = Priority


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize(
    ("small", "floods"),
    [(LOW, [HIGH]), (NORMAL, [HIGH]), (LOW, [HIGH, NORMAL]), (NORMAL, [HIGH, LOW]), (HIGH, [NORMAL, LOW])],
)
async def test_no_priority_starves(broker: Broker, small: Priority, floods: list[Priority], slots: int) -> None:
    """However much of the other priorities keeps coming, a job begins within so many takes."""
    flood = Flood(broker, *floods)
    await flood.rise()
    hands = Hands(slots, flood.work)
    async with running(broker, hands):
        await until(lambda: len(hands.given) > 5, "the flood is being worked on")
        before = len(hands.given)
        await submit(broker, "small", priority=small)
        await until(lambda: "small" in hands.names() or len(hands.given) > before + OFTEN * slots, "its turn")
    assert "small" in hands.names()


async def test_urgent_jobs_have_most_of_the_turns(broker: Broker) -> None:
    """The guard against starving is no more than that: nine in ten takes begin with the most urgent."""
    flood = Flood(broker, Priority.HIGH, Priority.LOW)
    await flood.rise()
    hands = Hands(1, flood.work)
    async with running(broker, hands):
        await until(lambda: len(hands.given) >= 100, "a hundred jobs have run")
    given = Counter(name.split("-")[1] for name in hands.names()[:100])
    assert 5 <= given["low"] <= 15


async def left_behind(broker: Broker) -> None:
    """A job whose worker died a lease ago."""
    await submit(broker, "left")
    await take_one(broker, worker="dead")
    await until(lambda: broker.look(["default"], LEASE_MS), "its lease has ended")


async def test_expired_jobs_are_taken_over_under_load(broker: Broker) -> None:
    """A lane that never finds its queue empty still asks for what dead workers left, as soon as it is told of it."""
    await left_behind(broker)
    flood = Flood(broker, Priority.HIGH)
    await flood.rise()
    hands = Hands(1, flood.work)
    async with running(broker, hands) as lane:
        await until(lambda: len(hands.given) > 5, "the flood is being worked on")
        lane.look_for_expired()
        before = len(hands.given)
        await until(lambda: "left" in hands.names() or len(hands.given) > before + 5, "it is taken over")
    assert "left" in hands.names()[: before + 3]


async def test_expired_jobs_interrupt_a_wait(broker: Broker) -> None:
    """A lane that waits for the bell asks at once, not after its blocking read."""
    await left_behind(broker)
    hands = Hands(1, lambda claim: settle(broker, claim))
    async with running(broker, hands) as lane:
        await _waits(broker)
        assert hands.given == []
        lane.look_for_expired()
        await until(lambda: hands.names() == ["left"], "it is taken over", 3)  # a blocking read takes 5 s


async def _waits(broker: Broker) -> None:
    async def is_blocked() -> bool:
        return (await raw(broker).info("clients"))["blocked_clients"] > 0

    await until(is_blocked, "the lane waits for the bell")


async def test_stopping_ends_a_wait_at_once(broker: Broker) -> None:
    """Neither the blocking read of an idle lane nor the wait of a full one is sat out."""
    hands = Hands(1, lambda _: anyio.lowlevel.checkpoint())
    with anyio.fail_after(4):  # a blocking read takes 5 s
        async with running(broker, hands):
            await _waits(broker)
    gate = anyio.Event()
    await submit(broker)
    hands = Hands(1, lambda _: gate.wait())
    with anyio.fail_after(4):
        async with running(broker, hands):
            await until(lambda: hands.given, "the one slot is taken")
    gate.set()


async def test_stopping_before_anything_takes_nothing(broker: Broker) -> None:
    """A lane that is stopped before it runs returns, and leaves the job to others."""
    await submit(broker)
    hands = Hands(1, lambda _: anyio.lowlevel.checkpoint())
    hands.lane = lane = Lane("default", broker, hands)
    lane._has_expired = False  # pyright: ignore[reportPrivateUsage] - its first look; these tests are about later ones
    lane.stop()
    await lane.run()
    assert (hands.given, await entries(broker)) == ([], ["job-1"])
    assert await field(broker, "job-1", "state") == "queued"


async def test_new_slots_are_used_at_once(broker: Broker) -> None:
    """More slots than before, or some where there were none, are filled as soon as the lane is told."""
    for number in range(6):
        await submit(broker, f"job-{number}")
    gate = anyio.Event()
    hands = Hands(0, lambda _: gate.wait())
    async with running(broker, hands) as lane:
        for slots in (2, 5):
            hands.free = slots
            lane.wake()
            await until(lambda: len(hands.given) == slots, f"{slots} run")  # noqa: B023 - awaited here
        hands.free = 1
        gate.set()
        await until(lambda: len(hands.given) == 6, "the last one runs")


class Gates:
    """A recipe that holds each job until its name is let go, and counts who is inside."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.most: Counter[str] = Counter()
        self.is_open = anyio.Event()

    async def recipe(self, _: Context, spec: Text) -> str:
        """Wait inside."""
        name = spec.text.split("-")[0]
        self.inside.add(spec.text)
        self.most[name] = max(self.most[name], len([text for text in self.inside if text.startswith(name)]))
        try:
            await self.is_open.wait()
        finally:
            self.inside.discard(spec.text)
        return "done"


async def test_each_queue_has_its_own_slots(build: Build) -> None:
    """A queue's concurrency goes before the worker's; one full queue takes no slot from another."""
    gates = Gates()
    engine = build(gates.recipe, queues=("few", "many"), concurrency=4)
    engine.worker.configure(engine.settings, {"few": QueueSettings(concurrency=1)}, {})
    async with engine:
        jobs = [await engine.submit(text=f"{queue}-{n}", queue=queue) for queue in ("few", "many") for n in range(6)]
        await until(lambda: len(gates.inside) == 5, "both queues are full")
        gates.is_open.set()
        assert {(await engine.ended(job)).state for job in jobs} == {JobState.SUCCEEDED}
    assert gates.most == {"few": 1, "many": 4}


async def test_a_raised_limit_counts_at_once(build: Build) -> None:
    """A tenant that may run more jobs from now on does not wait until one of his ends."""
    gates = Gates()
    engine = build(gates.recipe, tenant_max_running=1, grace_s=0.1)
    async with engine:
        jobs = [await engine.submit(text=f"a-{number}") for number in range(2)]
        await until(lambda: len(gates.inside) == 1, "one runs")
        await _waits(engine.broker)
        engine.worker.configure(structs.replace(engine.settings, tenant_max_running=0), {}, {})
        await until(lambda: len(gates.inside) == 2, "both run", 3)  # a blocking read takes 5 s
        gates.is_open.set()
        for job in jobs:
            await engine.ended(job)


async def test_a_lost_answer_leaves_running_jobs_alone(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a lost answer claimed is found; what runs meanwhile keeps its token and is not begun twice."""
    gates = Gates()
    engine = build(gates.recipe, concurrency=4)
    whole, is_lost = engine.broker._scripts.take, anyio.Event()  # pyright: ignore[reportPrivateUsage]

    async def losing(question: Take) -> object:
        taken = await whole(question)
        if taken.claims and gates.inside and not is_lost.is_set():
            is_lost.set()
            raise ConnectionResetError("the answer was lost")
        return taken

    monkeypatch.setattr(engine.broker._scripts, "take", losing)  # pyright: ignore[reportPrivateUsage]
    async with engine:
        first = await engine.submit(text="a-1")
        await until(lambda: gates.inside, "the first one runs")
        second = await engine.submit(text="a-2")
        await until(lambda: len(gates.inside) == 2, "both run")
        gates.is_open.set()
        jobs = [await engine.ended(job) for job in (first, second)]
    assert is_lost.is_set()
    assert [(job.token, job.attempt, job.crashes) for job in jobs] == [(1, 1, 0), (2, 1, 0)]


async def test_a_paused_queue_wakes_its_lane(build: Build, broker: Broker) -> None:
    """A worker starts nothing of a paused queue, and starts all of it when the pause ends."""
    store, gates = JobStore(broker), Gates()
    gates.is_open.set()
    await store.pause("default")
    async with build(gates.recipe) as engine:
        jobs = [await engine.submit(text=f"a-{number}") for number in range(3)]
        await _waits(engine.broker)
        assert await take(broker, worker="w2") == []
        await store.resume("default")
        assert {(await engine.ended(job)).state for job in jobs} == {JobState.SUCCEEDED}
