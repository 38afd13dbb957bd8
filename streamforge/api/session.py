"""Who the caller is, and login: a session for browsers in place of a key, and tickets for streams."""

from __future__ import annotations

from http import HTTPStatus
from time import time_ns
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import replace

from streamforge.accounts.tickets import TICKET_S
from streamforge.api.auth import BY_PAGE, caller_by
from streamforge.api.caller import Caller, caller_of
from streamforge.api.cookie import drop_cookie, put_cookie, session_of
from streamforge.api.front import front_of
from streamforge.api.route import Answer, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer, read_body
from streamforge.errors import NotAllowed, NotAuthenticated


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """What a session is opened with."""

    key: Annotated[str, Meta(max_length=200, description="An API key, sf_<id>_<secret>.")]


class Me(Struct, frozen=True):
    """Who the caller is: tenant (``*``: every one), scopes, and the key's id (empty where none is asked for)."""

    tenant: str
    scopes: list[Scope]
    key_id: str


class Ticket(Struct, frozen=True):
    """What may be put into a stream's address as ``?ticket=``, once, before ``expires_ms``."""

    ticket: str
    expires_ms: int


async def me(request: web.Request) -> web.Response:
    """Who the caller is."""
    return answer(_me(caller_of(request)), headers=NEVER_STORED)


async def log_in(request: web.Request) -> web.Response:
    """Open a session with a key: the answer sets a cookie that stands for it."""
    front, accounts = front_of(request), front_of(request).accounts
    login = await read_body(request, Login)
    holder = await accounts.ring.holder_of(login.key.strip())
    if holder is None:
        raise NotAuthenticated("the API key is not good: it is unknown, expired or revoked", field="key")
    response = answer(_me(caller_by(holder)), headers=NEVER_STORED)
    await put_cookie(response, request, accounts, holder, round(front.settings.session_ttl_s))
    return response


async def log_out(request: web.Request) -> web.Response:
    """End the session that the request brings, and have the browser forget it; a page elsewhere cannot ask for it."""
    accounts = front_of(request).accounts
    if found := await session_of(accounts, request):
        if BY_PAGE not in request.headers:
            raise NotAllowed("a session alone changes nothing", field=BY_PAGE, hint=f"send the header {BY_PAGE}, too")
        await accounts.sessions.end(found.session)
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    drop_cookie(response)
    return response


async def ticket(request: web.Request) -> web.Response:
    """A ticket for a stream; whoever uses it may read what the caller may read."""
    accounts = front_of(request).accounts
    reader = replace(caller_of(request), scopes=frozenset({Scope.READ}))
    made = await accounts.tickets.issue(msgspec.json.encode(reader))
    return answer(Ticket(made, time_ns() // 1_000_000 + TICKET_S * 1000), HTTPStatus.CREATED, NEVER_STORED)


def _me(caller: Caller) -> Me:
    return Me(caller.tenant, sorted(scope for scope in Scope if caller.may(scope)), caller.key_id)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/me",
        handler=me,
        text="Who the caller is.",
        tag="accounts",
        answers=(Answer(status=HTTPStatus.OK, text="The caller.", type=Me),),
    ),
    Route(
        method="POST",
        path="/api/v1/session",
        handler=log_in,
        text="Open a browser's session with an API key. What changes something needs the header X-Requested-With then.",
        tag="accounts",
        scope=None,
        body=Login,
        answers=(Answer(status=HTTPStatus.OK, text="A cookie is set.", type=Me),),
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND),
    ),
    Route(
        method="DELETE",
        path="/api/v1/session",
        handler=log_out,
        text="End the browser's session, here and in the browser.",
        tag="accounts",
        scope=None,
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="The cookie is gone."),),
    ),
    Route(
        method="POST",
        path="/api/v1/session/ticket",
        handler=ticket,
        text="A ticket for the address of an event stream or WebSocket, good for one use within half a minute.",
        tag="accounts",
        answers=(Answer(status=HTTPStatus.CREATED, text="The ticket.", type=Ticket),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
