"""The settler: ends go to Redis together, wait while it is away, and keep nobody waiting when it breaks down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import Settlement
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.runtime.settler import BATCH_MAX, FLUSHES_MAX, UNSETTLED, Settler
from streamforge.testing.waiting import until
from tests.integration.moves import ended, entries, submit, take


class Redis:
    """Stands for a broker: holds each batch until it is told how it goes."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def settle(self, batch: Sequence[Settlement]) -> list[int]:
        """A code for each."""
        self.batches.append(len(batch))
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return [int(settlement.id) % 3 for settlement in batch]


def end(number: int) -> Settlement:
    """An end of a job of that number."""
    return Settlement(str(number), 1, b"s", b"1-0", "succeeded")


def settler_over(redis: Redis) -> Settler:
    """A settler over the stand-in."""
    stand_in: Any = redis
    return Settler(stand_in)


async def test_what_is_ready_together_goes_together() -> None:
    """Settlements fill batches up to the limit, few are under way at once, and each gets its own code."""
    redis = Redis()
    settler = settler_over(redis)
    number = BATCH_MAX * (FLUSHES_MAX + 2)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        ends = [tasks.create_task(settler.settle(end(n))) for n in range(number)]
        await until(lambda: len(redis.batches) == FLUSHES_MAX, "as many calls as allowed are under way")
        redis.go_on.set()
        await asyncio.wait(ends)
        settler.stop()
    assert [task.result() for task in ends] == [n % 3 for n in range(number)]
    assert max(redis.batches) == BATCH_MAX
    assert len(redis.batches) == FLUSHES_MAX + 2


async def test_stopping_flushes_what_is_left() -> None:
    """Ends that were handed in before ``stop`` are settled before ``run`` returns."""
    redis = Redis()
    redis.go_on.set()
    settler = settler_over(redis)
    async with asyncio.TaskGroup() as tasks:
        ends = [tasks.create_task(settler.settle(end(n))) for n in range(100)]
        await asyncio.sleep(0)
        settler.stop()
        settler.stop()
        await settler.run()
    assert [task.result() for task in ends] == [n % 3 for n in range(100)]


async def test_a_cancelled_wait_loses_its_answer_only() -> None:
    """The settlement of a caller that was cancelled is carried out, and the others get their codes."""
    redis = Redis()
    settler = settler_over(redis)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        ends = [tasks.create_task(settler.settle(end(n))) for n in range(3)]
        await until(lambda: redis.batches, "the batch is under way")
        ends[1].cancel()
        redis.go_on.set()
        await asyncio.wait(ends)
        settler.stop()
    assert redis.batches == [3]
    assert (ends[0].result(), ends[2].result()) == (0, 2)


@pytest.mark.parametrize("error", [ConfigError("refused"), RuntimeError("?")])
async def test_nobody_waits_for_a_settler_that_broke_down(error: Exception) -> None:
    """Where settling fails for good the service ends with the cause, and all who wait, or come later, are told."""
    redis = Redis()
    redis.error = error
    settler = settler_over(redis)
    ends = [
        asyncio.get_running_loop().create_task(settler.settle(end(n))) for n in range(BATCH_MAX * (FLUSHES_MAX + 2))
    ]
    await asyncio.sleep(0)
    redis.go_on.set()
    with pytest.raises(ExceptionGroup) as caught:
        await settler.run()
    assert caught.value.exceptions[0] is error
    assert set(await asyncio.gather(*ends)) == {UNSETTLED}
    assert await settler.settle(end(1)) == UNSETTLED


async def test_giving_up_is_told() -> None:
    """Where the broker has lost its patience, the end is unsettled and the settler goes on."""
    redis = Redis()
    redis.error = BrokerUnavailable()
    redis.go_on.set()
    settler = settler_over(redis)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        assert await settler.settle(end(1)) == UNSETTLED
        redis.error = None
        assert await settler.settle(end(1)) == 1
        settler.stop()


async def test_it_settles_for_real(broker: Broker) -> None:
    """Over a real server, three hundred jobs end through it, and none is left in the stream."""
    for number in range(300):
        await submit(broker, f"job-{number}")
    claims = await take(broker, 300)
    settler = Settler(broker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        ends = [tasks.create_task(settler.settle(ended(claim))) for claim in claims]
        await asyncio.wait(ends)
        settler.stop()
    assert {task.result() for task in ends} == {1}
    assert await entries(broker) == []
