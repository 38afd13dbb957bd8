"""Whether every object that something refers to is there, and is what was written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Final, Literal

import anyio
from msgspec import Struct

from streamforge.collector.references import Reference, References
from streamforge.storage.objects import ObjectCorrupt, ObjectMissing, Objects

AT_ONCE: Final = 16
"""Objects that are looked at side by side."""

ARCHIVED: Final = ""
"""In the place of a job's id, where the archive refers to an object."""


class Fault(Struct, frozen=True):
    """A reference whose object is gone, or holds other bytes than were written."""

    tenant: str
    job_id: str
    key: str
    what: Literal["missing", "corrupt"]


class Checked(Struct):
    """How many references were looked at, and what is wrong."""

    references: int
    faults: list[Fault]


async def check(objects: Objects, references: References, *, reads: bool) -> Checked:
    """Look for the object of every reference, and with ``reads`` read it, which proves its bytes.

    Raises BrokerUnavailable, StorageUnavailable, and what the archive raises.
    """
    checked = Checked(0, [])
    known: dict[tuple[str, str], Literal["missing", "corrupt"] | None] = {}
    async for batch in _every(references):
        checked.references += len(batch)
        await _look(objects, {(found.tenant, found.key) for found in batch} - known.keys(), known, reads=reads)
        for found in batch:
            what = known[found.tenant, found.key]
            if what and await _stands(references, found):
                checked.faults.append(Fault(found.tenant, found.job_id, found.key, what))
    return checked


async def _every(references: References) -> AsyncGenerator[Sequence[Reference]]:
    """Those of jobs to what they own, and those of the archive; what is named in passing may be no key at all."""
    async for batch in references.every():
        yield [found for found in batch if found.is_sure]
    if references.archive is not None:
        async for rows in references.archive.every():
            yield [Reference(tenant, ARCHIVED, key, is_sure=True) for tenant, key in rows]


async def _look(
    objects: Objects,
    pairs: Iterable[tuple[str, str]],
    known: dict[tuple[str, str], Literal["missing", "corrupt"] | None],
    *,
    reads: bool,
) -> None:
    room = anyio.Semaphore(AT_ONCE)

    async def look(tenant: str, key: str) -> None:
        async with room:
            known[tenant, key] = await _fault(objects.of(tenant), key, reads=reads)

    async with anyio.create_task_group() as tasks:
        for tenant, key in pairs:
            tasks.start_soon(look, tenant, key)


async def _fault(objects: Objects, key: str, *, reads: bool) -> Literal["missing", "corrupt"] | None:
    try:
        if not reads:
            await objects.size(key)
            return None
        async for _ in objects.stream(key):
            pass
    except ObjectMissing:
        return "missing"
    except ObjectCorrupt:
        return "corrupt"
    return None


async def _stands(references: References, found: Reference) -> bool:
    """Whether the reference is there still: the job may have been erased since it was read."""
    if found.job_id == ARCHIVED:
        return bool(await references.archived([found.key]))
    return any(now.key == found.key and now.is_sure for now in await references.of_job(found.job_id))
