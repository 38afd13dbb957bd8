"""A slot of the rack: one child at a time, replaced whole when it dies, is killed, or has served its time."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import anyio
import anyio.to_thread

from streamforge.config import PoolSettings
from streamforge.errors import PermanentError, SlotCrashed
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.runtime.pool_child import NO_MEMORY, Answer
from streamforge.runtime.pool_process import NOT_STARTED, Child, ChildEnded, start_child

T = TypeVar("T")

START_PAUSES_S = (0.02, 0.1, 0.5)
"""Between the tries to start a child."""

OUT_PAUSE_S = 2.0
"""Between later tries, while the machine refuses new processes."""

OOM = "OOM"
"""Stands for a signal's name where a child reached ``pool.memory_mb`` and lived to tell."""

log = get_logger(__name__)


class Slot:
    """One place for a child.

    ``worn`` says why the child must be replaced before the next call; empty while it is fit. ``is_out`` says that no
    child can be started. What blocks is done in threads of the slot's own.
    """

    def __init__(self, number: int, settings: PoolSettings, preload: Sequence[str]) -> None:
        self.number = number
        self.worn = ""
        self.is_out = False
        self._settings = settings
        self._preload = preload
        self._child: Child | None = None
        self._served = 0
        self._is_closed = False
        self._changing = threading.Lock()
        self._threads = anyio.CapacityLimiter(math.inf)  # the default one is shared with the whole process

    @property
    def pid(self) -> int:
        """The child's process id; 0 while there is none."""
        return self._child.pid if self._child else 0

    @property
    def peak_rss_kb(self) -> int:
        """The most memory the child was seen to hold, in KiB."""
        return self._child.peak_rss_kb if self._child else 0

    async def start(self) -> None:
        """Start the child and wait until it answers; raises NOT_STARTED.

        Tried again where it fails: a forkserver that was just killed refuses for a moment before it is seen to be dead.
        """
        for pause_s in START_PAUSES_S:
            try:
                return await self._in_thread(self._start)
            except NOT_STARTED:
                await anyio.sleep(pause_s)
        return await self._in_thread(self._start)

    async def call(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        """One call; see ``Rack.call``. Raises ChildEnded where the child died before it began: nobody's fault."""
        self.worn = "killed"  # stands where the caller is cancelled: the child is left at work
        self._served += 1
        try:
            kind, value = await anyio.to_thread.run_sync(
                _ask, self._child, function, args, abandon_on_cancel=True, limiter=self._threads
            )
        except ChildEnded as end:
            if end.code == NO_MEMORY:
                raise self._out_of_memory() from end
            self.worn = end.name if end.is_begun else "lost"
            if end.is_begun:
                raise self._crashed(f"the pool child died: {end}", end.name, end.signal) from end
            raise
        self.worn = "recycled" if self._served >= self._settings.recycle_after else ""
        if kind == "oom":
            raise self._out_of_memory()
        if kind == "error":
            raise value
        return value

    async def replace(self) -> None:
        """Kill the child where it lives, and have a new one in its place, however many tries that takes."""
        await self._in_thread(self._end)
        while True:
            try:
                return await self.start()
            except NOT_STARTED as error:
                self.is_out = True
                log.error("pool_child_not_started", slot=self.number, error=type(error).__name__)  # noqa: TRY400
                await anyio.sleep(OUT_PAUSE_S)

    async def close(self) -> None:
        """Kill the child; the slot is of no more use."""
        self._is_closed = True
        await self._in_thread(self._end)

    async def _in_thread(self, function: Callable[[], None]) -> None:
        await anyio.to_thread.run_sync(function, limiter=self._threads)

    def _start(self) -> None:
        with self._changing:
            if self._is_closed:
                return
            self._child = start_child(self._settings.memory_mb << 20, self._preload)
            self._served, self.worn, self.is_out = 0, "", False

    def _end(self) -> None:
        with self._changing:
            if self._child is not None:
                self._child.end(self._settings.kill_grace_s)
                self._child = None

    def _crashed(self, message: str, name: str, signal: str, hint: str | None = None) -> SlotCrashed:
        metrics.pool_crashes_total(name).inc()
        return SlotCrashed(message, signal=signal, peak_rss_kb=self.peak_rss_kb, hint=hint)

    def _out_of_memory(self) -> SlotCrashed:
        self.worn = OOM  # its heap is as large as it may be: the next call would be short of memory
        message = f"the pool child reached its memory limit of {self._settings.memory_mb} MB"
        return self._crashed(message, OOM, OOM, "raise pool.memory_mb, or give the job less to do")


def _ask(child: Child | None, function: Callable[..., Any], args: tuple[Any, ...]) -> Answer:
    if child is None:
        raise ChildEnded(None, is_begun=False)
    try:
        request = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError) as error:
        return "error", PermanentError(f"a pool call cannot be sent: {type(error).__name__}")
    answer = child.exchange(request)
    try:
        return pickle.loads(answer)  # noqa: S301 - our own child's
    except Exception as error:  # noqa: BLE001 - the edge of the process: rebuilding runs the recipe's code
        return "error", PermanentError(f"a pool call's value cannot be rebuilt: {type(error).__name__}")
