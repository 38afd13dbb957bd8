"""A rack of pool slots: processes for work that would block the event loop or could take the process down with it.

Each slot has one child and a wire of its own to it, so a death costs one slot one job. Children come from a forkserver
that has imported the heavy modules before, so that a new one is there in some 20 ms.

Who pays for what: a child says so before it begins a call. Where it dies after that, the call is charged (SlotCrashed);
where it was dead already, or dies before, the call gets another child and nobody is charged. A call that is cancelled
or runs out of time has its child killed: the work really stops. Killing and replacing is done by this service beside
the calls, so that neither the caller who leaves nor the next one pays for a child that is slow to die.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, ParamSpec, TypeVar

import anyio
from anyio.abc import TaskGroup

from streamforge.config import PoolSettings
from streamforge.errors import PermanentError, SlotCrashed
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.pool_line import Line
from streamforge.runtime.pool_process import NOT_STARTED, ChildEnded
from streamforge.runtime.pool_slot import Slot

P = ParamSpec("P")
T = TypeVar("T")

LOST_MAX = 3
"""Children that may die on one call before it began. With this many the call itself is suspect, such as by its size."""

log = get_logger(__name__)


class Rack(Service):
    """Slots for child processes, as a service; ``call`` waits for a free slot, then for the answer.

    ``size`` calls run at once, and ``pool.queue_max`` more may wait before the rack ``is_full``. Calls beyond those
    are not refused, they stand in the same line; but who starts work that will call should wait for room. ``calls``
    counts those that run or wait.
    """

    name = "pool"

    def __init__(self, settings: PoolSettings, preload: Sequence[str] = ()) -> None:
        self.size = settings.slots or os.cpu_count() or 1
        self.slots = [Slot(number, settings, preload) for number in range(self.size)]
        self.line: Line[Slot] = Line()
        self._worn: asyncio.Queue[Slot] = asyncio.Queue()
        self.calls = 0
        self._calls_max = self.size + settings.queue_max
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether so many calls run or wait that nothing should be started that will call."""
        return self.calls >= self._calls_max

    @property
    def pids(self) -> list[int]:
        """The children's process ids, by slot; 0 where one is being replaced."""
        return [slot.pid for slot in self.slots]

    async def wait_for_room(self) -> None:
        """Return once the rack is not full; any number may wait."""
        while self.is_full:
            self._room.clear()
            await self._room.wait()

    def why_not_ready(self) -> str | None:
        """A health probe: why no call could be answered now."""
        return "no pool child can be started" if all(slot.is_out for slot in self.slots) else None

    async def start(self) -> None:
        """Start the forkserver and every child; raises PermanentError where one does not start."""
        metrics.pool_slots().set(self.size)
        try:
            for slot in self.slots:
                await slot.start()
                self.line.give(slot)
        except NOT_STARTED as error:
            raise PermanentError(f"no pool child starts: {error}", hint="is pool.memory_mb too small?") from error
        finally:
            if len(self.line.idle) < self.size:
                await self._close()

    async def run(self) -> None:
        """Replace children until ``stop``, then kill them all."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._replace_worn, tasks, name="pool:replace")
                await self._stopping.wait()
                tasks.cancel_scope.cancel()
        finally:
            await self._close()

    def stop(self) -> None:
        """Have the children killed; calls under way fail."""
        self._stopping.set()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a module-level function in a child and return its value; both ways must be picklable.

        Calls get their slot in the order of asking. Raises what the function raised (this package's errors as they
        are, others as RemoteFault), or SlotCrashed where the child died or reached ``pool.memory_mb``. Cancelling the
        caller has the child killed, and does not wait for that.
        """
        if kwargs:
            raise TypeError("pool calls take positional arguments only")
        with self._counted():
            for lost in range(LOST_MAX):
                try:
                    return await self._turn(function, args, is_first=lost > 0)
                except ChildEnded as end:
                    log.warning("pool_child_lost", cause=end.name)
        raise SlotCrashed(f"{LOST_MAX} pool children in a row died before the work began", hint="is its input huge?")

    async def _turn(self, function: Callable[..., T], args: tuple[Any, ...], *, is_first: bool) -> T:
        asked = monotonic()
        with metrics.pool_waiting().track_inprogress():
            slot = await self.line.take(is_first=is_first)
        metrics.pool_wait_seconds().observe(monotonic() - asked)
        with self._busy(slot):
            return await slot.call(function, args)

    @contextmanager
    def _counted(self) -> Generator[None]:
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
            if not self.is_full:
                self._room.set()

    @contextmanager
    def _busy(self, slot: Slot) -> Generator[None]:
        taken = monotonic()
        try:
            with metrics.pool_slots_busy().track_inprogress():
                yield
        finally:
            metrics.pool_busy_seconds_total().inc(monotonic() - taken)
            metrics.pool_child_peak_rss_bytes().set(max(each.peak_rss_kb for each in self.slots) * 1024)
            if slot.worn:
                self._worn.put_nowait(slot)
            else:
                self.line.give(slot)

    async def _replace_worn(self, tasks: TaskGroup) -> None:
        while True:
            slot = await self._worn.get()
            tasks.start_soon(self._replace, slot, name=f"pool:replace:{slot.number}")

    async def _replace(self, slot: Slot) -> None:
        metrics.pool_restarts_total(slot.worn).inc()
        log.info("pool_child_replaced", slot=slot.number, pid=slot.pid, cause=slot.worn)
        await slot.replace()
        self.line.give(slot)

    async def _close(self) -> None:
        self.line.close()
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                for slot in self.slots:
                    tasks.start_soon(slot.close, name=f"pool:close:{slot.number}")
