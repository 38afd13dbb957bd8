"""Submissions that come at the same moment go to Redis together: one round trip for all."""

from __future__ import annotations

import asyncio
from typing import Final

import anyio
from aiohttp import web

from streamforge.errors import InputError, StreamForgeError
from streamforge.jobs.model import Submitted
from streamforge.jobs.store import JobStore, Order

BATCH_MAX: Final = 64
"""Jobs in one round trip: few enough that Redis works on one batch while this process prepares the next."""
FLUSHES_MAX: Final = 2
"""Round trips under way at once."""

Waiting = tuple[Order, "asyncio.Future[Submitted]"]


class Intake:
    """Gathers submissions while it runs; before and after, each goes by itself."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._turns = asyncio.Semaphore(FLUSHES_MAX)
        self._is_running = False

    async def submit(self, order: Order) -> Submitted:
        """As ``JobStore.submit``. Cancelling the wait loses the answer, not the job."""
        if not self._is_running:
            return await self._alone(order)
        future: asyncio.Future[Submitted] = asyncio.get_running_loop().create_future()
        self._waiting.append((order, future))
        self._wake.set()
        return await future

    async def _alone(self, order: Order) -> Submitted:
        (end,) = await self._store.submit_orders([order])
        if isinstance(end, Submitted):
            return end
        raise end

    async def run(self) -> None:
        """Hand over whatever waits, whenever there is something, until ``stop``."""
        self._is_running = True
        async with anyio.create_task_group() as flushes:
            while self._is_running or self._waiting:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._turns.acquire()
                    batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
                    flushes.start_soon(self._flush, batch, name="api:intake:flush")

    def stop(self) -> None:
        """Return once nothing waits."""
        self._is_running = False
        self._wake.set()

    async def _flush(self, batch: list[Waiting]) -> None:
        try:
            answers: list[Submitted | InputError] = [*await self._store.submit_orders([order for order, _ in batch])]
        except Exception as error:  # noqa: BLE001 - each request answers for it, at the API's edge; the daemon lives on
            _refuse(batch, error)
            return
        finally:
            self._turns.release()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # whoever asked has gone
                continue
            if isinstance(answer, Submitted):
                future.set_result(answer)
            else:
                future.set_exception(answer)


def _refuse(batch: list[Waiting], error: Exception) -> None:
    """Tell everybody; of ours, each in an error of its own, which gathers its own traceback."""
    for _, future in batch:
        if not future.done():
            is_ours = isinstance(error, StreamForgeError)
            own = type(error)(error.message, field=error.field, hint=error.hint) if is_ours else error
            future.set_exception(own)


INTAKE: Final[web.AppKey[Intake]] = web.AppKey("intake", Intake)
