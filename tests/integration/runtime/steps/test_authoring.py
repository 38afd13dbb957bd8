"""What a recipe may rely on besides its steps: versions, keys, its log; and what it is told where it goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.errors import (
    FencedError,
    ProviderUnavailable,
    RecipeMisused,
    SlotCrashed,
    Snooze,
    StreamForgeError,
)
from streamforge.jobs.model import JobState
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import RetryPolicy
from tests.integration.engine import Text, pipeline
from tests.integration.runtime.conftest import Build
from tests.integration.runtime.steps.attempts import error_of
from tests.integration.runtime.steps.conftest import Make


async def seven() -> int:
    """A step's value."""
    return 7


async def one_step(ctx: Context, _: Text) -> int:
    """A recipe of one step."""
    return await ctx.step("a", seven, returns=int)


async def test_a_version_is_kept_with_every_checkpoint(attempts: Make) -> None:
    """And with nothing else that is written."""
    job = attempts(pipeline(one_step, version=4))
    await job.run()
    assert [(record.target, record.version) for record in job.records] == [("", ""), ("steps", "4")]


@pytest.mark.parametrize("name", ["step", "map", "child"])
async def test_checkpoints_of_another_version_are_refused(attempts: Make, name: str) -> None:
    """Before the first step of any kind, with both versions and what to do; nothing of the job is changed."""
    ran: list[int] = []

    async def work(_: int = 0) -> int:
        ran.append(1)
        return 1

    async def recipe(ctx: Context, _: Text) -> None:
        uses: dict[str, Callable[[], Awaitable[object]]] = {
            "step": lambda: ctx.step("a", work, returns=int),
            "map": lambda: ctx.map("a", [1], work, returns=int),
            "child": lambda: ctx.child("a", "echo", {}, returns=int),
        }
        await uses[name]()

    class Nobody:
        """Starts nothing."""

    job = attempts(pipeline(recipe, version=3, accepts=(1,)), children=Nobody())
    end = await job.run(version="2", token=1)
    assert end is not None
    assert (end.outcome, end.reason) == ("failed", "version_mismatch")
    error = error_of(end)
    assert all(part in error.message for part in ("version 2", "version 3"))
    assert "accepts" in (error.hint or "")
    assert (ran, job.records) == ([], [])


@pytest.mark.parametrize("theirs", ["", "1", "3", "3-beta"])
async def test_accepted_checkpoints_are_gone_on_from(attempts: Make, theirs: str) -> None:
    """Those of this version, of an accepted one, or none at all; numbers and texts alike."""
    job = attempts(pipeline(one_step, version=3, accepts=(1, "3-beta")))
    end = await job.run(version=theirs)
    assert end is not None
    assert end.outcome == "succeeded"


async def test_another_version_without_steps_does_no_harm(attempts: Make) -> None:
    """A recipe that uses no checkpoint does not care whose there are."""

    async def recipe(_: Context, __: Text) -> str:
        return "done"

    end = await attempts(pipeline(recipe, version=3)).run(version="2")
    assert end is not None
    assert end.outcome == "succeeded"


USES: dict[str, Callable[[Context], Awaitable[object]]] = {
    "step": lambda ctx: ctx.step("late", seven, returns=int),
    "map": lambda ctx: ctx.map("late", [1], lambda _: seven(), returns=int),
    "save": lambda ctx: ctx.save("late.txt", b"x", "text/plain"),
    "progress": lambda ctx: ctx.progress(50),
    "log": lambda ctx: ctx.log("late"),
}


@pytest.mark.parametrize("use", sorted(USES))
async def test_a_context_is_of_no_use_after_its_recipe(attempts: Make, use: str) -> None:
    """Whatever a forgotten task still does in its name is an error that says so, and changes nothing."""
    kept: list[Context] = []

    async def recipe(ctx: Context, _: Text) -> None:
        kept.append(ctx)

    job = attempts(recipe)
    end = await job.run()
    assert end is not None
    assert end.outcome == "succeeded"
    with pytest.raises(RecipeMisused, match="after the recipe had ended"):
        await USES[use](kept[0])
    assert job.records == []


async def test_a_step_that_outlives_its_recipe_is_not_kept(attempts: Make) -> None:
    """A step in a task that nobody waited for cannot write its value behind the job's end."""
    go_on = anyio.Event()
    tasks: list[asyncio.Task[Any]] = []

    async def slow() -> int:
        await go_on.wait()
        return 7

    async def recipe(ctx: Context, _: Text) -> None:
        tasks.append(asyncio.get_running_loop().create_task(ctx.step("late", slow, returns=int)))
        while not await job.events("step.started"):  # noqa: ASYNC110 - as in until
            await anyio.sleep(0.001)

    job = attempts(recipe)
    await job.run()
    go_on.set()
    with pytest.raises(RecipeMisused):
        await tasks[0]
    assert await job.broker.checkpoints("job-1") == {}


@pytest.mark.parametrize("name", ["", "a\nb", "\ud800", "x" * 401], ids=ascii)
async def test_what_is_no_name_is_refused(attempts: Make, name: str) -> None:
    """A step's name is shown to people and kept as a key."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.step(name, seven, returns=int)

    assert error_of(await attempts(recipe).run()).code == "recipe_misused"


async def test_an_idempotency_key_is_the_same_in_every_attempt(attempts: Make) -> None:
    """It differs by step and job alone, and is made of plain characters, whatever the step is called."""
    keys: list[str] = []

    async def recipe(ctx: Context, _: Text) -> None:
        keys.extend(ctx.idempotency_key(step) for step in ("pay", "ship", "f\u00fcr \ud800 alle"))

    job = attempts(recipe)
    await job.run(attempt=1)
    await job.run(attempt=2)
    assert keys[:3] == keys[3:]
    assert len(set(keys)) == 3
    assert all(key.isascii() and key.startswith("job-1.") and len(key) <= 81 for key in keys)


async def test_a_log_line_is_an_event_of_the_job(attempts: Make) -> None:
    """Message and facts reach the job's owner and the daemon's log, cut to size and without secret names."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.log("x" * 400, pages=3, share=0.5, ok=True, text="y" * 400 + "\ud800", api_key="sk-1")
        await ctx.log("half \ud800")

    job = attempts(recipe)
    with capture_logs() as lines:
        end = await job.run()
    assert end is not None
    assert end.outcome == "succeeded"
    first, second = (event.payload() for event in await job.events("job.log"))
    facts = {"pages": 3, "share": 0.5, "ok": True, "text": "y" * 300, "api_key": "[withheld]"}
    assert first == {"message": "x" * 300, "facts": facts}
    assert second["message"] == "half ?"
    logged = [line for line in lines if line["event"] == "recipe_log"]
    assert [(line["message"], line["facts"]) for line in logged] == [("x" * 300, facts), ("half ?", {})]


@pytest.mark.parametrize("facts", [{"a": None}, {"a": [1]}, {"a": b"x"}, {f"f{i}": i for i in range(21)}])
async def test_facts_are_few_and_plain(attempts: Make, facts: Any) -> None:  # noqa: ANN401
    """Anything else is refused with its name: an object would be shown as whatever it prints."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.log("x", **facts)

    error = error_of(await attempts(recipe).run())
    assert error.code == "recipe_misused"
    assert (error.field or "").startswith("log")


@pytest.mark.parametrize("in_step", [True, False])
async def test_a_snooze_parks_the_job(build: Build, *, in_step: bool) -> None:
    """From a step or the recipe itself: no attempt is charged, checkpoints stay, and nobody calls it an error."""
    naps = [0.01, 0.01, 0.01, 0.01]
    ran: list[int] = []

    async def work() -> int:
        ran.append(1)
        return 7

    async def nap() -> int:
        if naps:
            raise Snooze("not yet", for_s=naps.pop())
        return 1

    async def recipe(ctx: Context, _: Text) -> int:
        value = await ctx.step("a", work, returns=int)
        return value + await (ctx.step("nap", nap, returns=int) if in_step else nap())

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.store.events_since(job.id)
    assert (job.state, job.attempt, job.error, ran) == (JobState.SUCCEEDED, 1, None, [1])
    assert [e.payload()["reason"] for e in events if e.type == "job.snoozed"] == ["not yet"] * 4
    assert not [e for e in events if e.type == "job.retrying"]


async def test_a_snooze_is_no_warning(attempts: Make) -> None:
    """Waiting is an expected end: the log has no failed attempt."""

    async def recipe(_: Context, __: Text) -> None:
        raise Snooze(for_s=5)

    with capture_logs() as lines:
        end = await attempts(recipe).run()
    assert end is not None
    assert (end.outcome, end.delay_ms) == ("snooze", 5000)
    assert [(line["event"], line["log_level"]) for line in lines] == [("job_settled", "info")]


async def test_a_crash_is_charged_as_one(attempts: Make) -> None:
    """What killed the pool child, and how much memory it held, go into the settlement."""

    async def recipe(_: Context, __: Text) -> None:
        raise SlotCrashed("the pool child died", signal="SIGSEGV", peak_rss_kb=12_345)

    end = await attempts(recipe).run(attempt=9)
    assert end is not None
    assert (end.outcome, end.charge, end.signal, end.peak_rss_kb) == ("retry", "crash", "SIGSEGV", 12_345)


async def test_other_ends_carry_no_charge_of_their_own(attempts: Make) -> None:
    """An ordinary error costs an attempt and tells of no signal."""

    async def recipe(_: Context, __: Text) -> None:
        raise ProviderUnavailable

    end = await attempts(recipe).run()
    assert end is not None
    assert (end.outcome, end.charge, end.signal, end.peak_rss_kb, end.awaits) == ("retry", "attempt", "", 0, "")


async def test_a_kind_has_its_own_retries(attempts: Make) -> None:
    """A pipeline's policy takes the place of the daemon's."""

    async def recipe(_: Context, __: Text) -> None:
        raise OSError

    for policy, outcome in ((RetryPolicy(max_attempts=1), "failed"), (RetryPolicy(max_attempts=9), "retry")):
        end = await attempts(pipeline(recipe, retry=policy)).run(attempt=4)
        assert end is not None
        assert end.outcome == outcome


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([ProviderUnavailable("a")], "provider_unavailable"),
        ([OSError(), RecipeMisused("b")], "recipe_misused"),
        ([ProviderUnavailable("a"), Snooze(for_s=1)], "provider_unavailable"),
    ],
)
async def test_a_group_of_errors_counts_as_its_gravest(attempts: Make, errors: list[Exception], code: str) -> None:
    """A recipe's own task group changes nothing about what its owner is told."""

    async def recipe(_: Context, __: Text) -> None:
        raise ExceptionGroup("unhandled errors in a TaskGroup", errors)

    assert error_of(await attempts(recipe).run()).code == code


async def test_a_fence_inside_a_group_is_a_fence(attempts: Make) -> None:
    """The attempt ends quietly: there is nothing left for it to settle."""

    async def recipe(_: Context, __: Text) -> None:
        raise ExceptionGroup("", [ExceptionGroup("", [OSError(), FencedError()])])

    assert await attempts(recipe).run() is None


async def test_a_result_is_checked_where_it_is_declared(attempts: Make) -> None:
    """A recipe that returns something else than it says fails with the place, and no caller gets a wrong result."""

    async def recipe(_: Context, __: Text) -> object:
        return {"text": 5}

    error = error_of(await attempts(Pipeline("echo", Text, recipe, result_type=Text)).run())
    assert (error.code, error.field) == ("recipe_misused", "result")
    assert "$.text" in error.message


async def test_a_recipe_may_catch_what_its_steps_raise(attempts: Make) -> None:
    """An error comes out of a step as it was raised in it."""
    raised: list[StreamForgeError] = []
    error = ProviderUnavailable("busy")

    async def busy() -> int:
        raise error

    async def recipe(ctx: Context, _: Text) -> str:
        try:
            await ctx.step("a", busy, returns=int)
        except ProviderUnavailable as caught:
            raised.append(caught)
        return "done"

    await attempts(recipe).run()
    assert raised == [error]
