"""Fan-outs: each item a checkpoint, errors as the recipe wants them, and steps side by side."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from streamforge.broker.messages import Record, Settlement
from streamforge.errors import (
    BrokerUnavailable,
    FencedError,
    PermanentError,
    ProviderUnavailable,
    RateLimited,
    Snooze,
    StepTimeout,
)
from streamforge.runtime.context import Context
from streamforge.runtime.mapping import Mapped
from tests.integration.engine import Text
from tests.integration.runtime.steps.attempts import Attempts, Work, error_of
from tests.integration.runtime.steps.conftest import Make


def mapping(work: Any, items: list[int], **how: Any) -> Any:  # noqa: ANN401
    """A recipe that maps, and tells what came of it."""

    async def recipe(ctx: Context, _: Text) -> object:
        mapped: Mapped[int] = await ctx.map("m", items, work, returns=int, **how)
        return {"values": mapped.values, "done": mapped.done, "failed": {f.key: f.error.code for f in mapped.failed}}

    return recipe


def told(end: Settlement | None) -> dict[str, Any]:
    """What the recipe of ``mapping`` returned."""
    assert end is not None
    assert end.outcome == "succeeded", end
    return msgspec.json.decode(end.body)


def page(item: int) -> str:
    """An item's key."""
    return f"page-{item}"


def empty(_: int) -> str:
    """No key."""
    return ""


def endless(_: int) -> str:
    """A key that is too long."""
    return "x" * 201


UNWORKABLE: list[tuple[list[int], dict[str, Any], str]] = [
    ([1, 1], {"key": str}, "two items have the key '1'"),
    ([1], {"key": empty}, "1 to 200 characters"),
    ([1], {"key": endless}, "1 to 200 characters"),
    ([1], {"concurrency": 0}, "concurrency"),
    ([1], {"on_error": "ignore"}, "on_error"),
    ([1], {"timeout_s": 0}, "time limit"),
]


async def test_values_come_in_the_order_of_the_items(attempts: Make) -> None:
    """Whichever is ready first; by their places, or by the keys that the recipe gives."""

    async def slowest_first(item: int) -> int:
        for _ in range(10 - item):
            await anyio.lowlevel.checkpoint()
        return item * 10

    job = attempts(mapping(slowest_first, [1, 5, 3, 9]))
    found = told(await job.run())
    assert found["values"] == [10, 50, 30, 90]
    assert list(found["done"]) == ["0", "1", "2", "3"]
    assert [e.payload()["step"] for e in await job.events("step.completed")][-1] == "m"


async def test_items_have_keys_of_their_own(attempts: Make) -> None:
    """A key is the checkpoint's name, so that items may move between attempts."""
    work = Work()
    job = attempts(mapping(work, [3, 1], key=page))
    assert told(await job.run())["done"] == {"page-3": 30, "page-1": 10}
    fields = {record.field for record in job.records if record.target == "steps"}
    assert fields == {"m", "m[page-3]", "m[page-1]"}


async def test_no_items_are_no_work(attempts: Make) -> None:
    """An empty fan-out has an empty value, and a checkpoint."""
    assert told(await attempts(mapping(Work(), [])).run()) == {"values": [], "done": {}, "failed": {}}


@pytest.mark.parametrize("concurrency", [1, 3, 100])
async def test_no_more_run_at_once_than_asked_for(attempts: Make, concurrency: int) -> None:
    """And all of those that may."""
    active, most = 0, 0

    async def work(item: int) -> int:
        nonlocal active, most
        active += 1
        most = max(most, active)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        active -= 1
        return item

    told(await attempts(mapping(work, list(range(12)), concurrency=concurrency)).run())
    assert most == min(concurrency, 12)


async def test_only_missing_items_run_again(attempts: Make) -> None:
    """After an error the next attempt does what is left, and a third one nothing at all."""
    work = Work()
    work.raises[3] = ProviderUnavailable("no")
    job = attempts(mapping(work, [1, 2, 3, 4], concurrency=1))
    assert error_of(await job.run()).code == "provider_unavailable"
    work.raises.clear()
    assert told(await job.run())["values"] == [10, 20, 30, 40]
    assert work.ran == {1: 1, 2: 1, 3: 2, 4: 1}
    assert told(await job.run())["values"] == [10, 20, 30, 40]
    assert work.ran == {1: 1, 2: 1, 3: 2, 4: 1}
    assert [event.payload()["step"] for event in await job.events("step.replayed")] == ["m"]


async def test_the_first_error_is_raised_as_itself_and_stops_the_others(attempts: Make) -> None:
    """No ExceptionGroup: the recipe can catch its class. What ran is cancelled, what had not begun does not."""
    raised, cancelled, begun = list[Exception](), list[int](), list[int]()
    error = RateLimited("slow down", retry_after_s=5)

    async def work(item: int) -> int:
        begun.append(item)
        try:
            if item == 2:
                raise error
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            cancelled.append(item)
            raise
        return item

    async def recipe(ctx: Context, _: Text) -> None:
        try:
            await ctx.map("m", list(range(50)), work, returns=int, concurrency=4)
        except RateLimited as caught:
            raised.append(caught)
            raise

    end = await attempts(recipe).run()
    assert raised == [error]
    assert end is not None
    assert (end.outcome, end.delay_ms) == ("retry", 5000)
    assert begun == [0, 1, 2, 3]
    assert sorted(cancelled) == [0, 1, 3]


async def test_a_value_that_was_ready_is_kept_though_another_failed(attempts: Make) -> None:
    """An item whose call has returned is written down, even if the error comes before its write has ended."""
    work = Work()
    work.raises[2] = ProviderUnavailable("no")
    job = attempts(mapping(work, [1, 2], concurrency=2))
    entered, go_on = anyio.Event(), anyio.Event()
    really = job.broker.record

    async def slowly(record: Record) -> int:
        if record.field == "m[0]":
            entered.set()
            await go_on.wait()
        return await really(record)

    async def fail_then(item: int) -> int:
        if item == 2:
            await entered.wait()
            go_on.set()
        return await work(item)

    job.broker.record = slowly
    failing = Attempts(job.broker, job._objects, mapping(fail_then, [1, 2], concurrency=2))  # pyright: ignore[reportPrivateUsage]
    assert error_of(await failing.run()).code == "provider_unavailable"
    assert "m[0]" in await job.broker.checkpoints("job-1")
    work.raises.clear()
    assert told(await failing.run())["values"] == [10, 20]
    assert work.ran == {1: 1, 2: 2}


async def test_going_on_keeps_the_rest_and_tells_what_failed(attempts: Make) -> None:
    """Each failure is an event with its key and a description that holds no secret; the job's progress is whole."""
    work = Work()
    work.raises |= {2: ValueError("the secret is 42"), 4: PermanentError("no"), 5: StepTimeout("slow")}
    job = attempts(mapping(work, [1, 2, 3, 4, 5], on_error="continue", key=str))
    found = told(await job.run())
    assert found["values"] == [10, 30]
    assert found["failed"] == {"2": "internal", "4": "permanent_error", "5": "step_timeout"}
    events = [event.payload() for event in await job.events("item.failed")]
    assert {(e["step"], e["item"]) for e in events} == {("m", "2"), ("m", "4"), ("m", "5")}
    assert "secret" not in str(events)
    assert (await job.store.get("job-1")).progress == 100


async def test_failures_that_were_accepted_stay(attempts: Make) -> None:
    """Once the fan-out is complete another attempt gets the very same answer, and runs nothing."""
    work = Work()
    work.raises[2] = OSError()
    job = attempts(mapping(work, [1, 2, 3], on_error="continue"))
    first = told(await job.run())
    work.raises.clear()
    assert told(await job.run()) == first
    assert first["failed"] == {"1": "internal"}
    assert work.ran == {1: 1, 2: 1, 3: 1}


async def test_a_failure_before_the_end_is_not_accepted_yet(attempts: Make) -> None:
    """Where the attempt ends before its fan-out, what failed is tried again, and what was done is not."""
    work = Work()
    work.raises |= {1: OSError(), 3: FencedError()}
    job = attempts(mapping(work, [1, 2, 3], on_error="continue", concurrency=1))
    assert await job.run() is None
    work.raises.clear()
    assert told(await job.run()) == {"values": [10, 20, 30], "done": {"0": 10, "1": 20, "2": 30}, "failed": {}}
    assert work.ran == {1: 2, 2: 1, 3: 2}


async def test_a_fan_out_that_was_all_but_complete_is_completed(attempts: Make) -> None:
    """Lost between the last item and the end, the next attempt runs nothing and writes the end down."""
    work = Work()
    job = attempts(mapping(work, [1, 2]))
    really = job.broker.record

    async def lose_the_end(record: Record) -> int:
        return 0 if record.field == "m" else await really(record)

    job.broker.record = lose_the_end
    assert await job.run() is None
    job.broker.record = really
    assert told(await job.run())["values"] == [10, 20]
    assert work.ran == {1: 1, 2: 1}
    assert set(await job.broker.checkpoints("job-1")) == {"m", "m[0]", "m[1]"}


@pytest.mark.parametrize(
    "error", [FencedError(), BrokerUnavailable(), ExceptionGroup("", [FencedError()])], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("on_error", ["raise", "continue"])
async def test_what_concerns_the_attempt_is_no_items_failure(attempts: Make, error: Exception, on_error: str) -> None:
    """A lost job, or a Redis that is gone, ends the fan-out however it takes failures."""
    work = Work()
    work.raises[1] = error
    job = attempts(mapping(work, [1], on_error=on_error))
    end = await job.run()
    assert end is None or error_of(end).code == "broker_unavailable"
    assert await job.events("item.failed") == []


@pytest.mark.parametrize("on_error", ["raise", "continue"])
async def test_a_snooze_lets_the_others_go_on(attempts: Make, on_error: str) -> None:
    """The job is parked when all the others have ended: their values are there when it wakes, for the shortest time."""
    work = Work()
    work.raises |= {1: Snooze("later", for_s=9), 2: Snooze("soon", for_s=3)}
    job = attempts(mapping(work, [1, 2, 3, 4], on_error=on_error, concurrency=1))
    end = await job.run()
    assert end is not None
    assert (end.outcome, end.reason, end.delay_ms) == ("snooze", "soon", 3000)
    work.raises.clear()
    assert told(await job.run())["values"] == [10, 20, 30, 40]
    assert work.ran == {1: 2, 2: 2, 3: 1, 4: 1}


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1)], ids=lambda e: type(e).__name__)
async def test_no_exception_of_an_item_is_lost(attempts: Make, error: BaseException) -> None:
    """A cancellation that is not ours, and an attempt to end the process, are that item's failures."""
    work = Work()
    work.raises[2] = error
    found = told(await attempts(mapping(work, [1, 2, 3], on_error="continue")).run())
    assert (found["values"], list(found["failed"])) == ([10, 30], ["1"])


async def test_a_value_that_cannot_be_kept_is_that_items_failure(attempts: Make) -> None:
    """The others are done all the same."""

    async def work(item: int) -> object:
        await anyio.lowlevel.checkpoint()
        return object() if item == 2 else item

    found = told(await attempts(mapping(work, [1, 2], on_error="continue")).run())
    assert found["failed"] == {"1": "permanent_error"}


async def test_cancelling_reaches_every_item(attempts: Make) -> None:
    """The attempt ends while its items run, and none of them counts as failed."""
    begun: list[int] = []

    async def work(item: int) -> int:
        begun.append(item)
        if len(begun) == 3:
            runs[0].release()
        await anyio.sleep_forever()
        return item

    runs: list[Any] = []
    job = attempts(mapping(work, [1, 2, 3], on_error="continue"))
    end = await job.run(during=runs.append)
    assert end is not None
    assert (end.outcome, begun) == ("released", [1, 2, 3])
    assert await job.events("item.failed") == []


@pytest.mark.parametrize(("items", "how", "says"), UNWORKABLE)
async def test_a_fan_out_that_cannot_work_is_refused(attempts: Make, items: list[int], how: Any, says: str) -> None:  # noqa: ANN401
    """With the step's name and what is wrong, before anything runs."""
    work = Work()
    error = error_of(await attempts(mapping(work, items, **how)).run())
    assert (error.code, error.field) == ("recipe_misused", "m")
    assert says in error.message
    assert not work.ran


async def test_items_and_steps_share_their_names(attempts: Make) -> None:
    """A step called as an item is would read the item's checkpoint: it is refused."""

    async def recipe(ctx: Context, _: Text) -> None:
        work = Work()
        await ctx.map("m", [1], work, returns=int)
        await ctx.step("m[0]", lambda: work(2), returns=int)

    assert error_of(await attempts(recipe).run()).code == "recipe_misused"
