"""Children that do not end: cancelling a call stops its work, at no cost to the caller or the neighbours."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from streamforge.testing.waiting import until
from tests.integration.runtime import children
from tests.integration.runtime.racks import gone, is_alive, metric, pid_in, running

HANGS = [children.announce_and_hang, children.ignore_and_hang, children.ignore_and_compute]


@pytest.mark.parametrize("function", HANGS)
async def test_cancelling_a_call_kills_its_child(function: Callable[[str], None], tmp_path: Path) -> None:
    """The work really stops, also where the child is deaf to SIGTERM or deep in native code; the slot works again."""
    async with running() as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(rack.call(function, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()
        assert await rack.call(children.double, 3) == 6
        await gone(pid)


async def test_a_scope_kills_the_child(tmp_path: Path) -> None:
    """A scope that ends, such as a limit of time, works like cancelling the call."""
    limit = anyio.CancelScope()

    async def limited() -> None:
        with limit:
            await rack.call(children.ignore_and_hang, str(tmp_path / "pid"))

    async with running() as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(limited())
        pid = await pid_in(tmp_path / "pid")
        limit.cancel()
        await call
        assert limit.cancelled_caught
        await gone(pid)
        assert await rack.call(children.double, 3) == 6


@pytest.mark.parametrize("function", HANGS[1:])
async def test_the_caller_does_not_wait_for_the_kill(function: Callable[[str], None], tmp_path: Path) -> None:
    """A cancelled caller gets on while its child still has its grace; so do calls in other slots, and the loop."""
    async with running(slots=2, kill_grace_s=50) as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(rack.call(function, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        call.cancel()
        await asyncio.wait([call])
        assert [await rack.call(children.double, number) for number in range(5)] == [0, 2, 4, 6, 8]
        assert is_alive(pid)
        os.kill(pid, signal.SIGKILL)  # in place of the end of the grace
        await gone(pid)
        both = await asyncio.gather(*(rack.call(children.wait_for_file, str(tmp_path / "pid")) for _ in range(8)))
        assert pid not in both


async def test_a_hang_does_not_disturb_the_neighbours(tmp_path: Path) -> None:
    """While a slot's child is killed again and again, a call in another slot goes on in the same process."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        neighbour = tasks.create_task(rack.call(children.wait_for_file, str(tmp_path / "go")))
        for number in range(3):
            call = tasks.create_task(rack.call(children.ignore_and_hang, str(tmp_path / f"{number}")))
            await pid_in(tmp_path / f"{number}")
            call.cancel()
        before = set(rack.pids)
        (tmp_path / "go").touch()
        assert await neighbour in before


async def test_a_stopped_child_is_killed(tmp_path: Path) -> None:
    """A child that was sent SIGSTOP cannot hear SIGTERM; its call is cancelled all the same, and it is gone."""
    async with running() as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(rack.call(children.announce_and_hang, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        os.kill(pid, signal.SIGSTOP)
        call.cancel()
        await gone(pid)
        assert await rack.call(children.double, 3) == 6


async def test_a_large_call_to_a_stopped_child_blocks_nobody() -> None:
    """Megabytes for a child that does not read them hold up neither the loop nor other slots, and can be cancelled."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        stopped = rack.line.idle[-1]  # the next to be used
        os.kill(stopped.pid, signal.SIGSTOP)
        call = tasks.create_task(rack.call(children.take_anything, bytes(8 << 20)))
        await until(lambda: metric("pool_slots_busy") == 1, "the call is at work")
        assert await rack.call(children.double, 2) == 4
        assert metric("pool_slots_busy") == 1
        pid = stopped.pid
        call.cancel()
        await gone(pid)
        assert await asyncio.gather(*(rack.call(children.double, 1) for _ in range(4))) == [2] * 4
