"""Every test here runs over SQLite, PostgreSQL and MariaDB: real servers, one of each for a session."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import anyio
import pytest
from sqlalchemy import delete

from streamforge.archive.carrier import Carrier, Pace
from streamforge.archive.engines import Database, open_database
from streamforge.archive.migrating import upgrade
from streamforge.archive.schema import METADATA
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.config import ArchiveSettings
from tests.integration.archive.servers import SERVERS, DatabaseServer, ServerMissing

SERVED = (pytest.param("postgresql", marks=pytest.mark.long), pytest.param("mariadb", marks=pytest.mark.long))
DIALECTS = ("sqlite", *SERVED)
TTL_S = 1000.0

_NAMES = count(1)

NewUrl = Callable[[], str]
"""Makes an empty database, and gives its address."""


def _running(kind: str) -> Iterator[DatabaseServer]:
    try:
        server = SERVERS[kind]()
    except ServerMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} is not installed; .ci/run installs it")
        pytest.skip(f"{missing} is not installed: apt-get install --no-install-recommends {missing}")
    with server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    """The session's PostgreSQL."""
    yield from _running("postgresql")


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """The session's MariaDB."""
    yield from _running("mariadb")


@pytest.fixture(scope="session", params=DIALECTS)
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewUrl:
    """Empty databases of one dialect."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("archive")
        return lambda: f"sqlite:///{folder}/{next(_NAMES)}.db"
    server: DatabaseServer = request.getfixturevalue(request.param)

    def make() -> str:
        name = f"archive{next(_NAMES)}"
        server.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    return make


@pytest.fixture(scope="session")
def shared_url(new_url: NewUrl) -> str:
    """The database that the session's tests empty for themselves, with today's tables."""
    url = new_url()
    anyio.run(_build, url)
    return url


async def _build(url: str) -> None:
    database = opened(url)
    await upgrade(database)
    await database.close()


def opened(url: str) -> Database:
    """A database by its address."""
    return open_database(ArchiveSettings(url=url), Path("/nonexistent"))


@pytest.fixture
async def database(shared_url: str) -> AsyncIterator[Database]:
    """An empty archive."""
    database = opened(shared_url)
    async with database.write.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            await connection.execute(delete(table))
    yield database
    await database.close()


@pytest.fixture
async def carrier(broker: Broker, database: Database) -> Carrier:
    """Who carries what the broker's Redis has into the archive."""
    return await joined(broker, database)


async def joined(broker: Broker, database: Database, *, entries: int = 100, most_bytes: int = 2**20) -> Carrier:
    """One more who does."""
    return await Carrier.join(Outbox(broker), database, Pace(entries, most_bytes, TTL_S))
