"""Calls into pool children: what crosses the border, and how children are kept."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streamforge.config import PoolSettings
from streamforge.errors import LayoutInfeasible, PermanentError, SlotCrashed, TransientError
from streamforge.runtime import pool_slot
from streamforge.runtime.pool import Rack
from streamforge.runtime.pool_child import RemoteFault
from streamforge.testing.waiting import until
from tests.integration.runtime import children
from tests.integration.runtime.racks import is_alive, metric, pid_in, running

ROOT = Path(__file__).parents[3]


async def test_a_call_runs_in_a_child() -> None:
    """The value comes back from another process, the same one each time."""
    async with running() as rack:
        assert await rack.call(children.double, 21) == 42
        assert await rack.call(children.pid) == rack.pids[0] != os.getpid()
        assert await rack.call(children.pid) == rack.pids[0]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (children.raise_unrebuildable, "Unrebuildable"),
        (children.raise_value_error, "ValueError"),
        (children.exit_politely, "SystemExit"),
        (children.interrupt, "KeyboardInterrupt"),
    ],
)
async def test_an_exception_is_told_by_name_and_place(function: Callable[[], object], name: str) -> None:
    """What a function raises arrives as RemoteFault, without its text, and its child lives on."""
    async with running() as rack:
        before = rack.pids
        with pytest.raises(RemoteFault) as caught:
            await rack.call(function)
        assert caught.value.kind == name
        assert "secret" not in str(caught.value)
        assert await rack.call(children.double, 1) == 2
        assert rack.pids == before


async def test_our_own_errors_arrive_whole() -> None:
    """An error of the package crosses the border with every attribute."""
    async with running() as rack:
        with pytest.raises(LayoutInfeasible) as caught:
            await rack.call(children.raise_ours)
    error = caught.value
    assert (error.message, error.field, error.hint) == ("no room", "headline", "shorten it")
    assert error.conflicts == ("a over b",)


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (children.take_anything, (lambda: None,), "a pool call cannot be sent"),
        (lambda: 1, (), "a pool call cannot be sent"),
        (children.unpicklable, (), "value cannot be sent"),
        (children.trap, (), "value cannot be rebuilt: ValueError"),
    ],
)
async def test_what_cannot_cross_is_a_permanent_error(
    function: Callable[..., object], args: tuple[object, ...], message: str
) -> None:
    """A function, an argument or a result that cannot be pickled is the recipe's mistake, and harms no child."""
    async with running() as rack:
        before = rack.pids
        with pytest.raises(PermanentError, match=message):
            await rack.call(function, *args)
        assert await rack.call(children.double, 1) == 2
        assert rack.pids == before


async def test_an_argument_that_cannot_be_rebuilt_is_a_fault() -> None:
    """What fails while a child takes the arguments apart is told like what fails in the function."""
    async with running() as rack:
        before = rack.pids
        with pytest.raises(RemoteFault, match="ValueError"):
            await rack.call(children.take_anything, children.Trap())
        assert await rack.call(children.double, 1) == 2
        assert rack.pids == before


async def test_megabytes_cross() -> None:
    """Arguments and values far beyond what a pipe holds arrive whole."""
    async with running() as rack:
        assert await rack.call(bytes.swapcase, b"ab" * (4 << 20)) == b"AB" * (4 << 20)


async def test_a_child_is_replaced_after_its_time() -> None:
    """Each child serves ``recycle_after`` calls, then a new one takes its place; no call is charged."""
    async with running(recycle_after=2) as rack:
        before = metric("pool_restarts_total", cause="recycled")
        pids = [await rack.call(children.pid) for _ in range(6)]
        await until(lambda: metric("pool_restarts_total", cause="recycled") == before + 3, "three were recycled")
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 2]


async def test_metrics_of_a_call(tmp_path: Path) -> None:
    """A call counts its wait and the time of its slot, and shows what memory its child held."""
    async with running(slots=2) as rack:
        waits, busy_s = metric("pool_wait_seconds_count"), metric("pool_busy_seconds_total")
        async with asyncio.TaskGroup() as tasks:
            for _ in range(5):
                tasks.create_task(rack.call(children.wait_for_file, str(tmp_path / "go")))
            await until(lambda: metric("pool_slots_busy") == 2, "both slots are busy")
            assert metric("pool_waiting") == 3
            (tmp_path / "go").touch()
        assert metric("pool_wait_seconds_count") == waits + 5
        assert metric("pool_busy_seconds_total") > busy_s
        assert metric("pool_child_peak_rss_bytes") > 1 << 20
        assert (metric("pool_slots"), metric("pool_slots_busy"), metric("pool_waiting")) == (2, 0, 0)


@pytest.mark.parametrize("is_busy", [False, True])
async def test_stopping_leaves_no_child(tmp_path: Path, *, is_busy: bool) -> None:
    """After ``stop`` every child is gone, a busy one too, and none is started in its place."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        pids = rack.pids
        if is_busy:
            tasks.create_task(crashing(rack, tmp_path / "pid"))
            await pid_in(tmp_path / "pid")
        rack.stop()
    await until(lambda: not any(map(is_alive, pids)), "the children are gone")
    await until(lambda: not multiprocessing.active_children(), "no child was started in their place")


async def crashing(rack: Rack, path: Path) -> None:
    """A call whose child dies under it."""
    with pytest.raises(SlotCrashed):
        await rack.call(children.announce_and_hang, str(path))


async def test_a_stopped_rack_lets_nobody_wait(tmp_path: Path) -> None:
    """Callers in line when the rack stops are told, and so are those who come later."""
    async with running() as rack, asyncio.TaskGroup() as tasks:
        tasks.create_task(crashing(rack, tmp_path / "pid"))
        await pid_in(tmp_path / "pid")
        waiting = asyncio.ensure_future(rack.call(children.double, 1))
        await until(lambda: metric("pool_waiting") == 1, "the second call is in line")
        rack.stop()
        with pytest.raises(TransientError, match="stopped"):
            await waiting
    with pytest.raises(TransientError, match="stopped"):
        await rack.call(children.double, 1)


async def test_a_child_that_cannot_start_is_an_error() -> None:
    """A rack whose children do not start says so, and leaves nothing behind."""
    rack = Rack(PoolSettings(slots=1, memory_mb=1))
    with pytest.raises(PermanentError, match="no pool child starts: a pool child ended while it started"):
        await rack.start()
    await until(lambda: not multiprocessing.active_children(), "no process is left")


async def test_a_machine_without_room_for_processes_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no new child can be had, calls wait and the health probe says so; both end with the shortage."""
    monkeypatch.setattr(pool_slot, "START_PAUSES_S", (0.01,))
    monkeypatch.setattr(pool_slot, "OUT_PAUSE_S", 0.01)
    start, is_short = pool_slot.start_child, True

    def start_child(*facts: object) -> object:
        if is_short:
            raise BlockingIOError("fork: try again")
        return start(*facts)  # type: ignore[arg-type]

    async with running() as rack:
        monkeypatch.setattr(pool_slot, "start_child", start_child)
        with pytest.raises(SlotCrashed):
            await rack.call(children.killed)
        call = asyncio.ensure_future(rack.call(children.double, 4))
        await until(rack.why_not_ready, "the probe tells")
        assert not call.done()
        is_short = False
        assert await call == 8
        assert rack.why_not_ready() is None


PARENT = """
import asyncio, sys
from streamforge.config import PoolSettings
from streamforge.runtime.pool import Rack

async def main():
    rack = Rack(PoolSettings(slots=2))
    await rack.start()
    print(*rack.pids, flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_children_die_with_their_parent(tmp_path: Path) -> None:
    """A daemon killed by SIGKILL leaves no pool child behind."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = await asyncio.create_subprocess_exec(sys.executable, script, stdout=asyncio.subprocess.PIPE, env=environ)
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    assert all(map(is_alive, pids))
    parent.kill()
    await parent.wait()
    await until(lambda: not any(map(is_alive, pids)), "the children died with their parent")
