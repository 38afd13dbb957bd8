"""One attempt, from claim to end: values, errors, surprises, and being told to stop."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from streamforge.config import JobsSettings
from streamforge.errors import (
    AssetRejected,
    FencedError,
    InvalidInput,
    LayoutInfeasible,
    PermanentError,
    ProviderUnavailable,
    RateLimited,
)
from streamforge.jobs.model import JobError, JobState
from streamforge.runtime.context import Context
from streamforge.runtime.retry import RetryPolicy
from streamforge.testing.waiting import until
from tests.integration.engine import Text, pipeline
from tests.integration.moves import pending, take_one
from tests.integration.runtime.conftest import Build


def raising(error: BaseException) -> Any:  # noqa: ANN401 - a recipe
    """A recipe that raises, each time anew."""

    async def recipe(_: Context, __: Text) -> None:
        await anyio.lowlevel.checkpoint()
        raise error

    return recipe


async def forever(_: Context, __: Text) -> None:
    """A recipe that never ends by itself."""
    await anyio.sleep_forever()


async def test_what_a_recipe_returns_is_the_result(build: Build) -> None:
    """The returned value becomes the result as JSON; the job has one attempt and tells its life in order."""

    async def recipe(_: Context, spec: Text) -> dict[str, str]:
        return {"said": spec.text}

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit(text="hello"))
    assert (job.state, job.attempt, job.error) == (JobState.SUCCEEDED, 1, None)
    assert job.result is not None
    assert msgspec.json.decode(job.result) == {"said": "hello"}
    assert job.finished_ms >= job.started_ms >= job.created_ms


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermanentError("never"), "permanent_error"),
        (InvalidInput("bad", field="text", hint="write less"), "invalid_input"),
        (AssetRejected("a bomb"), "asset_rejected"),
        (LayoutInfeasible("no", conflicts=("a over b",)), "layout_infeasible"),
    ],
)
async def test_a_permanent_error_ends_the_job(build: Build, error: Any, code: str) -> None:  # noqa: ANN401
    """It fails at the first attempt, under the error's code, with field, hint and details for its owner."""
    async with build(raising(error)) as engine:
        job = await engine.ended(await engine.submit())
        (letter,) = await engine.store.letters.list()
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert job.error is not None
    assert (job.error.code, job.error.message) == (code, error.message)
    assert (job.error.field, job.error.hint) == (error.field, error.hint)
    assert job.error.details == list(getattr(error, "conflicts", ()))
    assert (letter.job, letter.reason) == (job.id, code)


@pytest.mark.parametrize(
    "error",
    [ProviderUnavailable("x"), RateLimited("x", retry_after_s=0.001), OSError("x"), ExceptionGroup("g", [OSError()])],
)
async def test_other_errors_use_up_the_attempts(build: Build, error: Exception) -> None:
    """A transient or unexpected error is tried again, until the attempts are used up."""
    async with build(raising(error)) as engine:
        job = await engine.ended(await engine.submit())
        (letter,) = await engine.store.letters.list()
        events = await engine.events(job.id)
    assert (job.state, job.attempt) == (JobState.FAILED, 3)
    assert letter.reason == "attempts_exhausted"
    assert events.count("job.retrying") == 2
    assert events[-1] == "job.failed"


async def test_an_unexpected_error_tells_its_place_and_nothing_else(build: Build) -> None:
    """Its text may hold anything, so only its class and the lines it came through are kept."""
    async with build(raising(ValueError("the secret is 42"))) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.store.events_since(job.id)
    assert job.error is not None
    assert job.error.message == "unexpected ValueError"
    assert "recipe" in job.error.details[-1]
    assert "secret" not in str(job.error)
    assert not any("secret" in event.data for event in events)


@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_job_may_succeed_after_a_failure(build: Build, attempts: int) -> None:
    """What went wrong before does not count once an attempt succeeds."""
    left = [OSError()] * attempts

    async def recipe(_: Context, __: Text) -> str:
        if left:
            raise left.pop()
        return "done"

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, attempts + 1)


@pytest.mark.parametrize("retry_after_s", [float("nan"), float("inf"), -1.0, 1e300])
async def test_a_senseless_pause_does_not_stop_the_worker(build: Build, retry_after_s: float) -> None:
    """A provider that asks for no length of time, or for ages, parks its job; other jobs are done."""
    limited = raising(RateLimited("x", retry_after_s=retry_after_s))
    async with build(pipelines=[pipeline(limited, "limited"), pipeline(_hello)]) as engine:
        parked = await engine.submit("limited")

        async def is_parked() -> bool:
            return (await engine.store.get(parked)).state in (JobState.SCHEDULED, JobState.FAILED)

        await until(is_parked, "the attempt has ended")
        assert (await engine.ended(await engine.submit())).state is JobState.SUCCEEDED


async def _hello(_: Context, __: Text) -> str:
    return "hello"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (PermanentError("half a pair: \ud800", field="\ud800", hint="\ud800"), JobState.FAILED),
        (LayoutInfeasible("x", conflicts=("\ud800",)), JobState.FAILED),
        (SystemExit(1), JobState.FAILED),
        (asyncio.CancelledError(), JobState.FAILED),
        (RecursionError(), JobState.FAILED),
        (MemoryError(), JobState.FAILED),
        (StopAsyncIteration(), JobState.FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_no_exception_of_a_recipe_harms_another_job(build: Build, error: BaseException, state: JobState) -> None:
    """Whatever a recipe raises ends its own job, and the worker goes on with the others."""
    async with build(pipelines=[pipeline(raising(error), "bad"), pipeline(_hello)]) as engine:
        bad = await engine.submit("bad")
        assert (await engine.ended(await engine.submit())).state is JobState.SUCCEEDED
        assert (await engine.ended(bad)).state is state
        assert await pending(engine.broker) == 0


async def test_values_that_cannot_be_written_fail_their_own_job(build: Build) -> None:
    """A result or a step's value that no JSON or MessagePack can hold is that job's error."""

    async def result(_: Context, __: Text) -> object:
        return object()

    async def step(ctx: Context, _: Text) -> None:
        await ctx.step("a", _object, returns=object)

    async with build(pipelines=[pipeline(result, "result"), pipeline(step, "step"), pipeline(_hello)]) as engine:
        bad = [await engine.submit(name) for name in ("result", "step")]
        assert (await engine.ended(await engine.submit())).state is JobState.SUCCEEDED
        assert [(await engine.ended(job_id)).state for job_id in bad] == [JobState.FAILED] * 2


async def _object() -> object:
    return object()


async def test_a_kind_that_this_worker_lacks_fails_with_a_name(build: Build) -> None:
    """A job of an unknown kind is a dead letter that says so, not a crash."""
    async with build(_hello) as engine:
        job = await engine.ended(await engine.submit("unheard-of"))
    assert job.error is not None
    assert (job.error.code, job.error.field) == ("unknown_kind", "kind")


async def test_an_input_that_no_longer_fits_fails_with_its_field(build: Build) -> None:
    """A stored input that the kind of today refuses is invalid_input, naming the field."""
    async with build(_hello) as engine:
        job = await engine.ended(await engine.submit(input=b'{"text":5}'))
    assert job.error is not None
    assert (job.error.code, job.error.field) == ("invalid_input", "text")


async def test_a_fenced_attempt_ends_quietly(build: Build) -> None:
    """An attempt whose job another has taken writes nothing more, and settles nothing."""
    entered, go_on = anyio.Event(), anyio.Event()

    async def recipe(ctx: Context, _: Text) -> str:
        entered.set()
        await go_on.wait()
        await ctx.progress(50)
        return "never"

    async with build(recipe) as engine:
        job_id = await engine.submit()
        await entered.wait()
        claim = await take_one(engine.broker, mode="lost")
        before = await engine.events(job_id)
        go_on.set()
        await until(lambda: not engine.worker.running, "the fenced attempt has ended")
        job = await engine.store.get(job_id)
        assert (job.state, job.token) == (JobState.RUNNING, claim.token)
        assert await engine.events(job_id) == before


async def test_a_recipe_cannot_swallow_the_fence_for_others(build: Build) -> None:
    """A recipe that swallows FencedError still settles in vain."""
    entered, go_on = anyio.Event(), anyio.Event()

    async def recipe(ctx: Context, _: Text) -> str:
        entered.set()
        await go_on.wait()
        try:
            await ctx.save("a.txt", b"x", "text/plain")
        except FencedError:
            return "stubborn"
        return "unfenced"

    async with build(recipe) as engine:
        job_id = await engine.submit()
        await entered.wait()
        await take_one(engine.broker, mode="lost")
        go_on.set()
        await until(lambda: not engine.worker.running, "the fenced attempt has ended")
        job = await engine.store.get(job_id)
        assert (job.state, job.result, job.artifacts) == (JobState.RUNNING, None, {})


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_released_job_goes_back_to_its_queue(build: Build, *, stubborn: bool) -> None:
    """Handing back charges no attempt, also where the recipe turns its cancellation into an error of its own."""
    entered: list[int] = []

    async def recipe(ctx: Context, _: Text) -> str:
        entered.append(ctx.attempt)
        if len(entered) > 1:
            return "done"
        try:
            await anyio.sleep_forever()
        except BaseException as error:
            if stubborn:
                raise RuntimeError("cleaning up failed") from error
            raise
        return "never"

    async with build(recipe) as engine:
        job_id = await engine.submit()
        await until(lambda: entered, "the recipe runs")
        for run in engine.worker.running:
            run.release()
        job = await engine.ended(job_id)
        assert "job.released" in await engine.events(job_id)
    assert (job.state, job.attempt, entered) == (JobState.SUCCEEDED, 1, [1, 1])


async def test_a_cancelled_job_ends_with_the_reason(build: Build) -> None:
    """Cancelling ends the job with the error it was given; the first of two ends asked for counts."""
    async with build(forever) as engine:
        job_id = await engine.submit()
        (run,) = await until(lambda: engine.worker.running, "the recipe runs")
        run.cancel(JobError(code="cancelled", message="by its owner"))
        run.release()
        job = await engine.ended(job_id)
    assert job.state is JobState.CANCELLED
    assert job.error == JobError(code="cancelled", message="by its owner")


async def test_other_settings_hold_from_the_next_attempt_on(build: Build) -> None:
    """Limits and retries that are read again while the daemon runs count for what begins after that."""
    async with build(forever) as engine:
        limits = JobsSettings(job_soft_timeout_s=0, job_timeout_s=0.02)
        engine.executor.reload(RetryPolicy(max_attempts=1), limits)
        timed_out = await engine.ended(await engine.submit())
        engine.executor.reload(RetryPolicy(max_attempts=1), JobsSettings())
        job_id = await engine.submit()
        (run,) = await until(lambda: engine.worker.running, "the recipe runs")
        assert run.seconds_left.hard > 1
        run.cancel(JobError(code="cancelled", message="enough"))
        assert (await engine.ended(job_id)).state is JobState.CANCELLED
    assert timed_out.error is not None
    assert timed_out.error.code == "hard_timeout"
