"""Forgets what has been kept long enough and has no expiry of its own: dead letters, the index of expired jobs."""

from __future__ import annotations

import anyio

from streamforge.broker.outbox import Outbox
from streamforge.config import JobsSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.store import JobStore
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

EVERY_S = 60.0

UNREAD_S = 900.0
"""How old what waits for an archive may be before a daemon without one says so."""

log = get_logger(__name__)


class Janitor(Service):
    """A service that tidies up. Any number of daemons may run it.

    One without an archive is given the ``outbox``: where a database has claimed this Redis and no daemon serves it any
    more, nothing expires, and somebody should hear of that before Redis is full.
    """

    name = "janitor"

    def __init__(self, store: JobStore, limits: JobsSettings, outbox: Outbox | None = None) -> None:
        self._store = store
        self._outbox = outbox
        self._limits = limits
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return after the current round."""
        self._stopping.set()

    async def run(self) -> None:
        """A round at once, then one a minute."""
        while not self._stopping.is_set():
            await self.tidy()
            with anyio.move_on_after(EVERY_S):
                await self._stopping.wait()

    async def tidy(self) -> None:
        """One round; nothing where Redis is away."""
        try:
            letters = await self._store.letters.forget(self._limits.dead_ttl_s)
            jobs = await self._store.listing.forget(self._limits.result_ttl_s)
            await self._look_at_the_outbox()
        except BrokerUnavailable as error:
            log.debug("janitor_waits", error=error.message)
            return
        if letters:
            log.info("dead_letters_forgotten", letters=letters)
        if jobs:
            log.debug("expired_jobs_unlisted", jobs=jobs)

    async def _look_at_the_outbox(self) -> None:
        if self._outbox is None or await self._outbox.claimed() is None:
            return
        backlog = await self._outbox.backlog()
        if backlog.age_s > UNREAD_S:
            hint = "set archive.url, or run `streamforge db release`"
            log.warning("archive_not_read", entries=backlog.entries, age_s=round(backlog.age_s), hint=hint)
