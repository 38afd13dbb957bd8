"""Dead letters over HTTP: what could not be done, and why; try again, or forget it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import front_of
from streamforge.api.jobs import RequeueBody
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.route import Answer, Param, Route, Scope, query_params
from streamforge.api.views import DeadRow, DeadView, letter_row, letter_view
from streamforge.api.wire import NEVER_STORED, answer, read_optional_body, read_query
from streamforge.errors import InvalidInput, WrongState
from streamforge.jobs.dead import DeadLetter, Filter, unknown_letter
from streamforge.jobs.model import Name, Tenant

LetterId = Annotated[str, Meta(pattern=r"^[0-9]{1,16}-[0-9]{1,16}\Z")]
LETTER: Final = Param(
    name="letter", place="path", type=LetterId, text="The dead letter.", is_required=True, unknown=unknown_letter
)


class DeadQuery(PageQuery, frozen=True, kw_only=True):
    """Which letters; each condition that is given must hold."""

    reason: Annotated[str, Meta(max_length=100, description="Letters with this reason.")] = ""
    kind: Annotated[Name | None, Meta(description="Letters of jobs of this kind.")] = None
    tenant: Annotated[Tenant | None, Meta(description="Letters of this tenant; for operators.")] = None


class Again(Struct, frozen=True):
    """What a letter became: a job that has been started anew, or a message in the inbox that will be one."""

    job_id: str
    status_url: str


async def letters(request: web.Request) -> web.Response:
    """Dead letters, newest first."""
    caller, query = caller_of(request), read_query(request, DeadQuery)
    before = _before(query.cursor)
    if query.tenant and not caller.sees(query.tenant):
        return answer(Page[DeadRow]([]), headers=NEVER_STORED)
    tenant = query.tenant or ("" if caller.tenant == EVERY_TENANT else caller.tenant)
    only = Filter(reason=query.reason, kind=query.kind or "", tenant=tenant)
    found, place = await front_of(request).store.letters.page(count=query.limit, before=before, only=only)
    page = Page([letter_row(letter) for letter in found], cursor_of((place,)) if place else None)
    return answer(page, headers=NEVER_STORED)


async def letter(request: web.Request) -> web.Response:
    """One of them with what was asked for."""
    return answer(letter_view(await _letter(request)), headers=NEVER_STORED)


async def requeue(request: web.Request) -> web.Response:
    """Try again."""
    found, body = await _letter(request), await read_optional_body(request, RequeueBody)
    try:
        job_id = await front_of(request).store.letters.requeue(found.id, fresh=body.fresh)
    except InvalidInput as error:  # it was started by other means
        raise WrongState(error.message, field="letter", hint=error.hint) from error
    return answer(Again(job_id, f"/api/v1/status/{job_id}"), HTTPStatus.ACCEPTED)


async def forget(request: web.Request) -> web.Response:
    """Forget a letter; its job's record stays until it expires."""
    found = await _letter(request)
    await front_of(request).store.letters.purge([found.id])
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _before(cursor: str) -> str:
    place = place_of(cursor, tuple[LetterId])
    return place[0] if place else ""


async def _letter(request: web.Request) -> DeadLetter:
    """The letter that the path names, where the caller may know of it; raises UnknownJob."""
    letter_id = request.match_info["letter"]
    found = await front_of(request).store.letters.get(letter_id)
    if not caller_of(request).sees(found.tenant):
        raise unknown_letter(letter_id)
    return found


_UNKNOWN = (HTTPStatus.NOT_FOUND,)

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/dead",
        handler=letters,
        text="Dead letters, newest first. A page may hold fewer than asked for, or none, and still have a next_cursor.",
        tag="dead letters",
        params=query_params(DeadQuery),
        answers=(Answer(status=HTTPStatus.OK, text="A page of letters.", type=Page[DeadRow]),),
    ),
    Route(
        method="GET",
        path="/api/v1/dead/{letter}",
        handler=letter,
        text="A dead letter with what was asked for.",
        tag="dead letters",
        params=(LETTER,),
        answers=(Answer(status=HTTPStatus.OK, text="The letter.", type=DeadView),),
        problems=_UNKNOWN,
    ),
    Route(
        method="POST",
        path="/api/v1/dead/{letter}/requeue",
        handler=requeue,
        text="Try again, from the last checkpoint or from the beginning.",
        tag="dead letters",
        scope=Scope.SUBMIT,
        params=(LETTER,),
        body=RequeueBody,
        is_body_required=False,
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="What it became.", type=Again),),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="DELETE",
        path="/api/v1/dead/{letter}",
        handler=forget,
        text="Forget a letter.",
        tag="dead letters",
        scope=Scope.SUBMIT,
        params=(LETTER,),
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="It is gone."),),
        problems=_UNKNOWN,
    ),
)
