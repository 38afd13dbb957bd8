"""Children that die: it costs the call that was at work, with the cause, and nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

import pytest

from streamforge.errors import SlotCrashed
from streamforge.runtime import pool, pool_process
from streamforge.testing.waiting import until
from tests.integration.runtime import children
from tests.integration.runtime.racks import gone, is_alive, metric, pid_in, running


@pytest.mark.parametrize(
    ("function", "args", "name", "message"),
    [
        (children.segfault, (), "SIGSEGV", "died: SIGSEGV"),
        (children.killed, (), "SIGKILL", "died: SIGKILL"),
        (children.killed, (36,), "SIG36", "died: SIG36"),
        (children.leave, (0,), "", "exit code 0"),
        (children.leave, (3,), "", "exit code 3"),
    ],
)
async def test_a_death_is_one_crashed_call(
    function: Callable[..., object], args: tuple[object, ...], name: str, message: str
) -> None:
    """A child that dies gives SlotCrashed with its signal and peak memory, and the next call has a new child."""
    async with running() as rack:
        before, crashes = rack.pids, metric("pool_crashes_total", signal=name or "exit")
        with pytest.raises(SlotCrashed, match=message) as caught:
            await rack.call(function, *args)
        assert caught.value.signal == name
        assert caught.value.peak_rss_kb > 1024
        assert await rack.call(children.double, 1) == 2
        assert rack.pids != before
        assert metric("pool_crashes_total", signal=name or "exit") == crashes + 1


async def test_a_kill_from_outside_names_the_memory_held(tmp_path: Path) -> None:
    """A call killed by SIGKILL, as by the OOM killer, tells the most memory that its child was seen to hold."""
    async with running() as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(crash_of(rack.call(children.take_memory, str(tmp_path / "pid"), 200)))
        pid = await pid_in(tmp_path / "pid")
        await until(lambda: rack.slots[0].peak_rss_kb > 200 << 10, "the memory was seen")
        os.kill(pid, signal.SIGKILL)
    assert call.result().signal == "SIGKILL"
    assert 200 << 10 < call.result().peak_rss_kb < 400 << 10


async def crash_of(call: object) -> SlotCrashed:
    """How that call crashed."""
    with pytest.raises(SlotCrashed) as caught:
        await call  # type: ignore[misc]
    return caught.value


@pytest.mark.parametrize("function", [children.eat_memory, children.make_too_much])
async def test_the_memory_limit_is_a_crash_that_names_the_setting(function: Callable[[], object]) -> None:
    """A call that needs more than pool.memory_mb says so, is counted as a crash, and has its swollen child replaced."""
    async with running(memory_mb=800) as rack:
        before = rack.pids
        error = await crash_of(rack.call(function))
        assert error.signal == "OOM"
        assert "memory limit of 800 MB" in str(error)
        assert "pool.memory_mb" in str(error)
        assert error.peak_rss_kb > 100 << 10
        assert await rack.call(children.double, 1) == 2
        assert rack.pids != before


async def test_an_argument_beyond_the_memory_limit_is_the_same() -> None:
    """A call too large for any child to receive is charged at once, and named; it does not take child after child."""
    async with running(memory_mb=384) as rack:
        lost = metric("pool_restarts_total", cause="lost")
        error = await crash_of(rack.call(children.take_anything, bytes(300 << 20)))
        assert (error.signal, "pool.memory_mb" in str(error)) == ("OOM", True)
        assert await rack.call(children.double, 1) == 2
        assert metric("pool_restarts_total", cause="lost") == lost


async def test_a_crash_leaves_the_neighbours_alone(tmp_path: Path) -> None:
    """While one slot's child dies again and again, another slot's call goes on in the same process."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        long = tasks.create_task(rack.call(children.announce_and_hang, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        for _ in range(3):
            await crash_of(rack.call(children.killed))
        assert await rack.call(children.double, 2) == 4
        assert (is_alive(pid), long.done()) == (True, False)
        long.cancel()


async def test_a_child_that_dies_idle_charges_nobody() -> None:
    """The call that finds its child dead gets another one, whether the death is old or of this very moment."""
    async with running() as rack:
        lost, crashes = metric("pool_restarts_total", cause="lost"), metric("pool_crashes_total", signal="SIGKILL")
        for is_old in (True, False) * 5:
            pid = rack.pids[0]
            os.kill(pid, signal.SIGKILL)
            if is_old:
                await gone(pid)
            assert await rack.call(children.pid) != pid
        assert metric("pool_restarts_total", cause="lost") == lost + 10
        assert metric("pool_crashes_total", signal="SIGKILL") == crashes


async def test_who_found_a_dead_child_keeps_the_turn(tmp_path: Path) -> None:
    """A call whose child was dead comes before those who asked later."""
    ledger = tmp_path / "ledger"
    async with running() as rack, asyncio.TaskGroup() as tasks:
        os.kill(rack.pids[0], signal.SIGKILL)
        for number in range(5):
            tasks.create_task(rack.call(children.note, str(ledger), str(number)))
    assert ledger.read_text().split() == ["0", "1", "2", "3", "4"]


async def test_deaths_are_seen_without_pidfds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no pidfd, crashes, idle deaths and kills work by the forkserver's word."""

    def open_none(_: int) -> None:
        """An old kernel."""

    monkeypatch.setattr(pool_process, "_open_pidfd", open_none)
    async with running() as rack, asyncio.TaskGroup() as tasks:
        assert (await crash_of(rack.call(children.segfault))).signal == "SIGSEGV"
        assert await rack.call(children.double, 1) == 2
        os.kill(rack.pids[0], signal.SIGKILL)
        assert await rack.call(children.double, 1) == 2
        call = tasks.create_task(rack.call(children.ignore_and_hang, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        call.cancel()
        await gone(pid)
        assert await rack.call(children.double, 1) == 2


async def test_a_call_that_finds_only_dead_children_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call on which child after child dies before the work began is stopped, for it may be the reason."""
    async with running() as rack:
        take, found = rack.line.take, list[int]()

        async def take_dead(*, is_first: bool) -> object:
            slot = await take(is_first=is_first)
            os.kill(slot.pid, signal.SIGKILL)
            found.append(slot.pid)
            return slot

        monkeypatch.setattr(rack.line, "take", take_dead)
        error = await crash_of(rack.call(children.double, 1))
        assert f"{pool.LOST_MAX} pool children in a row" in str(error)
        assert len(set(found)) == pool.LOST_MAX
        monkeypatch.undo()
        assert await rack.call(children.double, 1) == 2


async def test_a_killed_forkserver_harms_no_call(tmp_path: Path) -> None:
    """A call at work when the forkserver dies ends as if nothing had happened; deaths and new children work after."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(rack.call(children.wait_for_file, str(tmp_path / "go")))
        await until(lambda: metric("pool_slots_busy") == 1, "the call is at work")
        server = forkserver_pid()
        os.kill(server, signal.SIGKILL)
        await gone(server)
        for _ in range(2):
            assert isinstance(await crash_of(rack.call(children.killed)), SlotCrashed)
        assert await rack.call(children.double, 2) == 4
        assert forkserver_pid() != server
        (tmp_path / "go").touch()
        assert await call in rack.pids


async def test_all_processes_killed_at_once(tmp_path: Path) -> None:
    """With the forkserver and every child killed, calls at work are charged, each slot recovers, and calls go on."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(crash_of(rack.call(children.announce_and_hang, str(tmp_path / "pid"))))
        await pid_in(tmp_path / "pid")
        victims = [forkserver_pid(), *rack.pids]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        await call
        pids = await asyncio.gather(*(rack.call(children.pid) for _ in range(8)))
        assert not set(pids) & set(victims)
        await until(lambda: all(rack.pids), "both slots have a child")


def forkserver_pid() -> int:
    """The process that children are forked from."""
    return forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
