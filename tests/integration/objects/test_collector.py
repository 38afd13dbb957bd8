"""What a collection deletes and what not, when it refuses, what it counts; and the service around it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.quotas import Quotas
from streamforge.collector import garbage as garbages
from streamforge.collector.check import Fault, check
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.collector.service import CollectorService
from streamforge.config import StorageSettings
from streamforge.errors import QuotaExceeded, TransientError, WrongState
from streamforge.jobs.model import Artifact, Claim
from streamforge.storage.objects import ObjectRef, Objects
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import checkpoint, raw, settle, submit, take_one
from tests.integration.objects.raw import overwrite, paths


@pytest.fixture
def garbage(broker: Broker) -> Garbage:
    """The collector's keys."""
    return Garbage(broker)


@pytest.fixture
def collector(objects: Objects, broker: Broker, garbage: Garbage) -> Collector:
    """A collector over each kind of store."""
    return Collector(objects, References(broker), garbage)


async def running(broker: Broker, job_id: str = "job-1", tenant: str = "a", **more: Any) -> Claim:  # noqa: ANN401
    """A job under way."""
    await submit(broker, job_id, tenant=tenant, **more)
    return await take_one(broker)


async def recorded(broker: Broker, claim: Claim, ref: ObjectRef, name: str = "f", number: int = 0) -> int:
    """Write a file's reference, as the context does; the script's code."""
    file = Artifact(name=name, key=ref.key, media_type="text/plain", size=ref.size)
    facts: dict[str, Any] = {"target": "files", "object": ref.key, "number": number, "size": ref.size}
    return await broker.record(checkpoint(claim, name, msgspec.json.encode(file), **facts))


async def test_garbage_goes_and_the_rest_stays(objects: Objects, collector: Collector, broker: Broker) -> None:
    """Files, uploads, large checkpoints and what these name, inputs and results: each keeps its objects, no others."""
    view = objects.of("a")
    claim = await running(broker, input=msgspec.json.encode({"files": [{"key": (await view.put(b"given")).key}]}))
    assert await recorded(broker, claim, await view.put(b"file")) == 1
    large, inner = await view.put(b"large"), await view.put(b"inner")
    value = f"o{large.key}{inner.key}".encode()
    await broker.record(checkpoint(claim, "large", value, object=large.key, size=5))
    small = await view.put(b"small")
    await broker.record(checkpoint(claim, "small", b"v" + msgspec.msgpack.encode({"file": small.key})))
    told = await view.put(b"told")
    await settle(broker, claim, body=msgspec.json.encode({"text": msgspec.json.encode([told.key]).decode()}))
    await view.put(b"garbage")
    await objects.of("b").put(b"file")  # the same bytes are kept wherever they lie: one reference is enough
    done = await collector.collect(-5.0)
    assert (done.objects, done.garbage, done.deleted, done.deleted_size) == (8, 1, 1, 7)
    assert done.kept_by == {"a": 28, "b": 4}
    for content in (b"given", b"file", b"large", b"inner", b"small", b"told"):
        assert await view.put(content)
        assert len(await paths(objects)) == 7


async def test_what_is_young_stays(objects: Objects, collector: Collector) -> None:
    """Garbage is let be for a time, which putting it again starts anew."""
    await objects.of("a").put(b"garbage")
    assert (await collector.collect(3600.0)).garbage == 0
    assert (await collector.collect(-5.0, is_dry=True)).garbage == 1
    assert len(await paths(objects)) == 1


async def test_a_writer_is_told_to_put_it_again(objects: Objects, collector: Collector, broker: Broker) -> None:
    """What was put before a collection and is recorded after it: refused, put elsewhere, found by every reader."""
    view, claim = objects.of("a"), await running(broker)
    ref = await view.put(b"hello")
    await collector.collect(-5.0)
    number = await recorded(broker, claim, ref)
    assert number > 1
    assert await raw(broker).hlen(broker.keys.files("job-1")) == 0
    assert not await view.exists(ref)
    assert await recorded(broker, claim, await view.put(b"hello", number), number=number) == 1
    assert await view.get(ref) == b"hello"
    assert (await collector.collect(-5.0)).deleted == 0


async def test_what_was_deleted_is_known_for_a_week_of_redis(
    broker: Broker, garbage: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host whose clock is wrong forgets nothing early: a writer would not be told to put its object again."""
    number = await garbage.condemn(["old", "new"])
    assert await garbage.doom(number, ["old", "new"]) == ["old", "new"]
    await raw(broker).zadd(broker.keys.deleted, {"old": number - 8 * 86_400_000})
    monkeypatch.setattr(garbages, "time_ns", lambda: (number + 30 * 86_400_000) * 1_000_000)
    await garbage.forget()
    assert await raw(broker).zrange(broker.keys.deleted, 0, -1) == [b"new"]


async def test_bytes_are_counted_as_they_come_and_set_right(
    objects: Objects, collector: Collector, broker: Broker
) -> None:
    """What is recorded is added at once, what is recorded twice is corrected, what is deleted is taken off."""
    view, claim, quotas = objects.of("a"), await running(broker), Quotas(broker, 0, {})
    for name in ("f", "f", "g"):  # the first is written twice, as an attempt that starts anew does
        await recorded(broker, claim, await view.put(b"x" * 100), name)
    assert await quotas.kept() == {"a": 200}
    await collector.collect(-5.0)
    assert await quotas.kept_by("a") == 100
    await settle(broker, claim)
    await raw(broker).delete(broker.keys.job("job-1"))
    await collector.collect(-5.0)
    assert await quotas.kept_by("a") == 0


async def test_over_its_quota_a_tenant_puts_nothing(objects: Objects, broker: Broker) -> None:
    """It is told what it keeps, what it may, and which setting says so; another tenant is not concerned."""
    objects.quota = Quotas(broker, 1, {})
    claim = await running(broker)
    await recorded(broker, claim, await objects.of("a").put(b"x" * 900_000))
    with pytest.raises(QuotaExceeded, match=r"tenants.a.storage_mb: .* 0.9 MB of the 1 MB .* 0.2 MB more"):
        await objects.of("a").put(b"y" * 200_000)
    await objects.of("b").put(b"y" * 200_000)


async def test_an_erased_jobs_objects_go_at_once(
    objects: Objects, collector: Collector, broker: Broker, garbage: Garbage
) -> None:
    """Whatever their age, in all of their places; not those that another job refers to, nor others that are young."""
    view, claim, other = objects.of("a"), await running(broker), await running(broker, "job-2")
    own, shared = await view.put(b"own"), await view.put(b"shared")
    await view.put(b"own", 7)
    await objects.put(b"own")
    await view.put(b"young")
    await recorded(broker, claim, own)
    for job in (claim, other):
        await recorded(broker, job, shared, "g")
    keys = broker.keys
    await raw(broker).delete(keys.job("job-1"), keys.files("job-1"))
    await garbage.unwant("a", [own.key, shared.key])
    assert (await collector.collect_erased()).deleted == 3
    assert len(await paths(objects)) == 2
    assert await view.get(shared) == b"shared"
    assert await garbage.unwanted(10) == []
    assert await Quotas(broker, 0, {}).kept_by("a") == 3 + 6 + 6 - 3 - 3


# ---- refusing ----


async def test_a_store_of_another_redis_is_left_alone(objects: Objects, collector: Collector) -> None:
    """Its references are not known here; that Redis was lost has to be said by somebody."""
    await objects.claim("another")
    await objects.of("a").put(b"theirs, perhaps")
    with pytest.raises(WrongState, match="belongs to another Redis") as caught:
        await collector.require_allowed(0.0)
    assert caught.value.field == "storage.url"
    await collector.take_over()
    await collector.require_allowed(0.0)
    with pytest.raises(WrongState, match="knows references only since"):
        await collector.require_allowed(60.0)


async def test_a_redis_that_came_later_waits(objects: Objects, collector: Collector) -> None:
    """What lay in the store before it may be referred to by what it never saw."""
    await objects.of("a").put(b"older")
    with pytest.raises(WrongState, match="knows references only since"):
        await collector.require_allowed(3600.0)
    await collector.require_allowed(0.0)


async def test_a_new_installation_knows_everything(objects: Objects, collector: Collector) -> None:
    """Where the store was empty when it was claimed, nothing is waited for."""
    assert await collector.claim()
    await objects.of("a").put(b"ours")
    await collector.require_allowed(3600.0)


async def test_an_archive_that_is_not_seen_forbids_it(objects: Objects, collector: Collector, broker: Broker) -> None:
    """A process that was not told of it, or of another, would take what only that names for garbage."""
    await collector.claim()
    await raw(broker).hset(broker.keys.archive, "database", "x")
    for seen in (collector, Collector(objects, References(broker, Away()), Garbage(broker))):
        with pytest.raises(WrongState, match="there is an archive") as caught:
            await seen.require_allowed(0.0)
        assert caught.value.field == "archive.url"
    await raw(broker).hset(broker.keys.archive, "database", "y")
    await Collector(objects, References(broker, Away()), Garbage(broker)).require_allowed(0.0)


class Away:
    """An archive that does not answer."""

    async def identity(self) -> str:
        """Another one."""
        return "y"

    async def referenced(self, keys: Sequence[str]) -> set[str]:
        """Fail."""
        raise TransientError(f"no answer about {len(keys)}")

    async def every(self) -> AsyncIterator[list[tuple[str, str]]]:
        """Nothing."""
        yield []


async def test_nothing_is_deleted_while_the_archive_is_away(objects: Objects, broker: Broker, garbage: Garbage) -> None:
    """The round is given up."""
    await objects.of("a").put(b"archived, perhaps")
    with pytest.raises(TransientError):
        await Collector(objects, References(broker, Away()), garbage).collect(-5.0)
    assert len(await paths(objects)) == 1


# ---- checking ----


async def test_a_check_names_what_is_gone_and_what_is_damaged(objects: Objects, broker: Broker) -> None:
    """By tenant, job and key; damage only where the bytes are read; what is sound is not named."""
    view, claim = objects.of("a"), await running(broker)
    refs = [await view.put(content) for content in (b"good", b"gone", b"bad!")]
    for ref in refs:
        await recorded(broker, claim, ref, ref.key)
    good, gone, bad = (ref.key for ref in refs)
    await view.delete([copy.path for copy in await view.copies(gone)])
    await overwrite(objects, (await view.copies(bad))[0].path, b"bad?")
    references = References(broker)
    assert (await check(objects, references, reads=False)).faults == [Fault("a", "job-1", gone, "missing")]
    checked = await check(objects, references, reads=True)
    assert (checked.references, {fault.key: fault.what for fault in checked.faults}) == (
        3,
        {gone: "missing", bad: "corrupt"},
    )
    assert good not in {fault.key for fault in checked.faults}


# ---- the service ----


async def test_daemons_take_turns(broker: Broker, garbage: Garbage, tmp_path: Path) -> None:
    """Of two that run it one collects; both see to what was erased; stopping is at once."""
    objects = Objects.open("", tmp_path)
    collector = Collector(objects, References(broker), garbage)
    services = [CollectorService(collector, garbage, StorageSettings(garbage_after_s=0.0), 0.0) for _ in range(2)]
    for service in services:
        await service.start()
    ref = await objects.of("a").put(b"garbage")
    os.utime(tmp_path / (await objects.of("a").copies(ref.key))[0].path, (0, 0))
    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            for service in services:
                tasks.start_soon(service.run)
            await until(lambda: [line for line in logs if line["event"] == "objects_collected"], "a round")
            for service in services:
                service.stop()
    (line,) = [line for line in logs if line["event"] == "objects_collected"]
    assert (line["objects"], line["left"]) == (1, 0)


async def test_a_refusal_is_told_and_survived(broker: Broker, garbage: Garbage, tmp_path: Path) -> None:
    """The daemon goes on, and its log says why nothing is collected."""
    objects = Objects.open("", tmp_path)
    await objects.claim("another")
    service = CollectorService(Collector(objects, References(broker), garbage), garbage, StorageSettings(), 0.0)
    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(service.run)
            await until(lambda: logs, "the warning")
            service.stop()
    assert [line["event"] for line in logs] == ["nothing_is_collected"]
    assert "another Redis" in logs[0]["why"]


# ---- a crash ----

DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from streamforge.storage.objects import Objects

async def main():
    ref = await Objects.open("", Path(sys.argv[1]), fsync=True).of("a").put(b"made, and never recorded")
    print(ref.key, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_crash_between_object_and_record_leaves_garbage_alone(
    shared_server: TestServer, broker: Broker, garbage: Garbage, tmp_path: Path
) -> None:
    """A worker killed there leaves an object that nothing names: the next attempt goes on, and it is collected."""
    del shared_server
    claim = await running(broker)
    killed = subprocess.run([sys.executable, "-c", DYING, str(tmp_path)], check=False, capture_output=True, text=True)  # noqa: ASYNC221 - it is short
    objects, key = Objects.open("", tmp_path), killed.stdout.strip()
    assert await objects.of("a").exists(key)
    assert await raw(broker).hlen(broker.keys.files(claim.id)) == 0
    done = await Collector(objects, References(broker), garbage).collect(-5.0)
    assert (done.deleted, await objects.of("a").exists(key)) == (1, False)
    number = await recorded(broker, claim, await objects.of("a").put(b"made, and never recorded"))
    await objects.of("a").put(b"made, and never recorded", number)
    assert await recorded(broker, claim, ObjectRef(key, 24), number=number) == 1
