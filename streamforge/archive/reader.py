"""Reading the archive: lists of jobs, one job with its story, what it cost, and who did what.

Lists are in the order of those in Redis, so one place goes on in both. A condition that no index serves is looked for
among the next ``SCAN_MAX`` jobs, after which a page is given with what was found, as it is there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec import Raw
from sqlalchemy import ColumnElement, Row, and_, case, distinct, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive.answers import ActFilter, ActPlace, ActRow, Spent, Story
from streamforge.archive.engines import BROKEN, Database, translate
from streamforge.archive.schema import artifacts, audit_log, bodies, charges, jobs, mentions, uploads
from streamforge.jobs.events import Event
from streamforge.jobs.listing import EVERY, JobFilter, Place
from streamforge.jobs.model import TERMINAL, Artifact, FileWanted, Job, JobError, JobState, Priority

SCAN_MAX: Final = 5000
"""Jobs that are looked at for one page."""

LARGEST: Final = 2**63 - 1
"""The largest number that every database takes."""

_NO_ID: Final = re.compile(r"[^\x20-\x7e]")
"""What ids do not have: MySQL would not even compare it with one."""

Condition = ColumnElement[bool]

_SAME: Final = (
    "id",
    "kind",
    "queue",
    "tenant",
    "created_ms",
    "title",
    "source",
    "started_ms",
    "finished_ms",
    "due_ms",
    "attempt",
    "crashes",
    "expires_ms",
    "token",
    "version",
    "parent",
    "step",
    "progress",
)
"""What a row calls as a job does."""

_BRIEF: Final = (*(jobs.c[name] for name in _SAME), jobs.c.state, jobs.c.priority, jobs.c.callback_url, jobs.c.error)

_ERROR: Final = msgspec.json.Decoder(JobError)
_EVENTS: Final = msgspec.json.Decoder(list[Event])
_WANTED: Final = msgspec.json.Decoder(tuple[FileWanted, ...])


class Reader:
    """Reads a database. Raises ArchiveUnavailable, ArchiveRefused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[AsyncConnection]:
        try:
            async with self._database.read.connect() as connection:
                yield connection
        except BROKEN as error:
            raise translate(error) from error

    async def page(
        self, tenant: str | None, only: JobFilter = EVERY, *, after: Place | None = None, count: int = 50
    ) -> tuple[list[Job], Place | None]:
        """At most ``count`` jobs of a tenant (None: of all), newest first, and where to go on; None at the end.

        A page may hold fewer, or none, and still have a place to go on from.
        """
        if only.states and not only.states & TERMINAL:
            return [], None
        scope = _scope(tenant, only, Place(*_sane(after)) if after else None)
        async with self._connected() as connection:
            end = None if _is_served(tenant, only) else await _end_of_scan(connection, scope)
            looked_at = [*scope, *_conditions(only), *([_from(end)] if end else [])]
            rows = (await connection.execute(_newest(select(*_BRIEF).where(*looked_at)).limit(count + 1))).all()
            last = Place(rows[count - 1].created_ms, rows[count - 1].id) if len(rows) > count else end
            files = await _files(connection, [row.id for row in rows[:count]])
        found = (_job(row, files.get(row.id, ())) for row in rows[:count])
        return [job for job in found if only.admits(job)], last

    async def story(self, job_id: str) -> Story | None:
        """A job with all that is kept of it; None where it is not here."""
        wanted = select(*_BRIEF, bodies.c.input, bodies.c.result, bodies.c.wanted, bodies.c.log)
        async with self._connected() as connection:
            found = await connection.execute(wanted.outerjoin(bodies, bodies.c.job_id == jobs.c.id).where(_is(job_id)))
            if (row := found.first()) is None:
                return None
            files = await _files(connection, [job_id])
        more = {
            "result": None if row.result is None else Raw(row.result.encode()),
            "wanted": _WANTED.decode(row.wanted) if row.wanted else (),
        }
        given = None if row.input is None else row.input.encode()
        return Story(_job(row, files.get(job_id, ()), **more), given, _EVENTS.decode(row.log) if row.log else [])

    async def tenant_of(self, job_id: str) -> str | None:
        """Whose job it is; None where it is not here."""
        async with self._connected() as connection:
            tenant: str | None = (await connection.execute(select(jobs.c.tenant).where(_is(job_id)))).scalar()
            return tenant

    async def spent(self, job_id: str) -> Spent | None:
        """What a job's calls came to; None where it made none."""
        sums = (func.coalesce(func.sum(charges.c[name]), 0).label(name) for name in _MEASURES)
        unpriced = case((charges.c.is_priced == false(), charges.c.charge))
        calls = (
            func.count(distinct(charges.c.charge)).label("calls"),
            func.count(distinct(unpriced)).label("unpriced_calls"),
        )
        async with self._connected() as connection:
            found = await connection.execute(select(*calls, *sums).where(charges.c.job_id == _sane([job_id])[0]))
        facts = {name: int(value) for name, value in found.mappings().one().items()}
        return Spent(**facts) if facts["calls"] else None

    async def acts(
        self, tenant: str | None, only: ActFilter, *, after: ActPlace | None = None, count: int = 50
    ) -> tuple[list[ActRow], ActPlace | None]:
        """At most ``count`` acts that concern a tenant (None: all), newest first, and where to go on."""
        log = audit_log.c
        action, actor, subject = *_sane([only.action]), *(t.replace("\x00", "?") for t in (only.actor, only.subject))
        given = ((log.tenant, tenant), (log.action, action), (log.actor, actor), (log.subject, subject))
        where = [column == value for column, value in given if value]
        where += _between(log.at_ms, only.since_ms, only.until_ms)
        order = (log.at_ms, log.place, log.source)
        if after is not None:
            where.append(_before(order, _sane(after)))
        wanted = select(audit_log).where(*where).order_by(*(column.desc() for column in order)).limit(count + 1)
        async with self._connected() as connection:
            rows = (await connection.execute(wanted)).all()
        last = rows[count - 1] if len(rows) > count else None
        return [_act(row) for row in rows[:count]], ActPlace(last.at_ms, last.place, last.source) if last else None

    async def referenced(self, keys: Sequence[str]) -> set[str]:
        """Those of these keys of objects that a job names: as a file that it made or was given, or elsewhere."""
        found: set[str] = set()
        async with self._connected() as connection:
            for table in (artifacts, uploads, mentions):
                wanted = select(table.c.object_key).where(table.c.object_key.in_(keys)).distinct()
                found.update((await connection.execute(wanted)).scalars())
        return found

    async def references(self, count: int) -> AsyncGenerator[list[tuple[str, str]]]:
        """Tenant and object of everything that a job names, so many at a time."""
        async with self._connected() as connection:
            for table in (artifacts, uploads, mentions):
                wanted = select(table.c.tenant, table.c.object_key).execution_options(yield_per=count)
                async with connection.stream(wanted) as rows:
                    async for batch in rows.partitions():
                        yield [(row.tenant, row.object_key) for row in batch]


_MEASURES: Final = (
    "cost_uusd",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "images",
    "audio_ms",
)


# ---- which rows ----


def _is(job_id: str) -> Condition:
    return jobs.c.id == _sane([job_id])[0]


def _sane(values: Iterable[Any]) -> list[Any]:
    """Ids and numbers that a stranger sent, as every database takes them; no row has what is changed here."""
    return [_NO_ID.sub("?", v) if isinstance(v, str) else max(-LARGEST, min(v, LARGEST)) for v in values]


def _scope(tenant: str | None, only: JobFilter, after: Place | None) -> list[Condition]:
    """What the order's own indexes serve."""
    where = [jobs.c.tenant == tenant] if tenant else []
    where += _between(jobs.c.created_ms, only.since_ms, only.until_ms)
    return [*where, _before((jobs.c.created_ms, jobs.c.id), after)] if after else where


def _is_served(tenant: str | None, only: JobFilter) -> bool:
    """Whether an index gives the rows of the filter in their order, so that none is read in vain."""
    states = len(only.states & TERMINAL)
    others = bool(only.kind) + bool(states) + 2 * bool(only.queue or only.text)
    return not others or (bool(tenant) and others == 1 and states <= 1)


def _conditions(only: JobFilter) -> list[Condition]:
    """The rest of the filter; of texts no fewer than it admits."""
    pairs = ((jobs.c.kind, only.kind), (jobs.c.queue, only.queue))
    where: list[Condition] = [column == value for column, value in pairs if value]
    if states := sorted(only.states & TERMINAL):
        where.append(jobs.c.state == states[0] if len(states) == 1 else jobs.c.state.in_(states))
    if only.text:
        pattern = _pattern(only.text)
        texts = (jobs.c.id, jobs.c.kind, jobs.c.title, jobs.c.step, jobs.c.error)
        where.append(or_(*(func.lower(column).like(pattern, escape="/") for column in texts)))
    return where


def _pattern(text: str) -> str:
    """Of LIKE. What databases fold in their own ways, or JSON writes otherwise, may be anything."""
    return "%" + "".join(_likened(letter) for letter in text.lower()) + "%"


def _likened(letter: str) -> str:
    if letter in "%_/":
        return f"/{letter}"
    return "%" if letter in '"\\' or not letter.isascii() or not letter.isprintable() else letter


def _between(column: ColumnElement[int], since_ms: int, until_ms: int) -> list[Condition]:
    return [*([column >= since_ms] if since_ms else []), *([column <= until_ms] if until_ms else [])]


def _before(columns: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> Condition:
    """Rows that come after those values in a list, newest first; MySQL makes no range of a comparison of tuples."""
    column, value = columns[0], values[0]
    if len(columns) == 1:
        return column < value
    return and_(column <= value, or_(column < value, _before(columns[1:], values[1:])))


def _from(end: Place) -> Condition:
    created_ms, job_id = jobs.c.created_ms, jobs.c.id
    return and_(created_ms >= end.created_ms, or_(created_ms > end.created_ms, job_id >= end.id))


def _newest(wanted: Any) -> Any:  # noqa: ANN401 - a query, of whatever columns
    return wanted.order_by(jobs.c.created_ms.desc(), jobs.c.id.desc())


async def _end_of_scan(connection: AsyncConnection, scope: Sequence[Condition]) -> Place | None:
    """The last job that is looked at; None where there are fewer."""
    wanted = _newest(select(jobs.c.created_ms, jobs.c.id).where(*scope)).limit(1).offset(SCAN_MAX - 1)
    row = (await connection.execute(wanted)).first()
    return Place(*row) if row else None


# ---- what rows hold ----


async def _files(connection: AsyncConnection, job_ids: Sequence[str]) -> dict[str, list[Artifact]]:
    found: dict[str, list[Artifact]] = {}
    if not job_ids:
        return found
    wanted = select(artifacts).where(artifacts.c.job_id.in_(job_ids))
    for row in (await connection.execute(wanted)).all():
        file = Artifact(name=row.name, key=row.object_key, media_type=row.media_type, size=row.size)
        found.setdefault(row.job_id, []).append(file)
    return found


def _job(row: Row[Any], files: Iterable[Artifact], **more: Any) -> Job:  # noqa: ANN401 - Job's fields
    return Job(
        **{name: getattr(row, name) for name in _SAME},
        state=JobState(row.state),
        priority=Priority(row.priority),
        callback_url=row.callback_url or "",
        error=_ERROR.decode(row.error) if row.error else None,
        artifacts={file.name: file for file in files},
        **more,
    )


def _act(row: Row[Any]) -> ActRow:
    return ActRow(
        at_ms=row.at_ms,
        actor=row.actor,
        action=row.action,
        tenant=row.tenant,
        subject=row.subject,
        data=Raw(row.data.encode()),
    )
