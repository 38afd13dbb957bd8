"""The whole archive as one file, and back again, into whatever kind of database.

Lines of JSON: a head with the schema's revision; for each table, by name, its columns and then a line for each row, by
their keys; and a foot with how many rows each table has and the SHA-256 of every line before. Nothing in it depends on
the database, or on when it was written: equal archives have equal exports, byte by byte.

It is read in one transaction, so it is the archive of one moment, while others go on writing; and written in one, so an
import is there whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive.engines import BROKEN, Database, translate
from streamforge.archive.migrating import state_of, upgrade
from streamforge.archive.schema import METADATA, archive
from streamforge.errors import InvalidInput, WrongState

FORMAT: Final = 1
ROWS: Final = 500
BYTES: Final = 256 * 1024
"""What goes into one statement; a single row may be larger."""

_TABLES: Final = {str(name): table for name, table in sorted(METADATA.tables.items())}
_MADE_ANEW: Final = "archive"
"""The one table that an empty archive has a row in: its own id, for which that of the export is taken."""


class Head(Struct, frozen=True, forbid_unknown_fields=True, tag="head"):
    """The first line."""

    schema: str
    streamforge: Literal["archive"] = "archive"
    format: int = FORMAT


class Part(Struct, frozen=True, forbid_unknown_fields=True, tag="table"):
    """The line before a table's rows."""

    table: str
    columns: list[str]


class Foot(Struct, frozen=True, forbid_unknown_fields=True, tag="foot"):
    """The last line. ``sha256`` is that of every line before it, with their ends."""

    rows: dict[str, int]
    sha256: str


_LINE: Final = msgspec.json.Decoder(Head | Part | Foot)
_ROW: Final = msgspec.json.Decoder(list[Any])
_ENCODER: Final = msgspec.json.Encoder()


async def exported(database: Database) -> AsyncGenerator[bytes]:
    """The export, some lines at a time. Raises ArchiveUnavailable, ArchiveRefused; WrongState before an upgrade."""
    state = await state_of(database)
    if not state.is_current:
        raise WrongState(f"the archive stands at {state.current or 'nothing'}", hint="run `streamforge db upgrade`")
    digest, rows = hashlib.sha256(), dict.fromkeys(_TABLES, 0)
    first = _line(Head(state.current))
    digest.update(first)
    yield first
    async for table, count, lines in _read(database):
        rows[table] += count
        digest.update(lines)
        yield lines
    yield _line(Foot(rows, digest.hexdigest()))


async def _read(database: Database) -> AsyncGenerator[tuple[str, int, bytes]]:
    """Each table's line and its rows: table, how many rows, as lines."""
    try:
        async with database.read.connect() as connection:
            if not database.is_own_file:  # SQLite's transactions are of one moment anyway
                await connection.execution_options(isolation_level="REPEATABLE READ")
            for name, table in _TABLES.items():
                yield name, 0, _line(Part(name, [str(column.name) for column in table.columns]))
                wanted = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS)
                async with connection.stream(wanted) as found:
                    async for rows in found.partitions():
                        yield name, len(rows), b"".join(_line(tuple(row)) for row in rows)
    except BROKEN as error:
        raise translate(error) from error


def _line(value: object) -> bytes:
    return _ENCODER.encode(value) + b"\n"


async def imported(database: Database, lines: Iterable[bytes]) -> dict[str, int]:
    """Write an export into an archive that has the tables and nothing in them; how many rows of each.

    Raises InvalidInput for what is no export, not whole, or damaged; WrongState where there is something already;
    ArchiveUnavailable, ArchiveRefused. Nothing is written then.
    """
    state = await state_of(database)
    if not state.is_current:
        raise WrongState(f"the database stands at {state.current or 'nothing'}", hint="run `streamforge db upgrade`")
    try:
        async with database.write.begin() as connection:
            await _require_empty(connection)
            rows = await _Import(connection, state.head).read(lines)
    except BROKEN as error:
        raise translate(error) from error
    await upgrade(database)  # fills what an export of an earlier version has not
    return rows


async def _require_empty(connection: AsyncConnection) -> None:
    for name, table in _TABLES.items():
        if name != _MADE_ANEW and (await connection.execute(select(table).limit(1))).first() is not None:
            raise WrongState(f"there are rows in {name} already", hint="import into an empty database")
    await connection.execute(delete(archive))


class _Import:
    """Reads lines, and writes their rows a batch at a time."""

    def __init__(self, connection: AsyncConnection, head: str) -> None:
        self._connection = connection
        self._head = head
        self._part: Part | None = None
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0
        self._rows: dict[str, int] = {}
        self._digest = hashlib.sha256()

    async def read(self, lines: Iterable[bytes]) -> dict[str, int]:
        """All of them; how many rows of each table there were."""
        number, foot = 0, None
        for number, line in enumerate(lines, 1):
            if foot is not None:
                raise _damaged(number, "there is something after the end")
            foot = await self._take(number, line)
        if foot is None:
            raise _damaged(number, "it ends before its end")
        return self._rows

    async def _take(self, number: int, line: bytes) -> Foot | None:
        try:
            found = _ROW.decode(line) if line[:1] == b"[" else _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _damaged(number, str(error)) from error
        if isinstance(found, Foot):
            await self._end(number, found)
            return found
        self._digest.update(line)
        if isinstance(found, Head):
            self._begin(number, found)
        elif number == 1:
            raise _damaged(number, "this is no export of an archive")
        elif isinstance(found, Part):
            await self._turn_to(number, found)
        else:
            await self._add(number, found, len(line))
        return None

    def _begin(self, number: int, head: Head) -> None:
        if number > 1:
            raise _damaged(number, "it begins twice")
        if head.format != FORMAT or head.schema > self._head:
            hint = "import it with the version that wrote it, or a later one"
            raise InvalidInput(f"the export is of a later version (schema {head.schema})", field="file", hint=hint)

    async def _turn_to(self, number: int, part: Part) -> None:
        table = _TABLES.get(part.table)
        if table is None or part.table in self._rows or not {*part.columns} <= {*table.columns.keys()}:
            raise _damaged(number, f"there is no table {part.table[:40]!r} like this")
        await self._flush()
        self._part, self._rows[part.table] = part, 0

    async def _add(self, number: int, values: list[Any], size: int) -> None:
        if self._part is None or len(values) != len(self._part.columns):
            raise _damaged(number, "the row is of another table")
        self._rows[self._part.table] += 1
        self._waiting.append(dict(zip(self._part.columns, values, strict=True)))
        self._bytes += size
        if len(self._waiting) >= ROWS or self._bytes >= BYTES:
            await self._flush()

    async def _flush(self) -> None:
        if self._part is not None and self._waiting:
            table: Table = _TABLES[self._part.table]
            await self._connection.execute(insert(table), self._waiting)
        self._waiting, self._bytes = [], 0

    async def _end(self, number: int, foot: Foot) -> None:
        if foot.sha256 != self._digest.hexdigest() or foot.rows != self._rows:
            raise _damaged(number, "it is not as it was written: its checksum differs")
        await self._flush()


def _damaged(number: int, why: str) -> InvalidInput:
    return InvalidInput(f"line {number}: {why}", field="file", hint="nothing was imported")
