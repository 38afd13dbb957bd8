"""Writing a load into the database: one transaction, which begins with the cursor.

The cursor moves by compare-and-set, and first. Whoever comes second, with the same load, finds it moved and writes
nothing; on a server it waits there until the first has committed. So what follows has the tables to itself, as far as
archiving goes, and needs no upserts: what is older than a load is looked up, taken out, and written anew.

Erasing a tenant comes before that, in transactions of its own, for he may have a million jobs: what is gone stays gone
when it is broken off, and the act, which is in the outbox until the load is written, has the rest done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time_ns
from typing import Any, Final

import anyio
from sqlalchemy import Table, delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive import schema
from streamforge.archive.engines import BROKEN, MYSQL, Database, translate
from streamforge.archive.erasing import erase_jobs, erase_some, remove_jobs
from streamforge.archive.handle import ArchiveRefused, CursorMoved
from streamforge.archive.rows import UNREADABLE, Batch, Row, Rows, batch_of, refusal
from streamforge.broker.outbox import Claim, Load, Places, Snapshot

OUTBOX: Final = "outbox"
CHARGES: Final = "charges"
"""The first parts of cursors' names."""

_KEPT_ONCE: Final = ("audit_log", "charges", "credits", "refused")
"""Charges after the log, which says who was erased."""
_PACKET_SHARE: Final = 0.9
"""Of a server's largest packet, that a row may take: the rest is for the statement's other words."""

COMMIT_S: Final = 120.0
"""How long one transaction may take: a server that is cut off may never answer."""

ERASED: Final = "tenant.erased"

_SMALL_BYTES: Final = 256 * 1024


class Written(list[Snapshot]):
    """The jobs that are in the database now, of a load; ``rows`` has how many were written to each table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, int] = {}
        self.refused: list[str] = []

    def add(self, jobs: Sequence[Snapshot], rows: Rows) -> None:
        """These were committed."""
        self.extend(jobs)
        for table, written in rows.items():
            self.rows[table] = self.rows.get(table, 0) + len(written)


class Writer:
    """Writes loads of one Redis into a database. Raises ArchiveUnavailable, which a repetition may mend."""

    def __init__(self, database: Database, claim: Claim) -> None:
        self._database = database
        self._source = claim.source
        self._most_bytes = 0

    async def places(self) -> Places:
        """How far this Redis is archived."""
        wanted = select(schema.cursors.c.source, schema.cursors.c.place)
        try:
            async with self._database.write.connect() as connection:
                self._most_bytes = await _most_bytes(connection)
                rows = (await connection.execute(wanted)).all()
        except BROKEN as error:
            raise translate(error) from error
        found = {row.source: row.place for row in rows}
        start = Places()
        return Places(found.get(self._cursor(OUTBOX), start.outbox), found.get(self._cursor(CHARGES), start.charges))

    async def write(self, load: Load) -> Written:
        """Write it all; what the database refuses is noted in its place. Raises CursorMoved."""
        written = Written()
        await self._write(load, written)
        return written

    async def _write(self, load: Load, written: Written) -> None:
        """In halves where it is refused, down to the one entry that is."""
        try:
            batch = self._batch(load)
            self._check_sizes(batch)
            await self._commit(load, batch)
        except ArchiveRefused as error:
            if len(load) > 1:
                for half in load.halves():
                    await self._write(half, written)
                return
            await self._commit(load, refusal(load, self._source, error.message, _now_ms()))
            written.refused.append(error.message)
        else:
            written.add(load.jobs, batch.rows)

    def _batch(self, load: Load) -> Batch:
        try:
            return batch_of(load, self._source, _now_ms())
        except UNREADABLE as error:  # an entry of another version's form, or by another hand
            raise ArchiveRefused(f"an entry has a form that is not known here: {type(error).__name__}") from error

    def _check_sizes(self, batch: Batch) -> None:
        """MySQL closes the connection on a larger statement, which would look like an outage for ever."""
        if not self._most_bytes:
            return
        for row in batch.rows["bodies"]:
            if (size := _escaped_bytes(row)) > self._most_bytes:
                raise ArchiveRefused(f"a row of {size} bytes is over the server's max_allowed_packet")

    async def _commit(self, load: Load, batch: Batch) -> None:
        try:
            await self._erase(batch.erased_tenants)
            with anyio.fail_after(COMMIT_S):
                await self._transact(load, batch)
        except BROKEN as error:
            raise translate(error) from error

    async def _erase(self, tenants: Mapping[str, int]) -> None:
        for tenant, before_ms in tenants.items():
            while await self._erase_some(tenant, before_ms):
                pass

    async def _erase_some(self, tenant: str, before_ms: int) -> bool:
        with anyio.fail_after(COMMIT_S):
            async with self._database.write.begin() as connection:
                return await erase_some(connection, tenant, before_ms)

    async def _transact(self, load: Load, batch: Batch) -> None:
        async with self._database.write.begin() as connection:
            await self._move(connection, OUTBOX, load.before.outbox, load.after.outbox)
            await self._move(connection, CHARGES, load.before.charges, load.after.charges)
            await erase_jobs(connection, batch.erased_jobs)
            await _write_jobs(connection, batch)
            for name in _KEPT_ONCE:
                rows = batch.rows[name] if name != CHARGES else await _not_erased(connection, batch.rows[name])
                await _add_new(connection, schema.METADATA.tables[name], rows)
            await _write_states(connection, batch)

    async def _move(self, connection: AsyncConnection, stream: str, before: str, after: str) -> None:
        """Always, where it stays too: the row is what two archivers meet at. The first time there is none."""
        cursors, source = schema.cursors, self._cursor(stream)
        found = cursors.c.source == source, cursors.c.place == before
        moved = await connection.execute(update(cursors).where(*found).values(place=after, moved_ms=_now_ms()))
        if moved.rowcount == 1:
            return
        known = await connection.execute(select(cursors.c.place).where(cursors.c.source == source))
        if known.first() is not None or before != getattr(Places(), stream):
            raise CursorMoved
        try:
            await connection.execute(insert(cursors).values(source=source, place=after, moved_ms=_now_ms()))
        except IntegrityError:
            raise CursorMoved from None

    def _cursor(self, stream: str) -> str:
        return f"{stream}:{self._source}"


async def _most_bytes(connection: AsyncConnection) -> int:
    """The largest row that the server takes; 0 where it has no such limit."""
    if connection.dialect.name not in MYSQL:
        return 0
    found = await connection.exec_driver_sql("SELECT @@max_allowed_packet")
    return int(int(found.scalar_one()) * _PACKET_SHARE)


def _escaped_bytes(row: Row) -> int:
    """As a statement would be; 0 for what is small beside any server's limit."""
    texts = [value for value in row.values() if isinstance(value, str)]
    if sum(map(len, texts)) < _SMALL_BYTES:
        return 0
    return sum(len(text.encode()) + sum(map(text.count, "'\"\\\n\r")) for text in texts)


async def _write_jobs(connection: AsyncConnection, batch: Batch) -> None:
    if not batch.orders:
        return
    jobs, ids = schema.jobs, list(batch.orders)
    order = jobs.c.created_ms, jobs.c.token, jobs.c.finished_ms
    wanted = select(jobs.c.id, jobs.c.tenant, *order).where(jobs.c.id.in_(ids)).order_by(jobs.c.id)
    found = (await connection.execute(wanted.with_for_update())).all()
    _require_same_tenants(batch, {row.id: row.tenant for row in found})
    late = {row.id for row in found if tuple(row[2:]) > batch.orders[row.id]}
    await remove_jobs(connection, [row.id for row in found if row.id not in late])
    await _insert(connection, jobs, [row for row in batch.rows["jobs"] if row["id"] not in late])
    for table in schema.OF_JOB:
        await _insert(connection, table, [row for row in batch.rows[table.name] if row["job_id"] not in late])


def _require_same_tenants(batch: Batch, known: Mapping[str, str]) -> None:
    """An id that Redis has forgotten may be used anew, by its own tenant: nobody replaces what is another's."""
    for row in batch.rows["jobs"]:
        if known.get(row["id"], row["tenant"]) != row["tenant"]:
            raise ArchiveRefused(f"a job of another tenant is archived under the id {row['id']!r}")


async def _not_erased(connection: AsyncConnection, charges: list[Row]) -> list[Row]:
    """Those of tenants who were not erased since: the stream of charges may be read later than the outbox."""
    if not charges:
        return []
    log, first_ms = schema.audit_log, min(row["at_ms"] for row in charges)
    since = log.c.tenant.in_({row["tenant"] for row in charges}), log.c.at_ms > first_ms
    wanted = select(log.c.tenant, func.max(log.c.at_ms)).where(*since, log.c.action == ERASED).group_by(log.c.tenant)
    erased_ms: dict[str, int] = {row[0]: row[1] for row in (await connection.execute(wanted)).all()}
    return [row for row in charges if row["at_ms"] >= erased_ms.get(row["tenant"], 0)]


async def _add_new(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    """What is there already is left as it is."""
    if not rows:
        return
    key = _key_of(table)
    known = await connection.execute(select(*table.primary_key.columns).where(_has_key(table, rows)))
    seen = {tuple(row) for row in known.all()}
    await _insert(connection, table, [row for row in rows if key(row) not in seen])


async def _write_states(connection: AsyncConnection, batch: Batch) -> None:
    for name, rows in batch.states.items():
        table = schema.METADATA.tables[name]
        newest = list({_key_of(table)(row): row for row in rows}.values())
        if newest:
            await connection.execute(delete(table).where(_has_key(table, newest)))
            await _insert(connection, table, newest)
    for name, row in batch.removals:
        table = schema.METADATA.tables[name]
        await connection.execute(update(table).where(_has_key(table, [row])).values(removed_ms=row["removed_ms"]))


async def _insert(connection: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(insert(table), rows)


def _key_of(table: Table) -> Callable[[Row], tuple[Any, ...]]:
    names = [column.name for column in table.primary_key.columns]
    return lambda row: tuple(row[name] for name in names)


def _has_key(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - a condition
    key, columns = _key_of(table), list(table.primary_key.columns)
    if len(columns) == 1:
        return columns[0].in_([row[columns[0].name] for row in rows])
    return tuple_(*columns).in_([key(row) for row in rows])


def _now_ms() -> int:
    return time_ns() // 1_000_000
