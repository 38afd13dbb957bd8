"""What steps are made of: each builds what is not there yet."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column, Connection, inspect
from sqlalchemy.schema import SchemaItem

from streamforge.archive.schema import MY


class Builder:
    """Builds through Alembic's operations. An object: Alembic's own ``op`` is one for the whole process."""

    def __init__(self, op: Operations) -> None:
        self._op = op

    def create_table(self, name: str, *parts: SchemaItem) -> None:
        """Create a table where there is none of that name."""
        if not inspect(self._op.get_bind()).has_table(name):
            self._op.create_table(name, *parts, **_made_of(self._op.get_bind()))

    def add_column(self, table: str, column: Column[Any]) -> None:
        """Add a column; it must be nullable or have a default of the server's, for older writers do not name it."""
        if column.name not in {known["name"] for known in inspect(self._op.get_bind()).get_columns(table)}:
            self._op.add_column(table, column)

    def create_index(self, name: str, table: str, *columns: str) -> None:
        """Create an index while others go on writing; PostgreSQL does so outside a transaction alone."""
        context = self._op.get_context()
        with ExitStack() as stack:
            is_online = context.dialect.name == "postgresql" and self._has_rows(table)
            if is_online:
                stack.enter_context(context.autocommit_block())
                self._drop_broken(name, table)
            if name not in {known["name"] for known in inspect(self._op.get_bind()).get_indexes(table)}:
                self._op.create_index(name, table, list(columns), postgresql_concurrently=is_online)

    def _has_rows(self, table: str) -> bool:
        found = f"SELECT EXISTS (SELECT 1 FROM {table})"  # noqa: S608 - a name of ours
        return bool(self._op.get_bind().exec_driver_sql(found).scalar())

    def _drop_broken(self, name: str, table: str) -> None:
        """What a build leaves that was broken off."""
        broken = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid"
        if self._op.get_bind().exec_driver_sql(broken, (name,)).scalar():
            self._op.drop_index(name, table, postgresql_concurrently=True)


def _made_of(connection: Connection) -> dict[str, Any]:
    """What a table is made with. Names that differ in a trailing blank are two, as in Redis: most collations pad.

    The one that does not has one name on MariaDB and another on MySQL, whichever of them the address says.
    """
    dialect = connection.dialect
    if dialect.name not in MY:
        return {}
    collation = "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"
    options = {"charset": "utf8mb4", "collate": collation, "engine": "InnoDB"}
    return {f"{dialect.name}_{option}": value for option, value in options.items()}
