"""``streamforge db`` and ``streamforge erase``: what they do, what they print, and their exit codes."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from streamforge.archive.migrating import upgrade
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.cli.main import main
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.store import JobStore
from streamforge.testing.server import TestServer
from tests.integration.archive.conftest import joined, opened
from tests.integration.archive.reading import rows
from tests.integration.moves import raw, settle, submit, take_one

Run = Callable[..., int]


@pytest.fixture
def run(shared_server: TestServer, tmp_path: Path) -> Run:
    """The command, over a Redis and an archive that has two jobs of it, of two tenants."""

    async def prepare() -> None:
        broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
        await raw(broker).flushall()
        for tenant in ("acme", "beta"):
            await submit(broker, f"job-{tenant}", tenant=tenant)
            await settle(broker, await take_one(broker), "failed", reason="x")
        database = opened(f"sqlite:///{tmp_path}/archive.db")
        await upgrade(database)
        carrier = await joined(broker, database)
        while await carrier.carry():
            pass
        await database.close()
        await broker.close()

    asyncio.run(prepare())

    def command(*args: str, file: str = "archive.db") -> int:
        given = {"redis.url": shared_server.url, "paths.data_dir": str(tmp_path)}
        given["archive.url"] = file if file == "off" else f"sqlite:///{tmp_path}/{file}"
        return main([*args, *(part for name, value in given.items() for part in ("--set", f"{name}={value}"))])

    return command


def test_a_database_is_built_and_checked(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty one is not right (1) until it is upgraded; with no archive there is nothing to do it to (2)."""
    assert run("db", "check", file="new.db") == 1
    assert run("db", "upgrade", file="new.db") == 0
    assert "(before: empty)" in capsys.readouterr().out
    assert run("db", "upgrade", file="new.db") == 0
    assert "nothing to do" in capsys.readouterr().out
    assert run("db", "check", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_current"], told["id"], told["entries_waiting"]) == (True, told["redis_archived_by"], 0)
    assert run("db", "check", file="new.db") == 1  # it is not the one that this Redis belongs to
    assert run("db", "upgrade", file="off") == 2


def test_an_export_goes_into_another_database(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file for its owner alone; what is made of it has an equal file; a database with rows takes none."""
    first, second = tmp_path / "first.gz", tmp_path / "second.gz"
    assert run("db", "export", str(first)) == 0
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert run("db", "import", str(first), file="new.db") == 0
    assert "2 of them jobs" in capsys.readouterr().out
    assert run("db", "export", str(second), file="new.db") == 0
    assert first.read_bytes() == second.read_bytes()
    assert run("db", "check", file="new.db") == 0  # it is that archive now, and so has the claim
    assert run("db", "import", str(first)) == 2
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("spoil", ["cut", "plain", "empty"])
def test_a_damaged_file_is_refused(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: str) -> None:
    """One line says so, and nothing is imported; nor is anything from a file that is not there."""
    file = tmp_path / "first.gz"
    assert run("db", "export", str(file)) == 0
    file.write_bytes({"cut": file.read_bytes()[:-20], "plain": b"plain text", "empty": b""}[spoil])
    assert run("db", "import", str(file), file="new.db") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("streamforge: file: ")
    assert run("db", "import", str(tmp_path / "missing.gz"), file="new.db") == 2
    assert run("db", "export", str(tmp_path / "no" / "such" / "folder.gz")) == 2


def test_a_redis_is_given_to_another_database(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Only if that is meant; then every ended job that Redis has is archived there, too."""
    assert run("db", "upgrade", file="new.db") == 0
    assert run("db", "claim", file="new.db") == 2
    assert "--take-over" in capsys.readouterr().err
    assert run("db", "claim", "--take-over", file="new.db") == 0
    assert "2 ended jobs" in capsys.readouterr().out
    assert run("db", "claim", file="new.db") == 0
    assert run("db", "check") == 1


def test_a_restore_catches_up(run: Run, shared_server: TestServer, tmp_path: Path) -> None:
    """After an older backup took the lost archive's place, what Redis still has is archived once more."""
    backup = tmp_path / "backup.gz"
    assert run("db", "export", str(backup)) == 0
    asyncio.run(_carried(shared_server, tmp_path / "archive.db", "later"))
    assert run("db", "import", str(backup), file="restored.db") == 0
    assert run("db", "claim", file="restored.db") == 0
    found = asyncio.run(_carried(shared_server, tmp_path / "restored.db"))
    assert found == ["job-acme", "job-beta", "later"]


async def _carried(server: TestServer, path: Path, *job_ids: str) -> list[str]:
    """The jobs in an archive, once these have ended and everything that waits is carried there."""
    broker, database = Broker(RedisSettings(), JobsSettings(), server.url), opened(f"sqlite:///{path}")
    for job_id in job_ids:
        await submit(broker, job_id)
        await settle(broker, await take_one(broker))
    carrier = await joined(broker, database)
    while await carrier.carry():
        pass
    found = [row["id"] for row in await rows(database, "jobs")]
    await database.close()
    await broker.close()
    return found


def test_a_redis_is_released(run: Run, shared_server: TestServer, capsys: pytest.CaptureFixture[str]) -> None:
    """It belongs to nobody then, and has no outbox."""
    assert run("db", "release") == 0
    assert "no archive now" in capsys.readouterr().out

    async def look() -> object:
        broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
        try:
            return await Outbox(broker).claimed()
        finally:
            await broker.close()

    assert asyncio.run(look()) is None


def test_jobs_and_tenants_are_erased(run: Run, shared_server: TestServer, capsys: pytest.CaptureFixture[str]) -> None:
    """A tenant only with --yes (2); a job that is not there is not found (4)."""
    assert run("erase", "job", "job-acme") == 0
    assert run("erase", "job", "job-acme") == 4
    assert run("erase", "tenant", "beta") == 2
    assert run("erase", "tenant", "beta", "--yes") == 0
    assert "beta  erased, 1 jobs" in capsys.readouterr().out

    async def look() -> list[str]:
        broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
        try:
            return await JobStore(broker).listing.tenants()
        finally:
            await broker.close()

    assert asyncio.run(look()) == []
    assert run("erase", "job", "job-beta") == 4
