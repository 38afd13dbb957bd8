"""The state changes: one Lua script each, behind one typed function each.

Every script is idempotent: submitting is keyed by the job id, taking leaves its claims in the worker's own pending
list, recording and settling are guarded by the token and recognise a repeated call. That is what allows ``Broker`` to
repeat a call whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from math import ceil
from typing import Any, Literal, cast

import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import NoScriptError

from streamforge.broker.keys import Keys
from streamforge.config import JobsSettings
from streamforge.jobs.model import Claim, Submission

Arg = str | bytes | int | float
TakeMode = Literal["new", "lost", "crashed", "expired"]


class Settlement(Struct, frozen=True):
    """How one attempt ended, as settle.lua takes it. ``body`` is JSON: the result or the error."""

    id: str
    token: int
    stream: bytes
    entry: bytes
    outcome: str
    body: bytes = b""
    reason: str = ""
    delay_ms: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """Something a running attempt writes down, as record.lua takes it. ``data`` is a JSON object.

    ``serial`` is the number of the write within its attempt, by which a repeated call is recognised.
    """

    id: str
    token: int
    serial: int
    event: str
    data: bytes = b"{}"
    target: str = ""
    field: str = ""
    value: bytes = b""
    step: str = ""
    progress: float | None = None


class Taken(Struct, frozen=True):
    """What take.lua gave: claims, or where to wait for more (stream name → last id)."""

    claims: list[Claim]
    cursors: dict[str, bytes]


class Scripts:
    """The Lua scripts over one client. Raises redis-py's errors; ``Broker`` translates them."""

    def __init__(self, client: aioredis.Redis, keys: Keys, limits: JobsSettings) -> None:
        self._client = client
        self._keys = keys
        self._limits = limits
        self._head: tuple[Arg, ...] = (keys.base, limits.feed_max, limits.event_log_max)
        self._ttl_s = ceil(limits.result_ttl_s)  # Redis takes whole seconds, and 0 is an error
        self._sources = load_sources()
        self._shas: dict[str, str] = {}

    async def submit(self, job: Submission, fingerprint: str) -> tuple[int, str]:
        """1 created, 0 known already, -1 the key or -2 the id stands for another input; and the job's id."""
        idem = self._keys.idempotency(job.tenant, job.idempotency_key) if job.idempotency_key else self._keys.feed
        code, job_id = await self._run(
            "submit",
            [self._keys.feed, idem],
            job.id,
            job.kind,
            job.input,
            job.queue,
            job.priority,
            job.tenant,
            job.source,
            job.not_before_ms,
            fingerprint,
            ceil(self._limits.idempotency_ttl_s),
            "1" if job.idempotency_key else "",
        )
        return int(code), _text(job_id)

    async def take(
        self,
        worker: str,
        streams: Sequence[str],
        count: int,
        *,
        max_crashes: int,
        lease_ms: int = 15_000,
        mode: TakeMode = "new",
        held: Iterable[str] = (),
    ) -> Taken:
        """Claim up to ``count`` entries: new ones, this worker's own pending ones, or those whose lease has ended."""
        claims, cursors = await self._run(
            "take",
            [self._keys.feed, *streams],
            worker,
            count,
            mode,
            max_crashes,
            self._limits.dead_max,
            self._ttl_s,
            lease_ms,
            *held,
        )
        return Taken([_claim(row) for row in claims], dict(zip(streams, cursors, strict=False)))

    async def settle(self, batch: Sequence[Settlement]) -> list[int]:
        """A code for each: 1 settled, 2 settled before by the same token, 0 fenced."""
        args: list[Arg] = [self._limits.dead_max, self._ttl_s]
        for s in batch:
            args += (s.id, s.token, s.stream, s.entry, s.outcome, s.body, s.reason, s.delay_ms)
        return cast("list[int]", await self._run("settle", [self._keys.feed], *args))

    async def record(self, record: Record) -> bool:
        """Whether the attempt still holds the job, and so the record was written."""
        progress = "" if record.progress is None else f"{record.progress:.1f}"
        written = await self._run(
            "record",
            [self._keys.feed],
            record.id,
            record.token,
            record.target,
            record.field,
            record.value,
            record.event,
            record.data,
            record.step,
            progress,
            record.serial,
        )
        return bool(written)

    async def promote(self, limit: int = 1000) -> tuple[int, int]:
        """Jobs moved from the schedule to their queues, and ms until the next is due (-1: none waits)."""
        moved, next_ms = await self._run("promote", [self._keys.feed], limit)
        return int(moved), int(next_ms)

    async def requeue(self, dead_id: str) -> tuple[int, str]:
        """1 requeued, 0 no such letter, -1 not a job's, -2 the job is not in a state to restart; and the job's id."""
        code, job_id = await self._run("requeue", [self._keys.feed], dead_id)
        return int(code), _text(job_id)

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


def _claim(row: list[Any]) -> Claim:
    stream, entry, job_id, kind, payload, token, attempt, crashes, tenant, created, waited = row
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
    )


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
