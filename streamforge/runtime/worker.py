"""The worker: takes as many jobs as it has free slots, runs each in a task of its own, and waits without polling.

Reading and claiming are one script, so an entry is never read without being claimed. When a call's answer is lost the
jobs it claimed are in this worker's pending list; the next take asks for those first. Waiting is a blocking read
outside the group, which claims nothing and can be cut off at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from time import monotonic

import anyio

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.scripts import TakeMode, Taken
from streamforge.config import WorkerSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.model import Claim
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.executor import Executor, Run
from streamforge.runtime.outage import Outage

TAKE_MAX = 64
"""Jobs claimed in one script call: few enough that Redis claims some while this process runs others."""

AWAY_PAUSE_S = 0.25
"""Between two tries while Redis is away."""

log = get_logger(__name__)


class Worker(Service):
    """A service that runs jobs.

    ``stop`` drains: nothing more is taken, running jobs have ``grace_s`` to end, and what is left is handed back.
    """

    name = "worker"

    def __init__(self, broker: Broker, executor: Executor, settings: WorkerSettings) -> None:
        self._broker = broker
        self._executor = executor
        self._settings = settings
        self._streams = broker.keys.queues(settings.queues)
        self._runs: dict[str, Run] = {}
        self._changed = asyncio.Event()
        self._waiting = anyio.CancelScope()
        self._is_stopping = False
        self._has_expired = False
        self._heard = 0.0
        self._outage = Outage("take")

    @property
    def running(self) -> Iterable[Run]:
        """The attempts under way."""
        return tuple(self._runs.values())

    @property
    def streams(self) -> list[str]:
        """The streams it takes from, the most urgent first."""
        return self._streams

    def claims(self) -> Sequence[Claim]:
        """What it runs now. Safe to call from the lease thread."""
        return [run.claim for run in list(self._runs.values())]

    def lose(self, job_id: str, token: int, why: str) -> None:
        """Stop that attempt without settling it: it is not this worker's any more."""
        run = self._runs.get(job_id)
        if run is not None and run.claim.token == token:
            log.warning("lease_lost", job_id=job_id, why=why)
            metrics.fenced_writes_total("lease").inc()
            run.abandon()

    def look_for_expired(self) -> None:
        """There are jobs whose lease has ended: take them over with the next free slot."""
        self._has_expired = True
        self._waiting.cancel()

    def why_not_ready(self) -> str | None:
        """A health probe: why this worker could not take a job now."""
        if self._is_stopping:
            return "draining"
        if not self._heard:
            return "has not reached Redis yet"
        silent_s = monotonic() - self._heard
        return f"has not heard from Redis for {silent_s:.0f} s" if silent_s > 2 * BLOCK_S else None

    def stop(self) -> None:
        """Take no more; see the class."""
        self._is_stopping = True
        self._changed.set()
        self._waiting.cancel()

    async def run(self) -> None:
        """Take and run jobs until ``stop``, then drain."""
        async with asyncio.TaskGroup() as jobs:  # a third of what anyio's costs, once a job
            await self._take_while_running(jobs)
            await self._drain()

    async def _take_while_running(self, jobs: asyncio.TaskGroup) -> None:
        mode: TakeMode = "crashed"  # what an earlier process of this name left
        while not self._is_stopping:
            free = await self._free_slots()
            if self._is_stopping:
                return
            if mode == "new" and self._has_expired:
                mode, self._has_expired = "expired", False
            taken = await self._take(free, mode)
            if taken is None:
                mode = "lost"  # not "crashed" again: what a lost answer claimed would be charged once more
                await self._pause(AWAY_PAUSE_S)
                continue
            for claim in taken.claims:
                self._start(jobs, Run(claim))
            if not taken.claims and mode == "new" and not (self._is_stopping or self._has_expired):
                await self._wait_for_entries(taken)
            if not taken.claims:
                mode = "new"

    async def _take(self, free: int, mode: TakeMode) -> Taken | None:
        held = () if mode == "new" else tuple(self._runs)
        try:
            taken = await self._broker.take(
                self._settings.name,
                self._streams,
                min(free, TAKE_MAX),
                max_crashes=self._settings.max_crashes,
                lease_ms=round(self._settings.lease_s * 1000),
                mode=mode,
                held=held,
            )
        except BrokerUnavailable as error:
            self._outage.missed(error)
            return None
        self._hear()
        if taken.claims and mode != "new":
            log.warning("jobs_recovered", jobs=len(taken.claims), cause=mode)
        return taken

    def _start(self, jobs: asyncio.TaskGroup, run: Run) -> None:
        self._runs[run.claim.id] = run
        metrics.jobs_running().set(len(self._runs))
        jobs.create_task(self._run(run), name=run.claim.id)

    async def _run(self, run: Run) -> None:
        try:
            await self._executor.run(run)
        finally:
            if self._runs.get(run.claim.id) is run:
                del self._runs[run.claim.id]
            metrics.jobs_running().set(len(self._runs))
            self._changed.set()

    async def _free_slots(self) -> int:
        """How many more jobs may run; waits while none may."""
        while not self._is_stopping and len(self._runs) >= self._settings.concurrency:
            self._changed.clear()
            with anyio.move_on_after(BLOCK_S):
                await self._changed.wait()
                continue
            await self._listen()
        return self._settings.concurrency - len(self._runs)

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

    async def _wait_for_entries(self, taken: Taken) -> None:
        with anyio.CancelScope() as self._waiting:
            try:
                await self._broker.wait_for_entries(taken.cursors)
                self._hear()
            except BrokerUnavailable as error:
                self._outage.missed(error)
                await anyio.sleep(AWAY_PAUSE_S)

    async def _pause(self, seconds: float) -> None:
        with anyio.CancelScope() as self._waiting:
            await anyio.sleep(seconds)

    async def _drain(self) -> None:
        """Let running jobs end within the grace, then hand the rest back at once, with their checkpoints."""
        if not self._runs:
            return
        log.info("worker_draining", jobs=len(self._runs), grace_s=self._settings.grace_s)
        with anyio.move_on_after(self._settings.grace_s):
            while self._runs:
                self._changed.clear()
                await self._changed.wait()
        for run in self.running:
            run.release()
