"""What tests look at in an archive."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from streamforge.archive.engines import Database
from streamforge.archive.schema import METADATA

Row = dict[str, Any]


async def rows(database: Database, table: str, **where: object) -> list[Row]:
    """A table's rows that have these values, in the order of their keys."""
    found = METADATA.tables[table]
    wanted = select(found).where(*(found.c[name] == value for name, value in where.items()))
    async with database.read.connect() as connection:
        result = await connection.execute(wanted.order_by(*found.primary_key.columns))
        return [dict(row) for row in result.mappings()]


async def row(database: Database, table: str, **where: object) -> Row:
    """The one row that has these values."""
    (only,) = await rows(database, table, **where)
    return only


async def everything(database: Database, *but: str) -> dict[str, list[Row]]:
    """Every row of every table but these, without the time at which it was written down."""
    names = [table.name for table in METADATA.sorted_tables if table.name not in but]
    volatile = {"archived_ms", "moved_ms", "changed_ms"}
    return {
        name: [{key: value for key, value in one.items() if key not in volatile} for one in await rows(database, name)]
        for name in names
    }
