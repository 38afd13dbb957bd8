"""Taking out jobs and tenants, in the caller's transaction, a few rows at a time.

What was made after the erasure stays, whoever comes late: each is bounded by a time of Redis's clock, strictly, for
what an erasure concerns was there before it, and what comes next may be of the same millisecond.

The jobs' rows are locked first: an archiver that is about to replace one of them waits, and then finds none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Column, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive import schema
from streamforge.archive.schema import OF_JOB, jobs

CHUNK: Final = 200
"""Jobs, or rows of another table, in one transaction: some 50 ms."""
_NAMED_AT_ONCE: Final = 1000

_OF_TENANT: Final[tuple[tuple[Table, Column[int]], ...]] = (
    (schema.charges, schema.charges.c.at_ms),
    (schema.credits, schema.credits.c.at_ms),
    (schema.accounts, schema.accounts.c.changed_ms),
    (schema.api_keys, schema.api_keys.c.changed_ms),
    (schema.webhooks, schema.webhooks.c.changed_ms),
    (schema.kits, schema.kits.c.changed_ms),
)
"""What a tenant has besides jobs, and the time by which it is older than his erasure."""


async def erase_jobs(connection: AsyncConnection, before_ms: Mapping[str, int]) -> int:
    """Take out jobs with all that belongs to them, each if it was made before its time; how many there were.

    What they cost stays in the ledger. An id may have been used again since: that job stays.
    """
    ids, gone = list(before_ms), 0
    for first in range(0, len(ids), _NAMED_AT_ONCE):
        wanted = select(jobs.c.id, jobs.c.created_ms).where(jobs.c.id.in_(ids[first : first + _NAMED_AT_ONCE]))
        rows = (await connection.execute(wanted.order_by(jobs.c.id).with_for_update())).all()
        found = [row.id for row in rows if row.created_ms < before_ms[row.id]]
        await remove_jobs(connection, found)
        gone += len(found)
    return gone


async def remove_jobs(connection: AsyncConnection, job_ids: Sequence[str]) -> None:
    """Take out the rows of jobs that the caller has locked."""
    if not job_ids:
        return
    for table in OF_JOB:
        await connection.execute(delete(table).where(table.c.job_id.in_(job_ids)))
    await connection.execute(delete(jobs).where(jobs.c.id.in_(job_ids)))


async def erase_some(connection: AsyncConnection, tenant: str, before_ms: int) -> bool:
    """Take out some of what a tenant had before that time, but what the audit log says of him; whether there was any.

    To be called, in a transaction each, until there is none.
    """
    some = select(jobs.c.id).where(jobs.c.tenant == tenant, jobs.c.created_ms < before_ms).limit(CHUNK)
    if found := list((await connection.execute(some)).scalars()):
        await erase_jobs(connection, dict.fromkeys(found, before_ms))
        return True
    for table, moment in _OF_TENANT:
        if await _erase_oldest(connection, table, moment, tenant, before_ms):
            return True
    return False


async def _erase_oldest(
    connection: AsyncConnection, table: Table, moment: Column[int], tenant: str, before_ms: int
) -> bool:
    own = table.c.tenant == tenant
    nth = select(moment).where(own, moment < before_ms).order_by(moment).offset(CHUNK - 1).limit(1)
    last = (await connection.execute(nth)).scalar()
    gone = await connection.execute(delete(table).where(own, moment < before_ms if last is None else moment <= last))
    return gone.rowcount > 0
