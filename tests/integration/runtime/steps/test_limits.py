"""Time: a soft limit asks the recipe, a hard one does not."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import anyio
import pytest

from streamforge.broker.messages import Settlement
from streamforge.config import JobsSettings, PoolSettings
from streamforge.errors import HardTimeout, StepTimeout
from streamforge.jobs.model import JobError, JobState
from streamforge.ops import metrics
from streamforge.runtime.context import Context
from streamforge.runtime.run import Run
from tests.integration.engine import Text, pipeline
from tests.integration.runtime import children
from tests.integration.runtime.conftest import Build
from tests.integration.runtime.steps.attempts import error_of
from tests.integration.runtime.steps.conftest import Make

SOON = 0.02
NOTHING = type(None)


def counted(scope: str) -> tuple[float, float]:
    """Soft and hard limits reached so far."""
    found = (metrics.soft_timeouts_total("echo", scope), metrics.hard_timeouts_total("echo", scope))
    soft, hard = (counter._value.get() for counter in found)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]
    return float(soft), float(hard)  # pyright: ignore[reportUnknownArgumentType]


def ended(settlement: Settlement | None) -> tuple[str, str, str]:
    """Outcome, reason and error code of an attempt."""
    assert settlement is not None
    return settlement.outcome, settlement.reason, error_of(settlement).code


async def answer() -> str:
    """A step's value."""
    return "cheap"


async def test_a_recipe_may_answer_a_soft_limit_in_a_cheaper_way(attempts: Make) -> None:
    """The step's call is cancelled, StepTimeout names the step, and what the recipe does then counts."""
    cancelled, told = list[str](), list[str | None]()

    async def dear() -> str:
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append("dear")
        return "dear"

    async def recipe(ctx: Context, _: Text) -> str:
        try:
            return await ctx.step("dear", dear, returns=str, soft_timeout_s=SOON)
        except StepTimeout as error:
            told.append(error.field)
            return await ctx.step("cheap", answer, returns=str)

    before = counted("step")
    job = attempts(recipe)
    end = await job.run()
    assert end is not None
    assert (end.outcome, end.body, cancelled, told) == ("succeeded", b'"cheap"', ["dear"], ["dear"])
    assert (counted("step")[0] - before[0], counted("step")[1] - before[1]) == (1, 0)


async def test_an_unanswered_soft_limit_is_forgiven_once(attempts: Make) -> None:
    """The first attempt is tried again, charged as what it is; that of a job which was boosted for it fails."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.step("slow", anyio.sleep_forever, returns=NOTHING)

    job = attempts(recipe, jobs=JobsSettings(step_soft_timeout_s=SOON))
    first = await job.run()
    assert ended(first) == ("retry", "", "step_timeout")
    assert first is not None
    assert first.charge == "soft_limit"
    assert ended(await job.run(is_boosted=True)) == ("failed", "soft_limit", "step_timeout")


async def test_a_step_that_copes_with_its_soft_limit_has_a_value(attempts: Make) -> None:
    """What the call itself returns when it is cancelled is the step's value, kept as any other."""

    async def coping() -> str:
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            return "what there was"
        return "all"

    async def recipe(ctx: Context, _: Text) -> str:
        value = await ctx.step("a", coping, returns=str, soft_timeout_s=SOON)
        return value + await ctx.step("b", answer, returns=str)

    end = await attempts(recipe).run()
    assert end is not None
    assert (end.outcome, end.body) == ("succeeded", b'"what there wascheap"')


@pytest.mark.parametrize("concurrent", [False, True])
async def test_the_attempts_soft_limit_comes_out_of_what_runs(attempts: Make, *, concurrent: bool) -> None:
    """Every step that runs then is cancelled and told; those after it are not, however long the attempt goes on."""
    told: list[str] = []

    async def slow(ctx: Context, name: str) -> None:
        try:
            await ctx.step(name, anyio.sleep_forever, returns=NOTHING)
        except StepTimeout as error:
            told.append(f"{name}: {error.message[:11]}")

    async def recipe(ctx: Context, _: Text) -> str:
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b") if concurrent else ("a",):
                tasks.start_soon(slow, ctx, name)
        assert ctx.seconds_left.soft == 0
        return await ctx.step("after", answer, returns=str)

    before = counted("job")
    end = await attempts(recipe, jobs=JobsSettings(job_soft_timeout_s=SOON)).run()
    assert end is not None
    names = ["a", "b"] if concurrent else ["a"]
    assert (end.outcome, sorted(told)) == ("succeeded", [f"{name}: the attempt" for name in names])
    assert counted("job")[0] - before[0] == 1


async def test_the_attempts_soft_limit_waits_for_a_step(attempts: Make) -> None:
    """Reached between two steps, it comes out of the next one that would run, and once."""
    told: list[str] = []

    async def recipe(ctx: Context, _: Text) -> str:
        with anyio.move_on_after(5):
            while ctx.seconds_left.soft > 0:  # noqa: ASYNC110 - the clock is what is waited for
                await anyio.sleep(0.001)
        await anyio.sleep(0.01)
        for name in ("a", "b"):
            try:
                await ctx.step(name, answer, returns=str)
            except StepTimeout:
                told.append(name)
        return "done"

    end = await attempts(recipe, jobs=JobsSettings(job_soft_timeout_s=SOON)).run()
    assert end is not None
    assert (end.outcome, told) == ("succeeded", ["a"])


async def test_a_fan_out_passes_the_attempts_soft_limit_on(attempts: Make) -> None:
    """It is no item's failure: the whole step raises it, also where failed items are left behind."""

    async def slow(_: int) -> None:
        await anyio.sleep_forever()

    async def recipe(ctx: Context, _: Text) -> str:
        try:
            await ctx.map("many", [1, 2, 3], slow, returns=NOTHING, on_error="continue", concurrency=2)
        except StepTimeout:
            return "told"
        return "not told"

    job = attempts(recipe, jobs=JobsSettings(job_soft_timeout_s=SOON))
    end = await job.run()
    assert end is not None
    assert end.body == b'"told"'
    assert await job.events("item.failed") == []


async def stubborn(ctx: Context, _: Text) -> str:
    """Takes every error, and its first cancellations too, and comes to a good end."""
    for number in range(3):
        try:
            await ctx.step(f"s{number}", anyio.sleep_forever, returns=NOTHING)
        except BaseException:  # noqa: BLE001, S112 - the point of it
            continue
    return "still here"


async def relentless(ctx: Context, _: Text) -> str:
    """Takes every ordinary error, for ever."""
    number = 0
    while True:
        number += 1
        try:
            await ctx.step(f"s{number}", anyio.sleep_forever, returns=NOTHING, soft_timeout_s=SOON / 8)
        except Exception:  # noqa: BLE001, S112 - the point of it
            continue


async def side_by_side(ctx: Context, _: Text) -> None:
    """Two steps in tasks of its own making, which swallow what they can."""

    async def one(name: str) -> None:
        try:
            await ctx.step(name, anyio.sleep_forever, returns=NOTHING)
        except BaseException:  # noqa: BLE001 - the point of it
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b"):
            tasks.start_soon(one, name)


async def fanned_out(ctx: Context, _: Text) -> None:
    """A fan-out that goes on after failures."""

    async def one(_: int) -> None:
        await anyio.sleep_forever()

    await ctx.map("many", [1, 2, 3], one, returns=NOTHING, on_error="continue")


async def plain_tasks(ctx: Context, _: Text) -> None:
    """Two steps in tasks of asyncio's own group, which cancels each only once, and they take that for nothing."""

    async def deaf() -> None:
        try:
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            await anyio.sleep_forever()

    async with asyncio.TaskGroup() as tasks:
        for name in ("a", "b"):
            tasks.create_task(ctx.step(name, deaf, returns=NOTHING))


RECIPES = [stubborn, side_by_side, fanned_out, plain_tasks]


@pytest.mark.parametrize("recipe", RECIPES)
async def test_nobody_can_catch_a_steps_hard_limit(attempts: Make, recipe: Any) -> None:  # noqa: ANN401
    """Whatever the recipe swallows or returns, alone or side by side: the job fails, and the alert metric counts."""
    before = counted("step")
    end = await attempts(recipe, jobs=JobsSettings(step_soft_timeout_s=0, step_timeout_s=SOON)).run()
    assert ended(end) == ("failed", "hard_timeout", "hard_timeout")
    error = error_of(end)
    assert (bool(error.field), bool(error.hint), "hard limit" in error.message) == (True, True, True)
    assert counted("step")[1] - before[1] == 1


async def without_steps(_: Context, __: Text) -> None:
    """Never ends, and has no steps."""
    await anyio.sleep_forever()


@pytest.mark.parametrize("recipe", [*RECIPES, relentless, without_steps])
async def test_nobody_can_catch_the_attempts_hard_limit(attempts: Make, recipe: Any) -> None:  # noqa: ANN401
    """The same for the attempt as a whole."""
    before = counted("job")
    end = await attempts(recipe, jobs=JobsSettings(job_soft_timeout_s=0, job_timeout_s=SOON)).run()
    assert ended(end) == ("failed", "hard_timeout", "hard_timeout")
    assert counted("job")[1] - before[1] == 1


async def test_a_hard_limit_makes_a_dead_letter(build: Build) -> None:
    """The job fails at once, without another attempt, and its letter says why."""
    jobs = JobsSettings(job_soft_timeout_s=0, job_timeout_s=SOON)
    async with build(without_steps, jobs=jobs) as engine:
        job = await engine.ended(await engine.submit())
        (letter,) = await engine.store.letters.list()
    assert (job.state, job.attempt, letter.reason) == (JobState.FAILED, 1, "hard_timeout")


async def test_an_earlier_end_counts_before_a_hard_limit(attempts: Make) -> None:
    """A job that is being handed back or cancelled stays that, however long its recipe takes to go."""

    def release(run: Run) -> None:
        run.release()
        run.time_out(HardTimeout(), "job")

    end = await attempts(without_steps).run(during=release)
    assert end is not None
    assert end.outcome == "released"


async def test_a_pipelines_own_limits_count(attempts: Make) -> None:
    """A kind may have other limits than the daemon's."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.step("a", anyio.sleep_forever, returns=NOTHING)

    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"step_soft_timeout_s": SOON}, "step_timeout"),
        ({"step_soft_timeout_s": 0, "step_timeout_s": SOON}, "hard_timeout"),
        ({"job_soft_timeout_s": SOON}, "step_timeout"),
        ({"job_timeout_s": SOON}, "hard_timeout"),
    )
    for options, code in cases:
        assert error_of(await attempts(pipeline(recipe, **options)).run()).code == code


async def test_a_recipe_sees_its_time_and_its_end(attempts: Make) -> None:
    """What is left shrinks towards both limits; cancelling is seen, handing back is not taken for it."""
    seen: list[object] = []

    async def recipe(ctx: Context, _: Text) -> None:
        first = ctx.seconds_left
        assert first.soft == math.inf
        assert 0 < first.hard <= 1200
        assert not ctx.is_cancelled
        run = ctx.use(Run)
        if ctx.attempt == 1:
            run.cancel(JobError(code="cancelled", message="enough"))
        else:
            run.release()
        try:
            await anyio.sleep_forever()
        finally:
            seen.append((ctx.is_cancelled, ctx.seconds_left.hard <= first.hard))

    job = attempts(recipe, jobs=JobsSettings(job_soft_timeout_s=0))
    await job.run(attempt=1)
    await job.run(attempt=2)
    assert seen == [(True, True), (False, True)]


@pytest.mark.parametrize("limit", ["soft", "hard"])
async def test_a_limit_reaches_the_pool_child(build: Build, limit: str) -> None:
    """What a step left running in a child is killed with it: the next call is answered, by another child."""

    async def pid(ctx: Context) -> int:
        return await ctx.offload(children.pid)

    async def sleep(ctx: Context) -> None:
        await ctx.offload(time.sleep, 600)

    async def recipe(ctx: Context, spec: Text) -> int:
        if spec.text != "slow":
            return await ctx.step("pid", lambda: pid(ctx), returns=int)
        soft_s, hard_s = (0.2, None) if limit == "soft" else (0, 0.2)
        try:
            await ctx.step("slow", lambda: sleep(ctx), returns=NOTHING, soft_timeout_s=soft_s, timeout_s=hard_s)
        except StepTimeout:
            return await ctx.step("after", lambda: pid(ctx), returns=int)
        return 0

    async with build(recipe, pool=PoolSettings(slots=1)) as engine:
        first = await engine.ended(await engine.submit())
        slow = await engine.ended(await engine.submit(text="slow"))
        last = await engine.ended(await engine.submit())
    assert slow.state is (JobState.SUCCEEDED if limit == "soft" else JobState.FAILED)
    assert first.result is not None
    assert last.result is not None
    assert bytes(first.result) != bytes(last.result)
