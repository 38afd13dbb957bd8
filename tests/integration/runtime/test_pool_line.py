"""The line before the slots: in order, bounded by what the worker can see, and without leaks."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from streamforge.errors import SlotCrashed
from streamforge.runtime.pool import Rack
from streamforge.testing.waiting import until
from tests.integration.runtime import children
from tests.integration.runtime.racks import metric, running


async def test_more_calls_than_slots_take_turns() -> None:
    """No more calls run at once than there are slots, and all are answered."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(rack.call(children.double, number)) for number in range(40)]
    assert [call.result() for call in calls] == [2 * number for number in range(40)]


async def test_calls_get_their_slot_in_the_order_of_asking(tmp_path: Path) -> None:
    """First come, first served: also past the bound, over crashes, and against newcomers at each turn."""
    ledger, order = tmp_path / "ledger", [str(number) for number in range(60)]
    async with running(queue_max=5) as rack, asyncio.TaskGroup() as tasks:
        ask = iter(order)

        async def call_and_ask_again() -> None:
            await rack.call(children.note, str(ledger), next(ask))
            tasks.create_task(rack.call(children.note, str(ledger), next(ask)))

        async def crash() -> None:
            with pytest.raises(SlotCrashed):
                await rack.call(children.killed)

        for number in range(30):
            tasks.create_task(call_and_ask_again())
            if number % 10 == 5:
                tasks.create_task(crash())
    assert ledger.read_text().split() == order


async def test_a_rack_is_full_with_its_slots_and_its_queue(tmp_path: Path) -> None:
    """Full is as many calls as slots and ``queue_max`` together; there is room again when one of them ends."""
    async with running(slots=2, queue_max=3) as rack, asyncio.TaskGroup() as tasks:
        await rack.wait_for_room()
        seen: list[bool] = []
        for _ in range(7):
            tasks.create_task(rack.call(children.wait_for_file, str(tmp_path / "go")))
            await until(lambda: rack.calls == len(seen) + 1, "the call is counted")
            seen.append(rack.is_full)
        assert seen == [False] * 4 + [True] * 3
        assert (metric("pool_slots_busy"), metric("pool_waiting")) == (2, 5)
        room = [tasks.create_task(rack.wait_for_room()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(waiting.done() for waiting in room)
        (tmp_path / "go").touch()
        await asyncio.wait(room)
        assert not rack.is_full


@pytest.mark.parametrize("queue_max", [0, 2])
async def test_leaving_the_line_makes_room(tmp_path: Path, queue_max: int) -> None:
    """A caller that is cancelled while it waits gives its place back; without a queue, full means the slots."""
    async with running(queue_max=queue_max) as rack, asyncio.TaskGroup() as tasks:
        calls = [
            tasks.create_task(rack.call(children.wait_for_file, str(tmp_path / "go"))) for _ in range(1 + queue_max)
        ]
        await until(lambda: rack.is_full, "every place is taken")
        calls[-1].cancel()
        await rack.wait_for_room()
        (tmp_path / "go").touch()


async def test_a_worker_that_waits_for_room_never_passes_the_bound() -> None:
    """Who starts a call only when there is room keeps within slots and queue, and gets everything done."""
    most = 0
    async with running(slots=2, queue_max=2) as rack, asyncio.TaskGroup() as tasks:
        for number in range(50):
            await rack.wait_for_room()
            tasks.create_task(rack.call(children.double, number))
            await asyncio.sleep(0)
            most = max(most, rack.calls)
    assert most == 4


async def test_a_cancelled_turn_is_not_lost() -> None:
    """A caller that is cancelled just as a slot falls to it passes the slot on to the next in line."""
    async with running() as rack:
        for _ in range(20):
            async with asyncio.TaskGroup() as tasks:
                calls = [tasks.create_task(rack.call(children.double, number)) for number in range(3)]
                await calls[0]
                calls[1].cancel()
            assert calls[2].result() == 4


@pytest.mark.parametrize("seed", [1, 2])
async def test_cancelling_at_any_moment_leaks_nothing(seed: int) -> None:
    """After callers left at random moments, in line or at work, every slot is idle and every place free."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    async with running(slots=2, queue_max=4) as rack:
        calls = [asyncio.ensure_future(rack.call(children.double, number)) for number in range(60)]
        for call in rng.sample(calls, 30):
            for _ in range(rng.randrange(30)):
                await asyncio.sleep(0)
            call.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [answer for answer in answers if not isinstance(answer, asyncio.CancelledError)] == [
            2 * number for number, call in enumerate(calls) if not call.cancelled()
        ]
        await until(lambda: is_at_rest(rack), "every slot is idle again")


def is_at_rest(rack: Rack) -> bool:
    """Whether nothing runs or waits, and each slot is there with a child."""
    slots = {slot.number for slot in rack.line.idle}
    return rack.calls == 0 and len(slots) == len(rack.line.idle) == rack.size and all(rack.pids)
