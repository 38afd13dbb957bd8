"""The rack of pool slots: whatever a child does, it costs its own call and nothing else."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from streamforge.config import PoolSettings
from streamforge.errors import LayoutInfeasible, PermanentError, SlotCrashed
from streamforge.runtime.pool import Rack
from streamforge.runtime.pool_child import RemoteFault
from streamforge.testing.waiting import until
from tests.integration.runtime import children

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def running(**settings: Any) -> AsyncGenerator[Rack]:  # noqa: ANN401 - PoolSettings'
    """A started rack, stopped at the end."""
    facts: dict[str, Any] = {"slots": 1, "kill_grace_s": 0.1, **settings}
    rack = Rack(PoolSettings(**facts))
    await rack.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(rack.run())
        try:
            yield rack
        finally:
            rack.stop()


def is_alive(pid: int) -> bool:
    """Whether that process exists and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def pid_in(path: Path) -> int:
    """The process id that a child has written."""
    text = await until(lambda: path.exists() and path.read_text(), "the child is at work")
    return int(str(text))


async def test_a_call_runs_in_a_child() -> None:
    """The value comes back from another process, the same one each time."""
    async with running() as rack:
        assert await rack.call(children.double, 21) == 42
        assert await rack.call(children.pid) == rack.pids[0] != os.getpid()
        assert await rack.call(children.pid) == rack.pids[0]


@pytest.mark.parametrize(
    ("function", "args", "cause"),
    [
        (children.segfault, (), "SIGSEGV"),
        (children.killed, (), "SIGKILL"),
        (children.leave, (0,), "exit code 0"),
        (children.leave, (7,), "exit code 7"),
        (children.trap, (), "died"),
        (children.take_anything, (children.Trap(),), "exit code 1"),
    ],
)
async def test_a_death_is_one_crashed_call(
    function: Callable[..., object], args: tuple[object, ...], cause: str
) -> None:
    """A child that dies gives SlotCrashed with the cause, and the slot has a new child for the next call."""
    async with running() as rack:
        before = rack.pids
        with pytest.raises(SlotCrashed, match=cause):
            await rack.call(function, *args)
        assert await rack.call(children.double, 1) == 2
        assert rack.pids != before


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (children.eat_memory, "MemoryError"),
        (children.raise_unrebuildable, "Unrebuildable"),
        (children.raise_value_error, "ValueError"),
        (children.exit_politely, "SystemExit"),
        (children.interrupt, "KeyboardInterrupt"),
    ],
)
async def test_an_exception_is_told_by_name_and_place(function: Callable[[], object], name: str) -> None:
    """What a function raises arrives as RemoteFault, without its text, and its child lives on."""
    async with running(memory_mb=512) as rack:
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
    ("function", "args"), [(children.take_anything, (lambda: None,)), (children.unpicklable, ()), (lambda: 1, ())]
)
async def test_what_cannot_be_sent_is_a_permanent_error(
    function: Callable[..., object], args: tuple[object, ...]
) -> None:
    """An argument, a result or a function that cannot be pickled is the recipe's mistake, and harms no child."""
    async with running() as rack:
        with pytest.raises(PermanentError, match="cannot be sent"):
            await rack.call(function, *args)
        assert await rack.call(children.double, 1) == 2


async def test_a_crash_leaves_the_neighbours_alone(tmp_path: Path) -> None:
    """While one slot's child dies again and again, another slot's call goes on in the same process."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        long = tasks.create_task(rack.call(children.announce_and_hang, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        for _ in range(3):
            with pytest.raises(SlotCrashed):
                await rack.call(children.killed)
        assert await rack.call(children.double, 2) == 4
        assert (is_alive(pid), long.done()) == (True, False)
        long.cancel()


@pytest.mark.parametrize("function", [children.announce_and_hang, children.ignore_and_hang])
async def test_cancelling_a_call_kills_its_child(function: Callable[[str], None], tmp_path: Path) -> None:
    """The work really stops, also where the child is deaf to SIGTERM; the slot works again."""
    async with running() as rack, asyncio.TaskGroup() as tasks:
        call = tasks.create_task(rack.call(function, str(tmp_path / "pid")))
        pid = await pid_in(tmp_path / "pid")
        call.cancel()
        await asyncio.wait([call])
        assert not is_alive(pid)
        assert await rack.call(children.double, 3) == 6


async def test_a_cancelled_turn_is_not_lost() -> None:
    """A caller that is cancelled just as a slot falls to it passes the slot on to the next in line."""
    async with running() as rack:
        for _ in range(20):
            async with asyncio.TaskGroup() as tasks:
                calls = [tasks.create_task(rack.call(children.double, number)) for number in range(3)]
                await calls[0]
                calls[1].cancel()
            assert calls[2].result() == 4


async def test_a_child_is_replaced_after_its_time() -> None:
    """Each child serves ``recycle_after`` calls, then a new one takes its place."""
    async with running(recycle_after=2) as rack:
        pids = [await rack.call(children.pid) for _ in range(6)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 2]


async def test_more_calls_than_slots_take_turns() -> None:
    """No more calls run at once than there are slots, and all are answered."""
    async with running(slots=2) as rack, asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(rack.call(children.double, number)) for number in range(40)]
    assert [call.result() for call in calls] == [2 * number for number in range(40)]


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
