"""A rehearsal and a worker over a real server agree: the same recipe, the same events, values and ends in both."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamforge import Context, PermanentError, Pipeline, RetryPolicy, Snooze
from streamforge.config import JobsSettings
from streamforge.errors import ProviderUnavailable, StepTimeout
from streamforge.testing import InProcessWorker, Rehearsal, TestServer
from tests.integration.testing.pool_calls import process_of

VARIES = ("seconds", "due_ms", "child")


class Spec(msgspec.Struct):
    """An input."""

    items: tuple[int, ...] = (1, 2, 3)


class Script:
    """What goes wrong, in order; each recipe begins with a fresh one."""

    def __init__(self, *errors: Exception | None) -> None:
        self._errors = list(errors)

    async def __call__(self, value: Any = 7) -> Any:  # noqa: ANN401 - any value
        """The value, or the next error."""
        error = self._errors.pop(0) if self._errors else None
        if error is not None:
            raise error
        return value


Recipe = Callable[[Context, Spec], Any]


def stepping(*errors: Exception | None) -> Recipe:
    """Two steps, the second of which goes wrong like that."""
    work = Script(*errors)

    async def recipe(ctx: Context, spec: Spec) -> list[int]:
        first = await ctx.step("a", lambda: Script()(len(spec.items)), returns=int)
        await ctx.progress(10)
        await ctx.log("between", first=first)
        second = await ctx.step("b", work, returns=int)
        await ctx.save("sum.txt", str(first + second).encode(), "text/plain")
        return [first, second]

    return recipe


def mapping(*errors: Exception | None, on_error: Any = "continue") -> Recipe:  # noqa: ANN401 - OnError
    """A fan-out, one item at a time."""
    work = Script(*errors)

    async def recipe(ctx: Context, spec: Spec) -> dict[str, int]:
        mapped = await ctx.map("m", spec.items, work, returns=int, concurrency=1, on_error=on_error)
        return mapped.done

    return recipe


def twice() -> Recipe:
    """A recipe that misuses its context."""

    async def recipe(ctx: Context, spec: Spec) -> None:
        del spec
        await ctx.step("a", Script(), returns=int)
        await ctx.step("a", Script(), returns=int)

    return recipe


def large() -> Recipe:
    """A value that goes to the object store, read back by a second attempt."""
    work = Script(ProviderUnavailable())

    async def recipe(ctx: Context, spec: Spec) -> int:
        del spec
        data = await ctx.step("large", lambda: Script()(b"x" * 5000), returns=bytes)
        await ctx.step("then", work, returns=int)
        return len(data)

    return recipe


def offloading() -> Recipe:
    """A call to a pool child."""

    async def recipe(ctx: Context, spec: Spec) -> str:
        del spec
        text, _ = await ctx.offload(process_of, "hi")
        return text

    return recipe


RECIPES: dict[str, Callable[[], Recipe]] = {
    "plain": stepping,
    "retried": lambda: stepping(ProviderUnavailable("away"), OSError("secret")),
    "used up": lambda: stepping(*[OSError()] * 5),
    "refused": lambda: stepping(PermanentError("no", field="b", hint="never")),
    "snoozing": lambda: stepping(Snooze("later", for_s=60), Snooze("later", for_s=60)),
    "soft limit": lambda: stepping(StepTimeout("slow")),
    "soft limits": lambda: stepping(StepTimeout("slow"), StepTimeout("slow")),
    "group": lambda: stepping(ExceptionGroup("", [OSError(), PermanentError("gravest")])),
    "fan-out": mapping,
    "items fail": lambda: mapping(None, PermanentError("no"), None),
    "item snoozes": lambda: mapping(None, Snooze("later", for_s=60)),
    "item stops all": lambda: mapping(None, ProviderUnavailable(), on_error="raise"),
    "misused": twice,
    "large": large,
    "offloaded": offloading,
}


def told(events: list[Any]) -> list[tuple[str, int, dict[str, object]]]:
    """What recipes and steps have said: type, attempt, and data that does not vary."""
    kept = [
        event for event in events if event.type.startswith(("step.", "item.", "artifact.", "job.log", "job.progress"))
    ]
    return [
        (event.type, event.attempt, {name: v for name, v in event.payload().items() if name not in VARIES})
        for event in kept
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    """One for all recipes."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name, TestServer(Path(name)) as server:
        yield server


@pytest.mark.parametrize("name", sorted(RECIPES))
async def test_both_agree(server: TestServer, name: str) -> None:
    """Events, checkpoints, files, the number of attempts, and how the job ends."""
    jobs = JobsSettings(inline_bytes=1000)

    def made() -> Pipeline[Spec]:
        policy = RetryPolicy(max_attempts=3, base_s=0.001, cap_s=0.002)
        return Pipeline("kind", Spec, RECIPES[name](), steps=("a", "b"), version=5, retry=policy)

    rehearsal = Rehearsal(made(), Spec(), jobs=jobs)
    end = await rehearsal.run()
    async with InProcessWorker([made()], url=server.url, jobs=jobs) as worker:
        job = await worker.run("kind", Spec())
        letters = await worker.dead_letters()
        assert told(rehearsal.events) == told(await worker.events(job.id))
        assert sorted(await rehearsal.checkpoints()) == await worker.checkpoints(job.id)
        assert await rehearsal.files() == await worker.files(job.id)
    assert end.outcome == str(job.state)
    failures = [(end.reason, end.error)] if end.outcome == "failed" else []
    assert [(letter.reason, letter.error) for letter in letters] == failures
    assert end.result == (msgspec.json.decode(job.result) if job.result is not None else None)
    charged = [one for one in rehearsal.attempts[:-1] if one.outcome == "retry"]
    assert job.attempt == len(charged) + 1
