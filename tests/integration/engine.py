"""A worker with all it leans on, in this process, over a test's server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

import msgspec

from streamforge.broker.broker import Broker
from streamforge.broker.deltas import DeltaVoice
from streamforge.config import JobsSettings, PoolSettings, RedisSettings, WorkerSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.kinds import Kinds
from streamforge.jobs.model import Job, Submission, new_job_id
from streamforge.jobs.store import JobStore
from streamforge.ops.service import Service, Supervisor
from streamforge.runtime.children import StoredChildren
from streamforge.runtime.context import Lent, Resources
from streamforge.runtime.control import Control
from streamforge.runtime.deltas import Deltas
from streamforge.runtime.executor import Executor
from streamforge.runtime.inbox import Inbox
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.reclaimer import Reclaimer
from streamforge.runtime.recorder import Recorder
from streamforge.runtime.retry import RetryPolicy
from streamforge.runtime.scheduler import Scheduler
from streamforge.runtime.settler import Settler
from streamforge.runtime.worker import Worker
from streamforge.storage.objects import Objects
from streamforge.testing.waiting import until

QUICK = RetryPolicy(max_attempts=3, base_s=0.001, cap_s=0.002)
"""Retries that follow at once."""


class Text(msgspec.Struct):
    """The input of the tests' pipelines."""

    text: str = ""


def pipeline(recipe: Any, name: str = "echo", **more: Any) -> Pipeline[Text]:  # noqa: ANN401
    """A pipeline of that recipe over ``Text``."""
    return Pipeline(name, Text, recipe, **more)


class Engine:
    """``async with`` starts it and always stops it; a part that broke down raises there."""

    def __init__(
        self,
        url: str,
        pipelines: Sequence[Pipeline[Any]],
        *,
        objects: Objects,
        resources: Resources | None = None,
        jobs: JobsSettings | None = None,
        policy: RetryPolicy = QUICK,
        pool: PoolSettings | None = None,
        **worker: Any,  # noqa: ANN401 - WorkerSettings'
    ) -> None:
        limits = jobs or JobsSettings()
        facts: dict[str, Any] = {"name": "w1", "concurrency": 8, "grace_s": 5.0, **worker}
        self.settings = WorkerSettings(**facts)
        self.broker = Broker(RedisSettings(socket_timeout_s=1.0), limits, url)
        self.store = JobStore(self.broker)
        self.settler = Settler(self.broker)
        recorder = Recorder(self.broker)
        self.rack = Rack(pool or PoolSettings(slots=1))
        kinds = Kinds(p.kind for p in pipelines)
        children = StoredChildren(self.store, kinds)
        deltas = Deltas(DeltaVoice(self.broker))
        lent = Lent(recorder, objects, self.rack, limits, resources or {}, children, deltas)
        self.executor = Executor({p.kind.name: p for p in pipelines}, lent, self.settler, policy, limits)
        self.worker = Worker(self.broker, self.executor, self.settings)
        self.inbox = Inbox(self.broker, self.store, kinds, self.settings.name, limits.max_input_bytes)
        pools = [self.rack] if pool else []
        reclaimer = Reclaimer(self.broker, self.worker.queues, self.settings.lease_s, self.worker.look_for_expired)
        control = Control(self.broker, self.settings.name, cancel=self.worker.cancel, drain=self.ask_to_stop)
        services: list[Service] = [*pools, self.settler, recorder, deltas, Scheduler(self.broker), self.inbox]
        services += [self.worker, reclaimer, control]
        self._ready = asyncio.Event()
        self._supervisor = Supervisor(services, self._ready.set)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._supervisor.run())
        await until(lambda: self._ready.is_set() or self._task_is_done(), "the engine is ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self.broker.close()

    async def stop(self) -> None:
        """Drain, and wait for the end; raises what broke down."""
        self._supervisor.stop()
        task, self._task = self._task, None
        if task is not None:
            await task

    def ask_to_stop(self) -> None:
        """Drain, without waiting."""
        self._supervisor.stop()

    def _task_is_done(self) -> bool:
        return self._task is not None and self._task.done()

    async def submit(self, kind: str = "echo", text: str = "", **more: Any) -> str:  # noqa: ANN401 - Submission's
        """Hand in a job; its id."""
        facts: dict[str, Any] = {"id": new_job_id(), "input": msgspec.json.encode(Text(text)), **more}
        return (await self.store.submit(Submission(kind=kind, **facts))).id

    async def ended(self, job_id: str, timeout_s: float = 15.0) -> Job:
        """The job, once it has ended."""

        async def done() -> Job | None:
            with suppress(BrokerUnavailable):  # a test may have killed the server
                job = await self.store.get(job_id)
                return job if job.is_terminal else None
            return None

        job = await until(done, f"job {job_id} has ended", timeout_s)
        assert job is not None
        return job

    async def events(self, job_id: str) -> list[str]:
        """The types of the job's events."""
        return [event.type for event in await self.store.events_since(job_id)]
