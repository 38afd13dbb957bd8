"""Ends of attempts, settled together: those that are ready at the same moment go to Redis in one script call."""

from __future__ import annotations

import asyncio

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import Settlement
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

BATCH_MAX = 256
"""Settlements in one script call: 256 take Redis about 5 ms, the longest that others should wait."""

log = get_logger(__name__)


class Settler(Service):
    """A service that batches settlements. While Redis is away they wait here; their jobs' slots stay taken."""

    name = "settler"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: list[tuple[Settlement, asyncio.Future[int]]] = []
        self._wake = asyncio.Event()
        self._is_stopping = False

    async def settle(self, settlement: Settlement) -> int:
        """Hand in an end; returns settle.lua's code once Redis has it: 1 settled, 2 settled before, 0 fenced."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((settlement, future))
        self._wake.set()
        return await future

    async def run(self) -> None:
        """Flush whatever is waiting, whenever there is something."""
        while not (self._is_stopping and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                await self._flush(batch)

    def stop(self) -> None:
        """Flush what is left, then return."""
        self._is_stopping = True
        self._wake.set()

    async def _flush(self, batch: list[tuple[Settlement, asyncio.Future[int]]]) -> None:
        codes = await self._broker.settle([settlement for settlement, _ in batch])
        for (_, future), code in zip(batch, codes, strict=True):
            if not future.done():
                future.set_result(code)
