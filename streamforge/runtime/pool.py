"""A rack of pool slots: processes for work that would block the event loop or could take the process down with it.

``ProcessPoolExecutor`` breaks whole when one child dies. So each slot has an executor of its own with a single child,
and a death costs one slot one job. Children come from a forkserver that has imported the heavy modules before, so
that a new one is there in some 20 ms. A call that is cancelled or runs out of time has its child killed: the work
really stops.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread

from streamforge.config import PoolSettings
from streamforge.errors import PermanentError, SlotCrashed
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime import pool_child

P = ParamSpec("P")
T = TypeVar("T")

CHILD_ENV = {"STREAMFORGE_POOL_CHILD": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Set for children only: they are one job wide, and may take short cuts that a shared process may not."""

START_PAUSES_S = (0.02, 0.1, 0.5)
"""Between the tries to start a child."""

NOT_STARTED = (OSError, EOFError, BrokenProcessPool)
"""What a child that does not start shows as."""

log = get_logger(__name__)


class Rack(Service):
    """Slots for child processes, as a service; ``call`` waits for a free slot, then for the answer."""

    name = "pool"

    def __init__(self, settings: PoolSettings, preload: Sequence[str] = ()) -> None:
        self.size = settings.slots or os.cpu_count() or 1
        self._slots = [Slot(number, settings, preload) for number in range(self.size)]
        self._idle: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Start the forkserver and every child."""
        async with anyio.create_task_group() as tasks:
            for slot in self._slots:
                tasks.start_soon(slot.start, name=f"pool:start:{slot.number}")
        for slot in self._slots:
            self._idle.put_nowait(slot)

    async def run(self) -> None:
        """Wait for ``stop``, then kill every child."""
        try:
            await self._stopping.wait()
        finally:
            with anyio.CancelScope(shield=True):
                for slot in self._slots:
                    await slot.close()

    def stop(self) -> None:
        """Have the children killed; calls under way fail."""
        self._stopping.set()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a module-level function in a child and return its value; both ways must be picklable.

        Raises what the function raised (this package's errors as they are, others as RemoteFault), or SlotCrashed where
        the child died. Cancelling the caller kills the child.
        """
        if kwargs:
            raise TypeError("pool calls take positional arguments only")
        async with self._slot() as slot:
            return await slot.call(function, args)

    @property
    def pids(self) -> list[int]:
        """The children's process ids, by slot."""
        return [slot.pid for slot in self._slots]

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[Slot]:
        slot = await self._idle.get()  # the last one used: its caches are warm
        metrics.pool_slots_busy().inc()
        try:
            yield slot
        finally:
            metrics.pool_slots_busy().dec()
            with anyio.CancelScope(shield=True):
                await slot.make_ready()
            self._idle.put_nowait(slot)


class Slot:
    """One child process, replaced whole when it dies, is killed, or has served its time."""

    def __init__(self, number: int, settings: PoolSettings, preload: Sequence[str]) -> None:
        self.number = number
        self.pid = 0
        self._settings = settings
        self._preload = preload
        self._executor: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None
        self._served = 0
        self._cause = ""
        self._is_closed = False
        self._changing = anyio.Lock()

    async def start(self) -> None:
        """Start the child and wait until it answers.

        Tried again where it fails: a forkserver that was just killed refuses for a moment before it is seen to be dead.
        """
        for pause_s in START_PAUSES_S:
            try:
                return await anyio.to_thread.run_sync(self._start)
            except NOT_STARTED:
                await anyio.sleep(pause_s)
        return await anyio.to_thread.run_sync(self._start)

    async def call(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        """One call; see ``Rack.call``."""
        if self._executor is None:
            raise SlotCrashed(f"pool slot {self.number} has no child: {self._cause}")
        self._served += 1
        try:
            future: Future[tuple[bool, Any]] = self._executor.submit(pool_child.work, function, args)
            is_value, value = await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            self._cause = await self._cause_of_death()
            raise SlotCrashed(f"the pool child died: {self._cause}") from error
        except asyncio.CancelledError:
            self._cause = "killed"
            raise
        except (pickle.PicklingError, AttributeError, TypeError, ValueError) as error:
            raise PermanentError(f"a pool call cannot be sent: {type(error).__name__}") from error
        if is_value:
            return value
        raise value

    async def make_ready(self) -> None:
        """Replace the child where it is dead, was left working, or has served ``recycle_after`` calls."""
        if not self._cause and self._served >= self._settings.recycle_after:
            self._cause = "recycled"
        if self._cause:
            async with self._changing:
                await self._replace()

    async def _replace(self) -> None:
        if self._is_closed:
            return
        metrics.pool_restarts_total(self._cause).inc()
        log.info("pool_child_replaced", slot=self.number, pid=self.pid, cause=self._cause)
        await self._kill()
        try:
            await self.start()
        except (
            OSError,
            EOFError,
            BrokenProcessPool,
        ) as error:  # the next call reports it, and then tries again
            self._cause = f"no start: {type(error).__name__}"
            log.error("pool_child_not_started", slot=self.number, error=type(error).__name__)  # noqa: TRY400

    async def close(self) -> None:
        """Kill the child; the slot is of no more use."""
        self._is_closed = True
        async with self._changing:
            await self._kill()

    def _start(self) -> None:
        start_forkserver(self._preload)
        context = multiprocessing.get_context("forkserver")
        executor = ProcessPoolExecutor(
            1, mp_context=context, initializer=pool_child.set_up, initargs=(self._settings.memory_mb << 20,)
        )
        self.pid = executor.submit(os.getpid).result()
        self._process = next((child for child in multiprocessing.active_children() if child.pid == self.pid), None)
        self._executor, self._served, self._cause = executor, 0, ""

    async def _cause_of_death(self) -> str:
        executor, process = self._executor, self._process
        if executor is None or process is None:
            return "unknown"
        with anyio.move_on_after(1.0):  # its thread joins the child; two who join at once spoil each other's exit code
            await anyio.to_thread.run_sync(executor.shutdown, abandon_on_cancel=True)
        code = process.exitcode
        if code is not None and code < 0:
            return signal.Signals(-code).name
        return f"exit code {code}"

    async def _kill(self) -> None:
        executor, process, self._executor = self._executor, self._process, None
        if executor is None:
            return
        if process is not None and process.is_alive():
            process.terminate()
            await anyio.to_thread.run_sync(process.join, self._settings.kill_grace_s)
            if process.is_alive():
                process.kill()
        await anyio.to_thread.run_sync(lambda: executor.shutdown(wait=True, cancel_futures=True))


_forkserver_lock = threading.Lock()


def start_forkserver(preload: Sequence[str]) -> None:
    """Start this process's one forkserver unless it lives; it imports what every child needs."""
    with _forkserver_lock:
        _start_forkserver(preload)


def _start_forkserver(preload: Sequence[str]) -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    saved = {name: os.environ.get(name) for name in CHILD_ENV}
    os.environ.update(CHILD_ENV)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in saved.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
