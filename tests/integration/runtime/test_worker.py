"""The worker: no more jobs than slots, a drain that loses nothing, jobs that survive their worker and Redis."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import JobState
from streamforge.ops.service import ServiceFailed
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.engine import Engine, Text, pipeline
from tests.integration.moves import entries, pending, submit, take, take_one
from tests.integration.runtime.conftest import Build


class Gate:
    """A recipe that holds its jobs until it is opened, and counts."""

    def __init__(self) -> None:
        self.opened = anyio.Event()
        self.inside = 0
        self.most = 0
        self.steps: Counter[str] = Counter()

    async def recipe(self, ctx: Context, _: Text) -> str:
        """A cheap first step, then wait."""
        await ctx.step("paid", self._paid, returns=str)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.opened.wait()
        finally:
            self.inside -= 1
        return "done"

    async def _paid(self) -> str:
        self.steps["paid"] += 1
        return "paid"


async def test_no_more_jobs_run_than_slots(build: Build) -> None:
    """With every slot taken nothing more is claimed; others may have what waits."""
    gate = Gate()
    async with build(gate.recipe, concurrency=3) as engine:
        jobs = [await engine.submit() for _ in range(10)]
        await until(lambda: gate.inside == 3, "three jobs run")
        assert await pending(engine.broker) == 3
        gate.opened.set()
        assert {(await engine.ended(job)).state for job in jobs} == {JobState.SUCCEEDED}
    assert gate.most == 3


async def test_stopping_lets_running_jobs_end(build: Build) -> None:
    """Within the grace nothing new is taken, and what runs is finished by the same attempt."""
    gate = Gate()
    async with build(gate.recipe, concurrency=1) as engine:
        running = await engine.submit()
        await until(lambda: gate.inside == 1, "the job runs")
        waiting = await engine.submit()
        engine.ask_to_stop()
        await until(lambda: engine.worker.why_not_ready() == "draining", "the worker drains")
        gate.opened.set()
        await engine.stop()
        assert (await engine.store.get(running)).state is JobState.SUCCEEDED
        assert (await engine.store.get(waiting)).state is JobState.QUEUED
        assert await entries(engine.broker) == [waiting]


async def test_after_the_grace_the_rest_is_handed_back(build: Build) -> None:
    """What still runs is queued again, free of charge, and another worker ends it without repeating its step."""
    gate = Gate()
    async with build(gate.recipe, grace_s=0.05) as engine:
        job_id = await engine.submit()
        await until(lambda: gate.inside == 1, "the job runs")
        await engine.stop()
        job = await engine.store.get(job_id)
        assert (job.state, job.attempt, job.crashes) == (JobState.QUEUED, 0, 0)
        assert set(await engine.broker.checkpoints(job_id)) == {"paid"}
        assert [claim.id for claim in await take(engine.broker, mode="crashed")] == []
    gate.opened.set()
    async with build(gate.recipe, name="w2") as other:
        job = await other.ended(job_id)
        assert "step.replayed" in await other.events(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
    assert gate.steps == {"paid": 1}


async def test_a_dead_workers_jobs_are_ended_by_its_successor(build: Build, broker: Broker) -> None:
    """A process of the same name takes over what was left, charging a crash, from its checkpoints."""
    gate = Gate()
    gate.opened.set()
    await submit(broker)
    await take_one(broker, worker="w1")
    async with build(gate.recipe) as engine:
        job = await engine.ended("job-1")
        assert "job.recovered" in await engine.events("job-1")
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 1, 1)


async def test_more_was_left_than_there_are_slots(build: Build, broker: Broker) -> None:
    """All that a dead worker held is taken over in turns, each charged one crash, no more than the slots at once."""
    gate = Gate()
    gate.opened.set()
    for number in range(7):
        await submit(broker, f"job-{number}")
        await take_one(broker, worker="w1")
    async with build(gate.recipe, concurrency=2) as engine:
        jobs = [await engine.ended(f"job-{number}") for number in range(7)]
    assert {(job.state, job.crashes, job.attempt) for job in jobs} == {(JobState.SUCCEEDED, 1, 1)}
    assert gate.most <= 2


async def test_health_is_told(build: Build) -> None:
    """Not ready before Redis was heard, ready then, draining at the end; long silence is named."""
    gate = Gate()
    engine = build(gate.recipe)
    assert engine.worker.why_not_ready() == "has not reached Redis yet"
    async with engine:
        await until(lambda: engine.worker.why_not_ready() is None, "the worker is ready")
        engine.worker._lanes["default"]._heard -= 60  # pyright: ignore[reportPrivateUsage]
        assert "has not heard from Redis for 60 s" in str(engine.worker.why_not_ready())
        await engine.submit()
        await until(lambda: engine.worker.why_not_ready() is None, "taking a job is hearing from Redis")
        gate.opened.set()
    assert engine.worker.why_not_ready() == "draining"


async def test_an_idle_worker_stops_at_once(build: Build) -> None:
    """The blocking read of a worker without work is cut off, not waited for."""
    async with build(Gate().recipe) as engine:
        await until(lambda: engine.worker.why_not_ready() is None, "the worker waits for work")
        with anyio.fail_after(4):  # a blocking read takes 5 s
            await engine.stop()


async def test_jobs_flow_across_a_restart_of_the_server(own_server: TestServer, tmp_path: Path) -> None:
    """Killed with SIGKILL and started again over the same data: every job submitted ends, each once."""
    runs: Counter[str] = Counter()

    async def recipe(ctx: Context, spec: Text) -> str:
        async def work() -> str:
            runs[spec.text] += 1
            await anyio.sleep(0.01)
            return spec.text

        return await ctx.step("work", work, returns=str)

    async with Engine(own_server.url, [pipeline(recipe)], objects=Objects.open("", tmp_path), concurrency=5) as engine:
        jobs = {str(number): await engine.submit(text=str(number)) for number in range(60)}
        await until(lambda: len(runs) > 10, "some jobs have run")
        own_server.kill()
        own_server.start()
        for text, job_id in jobs.items():
            job = await engine.ended(job_id, 30)
            assert (job.state, job.crashes) == (JobState.SUCCEEDED, 0), text
            assert [event for event in await engine.events(job_id) if event == "job.succeeded"] == ["job.succeeded"]
        late = await engine.ended(await engine.submit(text="late"))
        assert late.state is JobState.SUCCEEDED
        assert (await entries(engine.broker), await pending(engine.broker)) == ([], 0)
    assert set(runs.values()) == {1}


@pytest.mark.parametrize("lost", [1, 3])
async def test_lost_takes_are_recovered(build: Build, monkeypatch: pytest.MonkeyPatch, lost: int) -> None:
    """A take whose answer never came is made good, with neither an attempt nor a crash charged."""
    gate = Gate()
    gate.opened.set()
    engine = build(gate.recipe)
    whole, left = engine.broker._scripts.take, [None] * lost  # pyright: ignore[reportPrivateUsage]

    async def losing(*args: object, **kwargs: object) -> object:
        taken = await whole(*args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        if taken.claims and left:
            left.pop()
            raise ConnectionResetError("the answer was lost")
        return taken

    monkeypatch.setattr(engine.broker._scripts, "take", losing)  # pyright: ignore[reportPrivateUsage]
    async with engine:
        jobs = [await engine.ended(await engine.submit()) for _ in range(3)]
    assert left == []
    assert {(job.state, job.attempt, job.crashes) for job in jobs} == {(JobState.SUCCEEDED, 1, 0)}


async def test_a_lost_take_over_is_charged_once(build: Build, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flickering connection while a dead worker's jobs are taken over does not look like more crashes."""
    gate = Gate()
    gate.opened.set()
    await submit(broker)
    await take_one(broker, worker="w1")
    engine = build(gate.recipe, max_crashes=1)
    whole, left = engine.broker._scripts.take, [None] * 2  # pyright: ignore[reportPrivateUsage]

    async def losing(*args: object, **kwargs: object) -> object:
        taken = await whole(*args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        if left:
            left.pop()
            raise ConnectionResetError("the answer was lost")
        return taken

    monkeypatch.setattr(engine.broker._scripts, "take", losing)  # pyright: ignore[reportPrivateUsage]
    async with engine:
        job = await engine.ended("job-1")
    assert (job.state, job.crashes) == (JobState.SUCCEEDED, 1)


async def test_a_broken_settler_ends_the_daemon(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ends can no longer be written, everything stops with the cause, and no job holds it up."""
    gate = Gate()
    engine = build(gate.recipe)

    async def refuse(*_: object) -> list[int]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(engine.broker._scripts, "settle", refuse)  # pyright: ignore[reportPrivateUsage]
    async with engine:
        for _ in range(3):
            await engine.submit()
        await until(lambda: gate.inside == 3, "the jobs run")
        gate.opened.set()
        await until(lambda: engine.worker.why_not_ready() == "draining", "everything stops")
        with pytest.raises(ServiceFailed, match="settler"):
            await engine.stop()
