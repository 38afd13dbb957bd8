"""What is taken out of the archive: by age, of a job, of a tenant; and what stays."""

from __future__ import annotations

from pathlib import Path
from time import time_ns

import pytest

from streamforge.archive import retention as retaining
from streamforge.archive.answers import DAY_MS
from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.archive.erasure import Erased, Eraser
from streamforge.archive.handle import Archive
from streamforge.archive.remover import Remover
from streamforge.archive.retention import Retention, Rule, rules_of
from streamforge.broker.broker import Broker
from streamforge.config import ArchiveSettings, TenantSettings
from streamforge.storage.objects import Objects
from tests.integration.archive.reading import rows
from tests.integration.moves import checkpoint, raw, settle, submit, take_one

FILE = b'{"name":"a.png","key":"' + b"0" * 64 + b'","media_type":"image/png","size":7}'
OF_JOBS = ("jobs", "bodies", "attempts", "steps", "artifacts")


async def end(broker: Broker, job_id: str, tenant: str, days_ago: float) -> None:
    """A job that ended so long ago, with a step, a file and a charge."""
    await submit(broker, job_id, tenant=tenant)
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, data=b'{"step":"design"}'))
    await broker.record(checkpoint(claim, "a.png", FILE, event="artifact.saved", target="files"))
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
    assert await remover.erase(["job-1", "never"]) == 1
    assert await remover.erase(["job-1"]) == 0
    assert await kept(database) == {name: ["job-2"] for name in OF_JOBS}
    assert len(await rows(database, "charges")) == 2


async def test_a_tenant_goes_a_few_jobs_at_a_time(broker: Broker, database: Database, carrier: Carrier) -> None:
    """With the last of them his books; somebody else's are untouched."""
    for number in range(3):
        await end(broker, f"job-{number}", "acme", 0)
    await end(broker, "other", "beta", 0)
    while await carrier.carry():
        pass
    remover = Remover(database)
    assert [await remover.erase_some("acme", 2) for _ in range(4)] == [2, 1, 0, 0]
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
