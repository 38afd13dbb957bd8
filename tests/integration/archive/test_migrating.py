"""From the first release's tables to today's, with what lies in them, while a writer of then goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, text

from streamforge.archive import migrating
from streamforge.archive.engines import Database
from streamforge.archive.migrating import identity_of, require_current, state_of, upgrade
from streamforge.archive.schema import METADATA, archive
from streamforge.errors import ConfigError
from tests.integration.archive.conftest import NewUrl, opened
from tests.integration.archive.reading import rows


@pytest.fixture
async def empty(new_url: NewUrl) -> AsyncIterator[Database]:
    """A database without tables."""
    database = opened(new_url())
    yield database
    await database.close()


class FirstRelease:
    """A writer that knows the tables of the first release and no other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.written = 0
        self._is_over = False

    async def run(self) -> None:
        """Write jobs, one in a transaction, until told to stop."""
        while not self._is_over:
            await self.write()

    def stop(self) -> None:
        """Write no more."""
        self._is_over = True

    async def write(self) -> None:
        """One job that failed."""
        facts: dict[str, Any] = {"id": f"job-{self.written}", "tenant": "acme", "kind": "k", "state": "failed"}
        facts |= {"queue": "default", "priority": "normal", "source": "client", "created_ms": self.written}
        facts |= {"error": '{"code":"timeout","message":"no"}'}
        names, values = ", ".join(facts), ", ".join(f":{name}" for name in facts)
        async with self._database.write.begin() as connection:
            await connection.execute(text(f"INSERT INTO jobs ({names}) VALUES ({values})"), facts)  # noqa: S608 - a test's
            await connection.execute(text("INSERT INTO bodies (job_id, log) VALUES (:id, '[]')"), {"id": facts["id"]})
        self.written += 1


async def test_the_steps_build_what_the_tables_say(empty: Database) -> None:
    """The schema that the migrations leave is the one that the code writes to: same tables, columns, types, indexes."""
    await upgrade(empty)

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"version_table": "schema_version"})
        return compare_metadata(context, METADATA)

    async with empty.read.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_upgrade_goes_on_beside_an_older_writer(empty: Database) -> None:
    """A daemon of the first release writes before, during and after it; no row is lost, and codes are filled."""
    await upgrade(empty, "0001")
    other = opened(empty.url.render_as_string(hide_password=False).replace("+aiosqlite", ""))
    writer = FirstRelease(other)
    for _ in range(20):
        await writer.write()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writer.run)
        assert (await upgrade(empty)).is_current
        upgraded_at = writer.written
        while writer.written < upgraded_at + 5:  # noqa: ASYNC110 - rows have no event
            await anyio.sleep(0.001)
        writer.stop()
    late = [row for row in await rows(empty, "jobs") if row["error_code"] is None]
    assert len(late) >= 1  # what was written since: to be filled by the next run
    await upgrade(empty)
    jobs = await rows(empty, "jobs")
    assert len(jobs) == writer.written
    assert {row["error_code"] for row in jobs} == {"timeout"}
    assert len(await rows(empty, "bodies")) == writer.written
    await other.close()


async def test_two_upgrades_at_once_are_one(empty: Database) -> None:
    """Whoever comes second waits and finds nothing to do."""
    other = opened(empty.url.render_as_string(hide_password=False))
    async with anyio.create_task_group() as tasks:
        for database in (empty, other):
            tasks.start_soon(upgrade, database)
    assert (await state_of(empty)).is_current
    await other.close()


async def test_an_upgrade_that_was_broken_off_is_done_again(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where half of a step was built and not noted, as MySQL leaves it, the next run builds the rest."""
    await upgrade(empty, "0001")
    async with empty.write.begin() as connection:
        await connection.execute(text("ALTER TABLE jobs ADD COLUMN error_code VARCHAR(64)"))
    assert (await upgrade(empty)).is_current
    monkeypatch.setattr(migrating, "CHUNK", 1)
    await upgrade(empty)


async def test_an_older_schema_is_told_with_the_command(empty: Database) -> None:
    """Nothing is written to tables that this version does not know; the error says what to run."""
    with pytest.raises(ConfigError, match=r"has no tables yet.*db upgrade"):
        await require_current(empty)
    await upgrade(empty, "0001")
    with pytest.raises(ConfigError, match="stands at 0001"):
        await require_current(empty)
    await upgrade(empty)
    await require_current(empty)


async def test_a_newer_schema_is_no_obstacle(empty: Database) -> None:
    """A daemon goes on writing after a later version has expanded the tables, and does not touch them."""
    await upgrade(empty)
    async with empty.write.begin() as connection:
        await connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
    assert (await state_of(empty)).is_newer
    await require_current(empty)
    assert (await upgrade(empty)).current == "9999"


async def test_a_database_keeps_its_name(empty: Database) -> None:
    """The id under which a Redis knows its archive is made once, with the tables."""
    await upgrade(empty)
    (made,) = await rows(empty, "archive")
    await upgrade(empty)
    assert await identity_of(empty) == made["id"]
    assert await rows(empty, "archive") == [made]


async def test_daemons_that_come_at_once_agree_on_its_name(empty: Database) -> None:
    """A database that has none yet gets one, not one from each of those who ask for it at the same time."""
    await upgrade(empty)
    async with empty.write.begin() as connection:
        await connection.execute(delete(archive))
    others = [opened(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    names: list[str] = []

    async def ask(database: Database) -> None:
        names.append(await identity_of(database))

    for database in others:
        for engine in (database.read, database.write):
            async with engine.connect():
                pass  # so that the first question is asked by all at once
    async with anyio.create_task_group() as tasks:
        for database in others:
            tasks.start_soon(ask, database)
    assert names == [(await rows(empty, "archive"))[0]["id"]] * 4
    for database in others:
        await database.close()
