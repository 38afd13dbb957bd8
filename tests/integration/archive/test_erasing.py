"""What is taken out of the archive: by age, of a job, of a tenant; and what stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from time import time_ns

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive import erasing, writer
from streamforge.archive import retention as retaining
from streamforge.archive.answers import DAY_MS
from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.archive.erasure import Erased, Eraser
from streamforge.archive.handle import Archive, ArchiveUnavailable
from streamforge.archive.references import ArchivedReferences
from streamforge.archive.remover import Remover
from streamforge.archive.retention import Retention, Rule, rules_of
from streamforge.broker.broker import Broker
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.config import ArchiveSettings, TenantSettings
from streamforge.jobs.acts import act
from streamforge.jobs.model import Artifact
from streamforge.storage.objects import Objects
from tests.integration.archive.conftest import joined
from tests.integration.archive.reading import rows
from tests.integration.moves import checkpoint, raw, settle, submit, take_one

FILE = b'{"name":"a.png","key":"' + b"0" * 64 + b'","media_type":"image/png","size":7}'
FAR_MS = 2**53
OF_JOBS = ("jobs", "bodies", "attempts", "steps", "artifacts")


async def end(broker: Broker, job_id: str, tenant: str, days_ago: float, file: bytes = FILE) -> None:
    """A job that ended so long ago, with a step, a file and a charge."""
    await submit(broker, job_id, tenant=tenant)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, data=b'{"step":"design"}'))
    await broker.record(checkpoint(claim, "a.png", file, event="artifact.saved", target="files"))
    await settle(broker, claim)
    ended_ms = time_ns() // 1_000_000 - round(days_ago * DAY_MS)
    await raw(broker).hset(broker.keys.job(job_id), mapping={"finished_ms": ended_ms, "created_ms": ended_ms})
    await raw(broker).xadd(broker.keys.charges, {"tenant": tenant, "job": job_id, "call": job_id, "cost_uusd": 5})


async def kept(database: Database) -> dict[str, list[str]]:
    """The jobs that each table of theirs has rows of."""
    found = {name: await rows(database, name) for name in OF_JOBS}
    return {name: [row["id" if name == "jobs" else "job_id"] for row in some] for name, some in found.items()}


@pytest.fixture
def carried(database: Database, carrier: Carrier) -> tuple[Database, Carrier]:
    """An empty archive, and who carries into it."""
    return database, carrier


@pytest.mark.parametrize("chunk", [1, 200])
async def test_jobs_are_kept_for_as_long_as_is_said(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, carried: tuple[Database, Carrier], shared_url: str, chunk: int
) -> None:
    """Each tenant's for its own time, everybody else's for the common one; books and audit log stay."""
    monkeypatch.setattr(retaining, "CHUNK", chunk)
    database, carrier = carried
    for tenant in ("acme", "brief", "forever"):
        for days in (0.5, 5, 50):
            await end(broker, f"{tenant}-{days}", tenant, days)
    while await carrier.carry():
        pass
    archive = Archive(ArchiveSettings(url=shared_url, keep_days=10), Path("/nonexistent"))
    retention = Retention(archive, {"brief": TenantSettings(keep_days=1), "forever": TenantSettings(keep_days=0)})
    assert await retention.round() == 3
    left = ["acme-0.5", "acme-5", "brief-0.5", "forever-0.5", "forever-5", "forever-50"]
    assert await kept(database) == dict.fromkeys(OF_JOBS, left)
    assert len(await rows(database, "charges")) == 9
    assert [row["action"] for row in await rows(database, "audit_log")] == ["archive.claimed"]
    assert await retention.round() == 0
    await archive.close()


def test_without_a_limit_there_is_no_rule() -> None:
    """0 days are for good; a tenant's own setting takes it out of the common rule."""
    tenants = {"a": TenantSettings(keep_days=0), "b": TenantSettings(keep_days=7)}
    assert rules_of(0, {}) == []
    assert rules_of(0, tenants) == [Rule("b", 7)]
    assert rules_of(7, tenants) == [Rule("", 7, ("a",))]


async def test_a_job_goes_with_all_its_rows(broker: Broker, database: Database, carrier: Carrier) -> None:
    """What it cost stays; others are untouched; a repetition finds nothing."""
    for job_id in ("job-1", "job-2"):
        await end(broker, job_id, "acme", 0)
    while await carrier.carry():
        pass
    remover = Remover(database)
    assert await remover.objects_of("job-1") == {"0" * 64}
    assert await remover.erase(["job-1"], 1) == 0  # what was made later is another job of that id
    assert await remover.erase(["job-1", "never"], FAR_MS) == 1
    assert await remover.erase(["job-1"], FAR_MS) == 0
    assert await kept(database) == {name: ["job-2"] for name in OF_JOBS}
    assert len(await rows(database, "charges")) == 2


async def test_a_tenant_goes_a_few_jobs_at_a_time(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, database: Database, carrier: Carrier
) -> None:
    """After them his books, a few rows at a time too; somebody else's are untouched."""
    monkeypatch.setattr(erasing, "CHUNK", 2)
    for number in range(3):
        await end(broker, f"job-{number}", "acme", 0)
    await end(broker, "other", "beta", 0)
    while await carrier.carry():
        pass
    remover = Remover(database)
    left: list[tuple[int, int]] = []
    while await remover.erase_some("acme", FAR_MS):
        left.append(tuple([len(await rows(database, name, tenant="acme")) for name in ("jobs", "charges")]))  # type: ignore[arg-type]
    assert (left[:2], left[-1]) == ([(1, 3), (0, 3)], (0, 0))
    assert await kept(database) == {name: ["other"] for name in OF_JOBS}
    assert [row["tenant"] for row in await rows(database, "charges")] == ["beta"]


async def test_a_batch_under_way_brings_nothing_back(
    broker: Broker, database: Database, carrier: Carrier, shared_url: str
) -> None:
    """Erased between the archiver's reading and its writing: the rows are gone with its next batch."""
    archive = Archive(ArchiveSettings(url=shared_url), Path("/nonexistent"))
    eraser = Eraser(broker, archive, Objects.open("memory://", Path()))
    for job_id, tenant in (("job-1", "acme"), ("job-2", "beta"), ("job-3", "beta")):
        await end(broker, job_id, tenant, 0)
    load = await carrier._unload(carrier.places)  # pyright: ignore[reportPrivateUsage]
    assert await eraser.job("acme", "job-1") == Erased(1, is_complete=True)
    assert await eraser.tenant("beta") == Erased(2, is_complete=True)
    await carrier._deliver(load)  # pyright: ignore[reportPrivateUsage]
    assert len(await rows(database, "jobs")) == 3
    while await carrier.carry():
        pass
    assert await kept(database) == {name: [] for name in OF_JOBS}
    assert [row["tenant"] for row in await rows(database, "charges")] == ["acme"]
    await archive.close()


class Slow(Archive):
    """An archive of which so much is known: when it is asked for the second time, something else has happened first."""

    meanwhile: Callable[[], Awaitable[None]]
    asked = 0

    async def database(self) -> Database:
        """As every archive's."""
        self.asked += 1
        if self.asked == 2:
            await self.meanwhile()
        return await super().database()


async def test_who_comes_back_keeps_what_he_makes(
    broker: Broker, database: Database, carrier: Carrier, shared_url: str
) -> None:
    """Rows, charges and files that come while a tenant's rows are being erased stay; of before, no file is left."""
    archive, objects = Slow(ArchiveSettings(url=shared_url), Path("/nonexistent")), Objects.open("memory://", Path())
    lost = await objects.of("acme").put(b"named by a job that is long forgotten")
    old, new = [await objects.of("acme").put(data) for data in (b"before", b"after")]
    await objects.put_named("kits/acme/brand", b"{}")

    async def job(job_id: str, key: str) -> None:
        made = Artifact(name="a.png", key=key, media_type="image/png", size=5)
        await end(broker, job_id, "acme", 0, msgspec.json.encode(made))
        while await carrier.carry():
            pass

    await job("old", old.key)
    archive.meanwhile = lambda: job("new", new.key)
    assert await Eraser(broker, archive, objects).tenant("acme") == Erased(1, is_complete=True)
    garbage = Garbage(broker)
    await Collector(objects, References(broker, ArchivedReferences(archive)), garbage).collect_erased()
    assert await kept(database) == {name: ["new"] for name in OF_JOBS}
    assert [row["job_id"] for row in await rows(database, "charges")] == ["new"]
    there = [await objects.of("acme").exists(ref) for ref in (lost, old, new)]
    assert there == [False, False, True]
    assert await objects.names("kits/acme") == []
    await archive.close()


@pytest.mark.parametrize("ahead", [0, 6], ids=["charges-late", "act-late"])
async def test_charges_go_by_the_time_of_the_erasure(broker: Broker, database: Database, ahead: int) -> None:
    """Whichever of the two streams is read later, a tenant's charges of before go, and those of after stay."""
    carrier = await joined(broker, database, entries=1)
    for number in range(ahead):
        await raw(broker).xadd(broker.keys.outbox, {"act": act("queue.paused", f"q-{number}")})
    for number in range(1, 4):
        await raw(broker).xadd(broker.keys.charges, {"tenant": "acme", "call": "before"}, id=f"{number}-0")
    await raw(broker).xadd(broker.keys.outbox, {"act": act("tenant.erased", "acme", "acme")})
    for tenant in ("acme", "beta"):
        await raw(broker).xadd(broker.keys.charges, {"tenant": tenant, "call": "after"})
    while await carrier.carry():
        pass
    found = [(row["tenant"], row["call_id"]) for row in await rows(database, "charges")]
    assert found == [("acme", "after"), ("beta", "after")]


async def test_an_erasure_that_is_broken_off_goes_on(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, database: Database, carrier: Carrier
) -> None:
    """However much there is of a tenant, no transaction holds it all: what is gone stays gone, and the rest follows."""
    for number in range(3):
        await end(broker, f"job-{number}", "acme", 0)
    while await carrier.carry():
        pass
    await raw(broker).xadd(broker.keys.outbox, {"act": act("tenant.erased", "acme", "acme")})
    left = 2

    async def breaking(connection: AsyncConnection, tenant: str, before_ms: int) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise TimeoutError
        return await erasing.erase_some(connection, tenant, before_ms)

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "CHUNK", 1)
        patch.setattr(writer, "erase_some", breaking)
        with pytest.raises(ArchiveUnavailable):
            await carrier.carry()
    assert await kept(database) == {name: ["job-2"] for name in OF_JOBS}
    assert await carrier.carry() == 1
    assert await kept(database) == {name: [] for name in OF_JOBS}
    assert await rows(database, "charges") == []
