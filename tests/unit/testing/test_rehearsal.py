"""Recipes rehearsed without a server: steps keep what they promise, and crashes come where they are asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from streamforge import Context, InputError, Pipeline, RetryPolicy, Snooze, StepTimeout, pipeline
from streamforge.config import JobsSettings
from streamforge.errors import ChildFailed, InvalidInput, PermanentError, ProviderUnavailable, RateLimited
from streamforge.jobs.model import Artifact
from streamforge.providers.text import TextModel, TextRequest, Turn
from streamforge.runtime.pool_child import RemoteFault
from streamforge.testing import Rehearsal, ScriptedText


class Order(msgspec.Struct):
    """An input."""

    items: list[int] = []
    name: str = "x"


class Done(msgspec.Struct):
    """A result."""

    total: int


class Work:
    """What steps do, counted."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.raises: dict[str, list[BaseException]] = {}

    async def __call__(self, name: str, value: int = 1) -> int:
        """The value, or the next error for that name."""
        self.ran[name] += 1
        await anyio.lowlevel.checkpoint()
        if self.raises.get(name):
            raise self.raises[name].pop(0)
        return value


def two_steps(work: Work, **options: Any) -> Pipeline[Order]:  # noqa: ANN401 - Options
    """A pipeline of steps ``a`` and ``b``."""

    @pipeline("two", steps=("a", "b"), **options)
    async def recipe(ctx: Context, spec: Order) -> Done:
        del spec
        a = await ctx.step("a", lambda: work("a"), returns=int)
        b = await ctx.step("b", lambda: work("b", 10), returns=int)
        return Done(a + b)

    return recipe


async def test_a_recipe_runs_to_its_end() -> None:
    """Its result is typed as the pipeline declares it; what ran, what is kept and what was told can be seen."""
    rehearsal = Rehearsal(two_steps(Work()), Order())
    end = await rehearsal.run()
    assert (end.outcome, end.result, end.error) == ("succeeded", Done(11), None)
    assert (rehearsal.ran, await rehearsal.checkpoints()) == (["a", "b"], {"a": 1, "b": 10})
    assert [told["progress"] for told in rehearsal.happened("step.completed")] == [50.0, 100.0]


async def test_a_spec_is_checked_as_at_every_door() -> None:
    """One that no job could have is refused before anything runs."""
    with pytest.raises(InvalidInput, match="items"):
        Rehearsal(two_steps(Work()), Order(items=["one"]))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("point", "ran"), [("crash_after", {"a": 1, "b": 1}), ("crash_in", {"a": 2, "b": 1})])
async def test_a_crash_comes_where_it_is_asked_for(point: str, ran: dict[str, int]) -> None:
    """After a checkpoint nothing of it is done again; before it the step runs twice. No attempt is charged."""
    work = Work()
    rehearsal = Rehearsal(two_steps(work), Order())
    end = await rehearsal.attempt(**{point: "a"})
    assert (end.outcome, end.is_over, work.ran["b"]) == ("crashed", False, 0)
    assert await rehearsal.result() == Done(11)
    assert work.ran == ran
    assert [found["step"] for found in rehearsal.happened("step.replayed")] == ["a"] * (point == "crash_after")


async def test_a_crash_that_never_comes_fails_the_test() -> None:
    """A point that the recipe does not reach is a mistake in the test, not a pass."""
    rehearsal = Rehearsal(two_steps(Work()), Order())
    with pytest.raises(AssertionError, match="'c' was not written"):
        await rehearsal.attempt(crash_after="c")
    with pytest.raises(AssertionError, match="'a' was not written"):
        await rehearsal.attempt(crash_after="a")


async def test_a_dead_attempt_changes_nothing_more() -> None:
    """Whatever the recipe still tries on its way out is refused, and its result does not count."""

    async def recipe(ctx: Context, spec: Order) -> int:
        del spec
        with anyio.CancelScope(shield=True):
            try:
                await ctx.step("a", lambda: Work()("a"), returns=int)
            finally:
                await ctx.log("still here")
        return 1

    rehearsal = Rehearsal(Pipeline("stubborn", Order, recipe), Order())
    with capture_logs() as lines:
        assert (await rehearsal.attempt(crash_after="a")).outcome == "crashed"
    assert [line["event"] for line in lines if line["event"].startswith("job_")] == ["job_fenced"]
    assert rehearsal.happened("job.log") == []
    assert await rehearsal.result() == 1
    assert len(rehearsal.happened("job.log")) == 1


async def test_a_result_that_comes_too_late_is_refused() -> None:
    """A recipe that returns in the very moment of its process' death has settled nothing."""

    async def recipe(ctx: Context, spec: Order) -> int:
        del spec
        if ctx.attempt == 1 and not rehearsal.attempts:
            rehearsal.crash()
        return 1

    rehearsal = Rehearsal(Pipeline("late", Order, recipe), Order())
    with capture_logs() as lines:
        assert (await rehearsal.attempt()).outcome == "crashed"
    assert [(line["event"], line["stage"]) for line in lines] == [("job_fenced", "settle")]
    assert await rehearsal.result() == 1


async def test_a_call_may_crash_by_itself() -> None:
    """A test can let the process die in the middle of a step."""
    calls: list[int] = []

    async def charge() -> int:
        calls.append(1)
        if len(calls) == 1:
            rehearsal.crash()
        await anyio.lowlevel.checkpoint()
        return len(calls)

    async def recipe(ctx: Context, spec: Order) -> int:
        del spec
        return await ctx.step("charge", charge, returns=int)

    rehearsal = Rehearsal(Pipeline("pay", Order, recipe), Order())
    assert (await rehearsal.attempt()).outcome == "crashed"
    assert await rehearsal.result() == 2


async def test_idempotency_keys_and_attempts_are_the_jobs() -> None:
    """A key is the same over a crash and a retry, of which only the retry is a new attempt."""
    seen: list[tuple[str, int]] = []
    work = Work()

    async def recipe(ctx: Context, spec: Order) -> None:
        del spec
        seen.append((ctx.idempotency_key("pay"), ctx.attempt))
        await ctx.step("pay", lambda: work("pay"), returns=int)

    work.raises["pay"] = [ProviderUnavailable()]
    rehearsal = Rehearsal(Pipeline("pay", Order, recipe), Order())
    assert (await rehearsal.attempt()).outcome == "retry"
    await rehearsal.attempt(crash_in="pay")
    await rehearsal.run()
    assert len({key for key, _ in seen}) == 1
    assert [attempt for _, attempt in seen] == [1, 2, 2]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (PermanentError("no"), "failed", "permanent_error"),
        (InputError("no"), "failed", "input_error"),
        (OSError("secret"), "retry", "internal"),
        (RateLimited(retry_after_s=7), "retry", "rate_limited"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_errors_have_their_consequences(error: Exception, outcome: str, code: str) -> None:
    """The same as in the daemon, with the exception itself at hand for the test."""
    work = Work()
    work.raises["a"] = [error]
    end = await Rehearsal(two_steps(work), Order()).attempt()
    assert end.error is not None
    assert (end.outcome, end.error.code, end.cause) == (outcome, code, error)
    assert outcome != "retry" or code != "rate_limited" or end.delay_s == 7


async def test_attempts_are_used_up() -> None:
    """By the pipeline's own policy, without its pauses; ``result`` raises what the recipe raised."""
    work = Work()
    work.raises["b"] = [OSError(), OSError(), OSError("the last")]
    rehearsal = Rehearsal(two_steps(work, retry=RetryPolicy(max_attempts=2, base_s=3600)), Order())
    end = await rehearsal.run()
    assert (end.outcome, end.reason, work.ran) == ("failed", "attempts_exhausted", {"a": 1, "b": 2})
    again = Rehearsal(two_steps(work), Order(), policy=RetryPolicy(max_attempts=1))
    with pytest.raises(OSError, match="the last"):
        await again.result()


async def test_a_snooze_is_a_pause_that_a_run_does_not_wait_for() -> None:
    """An attempt tells how long it would be; nothing is charged."""
    work = Work()
    work.raises["b"] = [Snooze("not yet", for_s=3600)] * 5
    rehearsal = Rehearsal(two_steps(work), Order())
    end = await rehearsal.attempt()
    assert (end.outcome, end.reason, end.delay_s) == ("snooze", "not yet", 3600)
    assert (await rehearsal.run()).outcome == "succeeded"
    assert work.ran == {"a": 1, "b": 6}


async def test_a_recipe_that_never_ends_is_told() -> None:
    """A job that snoozes for ever fails the test instead of hanging it."""

    async def recipe(ctx: Context, spec: Order) -> None:
        del ctx, spec
        raise Snooze("for ever", for_s=1)

    with pytest.raises(AssertionError, match="for ever"):
        await Rehearsal(Pipeline("lazy", Order, recipe), Order()).run()


async def test_items_of_a_fan_out_are_checkpoints() -> None:
    """A crash after one item leaves that one; failed ones are told, and the others go on."""
    work = Work()

    async def recipe(ctx: Context, spec: Order) -> list[int]:
        mapped = await ctx.map(
            "m", spec.items, lambda item: work(str(item), item), returns=int, key=str, concurrency=1,
            on_error="continue",
        )  # fmt: skip
        return mapped.values

    work.raises["3"] = [PermanentError("no")]
    rehearsal = Rehearsal(Pipeline("fan", Order, recipe), Order(items=[1, 2, 3, 4]))
    await rehearsal.attempt(crash_after="m[2]")
    assert await rehearsal.result() == [1, 2, 4]
    assert work.ran == {"1": 1, "2": 1, "3": 1, "4": 1}
    assert [failed["item"] for failed in rehearsal.happened("item.failed")] == ["3"]


def parent() -> Pipeline[Order]:
    """A pipeline with a child."""

    async def recipe(ctx: Context, spec: Order) -> Done:
        return await ctx.child("sum", "adder", {"items": spec.items}, returns=Done)

    return Pipeline("parent", Order, recipe, result_type=Done)


async def test_a_child_is_answered_by_the_test() -> None:
    """What it was asked can be seen; its result is decoded as the recipe wants it."""
    rehearsal = Rehearsal(parent(), Order(items=[1, 2]), children={"sum": Done(3)})
    assert await rehearsal.result() == Done(3)
    (asked,) = rehearsal.children
    assert (asked.step, asked.kind, asked.input) == ("sum", "adder", {"items": [1, 2]})


async def test_a_child_may_fail() -> None:
    """The recipe gets ChildFailed, with what the child died of."""
    end = await Rehearsal(parent(), Order(), children={"sum": PermanentError("bad sums")}).run()
    assert (end.outcome, end.reason, type(end.cause)) == ("failed", "child_failed", ChildFailed)
    assert "bad sums" in str(end.cause)


async def test_a_child_without_an_answer_is_waited_for() -> None:
    """The job is parked until the test answers; running on to the end says what is missing."""
    rehearsal = Rehearsal(parent(), Order())
    end = await rehearsal.attempt()
    assert (end.outcome, bool(end.awaits)) == ("snooze", True)
    with pytest.raises(AssertionError, match="step 'sum' waits for a 'adder'"):
        await rehearsal.run()
    rehearsal.answer("sum", {"total": 9})
    assert await rehearsal.result() == Done(9)


async def test_earlier_checkpoints_can_be_given() -> None:
    """As an earlier attempt would have left them; those of another version are refused, unless they are accepted."""
    work = Work()
    assert await Rehearsal(two_steps(work), Order(), checkpoints={"a": 5}).result() == Done(15)
    assert work.ran == {"b": 1}
    refused = await Rehearsal(two_steps(work, version=3), Order(), checkpoints={"a": 5}, version=2).run()
    assert (refused.outcome, refused.reason) == ("failed", "version_mismatch")
    accepting = two_steps(work, version=3, accepts=(2,))
    assert await Rehearsal(accepting, Order(), checkpoints={"a": 5}, version=2).result() == Done(15)


async def test_large_values_and_files_are_kept() -> None:
    """Values that go to the object store come back, and so does what was saved."""

    async def large() -> bytes:
        return b"x" * 5000

    async def recipe(ctx: Context, spec: Order) -> Artifact:
        data = await ctx.step("large", large, returns=bytes)
        return await ctx.save(f"{spec.name}.bin", data, "application/octet-stream")

    jobs = JobsSettings(inline_bytes=1000)
    rehearsal = Rehearsal(Pipeline("big", Order, recipe), Order(name="big"), jobs=jobs)
    await rehearsal.attempt(crash_after="large")
    await rehearsal.run()
    assert await rehearsal.files() == {"big.bin": b"x" * 5000}
    assert await rehearsal.checkpoints() == {"large": b"x" * 5000}


def shout(text: str) -> str:
    """A pool call."""
    if text == "boom":
        raise ValueError(text)
    if text == "bad":
        raise PermanentError("bad text")
    return text.upper()


def unsendable() -> object:
    """A pool call whose value cannot be sent."""
    return lambda: None


def shouting(*arguments: Any) -> Pipeline[Order]:  # noqa: ANN401 - what is offloaded
    """A pipeline that offloads."""

    async def recipe(ctx: Context, spec: Order) -> str:
        function, *rest = arguments or (shout, spec.name)
        return await ctx.step("shout", lambda: ctx.offload(function, *rest), returns=str)

    return Pipeline("shout", Order, recipe)


async def test_offloaded_calls_run_here() -> None:
    """With the errors that a pool child's would be: ours as they are, others by their class alone."""
    assert await Rehearsal(shouting(), Order(name="hi")).result() == "HI"
    assert (await Rehearsal(shouting(), Order(name="bad")).run()).reason == "permanent_error"
    assert type((await Rehearsal(shouting(), Order(name="boom")).attempt()).cause) is RemoteFault


@pytest.mark.parametrize(("call", "says"), [((lambda: 1,), "cannot be sent"), ((unsendable,), "returned what cannot")])
async def test_what_cannot_cross_to_a_child_is_refused(call: tuple[Any, ...], says: str) -> None:
    """A lambda works in this process and would not in production, so it does not here."""
    end = await Rehearsal(shouting(*call), Order()).run()
    assert (end.outcome, end.reason) == ("failed", "permanent_error")
    assert says in str(end.cause)


async def test_soft_limits_can_be_caught() -> None:
    """A slow step raises StepTimeout out of it, in the machine's own time."""

    async def recipe(ctx: Context, spec: Order) -> str:
        del spec
        try:
            return await ctx.step("slow", _never, returns=str, soft_timeout_s=0.01)
        except StepTimeout:
            return "in short"

    assert await Rehearsal(Pipeline("slow", Order, recipe), Order()).result() == "in short"


async def _never() -> str:
    await anyio.sleep_forever()
    return ""


async def test_a_cancel_ends_the_job() -> None:
    """From within a call, as somebody's wish while it runs."""

    async def recipe(ctx: Context, spec: Order) -> None:
        del spec
        try:
            rehearsal.cancel("enough")
            await _never()
        finally:
            seen.append(ctx.is_cancelled)

    seen: list[bool] = []
    rehearsal = Rehearsal(Pipeline("endless", Order, recipe), Order())
    end = await rehearsal.run()
    assert (end.outcome, end.error and end.error.message, seen) == ("cancelled", "enough", [True])


async def test_resources_are_lent_by_type() -> None:
    """A recipe asks for a model and gets the scripted one."""

    async def recipe(ctx: Context, spec: Order) -> str:
        model = ctx.use(TextModel)
        return (await ctx.step("ask", lambda: _text(model, spec.name), returns=str)).strip()

    model = ScriptedText(RateLimited(retry_after_s=60), " hello ")
    assert await Rehearsal(Pipeline("ask", Order, recipe), Order(), resources={TextModel: model}).result() == "hello"
    assert len(model.requests) == 2


async def _text(model: TextModel, asked: str) -> str:
    return (await model.complete(TextRequest(system="", turns=(Turn("user", asked),)))).text
