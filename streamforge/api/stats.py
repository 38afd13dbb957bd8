"""Figures over HTTP: how many jobs ended how, how long they took, what they cost; by day, kind, tenant or queue."""

from __future__ import annotations

from http import HTTPStatus
from time import time_ns
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import archive_of
from streamforge.api.money import dollars
from streamforge.api.route import Answer, Route, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_query
from streamforge.archive.answers import DAY_MS, By, Group, Span
from streamforge.errors import InvalidInput
from streamforge.jobs.model import Moment, Tenant

LAST_DAYS: Final = 7
"""Of how many days figures are, where no time is asked for: today, and those before it."""
MOST_DAYS: Final = 400
"""The longest time of one answer."""


class StatsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of which jobs, and in which groups."""

    by: Annotated[By, Meta(description="What jobs of one group have in common.")] = "day"
    tenant: Annotated[Tenant | None, Meta(description="Jobs of this tenant; for operators.")] = None
    since_ms: Annotated[Moment, Meta(description="Submitted then or later; 0: today, or six days before.")] = 0
    until_ms: Annotated[Moment, Meta(description="Submitted then or earlier; 0 is now.")] = 0


class Lengths(Struct, frozen=True, kw_only=True):
    """Seconds that half of the jobs took at most, and 19 of 20; to within 5 %."""

    p50: float
    p95: float


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group of jobs. ``key`` is its kind, tenant or queue, or the first millisecond of its day (UTC).

    ``states`` says how many ended how. ``ran_s`` is from a job's start to its end, ``waited_s`` until its start.
    """

    key: str
    jobs: int
    states: dict[str, int]
    ran_s: Lengths | None = None
    waited_s: Lengths | None = None
    cost_usd: float
    charged_usd: float


class Stats(Struct, frozen=True, kw_only=True):
    """Figures of jobs that have ended and are archived, which takes a moment."""

    by: By
    since_ms: int
    until_ms: int
    groups: list[Figure]


async def stats(request: web.Request) -> web.Response:
    """Figures of the caller's jobs."""
    recall, query, caller = archive_of(request), read_query(request, StatsQuery), caller_of(request)
    since_ms, until_ms = _time_of(query)
    tenant, groups = query.tenant or caller.tenant, list[Group]()
    if caller.sees(tenant):
        whose = None if tenant == EVERY_TENANT else tenant
        groups = await recall.figure(
            lambda figures: figures.groups(query.by, tenant=whose, since_ms=since_ms, until_ms=until_ms)
        )
    found = Stats(by=query.by, since_ms=since_ms, until_ms=until_ms, groups=[_figure(group) for group in groups])
    return answer(found, headers=NEVER_STORED)


def _time_of(query: StatsQuery) -> tuple[int, int]:
    until_ms = query.until_ms or time_ns() // 1_000_000
    since_ms = query.since_ms or (until_ms // DAY_MS - LAST_DAYS + 1) * DAY_MS
    if until_ms - since_ms > MOST_DAYS * DAY_MS:
        raise InvalidInput(f"more than {MOST_DAYS} days", field="since_ms", hint="ask for one part after the other")
    return since_ms, until_ms


def _figure(group: Group) -> Figure:
    return Figure(
        key=str(group.key),
        jobs=sum(group.states.values()),
        states=group.states,
        ran_s=_lengths(group.ran),
        waited_s=_lengths(group.waited),
        cost_usd=dollars(group.cost_uusd),
        charged_usd=dollars(group.charged_uusd),
    )


def _lengths(span: Span | None) -> Lengths | None:
    return Lengths(p50=span.p50_ms / 1000, p95=span.p95_ms / 1000) if span else None


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/stats",
        handler=stats,
        text="How many jobs ended how, how long they took, and what they cost.",
        tag="archive",
        params=query_params(StatsQuery),
        answers=(Answer(status=HTTPStatus.OK, text="The figures.", type=Stats),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
