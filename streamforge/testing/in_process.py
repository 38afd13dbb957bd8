"""The daemon in this process, over a Valkey of its own, with pauses that pass at once.

    async with InProcessWorker([LETTER], resources={TextModel: ScriptedText("Dear reader")}) as worker:
        job = await worker.run("letter", Letter(topic="spring"))
        assert worker.result_of(job, str) == "Dear reader"

It is ``app.Daemon`` itself, with leases, pool and inbox, but without HTTP; only its settings are made for tests.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from time import time_ns
from typing import Any, Self, TypedDict, TypeVar, Unpack

import msgspec
from msgspec.structs import replace

from streamforge.app import Daemon
from streamforge.config import (
    ApiSettings,
    ArchiveSettings,
    CronSettings,
    JobsSettings,
    PathsSettings,
    PoolSettings,
    QueueSettings,
    RedisSettings,
    Settings,
    TenantSettings,
    WorkerSettings,
)
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.dead import DeadLetter
from streamforge.jobs.events import Event
from streamforge.jobs.kinds import submission_from
from streamforge.jobs.model import Job, JobState, new_job_id
from streamforge.jobs.store import Cancellation
from streamforge.ops.service import ServiceFailed
from streamforge.runtime.context import Resources
from streamforge.runtime.recipe import Pipeline
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until

T = TypeVar("T")

WORKER = WorkerSettings(name="in-process", concurrency=8, grace_s=0.0, retry_base_s=0.001, retry_cap_s=0.002)
"""What a test leaves running is handed back at once; retries follow at once."""

POOL = PoolSettings(slots=1)
NO_ARCHIVE = ArchiveSettings(url="off")

START_S = 60.0
"""How long the start may take: the pool's first child waits for the imports of ``preload``."""


class Sections(TypedDict, total=False):
    """Sections of the settings that a test may give; see ``config``."""

    redis: RedisSettings
    worker: WorkerSettings
    queues: dict[str, QueueSettings]
    tenants: dict[str, TenantSettings]
    routes: dict[str, str]
    cron: dict[str, CronSettings]
    pool: PoolSettings
    jobs: JobsSettings
    archive: ArchiveSettings


class InProcessWorker:
    """A daemon of these pipelines; ``async with`` starts it and always stops it. A part that broke down raises there.

    Without ``url`` it starts a Valkey of its own, and removes it afterwards. Over a given one it takes a key prefix of
    its own, so that tests can share a server; a ``redis`` section with a prefix says otherwise. Files go to ``home``,
    or to a directory that is removed afterwards; two workers that share jobs share it. ``resources`` are lent to
    recipes by type.

    With ``skip_pauses``, ``ended`` makes the job's next attempt due at once, whatever a retry, a snooze or its
    ``not_before_ms`` says; a job that waits for a child waits.
    """

    def __init__(
        self,
        pipelines: Iterable[Pipeline[Any]],
        *,
        resources: Resources | None = None,
        url: str = "",
        home: Path | None = None,
        skip_pauses: bool = True,
        **sections: Unpack[Sections],
    ) -> None:
        self.skip_pauses = skip_pauses
        self._pipelines = list(pipelines)
        self._resources = resources or {}
        self._url = url
        self._home = home
        self._sections = sections
        self._ended = asyncio.Event()
        self._failure: ServiceFailed | None = None
        self._tasks = asyncio.TaskGroup()
        self._borrowed = ExitStack()

    async def __aenter__(self) -> Self:
        with ExitStack() as stack:
            self.daemon = Daemon(self._settings(stack), self._pipelines, self._resources)
            self.store = self.daemon.store
            self._borrowed = stack.pop_all()
        await self._tasks.__aenter__()
        self._tasks.create_task(self._serve(), name="in-process-worker")
        try:
            await until(lambda: self.daemon.ready.is_set() or self._ended.is_set(), "the worker is ready", START_S)
            self._require_working()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            self.daemon.stop()
            await self._tasks.__aexit__(None, None, None)
        finally:
            await self.daemon.broker.close()  # who asked for a job after the daemon had broken down reconnected
            self._borrowed.close()
        self._require_working()

    # ---- handing in, and waiting ----

    async def submit(self, kind: str, spec: object, **more: object) -> str:
        """Hand a job in, and return its id; ``more`` is Submission's: id, queue, priority, tenant, not_before_ms, ….

        The spec is checked as at every door: raises UnknownKind and InvalidInput.
        """
        known = self.daemon.kinds[kind]
        raw = known.normalise(msgspec.json.encode(spec))
        facts: dict[str, object] = {"id": new_job_id(), "queue": known.queue, **more}
        return (await self.store.submit(submission_from(kind=kind, input=raw, **facts))).id

    async def run(self, kind: str, spec: object, *, timeout_s: float = 30.0, **more: object) -> Job:
        """Hand a job in and wait for its end."""
        return await self.ended(await self.submit(kind, spec, **more), timeout_s)

    async def ended(self, job_id: str, timeout_s: float = 30.0) -> Job:
        """The job, once it has ended; raises AssertionError where it does not, or the worker has broken down."""

        async def find() -> Job | None:
            self._require_working()
            with suppress(BrokerUnavailable):  # a test may have killed the server
                job = await self.store.get(job_id)
                if self.skip_pauses and job.state is JobState.SCHEDULED and not job.awaits:
                    await self.make_due(job_id)
                return job if job.is_terminal else None
            return None

        job = await until(find, f"job {job_id} has ended", timeout_s)
        if job is None:  # which ``until`` never gives
            raise AssertionError
        return job

    async def make_due(self, job_id: str) -> None:
        """Let a scheduled job's time come now; one that is not scheduled is left as it is."""
        broker, now_ms = self.daemon.broker, time_ns() // 1_000_000
        due = {job_id: now_ms}
        await broker.call("due", lambda: broker.client.zadd(broker.keys.scheduled, due, xx=True, lt=True))
        await broker.promote()

    async def cancel(self, job_id: str, reason: str = "") -> Cancellation:
        """Ask for a job's end."""
        return await self.store.cancel(job_id, reason)

    # ---- looking at what came of it ----

    def result_of(self, job: Job, returns: type[T]) -> T:
        """A succeeded job's result; raises AssertionError with its error where it did not succeed."""
        if job.state is not JobState.SUCCEEDED or job.result is None:
            raise AssertionError(f"job {job.id} ended as {job.state}: {job.error}")
        return msgspec.json.decode(job.result, type=returns)

    async def events(self, job_id: str) -> list[Event]:
        """The job's events, oldest first."""
        return await self.store.events_since(job_id)

    async def happened(self, job_id: str, event: str) -> list[dict[str, object]]:
        """The data of each of the job's events of that type, such as ``step.completed``."""
        return [found.payload() for found in await self.events(job_id) if found.type == event]

    async def checkpoints(self, job_id: str) -> list[str]:
        """The names of the steps and items that have a checkpoint, sorted."""
        return sorted(await self.daemon.broker.checkpoints(job_id))

    async def files(self, job_id: str) -> dict[str, bytes]:
        """What the job saved, by name."""
        job = await self.store.get(job_id)
        return {name: await self.daemon.objects.of(job.tenant).get(file.key) for name, file in job.artifacts.items()}

    async def dead_letters(self) -> list[DeadLetter]:
        """What could not be done, newest first."""
        return await self.store.letters.list()

    # ---- the daemon ----

    async def _serve(self) -> None:
        try:
            await self.daemon.run()
        except ServiceFailed as error:  # raised where the test looks: a task of its own has no one to tell
            self._failure = error
        finally:
            self._ended.set()

    def _require_working(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise AssertionError(f"the worker broke down: {failure}") from failure

    def _settings(self, stack: ExitStack) -> Settings:
        home = self._home or self._scratch(stack)
        redis = self._sections.get("redis", RedisSettings(socket_timeout_s=1.0))
        if not self._url:
            redis = replace(redis, url=stack.enter_context(TestServer(self._scratch(stack))).url)
        elif "redis" in self._sections:
            redis = replace(redis, url=self._url)
        else:
            redis = replace(redis, url=self._url, prefix=f"test-{uuid.uuid4().hex[:12]}")
        sections: dict[str, Any] = {
            "worker": WORKER,
            "pool": POOL,
            "archive": NO_ARCHIVE,
            **self._sections,
            "redis": redis,
        }
        return Settings(paths=PathsSettings(data_dir=home), api=ApiSettings(enabled=False), **sections)

    def _scratch(self, stack: ExitStack) -> Path:
        path = Path(tempfile.mkdtemp(prefix="sf-"))
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path
