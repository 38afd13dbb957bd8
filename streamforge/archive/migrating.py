"""Bringing a database's schema up to date, and saying how far it is.

One process at a time: the others wait for it, and find nothing left to do.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from time import time_ns
from typing import Any, Final
from uuid import uuid4

import msgspec
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from msgspec import Struct
from sqlalchemy import Connection, inspect, select, text, update

from streamforge.archive.engines import BROKEN, Database, translate
from streamforge.archive.handle import ArchiveUnavailable
from streamforge.archive.migrations.building import Builder
from streamforge.archive.schema import archive, jobs
from streamforge.errors import ConfigError

VERSION_TABLE: Final = "schema_version"
HEAD: Final = "head"
LOCK: Final = 7_305_411_690
"""A number that nobody else takes: PostgreSQL's advisory locks have no names."""
LOCK_S: Final = 600
CHUNK: Final = 1000


class SchemaState(Struct, frozen=True):
    """Which step a database stands at (empty: nothing is there), and which is the newest that this version knows."""

    current: str
    head: str

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to do."""
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        """Whether a later version than this one has been here: it added what this one does not know, and needs not."""
        return self.current not in ("", *_known())


async def state_of(database: Database) -> SchemaState:
    """Where the schema stands. Raises ArchiveUnavailable, ArchiveRefused."""
    try:
        async with database.read.connect() as connection:
            return await connection.run_sync(_state)
    except BROKEN as error:
        raise translate(error) from error


async def upgrade(database: Database, revision: str = HEAD) -> SchemaState:
    """Bring the schema up to date (or to that step), and fill what earlier versions left empty.

    May be repeated, and run while others write. Raises ArchiveUnavailable, ArchiveRefused.
    """
    try:
        async with database.write.connect() as connection:
            return await connection.run_sync(_upgrade, revision)
    except BROKEN as error:
        raise translate(error) from error


async def require_current(database: Database) -> None:
    """Raise ConfigError where the schema is older than this version, with the command that helps."""
    found = await state_of(database)
    if not found.is_current and not found.is_newer:
        what = f"stands at {found.current}" if found.current else "has no tables yet"
        hint = "run `streamforge db upgrade`, or set archive.auto_upgrade"
        raise ConfigError(f"the archive's database {what}, and {found.head} is needed", field="archive.url", hint=hint)


async def identity_of(database: Database) -> str:
    """The database's own id, which an upgrade makes; where none has, it is made now.

    Raises ArchiveUnavailable, ArchiveRefused.
    """
    try:
        async with database.read.connect() as connection:
            found = await connection.run_sync(_identity)
        if found is None:
            async with database.write.connect() as connection:
                found = await connection.run_sync(_name)
    except BROKEN as error:
        raise translate(error) from error
    return found


def _identity(connection: Connection) -> str | None:
    return connection.execute(select(archive.c.id).order_by(archive.c.created_ms, archive.c.id)).scalar()


def _name(connection: Connection) -> str:
    with _alone(connection):
        found = _name_alone(connection)
        connection.commit()
    return found


def _name_alone(connection: Connection) -> str:
    """Its id, made where it has none: by one process at a time, for who comes first claims a Redis under it."""
    if (found := _identity(connection)) is None:
        found = str(uuid4())
        connection.execute(archive.insert().values(id=found, created_ms=time_ns() // 1_000_000))
    return found


def _steps() -> ScriptDirectory:
    return ScriptDirectory(str(files("streamforge.archive") / "migrations"))


def _known() -> list[str]:
    return [step.revision for step in _steps().walk_revisions()]


def _context(connection: Connection, **more: Any) -> MigrationContext:  # noqa: ANN401 - Alembic's options
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, **more})


def _state(connection: Connection) -> SchemaState:
    return SchemaState(_context(connection).get_current_revision() or "", _steps().get_current_head() or "")


def _migrate(connection: Connection, target: str) -> None:
    """Each step in a transaction, which is Alembic's: there must be none. Its global proxies stay out of this."""
    known = _steps()

    def ahead(current: tuple[str, ...], _: MigrationContext) -> list[RevisionStep]:
        steps = list(known.iterate_revisions(target, current[0] if current else "base"))
        return [RevisionStep.upgrade_from_script(known.revision_map, step) for step in reversed(steps)]

    context = _context(connection, fn=ahead, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations(build=Builder(Operations(context)))


def _upgrade(connection: Connection, revision: str) -> SchemaState:
    with _alone(connection):
        before = _state(connection)
        connection.commit()
        if not before.is_newer:
            _migrate(connection, revision)
        connection.commit()
        _name_alone(connection)
        connection.commit()
        _fill_error_codes(connection)
        after = _state(connection)
    connection.commit()
    return after


@contextmanager
def _alone(connection: Connection) -> Generator[None]:
    """Keep other upgrades out: by a lock of the session; SQLite's writers begin one after the other anyway."""
    take, give = _LOCKS.get(connection.dialect.name, ("", ""))
    if not take:
        yield
        return
    if connection.execute(text(take)).scalar() == 0:
        raise ArchiveUnavailable(f"another upgrade has not ended within {LOCK_S} s")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text(give))
        connection.commit()


_LOCKS: Final = {
    "postgresql": (f"SELECT pg_advisory_lock({LOCK})", f"SELECT pg_advisory_unlock({LOCK})"),
    "mysql": (f"SELECT GET_LOCK('streamforge', {LOCK_S})", "SELECT RELEASE_LOCK('streamforge')"),
    "mariadb": (f"SELECT GET_LOCK('streamforge', {LOCK_S})", "SELECT RELEASE_LOCK('streamforge')"),
}


class _Coded(Struct):
    code: str = ""


def _fill_error_codes(connection: Connection) -> None:
    """For rows of writers that do not know the column yet, a chunk in a transaction."""
    if "error_code" not in {column["name"] for column in inspect(connection).get_columns("jobs")}:
        return
    missing = select(jobs.c.id, jobs.c.error).where(jobs.c.error.is_not(None), jobs.c.error_code.is_(None))
    while rows := connection.execute(missing.limit(CHUNK)).all():
        for row in rows:
            change = update(jobs).where(jobs.c.id == row.id, jobs.c.error_code.is_(None))
            connection.execute(change.values(error_code=_code_in(row.error)))
        connection.commit()


def _code_in(error: str) -> str:
    try:
        return msgspec.json.decode(error, type=_Coded).code[:64]
    except msgspec.DecodeError:  # a row that somebody else wrote
        return ""
