"""Forgets what has been kept long enough and has no expiry of its own: dead letters, the index of expired jobs."""

from __future__ import annotations

import anyio

from streamforge.config import JobsSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.store import JobStore
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

EVERY_S = 60.0

log = get_logger(__name__)


class Janitor(Service):
    """A service that tidies up. Any number of daemons may run it."""

    name = "janitor"

    def __init__(self, store: JobStore, limits: JobsSettings) -> None:
        self._store = store
        self._limits = limits
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return after the current round."""
        self._stopping.set()

    async def run(self) -> None:
        """A round at once, then one a minute."""
        while not self._stopping.is_set():
            await self._tidy()
            with anyio.move_on_after(EVERY_S):
                await self._stopping.wait()

    async def _tidy(self) -> None:
        try:
            letters = await self._store.letters.forget(self._limits.dead_ttl_s)
            jobs = await self._store.listing.forget(self._limits.result_ttl_s)
        except BrokerUnavailable as error:
            log.debug("janitor_waits", error=error.message)
            return
        if letters:
            log.info("dead_letters_forgotten", letters=letters)
        if jobs:
            log.debug("expired_jobs_unlisted", jobs=jobs)
