"""Backup and restore: an archive written out and read into another kind of database is the same, to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, insert

from streamforge.archive.engines import Database
from streamforge.archive.exports import exported, imported
from streamforge.archive.migrating import identity_of, upgrade
from streamforge.archive.schema import METADATA
from streamforge.errors import InvalidInput, WrongState
from tests.integration.archive.conftest import opened
from tests.integration.archive.servers import DatabaseServer

ROWS = 7
_NAMES = count(1)


def value(column: Column[object], number: int) -> object:
    """Something that is easily spoilt on its way; keys are different for each row."""
    if column.primary_key and isinstance(column.type, Integer):
        return number
    if isinstance(column.type, Boolean):
        return bool(number % 2)
    if isinstance(column.type, BigInteger):
        return (2**53 + number) * (-1) ** number
    if isinstance(column.type, Integer):
        return number - 3
    if isinstance(column.type, Double):
        return (0.1, 1 / 3, 0.0, 1e-7, 123456.789012345, 100.0, 2.5)[number % 7]
    return _text(column, number)


def _text(column: Column[object], number: int) -> str | None:
    if column.nullable and number == 1:
        return None
    is_id = getattr(column.type, "length", None) in (16, 36, 64)
    words = (
        ("a", "B", "A-b", "b", "_x", "0", "Z.z")
        if is_id
        else ("", "Ä\u2028", "\U0001f389 'q\"", "a\\n\t", "ß", "z", "Z")
    )
    return f"{words[number % 7]}{number if column.primary_key else ''}"


async def fill(database: Database) -> None:
    """Rows in every table."""
    async with database.write.begin() as connection:
        for table in METADATA.sorted_tables:
            rows = [{column.name: value(column, number) for column in table.columns} for number in range(ROWS)]
            await connection.execute(insert(table), rows)


@asynccontextmanager
async def aclosing(database: Database) -> AsyncGenerator[Database]:
    """Closed at the end of the block."""
    try:
        yield database
    finally:
        await database.close()


async def whole(database: Database) -> list[bytes]:
    """The lines of an export."""
    return b"".join([part async for part in exported(database)]).splitlines(keepends=True)


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite archive with nothing in it."""
    database = opened(f"sqlite:///{tmp_path}/empty.db")
    await upgrade(database)
    yield database
    await database.close()


async def test_a_restore_is_the_same_on_every_database(
    database: Database, postgresql: DatabaseServer, mariadb: DatabaseServer, tmp_path: Path
) -> None:
    """From each of the three through all of them: every export equals the first."""
    await fill(database)
    first = await whole(database)
    assert len(first) == 2 + len(METADATA.tables) * (ROWS + 1)
    name = f"restored{next(_NAMES)}"
    for server in (postgresql, mariadb):
        server.execute(f"CREATE DATABASE {name}")
    lines = first
    for url in (postgresql.url(name), mariadb.url(name), f"sqlite:///{tmp_path}/last.db"):
        async with aclosing(opened(url)) as target:
            await upgrade(target)
            await identity_of(target)  # as a daemon would; the export's takes its place
            await imported(target, lines)
            lines = await whole(target)
        assert lines == first


async def test_an_export_is_of_one_moment(database: Database) -> None:
    """What is written while it goes on is not in it, in no table."""
    parts = exported(database)
    found = [await anext(parts) for _ in range(3)]  # head, a table, and the next one: by now it has begun to read
    await fill(database)
    found += [part async for part in parts]
    foot = msgspec.json.decode(found[-1])
    assert set(foot["rows"].values()) == {0}


async def test_an_import_wants_an_empty_database(database: Database) -> None:
    """Rows that are there stay, and nothing is added."""
    await fill(database)
    lines = await whole(database)
    with pytest.raises(WrongState, match="rows in"):
        await imported(database, lines)
    assert await whole(database) == lines


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _changed(lines: list[bytes]) -> list[bytes]:
    at = next(n for n, line in enumerate(lines) if line.startswith(b"["))
    return [*lines[:at], lines[at].replace(b"0", b"1", 1), *lines[at + 1 :]]


def _lost(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[4:]]


def _headless(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def _doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _other(_: list[bytes]) -> list[bytes]:
    return [b"once upon a time\n"]


def _later(lines: list[bytes]) -> list[bytes]:
    head = lines[0].replace(b'"000', b'"900')
    body = [head, *lines[1:-1]]
    foot = msgspec.json.decode(lines[-1]) | {"sha256": hashlib.sha256(b"".join(body)).hexdigest()}
    return [*body, msgspec.json.encode(foot) + b"\n"]


def _deep(lines: list[bytes]) -> list[bytes]:
    return [lines[0], b"[" * 200_000 + b"\n", *lines[1:]]


@pytest.mark.parametrize("spoil", [_cut, _changed, _lost, _headless, _doubled, _other, _later, _deep])
async def test_what_is_damaged_is_not_imported(empty: Database, tmp_path: Path, spoil: object) -> None:
    """Cut off, changed, of a later version, or no export at all: said with the line, and nothing is written."""
    async with aclosing(opened(f"sqlite:///{tmp_path}/full.db")) as full:
        await upgrade(full)
        await fill(full)
        lines = await whole(full)
    before = await whole(empty)
    with pytest.raises(InvalidInput):
        await imported(empty, spoil(lines))  # type: ignore[operator]
    assert await whole(empty) == before


async def test_a_schema_of_before_is_brought_up_to_date_first(tmp_path: Path) -> None:
    """Neither exported nor imported into; the command that helps is named."""
    async with aclosing(opened(f"sqlite:///{tmp_path}/old.db")) as old:
        await upgrade(old, "0001")
        with pytest.raises(WrongState, match=r"0001.*db upgrade"):
            await whole(old)
        with pytest.raises(WrongState, match=r"0001.*db upgrade"):
            await imported(old, [])
