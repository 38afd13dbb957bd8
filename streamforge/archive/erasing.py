"""Taking out jobs and tenants, in the caller's transaction.

The jobs' rows are locked first: an archiver that is about to replace one of them waits, and then finds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive.schema import METADATA, OF_JOB, jobs

CHUNK: Final = 1000
_OF_TENANT: Final = ("charges", "accounts", "credits", "api_keys", "webhooks", "kits")


async def erase_jobs(connection: AsyncConnection, job_ids: Sequence[str]) -> int:
    """Take out jobs with all that belongs to them; how many there were. What they cost stays in the ledger."""
    gone = 0
    for first in range(0, len(job_ids), CHUNK):
        chunk = jobs.c.id.in_(job_ids[first : first + CHUNK])
        found = list((await connection.execute(select(jobs.c.id).where(chunk).with_for_update())).scalars())
        for table in OF_JOB:
            await connection.execute(delete(table).where(table.c.job_id.in_(found)))
        await connection.execute(delete(jobs).where(jobs.c.id.in_(found)))
        gone += len(found)
    return gone


async def erase_tenant(connection: AsyncConnection, tenant: str) -> None:
    """Take out everything of a tenant but what the audit log says of him."""
    some = select(jobs.c.id).where(jobs.c.tenant == tenant).limit(CHUNK)
    while found := list((await connection.execute(some)).scalars()):
        await erase_jobs(connection, found)
    for name in _OF_TENANT:
        table = METADATA.tables[name]
        await connection.execute(delete(table).where(table.c.tenant == tenant))
