"""Forgets what has been kept long enough and has no expiry of its own: dead letters past their retention."""

from __future__ import annotations

import anyio

from streamforge.errors import BrokerUnavailable
from streamforge.jobs.dead import DeadLetters
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

EVERY_S = 60.0

log = get_logger(__name__)


class Janitor(Service):
    """A service that tidies up. Any number of daemons may run it."""

    name = "janitor"

    def __init__(self, letters: DeadLetters, dead_ttl_s: float) -> None:
        self._letters = letters
        self._dead_ttl_s = dead_ttl_s
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
            forgotten = await self._letters.forget(self._dead_ttl_s)
        except BrokerUnavailable as error:
            log.debug("janitor_waits", error=error.message)
            return
        if forgotten:
            log.info("dead_letters_forgotten", letters=forgotten)
