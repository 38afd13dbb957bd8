"""The worker: runs each job that its lanes claim in a task of its own, and drains when it is to stop.

A lane takes from one queue; see ``lane``. The worker holds what is running, so that leases, cancels and the drain find
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Protocol

import anyio
import msgspec

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.messages import Take, TakeMode
from streamforge.config import QueueSettings, TenantSettings, WorkerSettings
from streamforge.jobs.model import Claim, JobError, Priority
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.executor import Executor
from streamforge.runtime.lane import Lane
from streamforge.runtime.run import Run

CANCELLED = JobError(code="cancelled", message="somebody asked for the job's end")

SUSPECT = 2
"""Crashes in a row from which on a job is held to be their cause; as in take.lua."""

UNWINDING_S = 5.0
"""From when on the log names a job that was told to end and goes on; the daemon cannot end before its recipe does."""

log = get_logger(__name__)


class Backlog(Protocol):
    """Work that running jobs have handed on, such as the pool's calls."""

    @property
    def is_full(self) -> bool:
        """Whether no more should be begun."""
        ...

    async def wait_for_room(self) -> None:
        """Return when more may be begun."""
        ...


class Worker(Service):
    """A service that runs jobs.

    ``stop`` drains: nothing more is taken, running jobs have ``grace_s`` to end, and what is left is handed back.
    ``hand_back`` ends the grace at once.
    """

    name = "worker"

    def __init__(
        self,
        broker: Broker,
        executor: Executor,
        settings: WorkerSettings,
        *,
        queues: Mapping[str, QueueSettings] | None = None,
        tenants: Mapping[str, TenantSettings] | None = None,
        backlog: Backlog | None = None,
        crash_cause: str = "",
    ) -> None:
        self._executor = executor
        self._backlog = backlog
        self._crash_cause = crash_cause
        self._cause_until = monotonic() + 2 * settings.lease_s  # then all that the dead process held is found
        self._runs: dict[str, Run] = {}
        self._lanes = {queue: Lane(queue, broker, self) for queue in settings.queues}
        self._jobs = asyncio.TaskGroup()
        self._changed = asyncio.Event()
        self._is_full = asyncio.Event()
        self.recovering = asyncio.Lock()
        self._grace = anyio.CancelScope()
        self._is_stopping = False
        self.configure(settings, queues or {}, tenants or {})

    def configure(
        self, settings: WorkerSettings, queues: Mapping[str, QueueSettings], tenants: Mapping[str, TenantSettings]
    ) -> None:
        """Go on with these settings. Its name and its queues stay what they were."""
        self._settings = settings
        self._concurrency = {name: queues[name].concurrency if name in queues else 0 for name in self._lanes}
        self._tenants = tenants_for_take(settings.tenant_max_running, tenants)
        for lane in self._lanes.values():
            lane.wake()

    @property
    def running(self) -> Iterable[Run]:
        """The attempts under way."""
        return tuple(self._runs.values())

    @property
    def queues(self) -> list[str]:
        """The queues it takes from."""
        return list(self._lanes)

    def claims(self) -> Sequence[Claim]:
        """What it runs now. Safe to call from the lease thread."""
        return [run.claim for run in list(self._runs.values())]

    def lose(self, job_id: str, token: int, why: str) -> None:
        """Stop that attempt without settling it: it is not this worker's any more."""
        if run := self._losing(job_id, token, why):
            run.abandon()

    def give_up(self, job_id: str, token: int, why: str) -> None:
        """Stop that attempt and hand the job back, which is refused where another attempt has begun meanwhile."""
        if run := self._losing(job_id, token, why):
            run.release()

    def _losing(self, job_id: str, token: int, why: str) -> Run | None:
        """The attempt, unless it is ending anyway: its settlement is refused where that is too late."""
        run = self._runs.get(job_id)
        if run is None or run.claim.token != token or run.is_ending:
            return None
        log.warning("lease_lost", job_id=job_id, why=why)
        metrics.fenced_writes_total("lease").inc()
        return run

    def cancel(self, job_id: str) -> None:
        """End the job, where it runs here: somebody asked for it."""
        run = self._runs.get(job_id)
        if run is not None:
            run.cancel(CANCELLED)

    def look_for_expired(self, queue: str) -> None:
        """The queue holds jobs whose lease has ended."""
        self._lanes[queue].look_for_expired()

    def why_not_ready(self) -> str | None:
        """A health probe: why this worker could not take a job now."""
        if self._is_stopping:
            return "draining"
        silences = [lane.silent_s for lane in self._lanes.values()]
        if None in silences:
            return "has not reached Redis yet"
        longest_s = max(silence for silence in silences if silence is not None)
        return f"has not heard from Redis for {longest_s:.0f} s" if longest_s > 2 * BLOCK_S else None

    def stop(self) -> None:
        """Take no more; see the class."""
        self._is_stopping = True
        for lane in self._lanes.values():
            lane.stop()

    def hand_back(self) -> None:
        """Take no more, and give running jobs no more time."""
        self.stop()
        self._grace.cancel()

    async def run(self) -> None:
        """Take and run jobs until ``stop``, then drain."""
        async with self._jobs:  # asyncio's group costs a third of anyio's, once a job
            watch = self._jobs.create_task(self._watch_backlog(), name="worker:backlog")
            lanes = [self._jobs.create_task(lane.run(), name=f"lane:{lane.queue}") for lane in self._lanes.values()]
            await asyncio.wait(lanes)
            watch.cancel()
            await self._drain()

    def take(self, queue: str, count: int, mode: TakeMode, *, first: Priority) -> Take:
        """A lane's question to Redis, by the settings as they are now."""
        return Take(
            queue=queue,
            worker=self._settings.name,
            count=count,
            max_crashes=self._settings.max_crashes,
            mode=mode,
            first=first,
            lease_ms=round(self._settings.lease_s * 1000),
            cause=self._crash_cause if monotonic() < self._cause_until else "",
            tenants=self._tenants,
            has_suspect=mode != "new"
            and any(run.claim.crashes >= SUSPECT and not run.has_got_on for run in self.running),
            held=() if mode == "new" else tuple(self._runs),
        )

    def slots(self, queue: str) -> int:
        """How many jobs of this queue may run at once; 0 while there is a backlog."""
        if self._backlog is not None and self._backlog.is_full:
            self._is_full.set()
            return 0
        return self._concurrency[queue] or self._settings.concurrency

    def launch(self, claim: Claim) -> None:
        """Run the job in a task of its own."""
        run = Run(claim)
        self._runs[claim.id] = run
        metrics.jobs_running().set(len(self._runs))
        self._jobs.create_task(self._run(run), name=claim.id)

    async def _run(self, run: Run) -> None:
        try:
            await self._executor.run(run)
        finally:
            if self._runs.get(run.claim.id) is run:
                del self._runs[run.claim.id]
            metrics.jobs_running().set(len(self._runs))
            self._lanes[run.claim.queue].release()
            self._changed.set()

    async def _watch_backlog(self) -> None:
        """Wake the lanes when there is room again."""
        while self._backlog is not None:
            await self._is_full.wait()
            await self._backlog.wait_for_room()
            self._is_full.clear()
            for lane in self._lanes.values():
                lane.wake()

    async def _drain(self) -> None:
        """Let running jobs end within the grace, then hand the rest back at once, with their checkpoints."""
        if not self._runs:
            return
        log.info("worker_draining", jobs=len(self._runs), grace_s=self._settings.grace_s)
        self._grace.deadline = anyio.current_time() + self._settings.grace_s
        with self._grace:
            await self._all_ended()
        for run in self.running:
            run.release()
        with anyio.move_on_after(UNWINDING_S):
            await self._all_ended()
        for run in self.running:
            if not run.is_over:
                log.error("job_ignores_cancellation", job_id=run.claim.id, kind=run.claim.kind)

    async def _all_ended(self) -> None:
        while self._runs:
            self._changed.clear()
            await self._changed.wait()


def tenants_for_take(max_running: int, tenants: Mapping[str, TenantSettings]) -> bytes:
    """The tenants' weights and limits as take.lua takes them; nothing where there are none."""
    if not max_running and not tenants:
        return b""
    weights = {name: tenant.weight for name, tenant in tenants.items()}
    limits = {name: tenant.max_running for name, tenant in tenants.items()}
    return msgspec.json.encode({"max_running": max_running, "weights": weights, "limits": limits})
