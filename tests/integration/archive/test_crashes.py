"""An archiver that is killed at the worst moments, and a database that is not there."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import anyio
import pytest

from streamforge.archive import archiver as archiving
from streamforge.archive import engines
from streamforge.archive.archiver import Archiver
from streamforge.archive.engines import Database
from streamforge.archive.handle import Archive, ArchiveUnavailable
from streamforge.archive.migrating import identity_of, upgrade
from streamforge.archive.recall import Recall
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.config import ArchiveSettings, JobsSettings
from streamforge.jobs.acts import act
from streamforge.ops.metrics import REGISTRY
from streamforge.testing.server import TestServer
from tests.integration.archive.conftest import DIALECTS, SERVED, joined, opened
from tests.integration.archive.reading import everything, rows
from tests.integration.archive.servers import SERVERS, DatabaseServer
from tests.integration.moves import raw, settle, submit, take_one

ROOT = Path(__file__).parents[3]

Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    for name in ("LINGER_S", "FIRST_PAUSE_S", "LONGEST_PAUSE_S", "STAND_BY_S", "ELSEWHERE_S", "LOOK_S"):
        monkeypatch.setattr(archiving, name, 0.02)
    monkeypatch.setattr(engines, "BUSY_MS", 50)


async def end(broker: Broker, job_id: str) -> None:
    """Submit, run and settle a job."""
    await submit(broker, job_id)
    await settle(broker, await take_one(broker))


async def until(condition: Callable[[], bool]) -> None:
    """Return when it holds."""
    with anyio.fail_after(45):
        while not condition():  # noqa: ASYNC110 - the state of a service has no event
            await anyio.sleep(0.01)


@pytest.mark.parametrize("where", ["uncommitted", "committed"])
async def test_a_killed_archiver_loses_and_doubles_nothing(
    broker: Broker, shared_server: TestServer, database: Database, shared_url: str, where: str
) -> None:
    """SIGKILL before the commit or after it: the next archiver leaves every row once, and Redis lets go of the jobs."""
    await joined(broker, database)
    for n in range(5):
        await end(broker, f"job-{n}")
    command = (sys.executable, "-m", "tests.integration.archive.victim", shared_server.url, shared_url, where)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as victim:  # noqa: ASYNC220 - and killed here
        assert victim.stdout is not None
        assert await anyio.to_thread.run_sync(victim.stdout.readline) == b"here\n"
        victim.kill()
    assert await raw(broker).pttl(broker.keys.job("job-0")) == -1
    assert len(await rows(database, "jobs")) == (0 if where == "uncommitted" else 5)
    carrier = await joined(broker, database)
    while await carrier.carry():
        pass
    found = await everything(database)
    assert [one["id"] for one in found["jobs"]] == [f"job-{n}" for n in range(5)]
    assert [one["job_id"] for one in found["attempts"]] == [f"job-{n}" for n in range(5)]
    assert [one["action"] for one in found["audit_log"]] == ["archive.claimed"]
    assert await raw(broker).xlen(broker.keys.outbox) == 0
    assert await raw(broker).pttl(broker.keys.job("job-0")) > 0


class Place:
    """A database of one test alone, and how to take it away for a while."""

    def __init__(self, url: str, outage: Outage) -> None:
        self.url = url
        self.outage = outage


@pytest.fixture(params=DIALECTS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Place]:
    """A database whose server is killed and started again; SQLite's file is locked by somebody else."""
    if request.param == "sqlite":
        path = tmp_path / "archive.db"
        yield Place(f"sqlite:///{path}", lambda: _locked(path))
        return
    request.getfixturevalue(request.param)  # skips, or fails, where the programs are missing
    with SERVERS[request.param]() as server:
        server.execute("CREATE DATABASE archive")
        yield Place(server.url("archive"), lambda: _stopped(server))


@contextmanager
def _locked(path: Path) -> Generator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def _stopped(server: DatabaseServer) -> Generator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def archive_of(place: Place, **settings: object) -> Archive:
    """The archive at that place, which builds its own tables."""
    more = {"auto_upgrade": True, **settings}
    return Archive(ArchiveSettings(url=place.url, **more), Path("/nonexistent"))  # type: ignore[arg-type]


def failures() -> float:
    """How often the database was found away."""
    labels = {"why": "archive_unavailable"}
    return REGISTRY.get_sample_value("streamforge_archive_failures_total", labels) or 0.0


async def test_jobs_go_on_while_the_archive_is_away(broker: Broker, place: Place) -> None:
    """Jobs end as ever, the backlog rises and is told of, and all of it is archived once the database is back."""
    archive = archive_of(place, late_after_s=0.05)
    service = Archiver(broker, archive, JobsSettings())
    before = failures()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.run)
        await until(lambda: service._carrier is not None)  # pyright: ignore[reportPrivateUsage]
        await end(broker, "first")
        with place.outage():
            for n in range(3):
                await end(broker, f"job-{n}")
            await until(lambda: failures() > before)
            await until(lambda: "entries wait to be archived" in (service.why_late() or ""))
            assert (REGISTRY.get_sample_value("streamforge_archive_backlog") or 0) >= 3
            assert await raw(broker).pttl(broker.keys.job("job-0")) == -1
        await until(lambda: service.why_late() is None)
        service.stop()
    database = await archive.database()
    assert {one["id"] for one in await rows(database, "jobs")} == {"first", "job-0", "job-1", "job-2"}
    assert await raw(broker).xlen(broker.keys.outbox) == 0
    await archive.close()


async def test_a_stopping_daemon_leaves_nothing_behind(broker: Broker, place: Place) -> None:
    """What has ended when the service is stopped is archived when it has stopped."""
    archive = archive_of(place)
    service = Archiver(broker, archive, JobsSettings())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.run)
        await until(lambda: service._carrier is not None)  # pyright: ignore[reportPrivateUsage]
        for n in range(20):
            await end(broker, f"job-{n}")
        service.stop()
    assert len(await rows(await archive.database(), "jobs")) == 20
    await archive.close()


async def test_archivers_of_one_database_share_the_work(broker: Broker, place: Place) -> None:
    """Two services at once archive every job once; one that is stopped is taken over from."""
    first, second = archive_of(place), archive_of(place)
    services = [Archiver(broker, archive, JobsSettings()) for archive in (first, second)]
    async with anyio.create_task_group() as tasks:
        for service in services:
            tasks.start_soon(service.run)
        for n in range(30):
            await end(broker, f"job-{n}")
        await until(lambda: services[1]._carrier is not None)  # pyright: ignore[reportPrivateUsage]
        services[0].stop()
        await end(broker, "last")
        await until_archived(broker)
        services[1].stop()
    database = await second.database()
    assert {one["id"] for one in await rows(database, "jobs")} == {"last", *(f"job-{n}" for n in range(30))}
    assert len(await rows(database, "attempts")) == 31
    for archive in (first, second):
        await archive.close()


async def until_archived(broker: Broker) -> None:
    """Return when nothing waits."""
    with anyio.fail_after(45):
        while (await Outbox(broker).backlog()).entries:  # noqa: ASYNC110 - Redis has no event for it
            await anyio.sleep(0.02)


@pytest.mark.parametrize("place", SERVED, indirect=True)
async def test_an_archive_of_an_older_schema_waits_for_its_upgrade(broker: Broker, place: Place) -> None:
    """A server's tables are not changed unasked: jobs go on, the reason is told, and all is archived afterwards."""
    database = opened(place.url)
    await upgrade(database, "0001")
    archive = archive_of(place, auto_upgrade=False, late_after_s=0.05)
    service = Archiver(broker, archive, JobsSettings())
    await Outbox(broker).claim("x", "y", act("archive.claimed", "x"))
    await raw(broker).delete(broker.keys.archive)  # an outbox of before
    await end(broker, "job-1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.run)
        await until(lambda: "stands at 0001" in (service.why_late() or ""))
        await upgrade(database)
        await until(lambda: service.why_late() is None)
        service.stop()
    assert [one["id"] for one in await rows(database, "jobs")] == ["job-1"]
    await archive.close()
    await database.close()


async def test_a_redis_of_another_archive_is_left_alone(broker: Broker, place: Place) -> None:
    """The daemon goes on and says so; nothing is taken out of the outbox, and nothing denied, until that is ours."""
    outbox = Outbox(broker)
    await outbox.claim("another", "source", b'{"action":"archive.claimed"}')
    await end(broker, "job-1")
    archive = archive_of(place)
    service, recall = Archiver(broker, archive, JobsSettings()), Recall(archive)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(service.run)
        await until(lambda: "archived by another database" in (service.why_late() or ""))
        with pytest.raises(ArchiveUnavailable):
            await recall.ask(lambda reader: reader.story("job-9"))
        assert await raw(broker).xlen(broker.keys.outbox) == 2
        database = await archive.database()
        assert await rows(database, "jobs") == []
        await outbox.take_over(await identity_of(database))
        await until(lambda: service.why_late() is None)
        assert await recall.ask(lambda reader: reader.story("job-9")) is None
        service.stop()
    await archive.close()
