"""Taking jobs out of the archive, a few at a time: its writer waits for each transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from sqlalchemy import func, select

from streamforge.archive.engines import BROKEN, Database, translate
from streamforge.archive.erasing import erase_jobs, erase_some
from streamforge.archive.schema import artifacts, jobs, mentions, uploads


class Old(Struct, frozen=True):
    """Jobs that ended before a time, in the order of their ends; ``last_ms`` is the last one's."""

    ids: list[str]
    last_ms: int


class Remover:
    """Takes jobs out of a database. Raises ArchiveUnavailable, ArchiveRefused; every call may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def objects_of(self, job_id: str) -> set[str]:
        """The keys of a job's files, and of what else it names."""
        found: set[str] = set()
        try:
            async with self._database.read.connect() as connection:
                for table in (artifacts, uploads, mentions):
                    wanted = select(table.c.object_key).where(table.c.job_id == job_id)
                    found.update((await connection.execute(wanted)).scalars())
        except BROKEN as error:
            raise translate(error) from error
        return found

    async def count(self, tenant: str) -> int:
        """How many jobs of a tenant there are."""
        wanted = select(func.count()).select_from(jobs).where(jobs.c.tenant == tenant)
        try:
            async with self._database.read.connect() as connection:
                return (await connection.execute(wanted)).scalar_one()
        except BROKEN as error:
            raise translate(error) from error

    async def erase(self, job_ids: Sequence[str], before_ms: int) -> int:
        """Take out these jobs, where they were made before that time, in one transaction; how many there were."""
        try:
            async with self._database.write.begin() as connection:
                return await erase_jobs(connection, dict.fromkeys(job_ids, before_ms))
        except BROKEN as error:
            raise translate(error) from error

    async def erase_some(self, tenant: str, before_ms: int) -> bool:
        """Take out some of what a tenant had before that time, in one transaction; False once there is none."""
        try:
            async with self._database.write.begin() as connection:
                return await erase_some(connection, tenant, before_ms)
        except BROKEN as error:
            raise translate(error) from error

    async def older(self, before_ms: int, after_ms: int, count: int, whose: str, but: Collection[str]) -> Old:
        """So many jobs that ended in that time (the later end is not in it), the oldest first.

        Those of one tenant, or, where that is empty, of everybody ``but`` some.
        """
        ended = jobs.c.finished_ms
        where = [ended >= after_ms, ended < before_ms]
        where.append(jobs.c.tenant == whose if whose else jobs.c.tenant.not_in(sorted(but)))
        wanted = select(jobs.c.id, ended).where(*where).order_by(ended).limit(count)
        try:
            async with self._database.read.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        except BROKEN as error:
            raise translate(error) from error
        return Old([row.id for row in rows], rows[-1].finished_ms if rows else after_ms)
