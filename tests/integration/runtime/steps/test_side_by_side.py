"""Steps that run side by side, or one within another: what they write, and how far the job is with them."""

from __future__ import annotations

from collections import Counter

import anyio
import anyio.lowlevel

from streamforge.broker.messages import Record
from streamforge.runtime.context import Context
from tests.integration.engine import Text, pipeline
from tests.integration.runtime.conftest import Build
from tests.integration.runtime.steps.attempts import Work
from tests.integration.runtime.steps.conftest import Make


async def test_checkpoints_are_read_once(attempts: Make) -> None:
    """However many steps look for theirs at the same moment."""

    async def recipe(ctx: Context, _: Text) -> None:
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", "c"):
                tasks.start_soon(lambda name=name: ctx.step(name, lambda: Work()(7), returns=int))

    job = attempts(recipe)
    reads: list[str] = []
    really = job.broker.checkpoints

    async def counted(job_id: str) -> dict[str, bytes]:
        reads.append(job_id)
        return await really(job_id)

    job.broker.checkpoints = counted
    await job.run()
    assert reads == []
    await job.run()
    assert reads == ["job-1"]


async def test_parallel_writes_are_each_written_once(attempts: Make) -> None:
    """Where every answer is lost and every write repeated, steps side by side still make one event for each."""
    work = Work()

    async def recipe(ctx: Context, _: Text) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: ctx.map("m", list(range(20)), work, returns=int))
            for name in ("a", "b", "c"):
                tasks.start_soon(lambda name=name: ctx.step(name, lambda: work(7), returns=int))

    job = attempts(recipe)
    really = job.broker.record

    async def twice(record: Record) -> int:
        await really(record)
        await anyio.lowlevel.checkpoint()
        return await really(record)

    job.broker.record = twice
    end = await job.run()
    assert end is not None
    assert end.outcome == "succeeded"
    completed = Counter(event.payload()["step"] for event in await job.events("step.completed"))
    assert completed == Counter({"a": 1, "b": 1, "c": 1, "m": 1, **{f"m[{i}]": 1 for i in range(20)}})
    assert len(await job.events("step.started")) == 4


async def test_progress_counts_items(build: Build) -> None:
    """Within its step's share each item is a part, and the number only grows."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.map("a", list(range(10)), Work(), returns=int)
        await ctx.map("b", list(range(5)), Work(), returns=int)

    async with build(pipelines=[pipeline(recipe, steps=("a", "b"))]) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.store.events_since(job.id)
    numbers = [float(str(e.payload()["progress"])) for e in events if e.type == "step.completed"]
    assert numbers == [*(5.0 * n for n in range(1, 11)), 50.0, *(50 + 10.0 * n for n in range(1, 6)), 100.0]


async def test_steps_within_items_are_part_of_them(build: Build) -> None:
    """Steps that an item makes do not stretch the job's progress; it is whole when the fan-out is."""

    async def recipe(ctx: Context, _: Text) -> None:
        async def work(item: int) -> int:
            await ctx.progress(50, f"item {item}")
            return await ctx.step(f"inner-{item}", lambda: Work()(item), returns=int)

        await ctx.map("a", [1, 2, 3, 4], work, returns=int, concurrency=1)

    async with build(pipelines=[pipeline(recipe, steps=("a",))]) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.store.events_since(job.id)
    told = [event.payload() for event in events if event.type in ("step.completed", "job.progress")]
    numbers = [float(str(one["progress"])) for one in told]
    assert numbers == sorted(numbers)
    assert [one["progress"] for one in told if str(one["step"]).startswith("a[") and "seconds" in one] == [
        25,
        50,
        75,
        100,
    ]
    assert [one["step"] for one in told if "message" in one] == ["a[0]", "a[1]", "a[2]", "a[3]"]
    assert job.progress == 100
