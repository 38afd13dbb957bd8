"""Clears away what processes left half-written when they were killed."""

from __future__ import annotations

from typing import Final

import anyio

from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.storage.objects import Objects, StorageUnavailable

EVERY_S: Final = 3600.0
OLD_S: Final = 86_400.0
"""Longer than any file takes to arrive, unless jobs wait longer for theirs."""

log = get_logger(__name__)


class Sweeper(Service):
    """A service that looks now and then for files that nobody goes on with. Any number of daemons may run it.

    ``wait_s`` is how long a job waits for the next part of a file.
    """

    name = "sweeper"

    def __init__(self, objects: Objects, wait_s: float = 0.0) -> None:
        self._objects = objects
        self._old_s = max(OLD_S, 2 * wait_s)
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return after the current round."""
        self._stopping.set()

    async def run(self) -> None:
        """A round at once, then one an hour."""
        while not self._stopping.is_set():
            await self.sweep()
            with anyio.move_on_after(EVERY_S):
                await self._stopping.wait()

    async def sweep(self) -> None:
        """One round; where the store is away, the next one does it."""
        try:
            swept = await self._objects.sweep(self._old_s)
        except StorageUnavailable as error:
            log.debug("sweeper_waits", error=error.message)
            return
        if swept:
            log.info("leftovers_swept", files=swept)
