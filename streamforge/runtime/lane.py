"""One queue as a worker serves it: takes as many jobs as the queue has free slots here, and waits without polling.

Reading and claiming are one script, so an entry is never read without being claimed. When a call's answer is lost the
jobs it claimed are in this worker's pending list; the next take asks for those first. Waiting is a blocking read of
the queue's bell, which claims nothing and can be cut off at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from time import monotonic
from typing import Protocol

import anyio

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.messages import Take, TakeMode, Taken
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.model import Claim, Priority
from streamforge.ops.logs import get_logger
from streamforge.runtime.outage import Outage

TAKE_MAX = 64
"""Jobs claimed in one script call: few enough that Redis claims some while this process runs others."""

PATIENT_EVERY = 10
"""One take in so many begins with low or normal jobs, by turns, so that neither starves."""

AWAY_PAUSE_S = 0.25
"""Between two tries while Redis is away."""

log = get_logger(__name__)


class Host(Protocol):
    """The worker, as its lanes see it. ``recovering`` is held by the lane that takes over what others left."""

    recovering: asyncio.Lock

    def take(self, queue: str, count: int, mode: TakeMode, *, first: Priority) -> Take:
        """What to ask for: names and limits as they are now."""
        ...

    def slots(self, queue: str) -> int:
        """How many jobs of this queue may run here at once; 0 while this worker can take on nothing more."""
        ...

    def launch(self, claim: Claim) -> None:
        """Run the job; ``Lane.release`` follows when it is over."""
        ...


class Lane:
    """A queue's taking loop. ``stop`` ends it; what runs goes on."""

    def __init__(self, queue: str, broker: Broker, host: Host) -> None:
        self.queue = queue
        self._broker = broker
        self._host = host
        self._busy = 0
        self._turns = 0
        self._changed = asyncio.Event()
        self._waiting = anyio.CancelScope()
        self._is_stopping = False
        self._has_expired = True  # what others have handed back comes before the backlog
        self._heard = 0.0
        self._outage = Outage("take")

    @property
    def silent_s(self) -> float | None:
        """How long Redis has not been heard; None where it never was."""
        return monotonic() - self._heard if self._heard else None

    def look_for_expired(self) -> None:
        """There are jobs whose lease has ended: take them over with the next free slot."""
        self._has_expired = True
        self._waiting.cancel()

    def release(self) -> None:
        """One of this lane's jobs is over."""
        self._busy -= 1
        self._changed.set()

    def wake(self) -> None:
        """Something has changed, such as the number of slots or a tenant's limit: look again."""
        self._changed.set()
        self._waiting.cancel()

    def stop(self) -> None:
        """Take no more."""
        self._is_stopping = True
        self._changed.set()
        self._waiting.cancel()

    async def run(self) -> None:
        """Take until ``stop``: first what an earlier process of this name left, then what comes."""
        mode: TakeMode = "crashed"
        while free := await self._free_slots():
            if mode == "new" and self._has_expired:
                mode, self._has_expired = "expired", False
            taken = await self._take(free, mode)
            if taken is None:
                mode = "lost"  # not "crashed" again: what a lost answer claimed would be charged once more
                await self._interruptible(lambda: anyio.sleep(AWAY_PAUSE_S))
            elif not taken.claims and mode != "new":
                mode = "new"
            elif not taken.claims and not self._has_expired:
                await self._wait_for_bell(taken.cursor)

    async def _take(self, free: int, mode: TakeMode) -> Taken | None:
        try:
            # one recovery after the other, so that each knows what the last one took over
            async with nullcontext() if mode == "new" else self._host.recovering:
                taken = await self._broker.take(
                    self._host.take(self.queue, min(free, TAKE_MAX), mode, first=self._first())
                )
                self._start(taken.claims)
        except BrokerUnavailable as error:
            self._outage.missed(error)
            return None
        self._hear()
        if taken.claims and mode != "new":
            log.warning("jobs_recovered", queue=self.queue, jobs=len(taken.claims), cause=mode)
        return taken

    def _first(self) -> Priority:
        """The most urgent, but for one take in so many."""
        self._turns += 1
        turn, rest = divmod(self._turns, PATIENT_EVERY)
        return Priority.HIGH if rest else (Priority.LOW, Priority.NORMAL)[turn % 2]

    def _start(self, claims: list[Claim]) -> None:
        self._busy += len(claims)
        for claim in claims:
            self._host.launch(claim)

    async def _free_slots(self) -> int:
        """How many more jobs may run; waits while none may. 0 when stopping."""
        while not self._is_stopping:
            free = self._host.slots(self.queue) - self._busy
            if free > 0:
                return free
            self._changed.clear()
            with anyio.move_on_after(BLOCK_S):
                await self._changed.wait()
                continue
            await self._listen()
        return 0

    async def _listen(self) -> None:
        """With every slot taken nothing is read: ask Redis whether it is there, so that health stays true."""
        try:
            await self._broker.ping()
            self._hear()
        except BrokerUnavailable as error:
            self._outage.missed(error)

    def _hear(self) -> None:
        self._heard = monotonic()
        self._outage.over()

    async def _wait_for_bell(self, cursor: bytes) -> None:
        try:
            await self._interruptible(lambda: self._broker.wait_for_bell(self.queue, cursor))
            self._hear()
        except BrokerUnavailable as error:
            self._outage.missed(error)
            await self._interruptible(lambda: anyio.sleep(AWAY_PAUSE_S))

    async def _interruptible(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Wait, unless there is something to do meanwhile."""
        with anyio.CancelScope() as self._waiting:
            if not self._is_stopping:
                await wait()
