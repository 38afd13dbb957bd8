"""What many jobs have to say at the same moment goes to Redis in one script call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from streamforge.errors import BrokerUnavailable
from streamforge.ops.service import Service

T = TypeVar("T")

BATCH_MAX = 64
"""Items in one script call: few enough that Redis works on one batch while this process prepares the next."""

FLUSHES_MAX = 4
"""Script calls under way at once."""

UNANSWERED = -1
"""The code where this process has to end and Redis stays away, or the batcher itself has broken down."""


class Batcher(Service, Generic[T]):
    """A service that gathers items and sends them together. While Redis is away they wait here.

    ``send`` takes a batch and gives a code for each. It has to be idempotent and patient; BrokerUnavailable out of it
    says that this process cannot wait any longer. Any other error ends the service.
    """

    def __init__(self, name: str, send: Callable[[Sequence[T]], Awaitable[list[int]]]) -> None:
        self.name = name
        self._send = send
        self._waiting: list[tuple[T, asyncio.Future[int]]] = []
        self._unanswered: set[asyncio.Future[int]] = set()
        self._wake = asyncio.Event()
        self._turns = asyncio.Semaphore(FLUSHES_MAX)
        self._is_stopping = False
        self._is_over = False

    async def hand_in(self, item: T) -> int:
        """The item's code once Redis has it, or UNANSWERED. Cancelling the wait loses the answer, not the item."""
        if self._is_over:
            return UNANSWERED
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._unanswered.add(future)
        self._waiting.append((item, future))
        self._wake.set()
        try:
            return await future
        finally:
            self._unanswered.discard(future)

    async def run(self) -> None:
        """Flush whatever is waiting, whenever there is something."""
        try:
            async with asyncio.TaskGroup() as flushes:
                await self._flush_all(flushes)
        finally:
            self._is_over = True
            for future in self._unanswered:  # nobody may wait for ever, or the worker could not stop
                _answer(future, UNANSWERED)

    async def _flush_all(self, flushes: asyncio.TaskGroup) -> None:
        while not (self._is_stopping and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._turns.acquire()
                batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                flushes.create_task(self._flush(batch), name=f"{self.name}:flush")

    def stop(self) -> None:
        """Flush what is left, then return."""
        self._is_stopping = True
        self._wake.set()

    async def _flush(self, batch: list[tuple[T, asyncio.Future[int]]]) -> None:
        try:
            codes = await self._send([item for item, _ in batch])
        except BrokerUnavailable:
            codes = [UNANSWERED] * len(batch)
        finally:
            self._turns.release()
        for (_, future), code in zip(batch, codes, strict=True):
            _answer(future, code)


def _answer(future: asyncio.Future[int], code: int) -> None:
    if not future.done():
        future.set_result(code)
