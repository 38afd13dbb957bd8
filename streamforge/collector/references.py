"""Every object that something refers to: in the records of jobs, in dead letters, and in the archive."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from typing import Any, Final, Protocol, cast

from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.jobs.references import keys_in

JOBS_AT_ONCE: Final = 20
"""Records read in one round trip: with all of their checkpoints they may be some megabytes."""
LETTERS_AT_ONCE: Final = 200
KEY_LENGTH: Final = 64

Values = list[bytes]


class Archived(Protocol):
    """The archive, as far as it refers to objects."""

    async def identity(self) -> str:
        """Which database it is; raises TransientError."""
        ...

    async def referenced(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a row names which is there when this is called; raises TransientError."""
        ...

    def every(self) -> AsyncIterator[list[tuple[str, str]]]:
        """Every tenant and key that rows name, in batches; raises TransientError."""
        ...


class Reference(Struct, frozen=True):
    """That a job of a tenant names an object; ``is_sure`` where it does not only name it in passing."""

    tenant: str
    job_id: str
    key: str
    is_sure: bool


class References:
    """What refers to objects. Raises BrokerUnavailable, and what the archive raises."""

    def __init__(self, broker: Broker, archive: Archived | None = None) -> None:
        self.archive = archive
        self._broker = broker
        self._client = cast("Any", broker.client)

    async def named(self) -> AsyncGenerator[set[bytes]]:
        """Every key that Redis names, as 32 bytes, some at a time. What is written meanwhile may be missing.

        Letters come last: a job may become one while the jobs are read. One that becomes a job again is pardoned.
        """
        async for ids in self._job_ids():
            for record in await self._read(ids):
                yield set(map(bytes.fromhex, record.sure | record.passing))
        async for keys in self._in_letters():
            yield set(map(bytes.fromhex, keys))

    async def archived(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that the archive names, if there is one. Ask after ``named``."""
        return await self.archive.referenced(keys) if self.archive else set()

    async def every(self) -> AsyncGenerator[list[Reference]]:
        """The references of the jobs in Redis, a batch at a time."""
        async for ids in self._job_ids():
            records = await self._read(ids)
            yield [reference for job_id, record in zip(ids, records, strict=True) for reference in record.all(job_id)]

    async def of_job(self, job_id: str) -> list[Reference]:
        """The references of one job, as they are now."""
        (record,) = await self._read([job_id])
        return list(record.all(job_id))

    async def _in_letters(self) -> AsyncGenerator[set[str]]:
        """What letters were given: every one that is there from beginning to end of this, some of them twice."""
        cursor = 0
        while True:
            at = cursor
            given: dict[bytes, bytes]
            cursor, given = await self._broker.call(
                "references",
                lambda: self._client.hscan(self._broker.keys.given, at, count=LETTERS_AT_ONCE),  # noqa: B023 - called at once
            )
            yield {key for value in given.values() for key in keys_in(value)}
            if not cursor:
                return

    async def _job_ids(self) -> AsyncGenerator[list[str]]:
        """Every job whose record is there from beginning to end of this, some of them twice."""
        prefix = self._broker.keys.job("")
        cursor = 0
        while True:
            at = cursor
            cursor, keys = await self._broker.call(
                "references",
                lambda: self._client.scan(at, match=f"{prefix}*", count=1000),  # noqa: B023 - called at once
            )
            ids = [key.decode().removeprefix(prefix) for key in keys]
            for first in range(0, len(ids), JOBS_AT_ONCE):
                yield ids[first : first + JOBS_AT_ONCE]
            if not cursor:
                return

    async def _read(self, ids: Sequence[str]) -> list[_Record]:
        keys = self._broker.keys

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=True) as pipe:  # each job at one moment
                for job_id in ids:
                    pipe.hmget(keys.job(job_id), "tenant", "input", "result")
                    pipe.hvals(keys.steps(job_id))
                    pipe.hvals(keys.files(job_id))
                    pipe.hvals(keys.uploads(job_id))
                return await pipe.execute()

        answers = await self._broker.call("references", read)
        return [_record(answers[first : first + 4]) for first in range(0, len(answers), 4)]


class _Record(Struct, frozen=True):
    tenant: str
    sure: set[str]
    passing: set[str]

    def all(self, job_id: str) -> Iterator[Reference]:
        for key in self.sure:
            yield Reference(self.tenant, job_id, key, is_sure=True)
        for key in self.passing - self.sure:
            yield Reference(self.tenant, job_id, key, is_sure=False)


def _record(answers: Sequence[Any]) -> _Record:
    (tenant, given, result), steps, files, uploads = cast("tuple[list[bytes | None], Values, Values, Values]", answers)
    sure = {key for raw in (*files, *uploads) for key in keys_in(raw)}
    passing = keys_in(given or b"") | keys_in(result or b"")
    for value in steps:
        if value[:1] == b"o":
            keys = [value[at : at + KEY_LENGTH].decode() for at in range(1, len(value), KEY_LENGTH)]
            sure.add(keys[0])
            passing.update(keys)
        else:
            passing |= keys_in(value)
    return _Record((tenant or b"").decode(), sure, passing)
