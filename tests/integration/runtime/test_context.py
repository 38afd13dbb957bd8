"""What a recipe does through its context: steps that run once, files, progress, borrowed things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings
from streamforge.jobs.model import JobState
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from tests.integration.engine import Engine, Text
from tests.integration.moves import raw
from tests.integration.runtime.conftest import Build


class Calls:
    """Step functions that count how often they run."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()

    def giving(self, name: str, value: Any) -> Callable[[], Awaitable[Any]]:  # noqa: ANN401
        """A step's function."""

        async def call() -> Any:  # noqa: ANN401
            self.ran[name] += 1
            return value

        return call


async def error_of(engine: Engine) -> tuple[str, str, str]:
    """Submit one job; its error's code, field and message."""
    job = await engine.ended(await engine.submit())
    assert job.state is JobState.FAILED
    assert job.error is not None
    return job.error.code, job.error.field or "", job.error.message


@pytest.mark.parametrize(
    "value", [None, 0, "", "text", b"\x00\xff", [1, 2.5], {"a": {"b": [True, None]}}, Text("x")], ids=repr
)
async def test_a_step_runs_once_over_all_attempts(build: Build, value: object) -> None:
    """A retry reads the value back, the same as it was returned, and does not run the step again."""
    calls = Calls()
    seen: list[object] = []

    async def recipe(ctx: Context, _: Text) -> int:
        seen.append(await ctx.step("a", calls.giving("a", value), returns=type(value)))
        if ctx.attempt < 3:
            raise OSError
        return ctx.attempt

    async with build(recipe, steps=("a",)) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.events(job.id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 3)
    assert seen == [value] * 3
    assert calls.ran == {"a": 1}
    assert (events.count("step.completed"), events.count("step.replayed")) == (1, 2)


async def test_a_step_that_failed_runs_again(build: Build) -> None:
    """Only what has returned is written down; the steps before it are not repeated."""
    calls = Calls()

    async def flaky() -> str:
        calls.ran["b"] += 1
        if calls.ran["b"] == 1:
            raise OSError
        return "b"

    async def recipe(ctx: Context, _: Text) -> str:
        return await ctx.step("a", calls.giving("a", "a"), returns=str) + await ctx.step("b", flaky, returns=str)

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert job.state is JobState.SUCCEEDED
    assert calls.ran == {"a": 1, "b": 2}


@pytest.mark.parametrize("size", [10, 5_000_000])
async def test_large_values_lie_in_the_object_store(build: Build, broker: Broker, size: int) -> None:
    """Above ``inline_bytes`` Redis holds a key only, and a later attempt gets the whole value."""
    calls, sizes = Calls(), list[int]()

    async def recipe(ctx: Context, _: Text) -> None:
        sizes.append(len(await ctx.step("a", calls.giving("a", b"x" * size), returns=bytes)))
        if ctx.attempt < 2:
            raise OSError

    async with build(recipe, jobs=JobsSettings(inline_bytes=1000)) as engine:
        job = await engine.ended(await engine.submit())
        (saved,) = (await raw(broker).hgetall(broker.keys.steps(job.id))).values()
    assert job.state is JobState.SUCCEEDED
    assert sizes == [size, size]
    assert calls.ran == {"a": 1}
    assert (saved[:1], len(saved) < 100) == (b"v" if size < 1000 else b"o", True)


async def test_a_value_over_the_limit_is_named(build: Build) -> None:
    """ResultTooLarge tells the step and the setting, and is not tried again."""
    calls = Calls()

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.step("huge", calls.giving("huge", "x" * 2000), returns=str)

    async with build(recipe, jobs=JobsSettings(step_value_max_bytes=1000)) as engine:
        code, field, _ = await error_of(engine)
    assert (code, field, calls.ran["huge"]) == ("result_too_large", "huge", 1)


@pytest.mark.parametrize(
    "saved",
    [b"", b"v", b"v\xc1", b"v\xa1x", b"o" + b"0" * 64, b"onothing", b"o\xff\xfe", b"z9", b"\xff"],
    ids=repr,
)
async def test_a_checkpoint_that_cannot_be_read_is_none(build: Build, broker: Broker, saved: bytes) -> None:
    """One that is damaged, of another form, or whose object is gone makes the step run again, and the job succeed."""
    calls = Calls()

    async def recipe(ctx: Context, _: Text) -> int:
        value: int = await ctx.step("a", calls.giving("a", 7), returns=int)
        if ctx.attempt < 2:
            await raw(broker).hset(broker.keys.steps(ctx.job_id), "a", saved)
            raise OSError
        return value

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert job.state is JobState.SUCCEEDED
    assert calls.ran == {"a": 2}
    assert job.result is not None
    assert bytes(job.result) == b"7"


async def test_a_name_is_used_once(build: Build) -> None:
    """Two steps of one name would share a value; the recipe is told so, and not retried."""
    calls = Calls()

    async def recipe(ctx: Context, _: Text) -> None:
        for value in (1, 2):
            await ctx.step("a", calls.giving("a", value), returns=int)

    async with build(recipe) as engine:
        code, field, message = await error_of(engine)
    assert (code, field) == ("recipe_misused", "step")
    assert "'a'" in message
    assert calls.ran == {"a": 1}


async def test_progress_only_grows(build: Build) -> None:
    """Whatever a recipe says, the job's progress within an attempt stays in 0..100 and never falls."""
    calls = Calls()

    async def recipe(ctx: Context, _: Text) -> None:
        for name in ("a", "b", "surprise", "d"):
            for percent in (50, -10, 20, 300, 99):
                await ctx.progress(percent, "x" * 1000)
            await ctx.step(name, calls.giving(name, None), returns=type(None))

    async with build(recipe, steps=("a", "b")) as engine:
        job = await engine.ended(await engine.submit())
        events = await engine.store.events_since(job.id)
    payloads = [event.payload() for event in events]
    numbers = [float(str(payload["progress"])) for payload in payloads if "progress" in payload]
    assert len(numbers) == 24
    assert numbers == sorted(numbers)
    assert (min(numbers) >= 0, max(numbers)) == (True, 100.0)
    assert all(len(str(payload.get("message", ""))) <= 300 for payload in payloads)


async def test_files_are_saved_under_their_names(build: Build, objects: Objects) -> None:
    """A saved file is in the job's record with its type and size; the same name again replaces it."""

    async def recipe(ctx: Context, _: Text) -> bytes:
        await ctx.save("a.txt", b"first", "text/plain")
        artifact = await ctx.save("a.txt", b"second", "text/plain")
        await ctx.save("b.png", b"\x89PNG", "image/png")
        return await ctx.load(artifact)

    async with build(recipe) as engine:
        job = await engine.ended(await engine.submit())
    assert {name: (file.media_type, file.size) for name, file in job.artifacts.items()} == {
        "a.txt": ("text/plain", 6),
        "b.png": ("image/png", 4),
    }
    assert await objects.of(job.tenant).get(job.artifacts["a.txt"].key) == b"second"


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "x" * 201])
async def test_what_is_no_file_name_is_refused(build: Build, name: str) -> None:
    """A name that could leave a directory, hide, or be none is invalid_input."""

    async def recipe(ctx: Context, _: Text) -> None:
        await ctx.save(name, b"x", "text/plain")

    async with build(recipe) as engine:
        assert (await error_of(engine))[:2] == ("invalid_input", "name")


async def test_things_are_lent_by_type(build: Build) -> None:
    """``use`` gives what the daemon lends, and names what it does not."""

    async def recipe(ctx: Context, spec: Text) -> str:
        return ctx.use(Text).text if spec.text else str(ctx.use(Broker))

    async with build(recipe, resources={Text: Text("lent")}) as engine:
        job = await engine.ended(await engine.submit(text="yes"))
        assert job.result is not None
        assert bytes(job.result) == b'"lent"'
        code, _, message = await error_of(engine)
    assert code == "permanent_error"
    assert "Broker" in message
