"""Jobs as the rest of the world sees them: hand one in, read it, follow its events, cancel it; and their queues."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct
from redis.exceptions import ResponseError

from streamforge.broker.broker import Broker
from streamforge.broker.keys import GROUP
from streamforge.broker.messages import LineDepth
from streamforge.errors import IdempotencyConflict, InvalidInput, UnknownJob, WrongState
from streamforge.jobs.acts import act
from streamforge.jobs.dead import DeadLetters
from streamforge.jobs.events import Event, is_after
from streamforge.jobs.listing import Listing
from streamforge.jobs.model import Job, JobError, Priority, Submission, Submitted
from streamforge.jobs.record import FIELDS, job_from

BATCH_MAX = 250
"""Jobs in one script call: Redis does nothing else meanwhile, for some 10 ms."""


class Delays(Struct, frozen=True):
    """Times that whoever hands a job in told as from now on, in seconds: until it may begin, until it expires."""

    begin_s: float | None = None
    expire_s: float | None = None


class Order(Struct, frozen=True):
    """A job to be handed in, with what its record does not tell of how it was asked for."""

    job: Submission
    delays: Delays = Delays()


class QueueDepth(Struct, frozen=True):
    """What waits in one stream: entries that nobody has claimed, and the age of the oldest of them."""

    queue: str
    priority: str
    waiting: int
    oldest_age_s: float


class Holding(Struct, frozen=True):
    """Jobs of one tenant in one queue that a worker holds."""

    worker: str
    queue: str
    tenant: str
    jobs: int


class JobStore:
    """Jobs in Redis; ``letters`` are the dead ones, ``listing`` finds them. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = broker.client
        self.letters = DeadLetters(broker)
        self.listing = Listing(broker)

    async def submit(self, job: Submission) -> Submitted:
        """Hand a job in, once: the same id or idempotency key, asking for the same, gives the first job back.

        Raises IdempotencyConflict when the id was used for another kind or input, or the key for those or other terms.
        """
        (answer,) = await self.submit_all([job])
        if isinstance(answer, Submitted):
            return answer
        raise answer

    async def submit_all(self, jobs: Sequence[Submission]) -> list[Submitted | IdempotencyConflict]:
        """Hand jobs in, in few round trips; what ``submit`` gives or raises for each."""
        return await self.submit_orders([Order(job) for job in jobs])

    async def submit_orders(self, orders: Sequence[Order]) -> list[Submitted | IdempotencyConflict]:
        """The same for jobs whose times may have been told as from now on."""
        marked = [(order.job, _fingerprint(order)) for order in orders]
        answers: list[tuple[int, str]] = []
        for first in range(0, len(marked), BATCH_MAX):
            answers += await self._broker.submit_all(marked[first : first + BATCH_MAX])
        return [_submitted(code, text) for code, text in answers]

    async def get(self, job_id: str) -> Job:
        """The job's record; raises UnknownJob."""

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.hmget(self._keys.job(job_id), FIELDS)
                pipe.hgetall(self._keys.files(job_id))
                return await pipe.execute()

        record, files = await self._broker.call("get", read)
        if (job := job_from(job_id, record, files)) is None:
            raise unknown_job(job_id)
        return job

    async def tenant_of(self, job_id: str) -> str:
        """Whose the job is; raises UnknownJob."""
        raw = await self._broker.call("get", lambda: self._client.hget(self._keys.job(job_id), "tenant"))
        if raw is None:
            raise unknown_job(job_id)
        return cast("bytes", raw).decode()

    async def input_of(self, job_id: str) -> bytes:
        """The job's normalised input as JSON; raises UnknownJob."""
        raw = await self._broker.call("get", lambda: self._client.hget(self._keys.job(job_id), "input"))
        if raw is None:
            raise unknown_job(job_id)
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
        asked = act("job.cancelled", job_id, data={"reason": error.message})
        code = await self._broker.cancel(job_id, msgspec.json.encode(error), asked)
        if code < 0:
            raise unknown_job(job_id)
        return _CANCELLATIONS[code]

    async def restart(self, job_id: str, *, fresh: bool = False) -> None:
        """Start a job that failed or was cancelled anew, with its checkpoints unless ``fresh``.

        Raises UnknownJob, or WrongState where it stands otherwise.
        """
        asked = act("job.retried", job_id, data={"fresh": fresh})
        code = await self._broker.restart(job_id, asked, fresh=fresh)
        if code == 0:
            raise unknown_job(job_id)
        if code < 0:
            raise WrongState(
                "only a job that failed or was cancelled after it was queued can be started anew",
                field="job_id",
                hint="submit it again under a new id",
            )

    async def pause(self, queue: str) -> bool:
        """Start no more jobs of a queue, on any worker; what runs goes on. Whether it was not paused before."""
        asked = act("queue.paused", queue)
        added = await self._broker.note("pause", asked, lambda pipe: pipe.sadd(self._keys.paused, queue))
        return bool(added[0])

    async def resume(self, queue: str) -> bool:
        """Start jobs of a queue again. Whether it was paused."""

        def ring(pipe: Any) -> None:  # noqa: ANN401 - redis-py's types say little
            pipe.xadd(self._keys.bell(queue), {"x": ""}, maxlen=1, approximate=False)

        asked = act("queue.resumed", queue)
        gone = await self._broker.note("resume", asked, lambda pipe: pipe.srem(self._keys.paused, queue), ring)
        return bool(gone[0])

    async def paused(self) -> list[str]:
        """The queues that are paused."""
        members = await self._broker.call("paused", lambda: self._client.smembers(self._keys.paused))
        return sorted(name.decode() for name in cast("set[bytes]", members))

    async def workers(self) -> list[str]:
        """The workers that have shown themselves alive within their lease."""
        return list(await self._broker.identities())

    async def drain(self, worker: str, *, is_noted: bool = False) -> int:
        """Ask a worker to take no more jobs, and to end; how many workers heard it. ``is_noted``: whose act it is."""
        if not is_noted:
            await self.note(act("worker.drained", worker))
        return await self._broker.tell(msgspec.json.encode({"drain": worker}))

    async def note(self, act: bytes) -> None:
        """Note what somebody did to something that is kept elsewhere, such as the object store."""
        await self._broker.note("note", act)

    async def holdings(self, queues: Iterable[str]) -> list[Holding]:
        """How many jobs of each line of these queues each worker holds."""
        client, names = cast("Any", self._client), list(queues)

        async def lines() -> list[set[bytes]]:
            async with client.pipeline(transaction=False) as pipe:
                for queue in names:
                    pipe.smembers(self._keys.lines(queue))
                return await pipe.execute()

        found = await self._broker.call("holdings", lines)
        rows = [
            (queue, *line.decode().split(":", 1)) for queue, held in zip(names, found, strict=True) for line in held
        ]

        async def consumers() -> list[Any]:
            async with client.pipeline(transaction=False) as pipe:
                for queue, priority, tenant in rows:
                    pipe.xinfo_consumers(self._keys.queue(queue, Priority(priority), tenant), GROUP)
                return await pipe.execute(raise_on_error=False)  # a line may have ended meanwhile

        answers = await self._broker.call("holdings", consumers) if rows else []
        return [
            Holding(consumer["name"].decode(), queue, tenant, consumer["pending"])
            for (queue, _, tenant), told in zip(rows, answers, strict=True)
            if not isinstance(told, ResponseError)
            for consumer in told
            if consumer["pending"]
        ]

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


def _fingerprint(order: Order) -> str:
    """What tells one request from another: kind, input and files; under a key of its caller's the terms, too."""
    job = order.job
    files = b"\0" + msgspec.json.encode(job.files) if job.files else b""
    terms = b"\0" + msgspec.json.encode(told) if job.idempotency_key and (told := _terms(order)) != _USUAL else b""
    return hashlib.sha256(job.kind.encode() + b"\0" + job.input + files + terms).hexdigest()


_USUAL = ("default", Priority.NORMAL, "", 0, 0)
"""The terms of most jobs; they leave no trace."""


def _terms(order: Order) -> tuple[object, ...]:
    """How the job is to be done. A time from now on is another moment at each try, but the same request."""
    job, delays = order.job, order.delays
    begin = job.not_before_ms if delays.begin_s is None else delays.begin_s
    expire = job.expires_at_ms if delays.expire_s is None else delays.expire_s
    return job.queue, job.priority, job.callback_url, begin, expire


def _submitted(code: int, text: str) -> Submitted | IdempotencyConflict:
    if code >= 0:
        return Submitted(text, is_new=code == 1)
    name, field = _CONFLICTS[code]
    return IdempotencyConflict(
        f"the {name} already stands for job {text}, which was asked for otherwise",
        field=field,
        hint=f"use a new {name} for another request",
    )


_CONFLICTS = {-1: ("key", "idempotency_key"), -2: ("id", "id")}


def unknown_job(job_id: str) -> UnknownJob:
    """There is no such job, or none that the caller may know of."""
    return UnknownJob(f"no job {job_id[:80]!r} is known; it may have expired", field="job_id")


def _depth(queue: str, priority: str, lines: list[LineDepth], now_ms: int) -> QueueDepth:
    first_ms = min((int(line.first.split("-")[0]) for line in lines if line.first), default=now_ms)
    waiting = sum(line.waiting for line in lines)
    return QueueDepth(queue, priority, waiting=waiting, oldest_age_s=max(0, now_ms - first_ms) / 1000)
