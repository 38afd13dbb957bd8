"""The guard: no handler runs before it is known who asks, and that he may.

Who asks is told by an API key (``Authorization: Bearer sf_…``), by what stands in for one (a login session's cookie, a
ticket in a stream's address, a signed link to a file), or, on a loopback address where none is demanded, by the
address alone.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import web
from msgspec.structs import replace

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keyring import Holder
from streamforge.api import signing
from streamforge.api.caller import CALLER, LOCAL, Caller, caller_of
from streamforge.api.cookie import LoggedIn, session_of
from streamforge.api.front import Front, front_of
from streamforge.api.origin import READING, is_foreign, is_forwarded, is_our_host
from streamforge.api.refusals import WrongHost
from streamforge.api.route import Handler, Route, Scope, check_path, route_of
from streamforge.config import ApiSettings
from streamforge.config.check import is_loopback
from streamforge.errors import NotAllowed, NotAuthenticated
from streamforge.jobs.acts import acting
from streamforge.ops.metrics import counter

NOBODY: Final = Caller("", frozenset())
"""The caller where nobody is asked who he is."""
BY_PAGE: Final = "X-Requested-With"
"""The header that a page of ours adds to what changes something; another origin's page cannot."""

auth_refusals_total = counter("auth_refusals_total", "Requests refused by the guard, by why.", "reason")


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through with its caller, or refuse it before its body is read."""
    settings = front_of(request).settings
    if (is_open(settings) or settings.hosts) and not is_our_host(request, settings.hosts):
        raise _wrong_host()
    route = route_of(request)
    request[CALLER] = caller = NOBODY if route is None or route.scope is None else await _admitted(request, route)
    if route is not None:
        check_path(request, route)
    with acting(f"key:{caller.key_id}" if caller.key_id else "local"):
        return await handler(request)


def _wrong_host() -> WrongHost:
    auth_refusals_total("host").inc()
    return WrongHost(field="Host", hint="use its address, or add the name to api.hosts")


def is_open(settings: ApiSettings) -> bool:
    """Whether requests from this machine need no key."""
    return settings.auth == "auto" and is_loopback(settings.host)


async def still_good(request: web.Request) -> bool:
    """Whether what let a request in would do so now; for answers that go on for long, to ask from time to time."""
    accounts, caller = front_of(request).accounts, caller_of(request)
    if caller.session and not await accounts.sessions.is_on(caller.session):
        return False
    return not caller.key_id or await accounts.ring.is_good(caller.key_id)


async def _admitted(request: web.Request, route: Route) -> Caller:
    caller = await _caller(request, route)
    if caller is None:
        raise _unknown("this needs an API key", "none")
    if route.scope is not None and not caller.may(route.scope):
        auth_refusals_total("scope").inc()
        raise NotAllowed(
            f"the API key does not have the scope {route.scope}", field="Authorization", hint="ask for one that has"
        )
    return caller


async def _caller(request: web.Request, route: Route) -> Caller | None:
    """By the first credential that the request brings; one that is not good is not passed over for another."""
    front = front_of(request)
    if "Authorization" in request.headers:
        return await _by_key(front.accounts, request.headers["Authorization"])
    if route.path == signing.FILE_PATH and signing.is_link(request):
        return await _by_link(front, request)
    if _is_stream(route) and "ticket" in request.query:
        return await _by_ticket(front.accounts, request.query["ticket"])
    found = await session_of(front.accounts, request)
    return _by_session(request, found) if found else _local(request, route)


async def _by_key(accounts: Accounts, header: str) -> Caller:
    scheme, _, token = header.partition(" ")
    holder = await accounts.ring.holder_of(token.strip()) if scheme.lower() == "bearer" else None
    if holder is None:
        raise _unknown("the API key is not good: it is unknown, expired or revoked", "key")
    return caller_by(holder)


async def _by_link(front: Front, request: web.Request) -> Caller:
    """A link is checked against the one file that its path names, and stands for a reader of that job's tenant."""
    if not await signing.is_good(front.accounts.signer, request):
        raise _unknown("the link has expired, or is not whole", "link")
    return Caller(await front.store.tenant_of(request.match_info["job_id"]), frozenset({Scope.READ}))


async def _by_ticket(accounts: Accounts, ticket: str) -> Caller:
    stands_for = await accounts.tickets.redeem(ticket)
    if stands_for is None:
        raise _unknown("the ticket has been used, or is too old", "ticket")
    caller = msgspec.json.decode(stands_for, type=Caller)
    if caller.key_id and not await accounts.ring.is_good(caller.key_id):
        raise _unknown("the ticket's API key is good no more", "ticket")
    return caller


def _by_session(request: web.Request, found: LoggedIn) -> Caller:
    """A browser adds the cookie to whatever any page has it send."""
    _require_own_page(request)
    if request.method not in READING and BY_PAGE not in request.headers:
        auth_refusals_total("page").inc()
        raise NotAllowed("a session alone changes nothing", field=BY_PAGE, hint=f"send the header {BY_PAGE}, too")
    return replace(caller_by(found.holder), session=found.session)


def _local(request: web.Request, route: Route) -> Caller | None:
    settings = front_of(request).settings
    is_let_in = is_open(settings) or (route.is_for_this_machine and is_loopback(settings.host))
    if not is_let_in or is_forwarded(request):
        return None
    _require_own_page(request)
    return LOCAL


def _require_own_page(request: web.Request) -> None:
    if is_foreign(request, front_of(request).settings.cors_origins):
        auth_refusals_total("origin").inc()
        raise NotAllowed("it was sent by the page of another site", field="Origin", hint="send an API key")


def caller_by(holder: Holder) -> Caller:
    """The caller that a key stands for."""
    return Caller(holder.key.tenant, frozenset(holder.key.scopes), holder.key.id)


def _is_stream(route: Route) -> bool:
    """Whether browsers open it with an interface that sends no headers."""
    return any(
        answer.media_type == "text/event-stream" or answer.status is HTTPStatus.SWITCHING_PROTOCOLS
        for answer in route.answers
    )


def _unknown(message: str, reason: str) -> NotAuthenticated:
    auth_refusals_total(reason).inc()
    return NotAuthenticated(
        message, field="Authorization", hint="send Authorization: Bearer sf_…; `streamforge keys create` makes a key"
    )
