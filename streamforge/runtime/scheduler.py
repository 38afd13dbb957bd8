"""Moves jobs whose time has come to their queues, and ends those whose time has run out.

Any number of daemons may run it: the move is one script.
"""

from __future__ import annotations

import anyio

from streamforge.broker.broker import Broker
from streamforge.errors import BrokerUnavailable
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

LONGEST_PAUSE_S = 0.5
"""How late a job may be picked up that another process scheduled meanwhile."""

log = get_logger(__name__)


class Scheduler(Service):
    """A service that promotes due jobs."""

    name = "scheduler"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._stopping = anyio.Event()

    def stop(self) -> None:
        """Return after the current pass."""
        self._stopping.set()

    async def run(self) -> None:
        """Promote, then sleep until the next job is due, at most ``LONGEST_PAUSE_S``."""
        while not self._stopping.is_set():
            pause_s = await self._promote()
            with anyio.move_on_after(pause_s):
                await self._stopping.wait()

    async def _promote(self) -> float:
        try:
            done = await self._broker.promote()
        except BrokerUnavailable:
            return LONGEST_PAUSE_S
        if done.moved:
            log.debug("scheduler_promoted", jobs=done.moved)
        if done.expired:
            metrics.jobs_expired_total().inc(done.expired)
            log.info("jobs_expired", jobs=done.expired)
        return LONGEST_PAUSE_S if done.next_ms < 0 else min(LONGEST_PAUSE_S, max(0.001, done.next_ms / 1000))
