"""Opening the archive's database: SQLite, PostgreSQL, MariaDB or MySQL.

Two engines each. One connection writes, for there is one writer; readers have their own and never wait for it. SQLite
runs in WAL mode, where that holds too: two who write at once would sleep through each other's locks.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from streamforge.archive.handle import ArchiveRefused, ArchiveUnavailable
from streamforge.config import ArchiveSettings
from streamforge.errors import ConfigError, StreamForgeError

MYSQL: Final = ("mysql", "mariadb")
"""The dialects of one family."""

FILE: Final = "archive.db"
"""The name of our own database in the data directory."""

BUSY_MS: Final = 10_000
"""How long a writer of SQLite waits for another, such as an export's."""

READERS: Final = 8
"""Connections that read."""

CONNECT_S: Final = 10
"""How long a server may take to answer a new connection."""


class Dialect(Struct, frozen=True):
    """A kind of database: the driver that is used, and the extra that brings it."""

    driver: str
    package: str
    extra: str


DIALECTS: Final = {
    "sqlite": Dialect("aiosqlite", "aiosqlite", ""),
    "postgresql": Dialect("asyncpg", "asyncpg", "postgres"),
    "mysql": Dialect("asyncmy", "asyncmy", "mariadb"),
    "mariadb": Dialect("asyncmy", "asyncmy", "mariadb"),
}


class Database:
    """An open archive. ``write`` has one connection, for the one who writes; ``read`` has several.

    No call is made before the first of either is used. ``name`` is the address without its password.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.name = url.render_as_string(hide_password=True)
        self.is_own_file = url.get_backend_name() == "sqlite"
        self.write = _engine(url, 1, begin="BEGIN IMMEDIATE")
        self.read = _engine(url, READERS, begin="BEGIN")

    @property
    def dialect(self) -> str:
        """``sqlite``, ``postgresql``, ``mysql`` or ``mariadb``."""
        return self.write.dialect.name

    async def close(self) -> None:
        """Close every connection; idempotent."""
        await self.write.dispose()
        await self.read.dispose()


def open_database(settings: ArchiveSettings, data_dir: Path) -> Database:
    """The database that the settings name; raises ConfigError where none can be meant, or its driver is missing.

    A file of our own is made for its owner's eyes alone: it holds what people sent.
    """
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # of broken connections we tell ourselves
    url = url_of(settings, data_dir)
    if url.get_backend_name() == "sqlite" and url.database:
        path = Path(url.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return Database(url)


def url_of(settings: ArchiveSettings, data_dir: Path) -> URL:
    """The address with its driver and password; raises ConfigError."""
    if not settings.url:
        return URL.create("sqlite+aiosqlite", database=str(data_dir / FILE))
    try:
        url = make_url(settings.url)
    except ArgumentError:
        raise ConfigError("not an address of a database", field="archive.url", hint=_FORMS) from None
    if url.get_backend_name() == "postgres":
        url = url.set(drivername="postgresql")
    known = DIALECTS.get(url.get_backend_name())
    if known is None:
        raise ConfigError(f"{url.get_backend_name()}:// is not known here", field="archive.url", hint=_FORMS)
    _require(known)
    if password := settings.password.reveal():
        url = url.set(password=password)
    if "sslmode" in url.query:  # libpq's name, which everybody's addresses have
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url.set(drivername=f"{url.get_backend_name()}+{known.driver}")


_FORMS: Final = "sqlite:///path, postgresql://user@host/name, mariadb://user@host/name, or off"


def _require(known: Dialect) -> None:
    try:
        importlib.import_module(known.package)
    except ImportError as error:
        hint = f"pip install 'streamforge[{known.extra}]'"
        raise ConfigError(f"{known.package} is not installed", field="archive.url", hint=hint) from error


def _engine(url: URL, connections: int, *, begin: str) -> AsyncEngine:
    kind = url.get_backend_name()
    options = _OPTIONS.get(kind, _mysql_options)()
    engine = create_async_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True, **options)
    if kind == "sqlite":
        _prepare_sqlite(engine, begin)
    elif kind == "postgresql":
        _prepare_postgresql(engine)
    return engine


def _sqlite_options() -> dict[str, Any]:
    return {"connect_args": {"timeout": BUSY_MS / 1000}}


def _postgresql_options() -> dict[str, Any]:
    return {"connect_args": {"timeout": CONNECT_S}, "pool_recycle": 1800}


def _mysql_options() -> dict[str, Any]:
    """READ COMMITTED: an erasure beside the writer must not meet locks on gaps."""
    return {
        "connect_args": {"connect_timeout": CONNECT_S, "charset": "utf8mb4"},
        "pool_recycle": 1800,
        "isolation_level": "READ COMMITTED",
    }


_OPTIONS: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "sqlite": _sqlite_options,
    "postgresql": _postgresql_options,
}


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """The driver begins transactions of its own accord, and too late for WAL: we begin them, and writers at once."""

    def connected(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


def _prepare_postgresql(engine: AsyncEngine) -> None:
    """Plans are made anew: one of a table that was empty would go on reading all of it until the next ANALYZE."""

    def connected(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
        cursor = connection.cursor()
        cursor.execute(
            "SET plan_cache_mode = force_custom_plan"
        )  # not at the start: poolers refuse what they don't know
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", connected)


def translate(error: Exception) -> StreamForgeError:
    """A driver's error as ours: a refusal of what was to be written, or, whatever else it is, an outage.

    A table that is missing, or a disk that is full, is an outage, too: it is mended, and what waits is written then.
    """
    said = _said_by(error)
    if _is_refusal(error):
        return ArchiveRefused(f"the archive's database refused: {said}")
    return ArchiveUnavailable(f"the archive's database could not do it: {said}")


_REFUSALS: Final = ("22", "23", "54")
"""Classes of SQLSTATE: bad data, a broken constraint, over a limit of the program."""


def _is_refusal(error: Exception) -> bool:
    """PostgreSQL's driver says it by codes alone, and by ValueError of what it cannot even send.

    SQLite's says of numbers over 64 bits what Python does, and nothing else.
    """
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return isinstance(error, OverflowError)
    origin = error.orig
    state = str(getattr(origin, "sqlstate", "") or "")
    cause = getattr(origin, "__cause__", None)
    return isinstance(error, (DataError, IntegrityError)) or state[:2] in _REFUSALS or isinstance(cause, ValueError)


def _said_by(error: Exception) -> str:
    """The first line of what the driver said: SQLAlchemy's own message holds the statement, and so the job's data."""
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(origin).strip().splitlines()
    return f"{type(origin).__name__}: {lines[0][:200] if lines else ''}"


BROKEN: Final = (SQLAlchemyError, OSError, RuntimeError, OverflowError)
"""What a call of a database raises; see ``translate``.

RuntimeError is what uvloop says of a closed transport, OverflowError what SQLite's driver says of numbers over 64 bits.
"""
