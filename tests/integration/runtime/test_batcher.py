"""The batcher: items go to Redis together, wait while it is away, and keep nobody waiting when it breaks down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.runtime.batcher import BATCH_MAX, FLUSHES_MAX, UNANSWERED, Batcher
from streamforge.testing.waiting import until

MANY = BATCH_MAX * (FLUSHES_MAX + 2)


class Redis:
    """Stands for a script: holds each batch until it is told how it goes."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, batch: Sequence[int]) -> list[int]:
        """A code for each."""
        self.batches.append(len(batch))
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return [number % 3 for number in batch]


async def test_what_is_ready_together_goes_together() -> None:
    """Items fill batches up to the limit, few are under way at once, and each gets its own code."""
    redis = Redis()
    batcher = Batcher("batcher", redis)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        waits = [tasks.create_task(batcher.hand_in(n)) for n in range(MANY)]
        await until(lambda: len(redis.batches) == FLUSHES_MAX, "as many calls as allowed are under way")
        redis.go_on.set()
        await asyncio.wait(waits)
        batcher.stop()
    assert [task.result() for task in waits] == [n % 3 for n in range(MANY)]
    assert max(redis.batches) == BATCH_MAX
    assert len(redis.batches) == FLUSHES_MAX + 2


async def test_stopping_flushes_what_is_left() -> None:
    """Items that were handed in before ``stop`` are sent before ``run`` returns."""
    redis = Redis()
    redis.go_on.set()
    batcher = Batcher("batcher", redis)
    async with asyncio.TaskGroup() as tasks:
        waits = [tasks.create_task(batcher.hand_in(n)) for n in range(100)]
        await asyncio.sleep(0)
        batcher.stop()
        batcher.stop()
        await batcher.run()
    assert [task.result() for task in waits] == [n % 3 for n in range(100)]


async def test_a_cancelled_wait_loses_its_answer_only() -> None:
    """The item of a caller that was cancelled is sent, and the others get their codes."""
    redis = Redis()
    batcher = Batcher("batcher", redis)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        waits = [tasks.create_task(batcher.hand_in(n)) for n in range(3)]
        await until(lambda: redis.batches, "the batch is under way")
        waits[1].cancel()
        redis.go_on.set()
        await asyncio.wait(waits)
        batcher.stop()
    assert redis.batches == [3]
    assert (waits[0].result(), waits[2].result()) == (0, 2)


@pytest.mark.parametrize("error", [ConfigError("refused"), RuntimeError("?")])
async def test_nobody_waits_for_a_batcher_that_broke_down(error: Exception) -> None:
    """Where sending fails for good the service ends with the cause, and all who wait, or come later, are told."""
    redis = Redis()
    redis.error = error
    batcher = Batcher("batcher", redis)
    waits = [asyncio.get_running_loop().create_task(batcher.hand_in(n)) for n in range(MANY)]
    await asyncio.sleep(0)
    redis.go_on.set()
    with pytest.raises(ExceptionGroup) as caught:
        await batcher.run()
    assert caught.value.exceptions[0] is error
    assert set(await asyncio.gather(*waits)) == {UNANSWERED}
    assert await batcher.hand_in(1) == UNANSWERED


async def test_giving_up_is_told() -> None:
    """Where the broker has lost its patience, the item has no answer and the service goes on."""
    redis = Redis()
    redis.error = BrokerUnavailable()
    redis.go_on.set()
    batcher = Batcher("batcher", redis)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        assert await batcher.hand_in(1) == UNANSWERED
        redis.error = None
        assert await batcher.hand_in(1) == 1
        batcher.stop()
