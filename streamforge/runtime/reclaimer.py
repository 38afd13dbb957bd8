"""Finds jobs whose lease has ended: their worker died, or was cut off. The worker then takes them over like any others.

A look costs one round trip (XPENDING … IDLE for each line) and claims nothing; the claim itself is take.lua's, for as
many as there are free slots, under a new token. A worker of this machine that is known to be dead (its process is gone)
is not waited for: what it held is freed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from streamforge.broker.broker import Broker
from streamforge.errors import BrokerUnavailable
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.leases import fate_of

LOOK_EVERY_S = 0.5
"""With the lease, the longest that a dead worker's job waits."""

log = get_logger(__name__)


class Reclaimer(Service):
    """A service that tells the worker when there is something to take over."""

    name = "reclaimer"

    def __init__(self, broker: Broker, queues: Sequence[str], lease_s: float, found: Callable[[str], None]) -> None:
        self._broker = broker
        self._queues = queues
        self._lease_ms = round(lease_s * 1000)
        self._found = found
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return after the current look."""
        self._stopping.set()

    async def run(self) -> None:
        """Look, tell, pause."""
        while not self._stopping.is_set():
            with anyio.move_on_after(LOOK_EVERY_S):
                await self._stopping.wait()
                return
            try:
                await self._free_the_dead()
                for queue in await self._broker.look(self._queues, self._lease_ms):
                    self._found(queue)
            except BrokerUnavailable as error:
                log.debug("reclaimer_waits", error=error.message)

    async def _free_the_dead(self) -> None:
        for worker, identity in (await self._broker.identities()).items():
            if fate_of(identity) == "gone":
                jobs = await self._broker.disown(worker, identity, self._queues)
                log.warning("worker_gone", worker=worker, jobs=jobs)
