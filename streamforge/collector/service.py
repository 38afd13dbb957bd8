"""Collects now and then, as long as the daemon runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import anyio

from streamforge.collector.collector import Collector, Stopped
from streamforge.collector.garbage import Garbage
from streamforge.config import StorageSettings
from streamforge.errors import TransientError, WrongState
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

EVERY_S: Final = 60.0
"""How often it looks for what was erased, and whether its turn has come for all the rest."""

log = get_logger(__name__)


class CollectorService(Service):
    """A service that collects garbage. Any number of daemons may run it: one of them does so at a time.

    ``keeps_s`` is how long a job is remembered in Redis after its end.
    """

    name = "collector"

    def __init__(self, collector: Collector, garbage: Garbage, settings: StorageSettings, keeps_s: float) -> None:
        self._collector = collector
        self._garbage = garbage
        self._settings = settings
        self._wait_s = max(settings.garbage_after_s, keeps_s)
        self._stopping = anyio.Event()
        self._told = ""

    async def start(self) -> None:
        """Claim the object store before any job puts something there; where it does not answer, a round will."""
        with suppress(TransientError):
            await self._collector.claim()

    def stop(self) -> None:
        """Return after the current step of the current round."""
        self._stopping.set()
        self._collector.stop()

    async def run(self) -> None:
        """Rounds, until ``stop``."""
        while not self._stopping.is_set():
            try:
                await self._round()
                self._told = ""
            except Stopped:
                return
            except TransientError as error:
                metrics.collections_total("failed").inc()
                log.debug("collector_waits", error=error.message)
            except WrongState as error:
                metrics.collections_total("refused").inc()
                self._tell(str(error))
            with anyio.move_on_after(EVERY_S):
                await self._stopping.wait()

    async def _round(self) -> None:
        if await self._garbage.unwanted(1):
            await self._collector.require_allowed(self._wait_s)
            done = await self._collector.collect_erased()
            log.info("erased_objects_deleted", objects=done.deleted, bytes=done.deleted_size)
        if not self._settings.collect_s or not await self._garbage.take_turn(self._settings.collect_s):
            return
        await self._collector.require_allowed(self._wait_s)
        done = await self._collector.collect(self._settings.garbage_after_s)
        metrics.collections_total("done").inc()
        log.info("objects_collected", objects=done.deleted, bytes=done.deleted_size, left=done.objects - done.deleted)

    def _tell(self, why: str) -> None:
        """A reason that lasts is told once."""
        if why != self._told:
            log.warning("nothing_is_collected", why=why)
        self._told = why
