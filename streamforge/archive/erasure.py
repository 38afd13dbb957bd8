"""Erasing: a job or a tenant is gone from Redis, from the archive and from the object store.

Redis comes first, and what it says decides: the script that deletes a job's keys tells the archive of it in the same
step, so the rows go even where the archive is away now, or was just about to write them. Files come last, and by the
collector, which knows whether anything names them: the tenant may have come back meanwhile, and what was made since,
by Redis's clock, stays. Each step may be repeated, and so may the whole, where it was broken off.

What a job cost stays in the books, without its content; what the audit log says stays, too.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from time import time_ns
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import anyio
from msgspec import Struct

from streamforge.archive.answers import DAY_MS
from streamforge.archive.handle import Archive, ArchiveRefused, ArchiveUnavailable, loaded
from streamforge.broker.broker import Broker
from streamforge.errors import ConfigError, NotFound, WrongState
from streamforge.jobs.acts import act
from streamforge.jobs.dead import DeadLetters, Filter
from streamforge.jobs.model import TERMINAL
from streamforge.ops.logs import get_logger
from streamforge.storage.objects import Objects

if TYPE_CHECKING:
    from streamforge.archive.remover import Remover

T = TypeVar("T")

CHUNK: Final = 200
"""Jobs that are erased in one step: Redis, and the archive's writer, wait for no longer than that."""
ROWS_S: Final = 20.0
"""How long to wait for a step of the archive; it does by itself what was not done then."""
SPENT_DAYS: Final = 400
"""For how many days Redis knows what a tenant has spent."""

_IS_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")

log = get_logger(__name__)

Other = Callable[[str], Awaitable[None]]
"""Erases something else that a tenant has; may be repeated."""


class Erased(Struct, frozen=True):
    """How many jobs were erased; not ``is_complete`` where the archive does the rest when it is back."""

    jobs: int
    is_complete: bool


class Eraser:
    """Erases from everywhere. ``others`` are what a tenant has besides jobs, money and files, such as API keys.

    Raises BrokerUnavailable, and StorageUnavailable where a tenant's files could not be deleted: try again.
    """

    def __init__(self, broker: Broker, archive: Archive, objects: Objects, others: Sequence[Other] = ()) -> None:
        self._broker = broker
        self._archive = archive
        self._objects = objects
        self._others = others
        self._letters = DeadLetters(broker)

    async def job(self, tenant: str, job_id: str) -> Erased:
        """A job of that tenant, also one that is archived alone; raises WrongState where it has not ended."""
        archived = await self._asked(lambda remover: remover.objects_of(job_id), set[str]())
        (code,), objects, before_ms = await self._forget(tenant, [job_id], act("job.erased", job_id, tenant))
        if code < 0:
            raise WrongState("the job has not ended", field="job_id", hint="cancel it first")
        if code == 0:
            await self._forget_letters(tenant, job_id)
        gone = None if archived is None else await self._asked(lambda remover: remover.erase([job_id], before_ms), 0)
        await self._unwant(tenant, objects | (archived or set()))
        log.info("job_erased", job=job_id, tenant=tenant)
        return Erased(1, is_complete=gone is not None)

    async def tenant(self, tenant: str) -> Erased:
        """Everything of a tenant; raises WrongState, and changes nothing, while a job of his has not ended.

        Raises NotFound where nobody can be called that.
        """
        if not _IS_TENANT.fullmatch(tenant):
            raise NotFound(f"no tenant {tenant[:64]!r} is known", field="tenant")
        await self._require_ended(tenant)
        for erase in self._others:
            await erase(tenant)
        archived = await self._asked(lambda remover: remover.count(tenant), 0)
        jobs = max(await self._forget_jobs(tenant), archived or 0)
        await self._forget_letters(tenant)
        await self._forget_kits(tenant)
        before_ms = await self._forget_rest(tenant)
        is_complete = await self._forget_rows(tenant, before_ms)
        await self._unwant_all(tenant)
        log.info("tenant_erased", tenant=tenant, jobs=jobs)
        return Erased(jobs, is_complete)

    # ---- in Redis ----

    async def _forget(self, tenant: str, job_ids: Sequence[str], told: bytes = b"") -> tuple[list[int], set[str], int]:
        codes, objects, now_ms = await self._broker.script("erase_jobs", tenant, told, *job_ids)
        return codes, {key.decode() for key in objects}, now_ms

    async def _ids(self, tenant: str, first: int = 0) -> list[str]:
        read, index = cast("Any", self._broker.client).zrange, self._broker.keys.index(tenant)
        found = await self._broker.call("erase", lambda: read(index, first, first + CHUNK - 1))
        return [job_id.decode() for job_id in found]

    async def _require_ended(self, tenant: str) -> None:
        seen = 0
        while ids := await self._ids(tenant, seen):
            states = await self._states(ids)
            if open_ones := [job_id for job_id, state in states.items() if state and state not in TERMINAL]:
                raise _has_open_jobs(tenant, open_ones)
            seen += len(ids)

    async def _states(self, job_ids: Sequence[str]) -> dict[str, str]:
        async def read() -> list[bytes | None]:
            async with cast("Any", self._broker.client).pipeline(transaction=False) as pipe:
                for job_id in job_ids:
                    pipe.hget(self._broker.keys.job(job_id), "state")
                return await pipe.execute()

        states = await self._broker.call("erase", read)
        return {job_id: (state or b"").decode() for job_id, state in zip(job_ids, states, strict=True)}

    async def _forget_jobs(self, tenant: str) -> int:
        gone = 0
        while ids := await self._ids(tenant):
            codes, objects, _ = await self._forget(tenant, ids)
            if open_ones := [job_id for job_id, code in zip(ids, codes, strict=True) if code < 0]:
                raise _has_open_jobs(tenant, open_ones)  # they came meanwhile
            await self._unwant(tenant, objects)  # those of before there were parts for tenants
            gone += len(ids)
        return gone

    async def _forget_letters(self, tenant: str, job_id: str = "") -> None:
        letters = self._letters.all(only=Filter(tenant=tenant))
        await self._letters.purge([letter.id async for letter in letters if job_id in ("", letter.job)])

    async def _forget_rest(self, tenant: str) -> int:
        """The last of Redis, and the act; until when (ms) things that were made are erased."""
        today = time_ns() // 1_000_000 // DAY_MS
        told = act("tenant.erased", tenant, tenant)
        if before_ms := await self._broker.script("erase_tenant", tenant, told, today - SPENT_DAYS, today + 1):
            return int(before_ms)
        raise _has_open_jobs(tenant, await self._ids(tenant))

    async def _unwant(self, tenant: str, objects: set[str]) -> None:
        keys = sorted(objects)
        for first in range(0, len(keys), CHUNK):
            await self._broker.script("unwant", tenant, *keys[first : first + CHUNK])

    # ---- in the object store ----

    async def _forget_kits(self, tenant: str) -> None:
        for name in await self._objects.names(f"kits/{tenant}"):
            await self._objects.delete_named(f"kits/{tenant}/{name}")

    async def _unwant_all(self, tenant: str) -> None:
        """Every file of a tenant, whoever named it: the collector knows which of them are of what came since."""
        async for batch in self._objects.of(tenant).every():
            await self._unwant(tenant, {stored.key for stored in batch})

    # ---- in the archive ----

    async def _forget_rows(self, tenant: str, before_ms: int) -> bool:
        """A chunk in a transaction, so that the archiver comes in between; False where the archive is away."""
        is_more: bool | None = True
        while is_more:
            is_more = await self._asked(lambda remover: remover.erase_some(tenant, before_ms), without=False)
        return is_more is not None

    async def _asked(self, question: Callable[[Remover], Awaitable[T]], without: T) -> T | None:
        """What the archive answers: ``without``, where there is none, and None, where it is away."""
        if not self._archive.is_on:
            return without
        try:
            self._archive.require_own()
            with anyio.fail_after(ROWS_S):
                module = await loaded("streamforge.archive.remover")
                return await question(module.Remover(await self._archive.database()))
        except (TimeoutError, ArchiveUnavailable, ArchiveRefused, ConfigError) as error:
            log.warning("archive_erases_later", error=str(error))
            return None


def _has_open_jobs(tenant: str, job_ids: Sequence[str]) -> WrongState:
    hint = f"cancel them, such as {job_ids[0]}" if job_ids else "try again"
    return WrongState(f"tenant {tenant} has jobs that have not ended", field="tenant", hint=hint)
