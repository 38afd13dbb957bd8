"""Draining: asked for from outside, with or without a grace; what is handed back is the next to run, free of charge."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.jobs.model import JobState
from streamforge.jobs.store import JobStore
from streamforge.runtime.context import Context
from streamforge.testing.waiting import until
from tests.integration.engine import Engine, Text
from tests.integration.moves import checkpoint, entries, field, raw, settle, submit, take, take_one
from tests.integration.runtime.conftest import Build


class Held:
    """A recipe with a paid step, that then waits to be let go."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.begun: list[str] = []
        self.paid: Counter[str] = Counter()
        self.is_open = anyio.Event()

    async def recipe(self, ctx: Context, spec: Text) -> str:
        """Pay, then wait inside."""

        async def pay() -> str:
            self.paid[spec.text] += 1
            return "paid"

        await ctx.step("paid", pay, returns=str)
        self.begun.append(spec.text)
        self.inside.add(spec.text)
        try:
            await self.is_open.wait()
        finally:
            self.inside.discard(spec.text)
        return "done"


# What a release leaves in Redis.


async def test_a_released_job_is_there_for_another_worker_at_once(broker: Broker, store: JobStore) -> None:
    """No lease has to end: the next look finds it, and it goes on in the same attempt without a crash."""
    await submit(broker)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim))
    assert await settle(broker, claim, "released") == 1
    assert await broker.look(["default"], 15_000) == ["default"]
    again = await take_one(broker, worker="w2", mode="expired", lease_ms=15_000)
    assert (again.id, again.attempt, again.crashes, again.token) == ("job-1", 1, 0, 2)
    assert await broker.checkpoints("job-1") == {"design": b"v\x01"}
    types = [event.type for event in await store.events_since("job-1")]
    assert types == ["job.queued", "job.started", "step.completed", "job.released", "job.started"]
    assert await broker.look(["default"], 15_000) == []
    assert await settle(broker, again) == 1
    assert await entries(broker) == []


async def test_a_released_job_stands_before_the_backlog(broker: Broker) -> None:
    """What came after it is still behind it, however often it is handed on."""
    for number in range(3):
        await submit(broker, f"job-{number}")
    for worker in ("w1", "w2", "w3"):
        mode = "new" if worker == "w1" else "expired"
        claim = await take_one(broker, limit=1, worker=worker, mode=mode)
        assert (claim.id, claim.attempt, claim.crashes) == ("job-0", 1, 0)
        await settle(broker, claim, "released")
    assert await entries(broker) == ["job-0", "job-1", "job-2"]
    assert [claim.id for claim in await take(broker)] == ["job-1", "job-2"]


async def test_a_released_job_is_no_crash_of_its_old_worker(broker: Broker) -> None:
    """The next process of the releasing worker's name is not charged for it, nor does it hold it."""
    await submit(broker)
    await settle(broker, await take_one(broker), "released")
    assert await take(broker, mode="crashed", max_crashes=0) == []
    assert await field(broker, "job-1", "state") == "queued"


async def test_a_released_job_whose_next_worker_dies_is_charged(broker: Broker) -> None:
    """Once it runs again it is like any other."""
    await submit(broker)
    await settle(broker, await take_one(broker), "released")
    await take_one(broker, worker="w2", mode="expired")
    claim = await take_one(broker, worker="w3", mode="expired", lease_ms=0)
    assert (claim.attempt, claim.crashes) == (1, 1)


async def test_releases_of_many_lines_are_all_found(broker: Broker) -> None:
    """Whatever tenant, priority or number: one look of another worker takes all it has slots for."""
    for number in range(30):
        await submit(broker, f"job-{number}", tenant=f"t{number % 4}")
    for claim in await take(broker, 30):
        await settle(broker, claim, "released")
    first = await take(broker, 20, worker="w2", mode="expired")
    rest = await take(broker, 20, worker="w2", mode="expired", held=tuple(claim.id for claim in first))
    assert (len(first), len(rest), len({claim.id for claim in first + rest})) == (20, 10, 30)
    assert {claim.crashes for claim in first + rest} == {0}


async def test_a_release_held_back_by_a_limit_runs_later(broker: Broker) -> None:
    """It keeps its place while its tenant has no room, and takes the room before the backlog when there is some."""
    limits = b'{"max_running":1,"weights":{},"limits":{}}'
    for number in range(3):
        await submit(broker, f"job-{number}")
    await settle(broker, await take_one(broker, tenants=limits), "released")
    other = await take_one(broker, worker="w2", tenants=limits)
    for _ in range(3):
        assert await take(broker, worker="w2", mode="expired", tenants=limits) == []
    assert await field(broker, "job-0", "state") == "queued"
    await settle(broker, other)
    claim = await take_one(broker, worker="w2", mode="expired", tenants=limits)
    assert (claim.id, claim.attempt, claim.crashes) == ("job-0", 1, 0)


# What a worker does.


async def ask_to_drain(engine: Engine, worker: str = "w1") -> None:
    """Say it on the channel until somebody has heard it."""
    await until(lambda: engine.broker.tell(b'{"drain":"%b"}' % worker.encode()), "the worker listens")


async def test_a_drain_on_the_channel_ends_the_worker(build: Build) -> None:
    """The worker that is named takes no more and lets what runs end; the other one goes on."""
    held, others = Held(), Held()
    others.is_open.set()
    async with build(held.recipe, concurrency=1) as engine:
        running = await engine.submit(text="running")
        await until(lambda: held.inside, "a job runs")
        await ask_to_drain(engine)
        await until(lambda: engine.worker.why_not_ready() == "draining", "it drains")
        waiting = await engine.submit(text="waiting")
        async with build(others.recipe, name="w2") as other:
            assert (await other.ended(waiting)).state is JobState.SUCCEEDED
            assert other.worker.why_not_ready() is None
        held.is_open.set()
        await engine.stop()
        assert (await engine.store.get(running)).state is JobState.SUCCEEDED
    assert (held.begun, others.begun) == (["running"], ["waiting"])


async def test_handing_back_waits_for_no_grace(build: Build) -> None:
    """Every running job is queued again at once, free of charge and with its checkpoints, however long the grace."""
    held = Held()
    async with build(held.recipe, grace_s=3600.0) as engine:
        jobs = [await engine.submit(text=str(number)) for number in range(3)]
        await until(lambda: len(held.inside) == 3, "three jobs run")
        engine.ask_to_stop()
        engine.worker.hand_back()
        with anyio.fail_after(10):
            await engine.stop()
        for job_id in jobs:
            job = await engine.store.get(job_id)
            assert (job.state, job.attempt, job.crashes, job.owner) == (JobState.QUEUED, 0, 0, "")
        assert not await raw(engine.broker).exists(engine.broker.keys.running)
    assert held.inside == set()


async def test_a_drain_may_become_a_hand_back(build: Build) -> None:
    """Who lost his patience during the grace ends it."""
    held = Held()
    async with build(held.recipe, grace_s=3600.0) as engine:
        job_id = await engine.submit(text="a")
        await until(lambda: held.inside, "a job runs")
        async with asyncio.TaskGroup() as tasks:
            end = tasks.create_task(engine.stop())
            await until(lambda: engine.worker.why_not_ready() == "draining", "it drains")
            assert (await engine.store.get(job_id)).state is JobState.RUNNING
            assert not end.done()
            engine.worker.hand_back()
        assert (await engine.store.get(job_id)).state is JobState.QUEUED


async def test_a_recipe_that_ignores_its_cancellation_is_named(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps its job until it ends after all: meanwhile the log says which one holds the daemon up."""
    monkeypatch.setattr("streamforge.runtime.worker.UNWINDING_S", 0.01)
    inside, is_open = anyio.Event(), False

    async def recipe(ctx: Context, spec: Text) -> str:
        del ctx, spec
        inside.set()
        while not is_open:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        return "done"

    async with build(recipe, grace_s=3600.0) as engine:
        job_id = await engine.submit(text="stubborn")
        await inside.wait()
        try:
            with capture_logs() as lines:
                engine.worker.hand_back()
                await until(lambda: "job_ignores_cancellation" in {line["event"] for line in lines}, "it is named")
            assert lines[-1]["job_id"] == job_id
            assert (await engine.store.get(job_id)).state is JobState.RUNNING
        finally:
            is_open = True
        await engine.stop()
        assert (await engine.store.get(job_id)).state is JobState.SUCCEEDED


async def test_another_worker_goes_on_before_the_backlog(build: Build) -> None:
    """A worker with one slot begins with what was handed back, repeats no step, and then takes what waits."""
    held = Held()
    async with build(held.recipe, concurrency=1) as engine:
        jobs = [await engine.submit(text="first")]
        await until(lambda: held.inside, "a job runs")
        jobs += [await engine.submit(text=f"later-{number}") for number in range(3)]
        engine.ask_to_stop()
        engine.worker.hand_back()
        await engine.stop()
    async with build(held.recipe, name="w2", concurrency=1) as other:
        await until(lambda: held.inside == {"first"}, "what was handed back runs")
        held.is_open.set()
        ended = [await other.ended(job) for job in jobs]
    assert {(job.state, job.attempt, job.crashes) for job in ended} == {(JobState.SUCCEEDED, 1, 0)}
    assert held.begun == ["first", "first", "later-0", "later-1", "later-2"]
    assert set(held.paid.values()) == {1}


@pytest.mark.parametrize("is_marked", [False, True])
async def test_a_job_to_be_cancelled_is_not_handed_back(build: Build, *, is_marked: bool) -> None:
    """A mark that the worker has not heard of turns its release into the end that was asked for."""
    held = Held()
    async with build(held.recipe, grace_s=3600.0) as engine:
        job_id = await engine.submit(text="a")
        await until(lambda: held.inside, "a job runs")
        if is_marked:
            mark = b'{"code":"cancelled","message":"unheard"}'
            await raw(engine.broker).hset(engine.broker.keys.job(job_id), "cancel", mark)
        engine.ask_to_stop()
        engine.worker.hand_back()
        await engine.stop()
        job = await engine.store.get(job_id)
        assert job.state is (JobState.CANCELLED if is_marked else JobState.QUEUED)
        assert await entries(engine.broker) == ([] if is_marked else [job_id])
