"""Figures over many archived jobs: how many ended how, how long they took, what they cost.

Everything is counted by the database. Lengths of time are counted in classes of two digits (1.2 s, 13 s, 140 s), of
which a median is read to within 5 %: sorting a million of them would take seconds on every database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from streamforge.archive.answers import DAY_MS, By, Group, Span
from streamforge.archive.engines import BROKEN, Database, translate
from streamforge.archive.schema import charges, jobs

_LONGEST_EXPONENT: Final = 12
"""Of lengths in ms: some thirty years."""


class Figures:
    """Counts in a database. Raises ArchiveUnavailable, ArchiveRefused."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self, by: By, *, tenant: str | None, since_ms: int, until_ms: int) -> list[Group]:
        """The jobs of a tenant (None: of all) that were submitted in that time, in groups, by their keys."""
        where = [jobs.c.created_ms >= since_ms, jobs.c.created_ms <= until_ms]
        where += [jobs.c.tenant == tenant] if tenant else []
        try:
            async with self._database.read.connect() as connection:
                key = _key(by)
                states = await _states(connection, key, where)
                ran = await _lengths(connection, key, jobs.c.finished_ms - jobs.c.started_ms, where)
                waited = await _lengths(connection, key, jobs.c.started_ms - jobs.c.created_ms, where)
                costs = await _costs(connection, key, where)
        except BROKEN as error:
            raise translate(error) from error
        return [
            Group(
                key=int(key) * DAY_MS if by == "day" else key,
                states=states[key],
                ran=span_of(ran.get(key, {})),
                waited=span_of(waited.get(key, {})),
                cost_uusd=costs.get(key, (0, 0))[0],
                charged_uusd=costs.get(key, (0, 0))[1],
            )
            for key in sorted(states)
        ]


def span_of(classes: Mapping[int, int]) -> Span | None:
    """Of classes (their least length, how many), those in whose class half, and 19 of 20, are reached."""
    total = sum(classes.values())
    return Span(_reached(classes, total * 0.50), _reached(classes, total * 0.95)) if total else None


def _reached(classes: Mapping[int, int], number: float) -> int:
    so_far = 0
    for least in sorted(classes):
        so_far += classes[least]
        if so_far >= number:
            return least + _width(least) // 2
    raise ValueError(number)


def _width(least: int) -> int:
    """How many ms fall into the class that begins there."""
    return 10 ** max(0, len(str(least)) - 2)


def _key(by: By) -> ColumnElement[Any]:
    return jobs.c.created_ms // DAY_MS if by == "day" else jobs.c[by]


async def _states(
    connection: AsyncConnection, key: ColumnElement[Any], where: Iterable[ColumnElement[bool]]
) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    wanted = select(key.label("key"), jobs.c.state, func.count()).where(*where).group_by(key, jobs.c.state)
    for name, state, number in (await connection.execute(wanted)).all():
        found[name][state] = int(number)
    return found


async def _lengths(
    connection: AsyncConnection,
    key: ColumnElement[Any],
    length: ColumnElement[int],
    where: Iterable[ColumnElement[bool]],
) -> dict[Any, Counter[int]]:
    """How many fall into each class, for each key."""
    found: dict[Any, Counter[int]] = defaultdict(Counter)
    least = _class_of(length)
    begun = (*where, jobs.c.started_ms > 0, jobs.c.finished_ms >= jobs.c.started_ms)
    wanted = select(key.label("key"), least.label("least"), func.count()).where(*begun).group_by(key, least)
    for name, start, number in (await connection.execute(wanted)).all():
        found[name][max(0, int(start))] += int(number)
    return found


def _class_of(length: ColumnElement[int]) -> ColumnElement[int]:
    """The length with all but its first two digits cut off."""
    steps = [
        (length < 10 ** (exponent + 2), length // 10**exponent * 10**exponent)
        for exponent in range(1, _LONGEST_EXPONENT)
    ]
    return case((length < 100, length), *steps, else_=10**_LONGEST_EXPONENT)  # noqa: PLR2004 - two digits


async def _costs(
    connection: AsyncConnection, key: ColumnElement[Any], where: Iterable[ColumnElement[bool]]
) -> dict[Any, tuple[int, int]]:
    """What the jobs' calls to models cost, and what of it their tenants paid."""
    sums = (func.sum(charges.c[name]) for name in ("cost_uusd", "charged_uusd"))
    joined = select(key.label("key"), *sums).join_from(jobs, charges, charges.c.job_id == jobs.c.id)
    found: dict[Any, tuple[int, int]] = {}
    for row in (await connection.execute(joined.where(*where).group_by(key))).all():
        name, cost, charged = tuple(row)
        found[name] = (int(cost or 0), int(charged or 0))
    return found
