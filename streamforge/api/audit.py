"""The audit log over HTTP: who did what."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import archive_of
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.route import Answer, Route, Scope, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_query
from streamforge.archive.answers import ActFilter, ActPlace, ActRow
from streamforge.jobs.model import Moment, Tenant

Word = Annotated[str, Meta(max_length=400)]


class AuditQuery(PageQuery, frozen=True, kw_only=True):
    """Which acts; each condition that is given must hold."""

    action: Annotated[Word, Meta(description="Such as key.created, job.cancelled, tenant.erased.")] = ""
    actor: Annotated[Word, Meta(description="Who did it, such as key:ID.")] = ""
    subject: Annotated[Word, Meta(description="What it was done to: the id of a job or key, the name of a kit.")] = ""
    tenant: Annotated[Tenant | None, Meta(description="What concerns this tenant; for operators.")] = None
    since_ms: Annotated[Moment, Meta(description="Done then or later.")] = 0
    until_ms: Annotated[Moment, Meta(description="Done then or earlier; 0 is no limit.")] = 0


async def audit(request: web.Request) -> web.Response:
    """What was done to what is the caller's, newest first."""
    recall, query, caller = archive_of(request), read_query(request, AuditQuery), caller_of(request)
    only = ActFilter(
        action=query.action,
        actor=query.actor,
        subject=query.subject,
        since_ms=query.since_ms,
        until_ms=query.until_ms,
    )
    tenant, after = query.tenant or caller.tenant, place_of(query.cursor, ActPlace)
    if not caller.sees(tenant):
        return answer(Page[ActRow]([]), headers=NEVER_STORED)
    whose = None if tenant == EVERY_TENANT else tenant
    rows, place = await recall.ask(lambda reader: reader.acts(whose, only, after=after, count=query.limit))
    return answer(Page(rows, cursor_of(place) if place else None), headers=NEVER_STORED)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/audit",
        handler=audit,
        text="Who did what, newest first.",
        tag="archive",
        scope=Scope.ADMIN,
        params=query_params(AuditQuery),
        answers=(Answer(status=HTTPStatus.OK, text="A page of acts.", type=Page[ActRow]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
