"""Tells systemd that this daemon lives, as long as it can really take work.

A process whose event loop turns is not enough: queues have been seen green for hours with a dead consumer. So the
worker must have heard from Redis lately. The one excuse is that Redis serves nobody: then a write over a new connection
fails as well, and a restart of this daemon would mend nothing.
"""

from __future__ import annotations

import anyio

from streamforge.broker.connection import connect, is_away
from streamforge.broker.keys import Keys
from streamforge.config import RedisSettings
from streamforge.ops import sdnotify
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.worker import Worker

PROBE_MS = 1000
"""How long the key that tries whether Redis takes a write stays there."""

log = get_logger(__name__)


class Watchdog(Service):
    """A service that feeds systemd's watchdog; idle where there is none."""

    name = "watchdog"

    def __init__(self, worker: Worker, settings: RedisSettings, url: str, interval_s: float | None = None) -> None:
        self._worker = worker
        self._settings = settings
        self._url = url
        self._keys = Keys(settings.prefix)
        self._interval_s = interval_s or sdnotify.watchdog_interval_s()
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return at once."""
        self._stopping.set()

    async def run(self) -> None:
        """Feed at half of the time that systemd allows."""
        while not self._stopping.is_set():
            if self._interval_s is not None and await self.is_worth_feeding():
                sdnotify.watchdog()
            with anyio.move_on_after(self._interval_s):
                await self._stopping.wait()

    async def is_worth_feeding(self) -> bool:
        """Whether the worker can take work, or could if Redis were there."""
        why = self._worker.why_not_ready()
        if why is None or not await self._redis_answers():
            return True
        log.error("watchdog_withheld", reason=why)
        return False

    async def _redis_answers(self) -> bool:
        client = connect(self._settings, self._url)
        try:
            await client.set(self._keys.probe, 1, px=PROBE_MS)  # a write: one that only reads serves nobody either
        except Exception as error:  # noqa: BLE001 - any failure is an answer here
            return not is_away(error)
        else:
            return True
        finally:
            await client.aclose()
