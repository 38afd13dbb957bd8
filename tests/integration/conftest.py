"""One real server for all integration tests, emptied before each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.store import JobStore
from streamforge.testing.server import TestServer
from tests.integration.moves import raw


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name."""
    path = Path(tempfile.mkdtemp(prefix="sf-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[TestServer]:
    """The session's server; tests that stop theirs use ``own_server``."""
    path = Path(tempfile.mkdtemp(prefix="sf-"))
    with TestServer(path) as server:
        yield server
    shutil.rmtree(path)


@pytest.fixture
def own_server(short_dir: Path) -> Iterator[TestServer]:
    """A server of this test alone, to kill, freeze and start again."""
    with TestServer(short_dir) as server:
        yield server


@pytest.fixture
async def broker(shared_server: TestServer) -> AsyncIterator[Broker]:
    """A broker over the emptied shared server."""
    broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
    await raw(broker).flushall()
    yield broker
    await broker.close()


@pytest.fixture
def store(broker: Broker) -> JobStore:
    """The job store over ``broker``."""
    return JobStore(broker)
