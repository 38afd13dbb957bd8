"""Jobs as the rest of the world sees them: submit one, read one, follow its events, look at the dead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.broker.keys import GROUP
from streamforge.errors import IdempotencyConflict, InvalidInput, UnknownJob
from streamforge.jobs.events import Event, is_after
from streamforge.jobs.model import Artifact, Job, JobError, JobState, Priority, Submission, Submitted


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What could not be done, with everything needed to try again.

    ``source`` is ``inbox`` (a message that never became a job; ``fields`` are its own) or ``job``.
    """

    id: str
    source: str
    reason: str
    error: JobError
    at_ms: int
    job: str = ""
    kind: str = ""
    attempts: int = 0
    crashes: int = 0
    fields: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class QueueDepth(Struct, frozen=True):
    """What waits in one stream: entries that nobody has claimed, and the age of the oldest of them."""

    queue: str
    priority: str
    waiting: int
    oldest_age_s: float


class JobStore:
    """Jobs in Redis. Raises BrokerUnavailable when Redis is away; reads never change anything."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = broker.client

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
            raise UnknownJob(f"no job {job_id[:80]!r} is known; it may have expired", field="job_id")
        return _job(job_id, record, files)

    async def input_of(self, job_id: str) -> bytes:
        """The job's normalised input as JSON; raises UnknownJob."""
        raw = await self._broker.call("get", lambda: self._client.hget(self._keys.job(job_id), "input"))
        if raw is None:
            raise UnknownJob(f"no job {job_id[:80]!r} is known; it may have expired", field="job_id")
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

    async def dead(self, *, count: int = 50, before: str = "") -> list[DeadLetter]:
        """Dead letters, newest first, at most ``count``, older than the letter ``before``; raises UnknownJob."""
        if before:
            _check_dead_id(before)
        newest = f"({before}" if before else "+"
        rows = await self._broker.call(
            "dead", lambda: self._client.xrevrange(self._keys.dead, max=newest, min="-", count=count)
        )
        return [_letter(entry.decode(), fields) for entry, fields in cast("list[Any]", rows)]

    async def dead_letter(self, dead_id: str) -> DeadLetter:
        """One dead letter; raises UnknownJob."""
        _check_dead_id(dead_id)
        rows = await self._broker.call("dead", lambda: self._client.xrange(self._keys.dead, min=dead_id, max=dead_id))
        for entry, fields in cast("list[Any]", rows):
            return _letter(entry.decode(), fields)
        raise _no_letter(dead_id)

    async def requeue(self, dead_id: str) -> str:
        """Start a dead job anew, or send a refused message through the inbox again; the id of the job or message.

        A job keeps its checkpoints. Raises UnknownJob, or InvalidInput where the job runs already.
        """
        _check_dead_id(dead_id)
        code, job_id = await self._broker.requeue(dead_id)
        if code == 1:
            return job_id
        if code == -1:
            return await self._resend(dead_id)
        if code == 0:
            raise _no_letter(dead_id)
        raise InvalidInput(
            f"job {job_id} is not failed or cancelled now", field="id", hint="it was started by other means"
        )

    async def _resend(self, dead_id: str) -> str:
        letter = await self.dead_letter(dead_id)
        fields = cast("dict[Any, Any]", {"id": f"requeue-{dead_id}", **letter.fields})
        await self._broker.call("requeue", lambda: self._client.xadd(self._keys.inbox, fields))
        await self._broker.call("requeue", lambda: self._client.xdel(self._keys.dead, dead_id))
        return str(fields["id"])

    async def depths(self, queues: Iterable[str]) -> list[QueueDepth]:
        """How much waits in each queue and priority, and for how long."""
        names = [(queue, priority) for queue in queues for priority in Priority]
        groups = await self._each(lambda pipe, stream: pipe.xinfo_groups(stream), names)
        delivered = {stream: _group(found) for stream, found in zip(self._streams(names), groups, strict=True)}
        lengths = await self._each(lambda pipe, stream: pipe.xlen(stream), names)
        heads = await self._each(
            lambda pipe, stream: pipe.xrange(stream, min=f"({delivered[stream][0]}", count=1), names
        )
        now_ms = time_ns() // 1_000_000
        return [
            _depth(queue, priority, length - delivered[self._keys.queue(queue, priority)][1], head, now_ms)
            for (queue, priority), length, head in zip(names, lengths, heads, strict=True)
        ]

    def _streams(self, names: Sequence[tuple[str, Priority]]) -> list[str]:
        return [self._keys.queue(queue, priority) for queue, priority in names]

    async def _each(self, ask: Callable[[Any, str], object], names: Sequence[tuple[str, Priority]]) -> list[Any]:
        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for stream in self._streams(names):
                    ask(pipe, stream)
                return await pipe.execute(raise_on_error=False)

        return await self._broker.call("depths", read)


_EVENT = msgspec.msgpack.Decoder(Event)
_EVENT_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
_ENTRY_ID = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


def _check_dead_id(dead_id: str) -> None:
    """A part of an id would find a letter that deleting by that part then misses."""
    if not _ENTRY_ID.fullmatch(dead_id):
        raise _no_letter(dead_id)


def _no_letter(dead_id: str) -> UnknownJob:
    return UnknownJob(f"no dead letter {dead_id[:40]!r}", field="id", hint="`streamforge dead list` shows them")


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
        owner=text("owner"),
        step=text("step"),
        progress=float(fields.get("progress") or 0),
        result=msgspec.Raw(fields["result"]) if "result" in fields else None,
        error=msgspec.json.decode(fields["error"], type=JobError) if "error" in fields else None,
        artifacts={name.decode(): msgspec.json.decode(value, type=Artifact) for name, value in files.items()},
    )


def _group(found: Any) -> tuple[str, int]:  # noqa: ANN401 - redis-py's reply
    """The last id that the workers' group was given, and how many entries it holds."""
    for group in cast("list[dict[str, Any]]", found if isinstance(found, list) else []):
        if group["name"] == GROUP.encode():
            return group["last-delivered-id"].decode(), int(group["pending"])
    return "0-0", 0


def _depth(queue: str, priority: str, waiting: int, head: Any, now_ms: int) -> QueueDepth:  # noqa: ANN401 - the same
    entries = cast("list[tuple[bytes, object]]", head if isinstance(head, list) else [])
    oldest_ms = int(entries[0][0].split(b"-")[0]) if entries else now_ms
    return QueueDepth(queue, priority, waiting=max(0, waiting), oldest_age_s=max(0, now_ms - oldest_ms) / 1000)


def _letter(dead_id: str, raw: dict[bytes, bytes]) -> DeadLetter:
    fields = {name.decode(): value for name, value in raw.items()}

    def text(name: str) -> str:
        return fields.get(name, b"").decode(errors="replace")

    original = fields.get("fields")
    return DeadLetter(
        id=dead_id,
        source=text("source"),
        reason=text("reason"),
        error=msgspec.json.decode(fields.get("error") or b'{"code":"","message":""}', type=JobError),
        at_ms=int(fields.get("at") or 0),
        job=text("job"),
        kind=text("kind"),
        attempts=int(fields.get("attempts") or 0),
        crashes=int(fields.get("crashes") or 0),
        fields=msgspec.json.decode(original, type=dict[str, str]) if original else {"input": text("input")},
    )
