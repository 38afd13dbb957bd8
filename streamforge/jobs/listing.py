"""Finding jobs: newest first, by what is known of them, a page at a time.

Each tenant has an index in Redis, which is written as its jobs are submitted. The filters read the records behind it,
so a page costs what it reads: ``SCAN_MAX`` records at most, after which it is given with what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from heapq import merge
from time import time_ns
from typing import Any, NamedTuple, cast

from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.jobs.model import Job, JobState
from streamforge.jobs.record import BRIEF, job_from

CHUNK = 200
"""Records read at once."""

LEAST = 20
"""Rows read at once of each of many tenants' indexes."""

SCAN_MAX = 2000
"""Records read for one page."""


class Place(NamedTuple):
    """Where a page ended: the last job that was looked at."""

    created_ms: int
    id: str


class Row(NamedTuple):
    """A job as the index has it."""

    created_ms: int
    id: str
    tenant: str


class JobFilter(Struct, frozen=True, kw_only=True):
    """Which jobs: each condition that is given must hold.

    ``text`` is looked for in the id, the kind, the title, the step and the error; times are of the submission.
    """

    states: frozenset[JobState] = frozenset()
    kind: str = ""
    queue: str = ""
    since_ms: int = 0
    until_ms: int = 0
    text: str = ""

    def admits(self, job: Job) -> bool:
        """Whether the job is one of them."""
        wanted = ((self.kind, job.kind), (self.queue, job.queue))
        return (
            all(not want or want == have for want, have in wanted)
            and (not self.states or job.state in self.states)
            and (not self.text or self.text.casefold() in _words_of(job))
        )


EVERY = JobFilter()


def _words_of(job: Job) -> str:
    error = (job.error.code, job.error.message) if job.error else ()
    return "\n".join((job.id, job.kind, job.title, job.step, *error)).casefold()


def _rows_of(tenant: str, members: Iterable[tuple[bytes, float]]) -> list[Row]:
    return [Row(int(score), job_id.decode(), tenant) for job_id, score in members]


class Listing:
    """The jobs in Redis, found by their index. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = cast("Any", broker.client)

    async def tenants(self) -> list[str]:
        """The tenants that have jobs."""
        names: set[bytes] = await self._broker.call("list", lambda: self._client.smembers(self._keys.tenants))
        return sorted(name.decode() for name in names)

    async def page(
        self, tenants: Collection[str], only: JobFilter = EVERY, *, after: Place | None = None, count: int = 50
    ) -> tuple[list[Job], Place | None]:
        """At most ``count`` jobs of these tenants, newest first, and where to go on; None where there are no more.

        A page may hold fewer, or none, and still have a place to go on from.
        """
        found: list[Job] = []
        for _ in range(SCAN_MAX // CHUNK):
            rows, is_more = await self._rows(tenants, only, after)
            last = rows[-1] if rows and not is_more else None
            for row, job in zip(rows, await self._jobs(rows), strict=True):
                after = None if row is last else Place(row.created_ms, row.id)
                if job is not None and only.admits(job):
                    found.append(job)
                if len(found) == count:
                    return found, after
            if not is_more:
                return found, None
        return found, after

    async def known(self, job_ids: Sequence[str]) -> set[str]:
        """Those of these jobs that have a record."""

        async def read() -> list[int]:
            async with self._client.pipeline(transaction=False) as pipe:
                for job_id in job_ids:
                    pipe.exists(self._keys.job(job_id))
                return await pipe.execute()

        answers = await self._broker.call("list", read) if job_ids else []
        return {job_id for job_id, is_there in zip(job_ids, answers, strict=True) if is_there}

    async def forget(self, ttl_s: float) -> int:
        """Take out of the index what has expired, ``ttl_s`` after its end; how many jobs."""
        oldest_ms = time_ns() // 1_000_000 - round(ttl_s * 1000)
        return sum([await self._forget(tenant, oldest_ms) for tenant in await self.tenants()])

    async def _forget(self, tenant: str, until_ms: int) -> int:
        gone, kept = 0, 0
        while ids := await self._oldest(tenant, until_ms, kept):
            taken = await self._broker.unlist(tenant, ids)
            gone, kept = gone + taken, kept + len(ids) - taken
        return gone

    async def _oldest(self, tenant: str, until_ms: int, first: int) -> list[str]:
        read, key = self._client.zrangebyscore, self._keys.index(tenant)
        ids: list[bytes] = await self._broker.call("list", lambda: read(key, "-inf", until_ms, start=first, num=CHUNK))
        return [job_id.decode() for job_id in ids]

    async def _rows(self, tenants: Collection[str], only: JobFilter, after: Place | None) -> tuple[list[Row], bool]:
        """The next rows of these tenants' indexes, newest first, and whether there are more."""
        most = max(LEAST, CHUNK // max(1, len(tenants)))
        found = await self._read(tenants, only, after, most)
        full = [older[-1] for _, older in found if len(older) == most]
        end = max(full, default=None)  # what is older may be behind rows of this tenant that were not read
        rows = merge(*([*reversed(ties), *older] for ties, older in found), reverse=True)
        unseen = (row for row in rows if after is None or row[:2] < after)
        sure = [row for row in unseen if end is None or row >= end]
        return sure[:CHUNK], end is not None or len(sure) > CHUNK

    async def _read(
        self, tenants: Collection[str], only: JobFilter, after: Place | None, most: int
    ) -> list[tuple[list[Row], list[Row]]]:
        """For each tenant the rows of the place's own millisecond, of which there may be many, and the next older."""
        newest = f"({after.created_ms}" if after else only.until_ms or "+inf"
        tied = (after.created_ms, after.created_ms) if after else ("1", "0")

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for name in tenants:
                    key = self._keys.index(name)
                    pipe.zrangebyscore(key, *tied, withscores=True)
                    pipe.zrevrangebyscore(key, newest, only.since_ms, start=0, num=most, withscores=True)
                return await pipe.execute()

        answers = await self._broker.call("list", read) if tenants else []
        pairs = zip(tenants, answers[::2], answers[1::2], strict=True)
        return [(_rows_of(name, ties), _rows_of(name, older)) for name, ties, older in pairs]

    async def _jobs(self, rows: Sequence[Row]) -> list[Job | None]:
        """Their records; None for one that has expired."""

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for row in rows:
                    pipe.hmget(self._keys.job(row.id), BRIEF)
                    pipe.hgetall(self._keys.files(row.id))
                return await pipe.execute()

        answers = await self._broker.call("list", read) if rows else []
        return [
            job_from(row.id, record, files, BRIEF)
            for row, record, files in zip(rows, answers[::2], answers[1::2], strict=True)
        ]
