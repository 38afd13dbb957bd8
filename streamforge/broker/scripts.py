"""The state changes: one Lua script each, behind one typed function each.

Every script is idempotent: submitting is keyed by the job id, taking leaves its claims in the worker's own pending
list, recording and settling are guarded by the token and recognise a repeated call. That is what allows ``Broker`` to
repeat a call whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from math import ceil
from typing import Any, cast

import msgspec
import redis.asyncio as aioredis
from redis.exceptions import NoScriptError

from streamforge.broker.keys import Keys
from streamforge.broker.messages import (
    LineDepth,
    Order,
    Promoted,
    Record,
    Refused,
    Room,
    Settlement,
    Take,
    Taken,
    UploadRecord,
)
from streamforge.config import JobsSettings
from streamforge.jobs.model import Claim, Submission
from streamforge.jobs.record import title_of
from streamforge.jobs.references import keys_in

Arg = str | bytes | int | float

REFUSED_S = 86_400
"""How long it is known that a message has a dead letter: much longer than one waits to be taken out by another try."""


class Scripts:
    """The Lua scripts over one client. Raises redis-py's errors; ``Broker`` translates them."""

    def __init__(self, client: aioredis.Redis, keys: Keys, limits: JobsSettings, max_crashes: int = 3) -> None:
        self._client = client
        self._keys = keys
        self._sources = load_sources()
        self._shas: dict[str, str] = {}
        self.configure(limits, max_crashes)

    def configure(self, limits: JobsSettings, max_crashes: int) -> None:
        """Go on with these limits."""
        self._limits = limits
        self._max_crashes = max_crashes
        self._head: tuple[Arg, ...] = (self._keys.base, limits.feed_max, limits.event_log_max)
        self._ttl_s = ceil(limits.result_ttl_s)  # Redis takes whole seconds, and 0 is an error

    async def submit(self, batch: Sequence[tuple[Submission, str]]) -> list[tuple[int, str]]:
        """For each job with its fingerprint: 1 created, 0 known already, and the job's id.

        Or -1: the key, -2: the id stands for another input, and that job's id.
        """
        frees = self._limits.idempotency_on_failure == "free"
        orders = msgspec.msgpack.encode([_order(job, fingerprint) for job, fingerprint in batch])
        ttl_s = ceil(self._limits.idempotency_ttl_s)
        answers = await self._run("submit", [self._keys.feed], ttl_s, "1" if frees else "", orders)
        return [(int(code), _text(text)) for code, text in answers]

    async def take(self, take: Take) -> Taken:
        """Claim jobs: new ones, this worker's own pending ones, or those whose lease has ended."""
        claims, cursor = await self._run(
            "take",
            [self._keys.feed],
            take.queue,
            take.worker,
            take.count,
            take.mode,
            take.first,
            take.max_crashes,
            self._limits.dead_max,
            self._ttl_s,
            take.lease_ms,
            take.cause,
            take.tenants,
            "1" if take.has_suspect else "",
            *take.held,
        )
        return Taken([_claim(row, take.queue) for row in claims], cursor)

    async def settle(self, batch: Sequence[Settlement]) -> list[int]:
        """A code for each: 1 settled, 2 settled before by the same token, 0 fenced."""
        args: list[Arg] = [self._limits.dead_max, self._ttl_s, self._max_crashes]
        for s in batch:
            args += (s.id, s.token, s.stream, s.entry, s.outcome, s.body, s.reason, s.delay_ms, s.extra())
        return cast("list[int]", await self._run("settle", [self._keys.feed], *args))

    async def record(self, batch: Sequence[Record]) -> list[int]:
        """A code for each: 1 written, now or by an earlier try; 0 fenced: another attempt holds the job.

        Or, above 1, the number of the place in which its object has to be put again first.
        """
        args: list[Arg] = []
        for r in batch:
            progress = "" if r.progress is None else f"{r.progress:.1f}"
            args += (r.id, r.token, r.serial, r.target, r.field, r.value)
            args += (r.event, r.data, r.step, progress, r.version)
            args += (r.object, r.number, r.size, "".join(r.named))
        return cast("list[int]", await self._run("record", [self._keys.feed], *args))

    async def promote(self, limit: int = 1000) -> Promoted:
        """Move due jobs to their lines, and end those whose time has run out."""
        moved, expired, next_ms = await self._run("promote", [self._keys.feed], limit, self._ttl_s)
        return Promoted(int(moved), int(expired), int(next_ms))

    async def requeue(self, dead_id: str, act: bytes = b"", *, fresh: bool = False) -> tuple[int, str]:
        """1 requeued, 0 no such letter, -1 not a job's, -2 the job is not in a state to restart; and the job's id."""
        code, job_id = await self._run("requeue", [self._keys.feed], dead_id, "1" if fresh else "", act)
        return int(code), _text(job_id)

    async def forget(self, dead_ids: Sequence[str], act: bytes = b"") -> int:
        """Forget dead letters; how many of them there were. ``act`` tells whose doing it is, where it is anybody's."""
        return int(await self._run("forget", [self._keys.feed], act, *dead_ids))

    async def refuse(self, entry: str, letter: Refused) -> bool:
        """Write the dead letter of a message in the inbox; whether no earlier try had."""
        facts = [arg for pair in letter.facts.items() for arg in pair]
        args = (entry, REFUSED_S, self._limits.dead_max, letter.tenant, letter.given, *facts)
        return bool(await self._run("refuse", [self._keys.feed], *args))

    async def restart(self, job_id: str, act: bytes = b"", *, fresh: bool) -> int:
        """1 started anew, 0 no such job, -2 it is not in a state to restart."""
        return int(await self._run("restart", [self._keys.feed], job_id, "1" if fresh else "", act))

    async def unlist(self, tenant: str, job_ids: Sequence[str]) -> int:
        """Take jobs whose records are gone out of the tenant's index; how many."""
        return int(await self._run("unlist", [self._keys.feed], tenant, *job_ids))

    async def take_room(self, caller: str, interval_ms: float, burst: int) -> Room:
        """Count a request of a caller, who is given one in each interval and may save up ``burst`` of them."""
        is_there, left, full_ms, wait_ms = await self._run("rate", [self._keys.feed], caller, interval_ms, burst)
        return Room(bool(is_there), left, full_ms, wait_ms)

    async def cancel(self, job_id: str, error: bytes, act: bytes = b"") -> int:
        """1 ended now, 2 its worker will end it, 0 it had ended, -1 no such job; its children end too."""
        return int(await self._run("cancel", [self._keys.feed], job_id, error, self._ttl_s, act))

    async def upload(self, upload: UploadRecord) -> int:
        """1 written, 0 no such job, -1 it waits for no files, -2 too much, -3 nothing to remove.

        Or, above 1, the number of the place in which its object has to be put again first.
        """
        u = upload
        args = (u.id, u.name, u.record, u.ttl_ms, u.max_total_bytes, u.event, u.data, u.number)
        return int(await self._run("upload", [self._keys.feed], *args))

    async def process(self, job_id: str, payload: bytes, uploads_written: bytes) -> int:
        """1 handed to its queue, 2 that was done before, 0 no such job, -1 it has ended, -2 its files have changed."""
        args = (job_id, payload, uploads_written, self._ttl_s)
        return int(await self._run("process", [self._keys.feed], *args))

    async def look(self, queues: Sequence[str], lease_ms: int) -> list[str]:
        """Which of these queues hold jobs that nobody has renewed for a lease."""
        return [_text(name) for name in await self._run("look", [self._keys.feed], lease_ms, *queues)]

    async def disown(self, worker: str, identity: bytes, queues: Sequence[str]) -> int:
        """Free what a dead worker holds in these queues; how many jobs. 0 where its name has been taken meanwhile."""
        return int(await self._run("disown", [self._keys.feed], worker, identity, *queues))

    async def depths(self, queues: Sequence[str]) -> list[LineDepth]:
        """How much waits in each line of these queues; lines that hold nothing are left out."""
        rows = await self._run("depths", [self._keys.feed], *queues)
        return [
            LineDepth(_text(queue), _text(priority), _text(tenant), waiting, claimed, _text(first))
            for queue, priority, tenant, waiting, claimed, first in rows
        ]

    async def run(self, name: str, *args: Arg) -> Any:  # noqa: ANN401 - a script's reply has its own shape
        """What a script answers that has its typed function elsewhere; see ``outbox``."""
        return await self._run(name, [self._keys.feed], *args)

    async def _run(self, name: str, keys: Sequence[str], *args: Arg) -> Any:  # noqa: ANN401 - a script's reply has its own shape
        sha = self._shas.get(name) or await self._load(name)
        try:
            return await self._eval(sha, keys, args)
        except NoScriptError:  # the server restarted or failed over; a script that is not there has not run
            return await self._eval(await self._load(name), keys, args)

    async def _eval(self, sha: str, keys: Sequence[str], args: Sequence[Arg]) -> Any:  # noqa: ANN401
        return await self._client.execute_command("EVALSHA", sha, len(keys), *keys, *self._head, *args)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    async def _load(self, name: str) -> str:
        sha = _text(await self._client.script_load(self._sources[name]))
        self._shas[name] = sha
        return sha


def load_sources() -> dict[str, str]:
    """Each script by name, with the shared prelude before it."""
    folder = files("streamforge.broker") / "lua"
    prelude = (folder / "lib.lua").read_text()
    return {
        path.name.removesuffix(".lua"): prelude + path.read_text()
        for path in folder.iterdir()
        if path.name.endswith(".lua") and path.name != "lib.lua"
    }


def _order(job: Submission, fingerprint: str) -> Order:
    order = Order(
        id=job.id,
        kind=job.kind,
        input=job.input.decode(),
        queue=job.queue,
        priority=job.priority,
        tenant=job.tenant,
        source=job.source,
        fingerprint=fingerprint,
        title=title_of(job.input),
        not_before_ms=job.not_before_ms,
        expires_ms=job.expires_at_ms,
        idempotency_key=job.idempotency_key,
        parent=job.parent,
        callback_url=job.callback_url,
        traceparent=job.traceparent,
        named="".join(keys_in(job.input)),
    )
    if job.files:
        order.wanted = msgspec.json.encode(job.files).decode()
        order.names = msgspec.json.encode([file.name for file in job.files]).decode()
        order.upload_ttl_ms = round(job.upload_ttl_s * 1000)
    return order


def _claim(row: list[Any], queue: str) -> Claim:
    stream, entry, job_id, kind, payload, token, attempt, crashes, tenant, created, waited, *more = row
    version, boosted, trace = more
    return Claim(
        stream=stream,
        entry=entry,
        id=job_id.decode(),
        kind=kind.decode(),
        input=payload,
        token=token,
        attempt=attempt,
        crashes=crashes,
        tenant=tenant.decode(),
        created_ms=int(created),
        waited_ms=int(waited),
        queue=queue,
        version=version.decode(),
        is_boosted=bool(boosted),
        traceparent=trace.decode(),
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
