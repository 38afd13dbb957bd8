"""Ends of attempts, settled together: those that are ready at the same moment go to Redis in one script call."""

from __future__ import annotations

import asyncio

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import Settlement
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

BATCH_MAX = 64
"""Settlements in one script call: few enough that Redis works on one batch while this process prepares the next."""

FLUSHES_MAX = 4
"""Script calls under way at once."""

log = get_logger(__name__)


class Settler(Service):
    """A service that batches settlements. While Redis is away they wait here; their jobs' slots stay taken."""

    name = "settler"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: list[tuple[Settlement, asyncio.Future[int]]] = []
        self._wake = asyncio.Event()
        self._turns = asyncio.Semaphore(FLUSHES_MAX)
        self._is_stopping = False

    async def settle(self, settlement: Settlement) -> int:
        """Hand in an end; returns settle.lua's code once Redis has it: 1 settled, 2 settled before, 0 fenced."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((settlement, future))
        self._wake.set()
        return await future

    async def run(self) -> None:
        """Flush whatever is waiting, whenever there is something."""
        async with asyncio.TaskGroup() as flushes:
            while not (self._is_stopping and not self._waiting):
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                    await self._turns.acquire()
                    flushes.create_task(self._flush(batch), name="settler:flush")

    def stop(self) -> None:
        """Flush what is left, then return."""
        self._is_stopping = True
        self._wake.set()

    async def _flush(self, batch: list[tuple[Settlement, asyncio.Future[int]]]) -> None:
        try:
            codes = await self._broker.settle([settlement for settlement, _ in batch])
        finally:
            self._turns.release()
        for (_, future), code in zip(batch, codes, strict=True):
            if not future.done():
                future.set_result(code)
