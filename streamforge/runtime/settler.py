"""Ends of attempts, settled together: those that are ready at the same moment go to Redis in one script call."""

from __future__ import annotations

import asyncio

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import Settlement
from streamforge.errors import BrokerUnavailable
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

BATCH_MAX = 64
"""Settlements in one script call: few enough that Redis works on one batch while this process prepares the next."""

FLUSHES_MAX = 4
"""Script calls under way at once."""

log = get_logger(__name__)


UNSETTLED = -1
"""Redis stayed away until this process had to end: the entry is pending, and the next process of this name goes on."""


class Settler(Service):
    """A service that batches settlements. While Redis is away they wait here; their jobs' slots stay taken."""

    name = "settler"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: list[tuple[Settlement, asyncio.Future[int]]] = []
        self._unanswered: set[asyncio.Future[int]] = set()
        self._wake = asyncio.Event()
        self._turns = asyncio.Semaphore(FLUSHES_MAX)
        self._is_stopping = False
        self._is_over = False

    async def settle(self, settlement: Settlement) -> int:
        """Hand in an end; returns settle.lua's code once Redis has it: 1 settled, 2 settled before, 0 fenced.

        Or UNSETTLED, where this process stops and Redis stays away, or the settler itself has broken down.
        """
        if self._is_over:
            return UNSETTLED
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._unanswered.add(future)
        future.add_done_callback(self._unanswered.discard)
        self._waiting.append((settlement, future))
        self._wake.set()
        return await future

    async def run(self) -> None:
        """Flush whatever is waiting, whenever there is something."""
        try:
            async with asyncio.TaskGroup() as flushes:
                await self._flush_all(flushes)
        finally:
            self._is_over = True
            for future in tuple(self._unanswered):  # nobody may wait for ever, or the worker could not stop
                if not future.done():
                    future.set_result(UNSETTLED)

    async def _flush_all(self, flushes: asyncio.TaskGroup) -> None:
        while not (self._is_stopping and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._turns.acquire()
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                flushes.create_task(self._flush(batch), name="settler:flush")

    def stop(self) -> None:
        """Flush what is left, then return."""
        self._is_stopping = True
        self._wake.set()

    async def _flush(self, batch: list[tuple[Settlement, asyncio.Future[int]]]) -> None:
        try:
            codes = await self._broker.settle([settlement for settlement, _ in batch])
        except BrokerUnavailable:
            codes = [UNSETTLED] * len(batch)
        finally:
            self._turns.release()
        for (_, future), code in zip(batch, codes, strict=True):
            if not future.done():
                future.set_result(code)
