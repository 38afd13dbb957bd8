"""What a recipe's ends do to its job, through the scripts: boosts, crash counts, children that wake their parents.

To be put at tests/integration/runtime/steps/test_durable_steps.py once settle.lua knows charge and awaits, the store
starts children, and the Engine lends it: ``Lent(…, resources or {}, self.store)``.
"""

from __future__ import annotations

import anyio
import pytest

from streamforge.config import JobsSettings
from streamforge.errors import SlotCrashed, StepTimeout
from streamforge.jobs.model import JobError, JobState, Priority
from streamforge.runtime import children
from streamforge.runtime.context import Context
from tests.integration.engine import Text, pipeline
from tests.integration.moves import field
from tests.integration.runtime.conftest import Build

NOTHING = type(None)
CANCELLED = JobError(code="cancelled", message="enough")


async def test_a_soft_limit_is_tried_once_more_and_more_urgently(build: Build) -> None:
    """The second attempt has the next higher priority; the second limit is the end, with its own reason."""
    seen: list[str] = []

    async def recipe(ctx: Context, _: Text) -> None:
        seen.append((await engine.store.get(ctx.job_id)).priority)
        await ctx.step("slow", anyio.sleep_forever, returns=NOTHING)

    async with build(recipe, jobs=JobsSettings(step_soft_timeout_s=0.02)) as engine:
        job = await engine.ended(await engine.submit(priority=Priority.NORMAL))
        (letter,) = await engine.store.letters.list()
    assert seen == [Priority.NORMAL, Priority.HIGH]
    assert (job.state, job.attempt, letter.reason) == (JobState.FAILED, 2, "soft_limit")


async def test_a_boosted_attempt_may_succeed(build: Build) -> None:
    """What was slow once may be quick: the job is not marked for good."""

    async def recipe(ctx: Context, _: Text) -> str:
        if ctx.attempt == 1:
            raise StepTimeout
        return "done"

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)


async def test_crashes_charge_no_attempt_and_end_at_their_own_cap(build: Build) -> None:
    """A job whose pool child keeps dying is a dead letter with the signal and the memory; it had one attempt."""

    async def recipe(_: Context, __: Text) -> None:
        raise SlotCrashed("the pool child died", signal="SIGSEGV", peak_rss_kb=12_345)

    async with build(recipe, max_crashes=2) as engine:
        job = await engine.ended(await engine.submit())
        (letter,) = await engine.store.letters.list()
    assert (job.state, job.attempt, job.crashes) == (JobState.FAILED, 1, 4)
    assert (letter.reason, letter.signal, letter.peak_rss_kb) == ("crashed", "SIGSEGV", 12_345)


async def test_the_version_of_the_checkpoints_is_in_the_record(build: Build) -> None:
    """Written with the checkpoint, and given to the next attempt, which refuses what is not its own."""

    async def first(ctx: Context, _: Text) -> None:
        await ctx.step("a", _seven, returns=int)
        raise OSError

    async with build(pipelines=[pipeline(first, version=1)]) as engine:
        job_id = await engine.submit()
        job = await engine.ended(job_id)
        assert job.version == "1"
        assert await field(engine.broker, job_id, "version") == "1"
        (letter,) = await engine.store.letters.list()
    async with build(pipelines=[pipeline(first, version=2)]) as engine:
        await engine.store.letters.requeue(letter.id)
        again = await engine.ended(job_id)
    assert again.error is not None
    assert again.error.code == "version_mismatch"


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_childs_end_wakes_its_parent(build: Build, monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    """At once and not by polling; with a single slot too, since a waiting parent holds none; no attempt is charged."""
    monkeypatch.setattr(children, "POLL_S", 3600.0)

    async def parent(ctx: Context, _: Text) -> str:
        first = await ctx.child("first", "child", Text("a"), returns=str)
        return await ctx.child("second", "child", Text(first), returns=str)

    async def child(_: Context, spec: Text) -> str:
        return spec.text + "!"

    both = [pipeline(parent, "parent"), pipeline(child, "child")]
    async with build(pipelines=both, concurrency=concurrency) as engine:
        job = await engine.ended(await engine.submit("parent"))
        events = await engine.events(job.id)
    assert job.result is not None
    assert (job.attempt, bytes(job.result)) == (1, b'"a!!"')
    assert events.count("job.snoozed") <= 2  # a quick child may have ended before its parent looks


async def test_a_child_that_ends_before_its_parent_is_parked_wakes_it_too(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the child and the parking nothing is lost: many quick children, none left waiting."""
    monkeypatch.setattr(children, "POLL_S", 3600.0)

    async def parent(ctx: Context, _: Text) -> list[str]:
        async def one(name: str) -> str:
            return await ctx.child(f"child-{name}", "child", Text(name), returns=str)

        return (await ctx.map("all", [str(i) for i in range(20)], one, returns=str, key=str)).values

    async def child(_: Context, spec: Text) -> str:
        return spec.text

    async with build(pipelines=[pipeline(parent, "parent"), pipeline(child, "child")]) as engine:
        jobs = [await engine.submit("parent") for _ in range(10)]
        ends = [await engine.ended(job_id) for job_id in jobs]
    assert {end.state for end in ends} == {JobState.SUCCEEDED}


@pytest.mark.parametrize("how", ["failed", "cancelled"])
async def test_a_childs_bad_end_wakes_its_parent_too(build: Build, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The parent hears of it at once, as ChildFailed."""
    monkeypatch.setattr(children, "POLL_S", 3600.0)

    async def parent(ctx: Context, _: Text) -> str:
        return await ctx.child("only", "child", Text("x"), returns=str)

    async def child(ctx: Context, _: Text) -> str:
        if how == "cancelled":
            for run in engine.worker.running:
                if run.claim.id == ctx.job_id:
                    run.cancel(CANCELLED)
            await anyio.sleep_forever()
        raise ValueError

    async with build(pipelines=[pipeline(parent, "parent"), pipeline(child, "child")]) as engine:
        job = await engine.ended(await engine.submit("parent"))
    assert job.error is not None
    assert (job.error.code, how in job.error.message) == ("child_failed", True)


async def _seven() -> int:
    return 7
