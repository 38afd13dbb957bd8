"""Jobs as the rest of the world sees them: hand one in, read it, follow its events, cancel it; and their queues."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import LineDepth
from streamforge.errors import IdempotencyConflict, InvalidInput, UnknownJob
from streamforge.jobs.dead import DeadLetters
from streamforge.jobs.events import Event, is_after
from streamforge.jobs.model import Artifact, Job, JobError, JobState, Priority, Submission, Submitted


class QueueDepth(Struct, frozen=True):
    """What waits in one stream: entries that nobody has claimed, and the age of the oldest of them."""

    queue: str
    priority: str
    waiting: int
    oldest_age_s: float


class JobStore:
    """Jobs in Redis; ``letters`` are the dead ones. Raises BrokerUnavailable when Redis is away."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = broker.client
        self.letters = DeadLetters(broker)

    async def submit(self, job: Submission) -> Submitted:
        """Hand a job in, once: the same id or idempotency key with the same input gives the first job back.

        Raises IdempotencyConflict when the id or the key was used for another kind or input.
        """
        fingerprint = hashlib.sha256(job.kind.encode() + b"\0" + job.input).hexdigest()
        code, job_id = await self._broker.submit(job, fingerprint)
        if code < 0:
            name, field = ("key", "idempotency_key") if code == -1 else ("id", "id")
            raise IdempotencyConflict(
                f"the {name} already stands for job {job_id}, which has another input",
                field=field,
                hint=f"use a new {name} for a new input",
            )
        return Submitted(job_id, is_new=code == 1)

    async def get(self, job_id: str) -> Job:
        """The job's record; raises UnknownJob."""

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.hgetall(self._keys.job(job_id))
                pipe.hgetall(self._keys.files(job_id))
                return await pipe.execute()

        record, files = cast("list[dict[bytes, bytes]]", await self._broker.call("get", read))
        if not record:
            raise _no_job(job_id)
        return _job(job_id, record, files)

    async def input_of(self, job_id: str) -> bytes:
        """The job's normalised input as JSON; raises UnknownJob."""
        raw = await self._broker.call("get", lambda: self._client.hget(self._keys.job(job_id), "input"))
        if raw is None:
            raise _no_job(job_id)
        return cast("bytes", raw)

    async def events_since(self, job_id: str, last_id: str = "") -> list[Event]:
        """The job's events after ``last_id``, oldest first; the log keeps the newest ones up to its cap."""
        if last_id and not _EVENT_ID.fullmatch(last_id):
            raise InvalidInput(
                "not an event id", field="last_event_id", hint="pass an id that an event carried, ms-seq"
            )
        rows = cast(
            "list[bytes]",
            await self._broker.call("events", lambda: self._client.lrange(self._keys.log(job_id), 0, -1)),
        )
        events = (_EVENT.decode(row) for row in rows)
        return [event for event in events if is_after(event.id, last_id)]

    async def cancel(self, job_id: str, reason: str = "") -> Cancellation:
        """Ask for a job's end, and for that of the child it waits for; raises UnknownJob.

        A job that nobody runs ends at once. One that runs ends as soon as its worker hears of it, wherever that is.
        """
        error = JobError(code="cancelled", message=reason[:300] or "cancelled on request")
        code = await self._broker.cancel(job_id, msgspec.json.encode(error))
        if code < 0:
            raise _no_job(job_id)
        return _CANCELLATIONS[code]

    async def pause(self, queue: str) -> bool:
        """Start no more jobs of a queue, on any worker; what runs goes on. Whether it was not paused before."""
        added = await self._broker.call("pause", lambda: self._client.sadd(self._keys.paused, queue))
        return bool(added)

    async def resume(self, queue: str) -> bool:
        """Start jobs of a queue again. Whether it was paused."""

        async def change() -> list[Any]:
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.srem(self._keys.paused, queue)
                pipe.xadd(self._keys.bell(queue), {"x": ""}, maxlen=1, approximate=False)
                return await pipe.execute()

        return bool((await self._broker.call("resume", change))[0])

    async def paused(self) -> list[str]:
        """The queues that are paused."""
        members = await self._broker.call("paused", lambda: self._client.smembers(self._keys.paused))
        return sorted(name.decode() for name in cast("set[bytes]", members))

    async def workers(self) -> list[str]:
        """The workers that have shown themselves alive within their lease."""
        return list(await self._broker.identities())

    async def lines(self, queues: Iterable[str]) -> list[LineDepth]:
        """What waits and runs for each tenant in these queues."""
        return await self._broker.depths(list(queues))

    async def depths(self, queues: Iterable[str]) -> list[QueueDepth]:
        """How much waits in each queue and priority, and for how long."""
        names = list(queues)
        found: dict[tuple[str, str], list[LineDepth]] = {(q, str(p)): [] for q in names for p in Priority}
        for line in await self._broker.depths(names):
            found[line.queue, line.priority].append(line)
        now_ms = time_ns() // 1_000_000
        return [_depth(queue, priority, lines, now_ms) for (queue, priority), lines in found.items()]


class Cancellation(StrEnum):
    """What became of a request to cancel."""

    ENDED = "ended"
    """The job has ended now."""
    ASKED = "asked"
    """It runs; its worker has been told."""
    OVER = "over"
    """It had ended before."""


_CANCELLATIONS = {0: Cancellation.OVER, 1: Cancellation.ENDED, 2: Cancellation.ASKED}

_EVENT = msgspec.msgpack.Decoder(Event)
_EVENT_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")


def _no_job(job_id: str) -> UnknownJob:
    return UnknownJob(f"no job {job_id[:80]!r} is known; it may have expired", field="job_id")


def _job(job_id: str, record: dict[bytes, bytes], files: dict[bytes, bytes]) -> Job:
    fields: dict[str, Any] = {name.decode(): value for name, value in record.items()}

    def text(name: str) -> str:
        return fields.get(name, b"").decode()

    def number(name: str) -> int:
        return int(fields.get(name) or 0)

    return Job(
        id=job_id,
        kind=text("kind"),
        state=JobState(text("state")),
        queue=text("queue"),
        priority=Priority(text("priority")),
        tenant=text("tenant"),
        source=text("source"),
        created_ms=number("created_ms"),
        started_ms=number("started_ms"),
        finished_ms=number("finished_ms"),
        due_ms=number("due_ms"),
        attempt=number("attempt"),
        crashes=number("crashes"),
        token=number("token"),
        expires_ms=number("expires_ms"),
        version=text("version"),
        parent=text("parent"),
        awaits=text("awaits"),
        is_cancel_asked="cancel" in fields,
        owner=text("owner"),
        step=text("step"),
        progress=float(fields.get("progress") or 0),
        result=msgspec.Raw(fields["result"]) if "result" in fields else None,
        error=msgspec.json.decode(fields["error"], type=JobError) if "error" in fields else None,
        artifacts={name.decode(): msgspec.json.decode(value, type=Artifact) for name, value in files.items()},
    )


def _depth(queue: str, priority: str, lines: list[LineDepth], now_ms: int) -> QueueDepth:
    first_ms = min((int(line.first.split("-")[0]) for line in lines if line.first), default=now_ms)
    waiting = sum(line.waiting for line in lines)
    return QueueDepth(queue, priority, waiting=waiting, oldest_age_s=max(0, now_ms - first_ms) / 1000)
