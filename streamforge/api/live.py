"""The routes of what happens: a job's events, and a tenant's, as server-sent events and over WebSockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api import sse, ws
from streamforge.api.auth import still_good
from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import JOB_ID, front_of
from streamforge.api.records import kept_job_of, log_of
from streamforge.api.refusals import UpgradeRequired
from streamforge.api.route import Answer, Param, Route, query_params
from streamforge.api.seats import Seat
from streamforge.api.streams import FeedStream, Pulse, Stream, is_over_after, open_job
from streamforge.api.wire import NEVER_STORED, read_query
from streamforge.errors import InvalidInput, NotAllowed
from streamforge.jobs.feed import EventId
from streamforge.jobs.model import Tenant

LAST_EVENT_ID: Final = Param(
    name="Last-Event-ID",
    place="header",
    type=EventId,
    text="The same as last_event_id; browsers send it by themselves.",
)

TypeFilters = Annotated[
    str,
    Meta(
        max_length=400,
        pattern=r"^(|(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,40}))(,(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,40})))*)\Z",
        description="types of events by comma, such as job.succeeded,step.*; the end of a job is always told",
    ),
]
Ticket = Annotated[str, Meta(max_length=200, description="Stands for an API key, once, where no header can be sent.")]


class JobEventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events of a job."""

    last_event_id: EventId | None = None
    types: TypeFilters = ""
    ticket: Ticket = ""


class EventsQuery(JobEventsQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events of a tenant."""

    tenant: (
        Annotated[Tenant, Meta(description="Whose; an operator's question, who gets everybody's without it.")] | None
    ) = None


ResumeBy = Annotated[
    Literal["address", "message"],
    Meta(description='message: the first message is {"last_event_id": "…"}, and nothing is sent before it.'),
]


class JobSocketQuery(JobEventsQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, over a WebSocket."""

    resume: ResumeBy = "address"


class SocketQuery(EventsQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, over a WebSocket."""

    resume: ResumeBy = "address"


async def job_events(request: web.Request) -> web.StreamResponse:
    """A job's events from its first, or from after the last one seen; 204 where its end has been seen."""
    query = read_query(request, JobEventsQuery)
    last_id, front = _last_id(request, query), front_of(request)
    job, read = await kept_job_of(request), partial(log_of, front)
    with _seated(request) as seat:
        if request.method == "HEAD":
            is_over = bool(last_id) and await is_over_after(read, job, last_id)
            return _over() if is_over else web.Response(headers=sse.HEADERS)
        stream = await open_job(front.hub, read, job, seat, last_id=last_id, types=_types(query))
        if stream.is_over and last_id:
            await stream.close()
            return _over()
        return await sse.serve(request, stream, _pulse(request, seat))


async def events(request: web.Request) -> web.StreamResponse:
    """The events of all of a tenant's jobs."""
    query = read_query(request, EventsQuery)
    tenant, last_id = _tenant(request, query), _last_id(request, query)
    with _seated(request) as seat:
        if request.method == "HEAD":
            return web.Response(headers=sse.HEADERS)
        stream = FeedStream(front_of(request).hub, tenant, seat, last_id=last_id, types=_types(query))
        return await sse.serve(request, stream, _pulse(request, seat))


async def job_socket(request: web.Request) -> web.StreamResponse:
    """A job's events over a WebSocket."""
    query, front = read_query(request, JobSocketQuery), front_of(request)
    job, given = await kept_job_of(request), _last_id(request, query)

    async def opened(seat: Seat, last_id: str | None) -> Stream:
        return await open_job(
            front.hub, partial(log_of, front), job, seat, last_id=last_id or given, types=_types(query)
        )

    return await _talk(request, query, opened)


async def socket(request: web.Request) -> web.StreamResponse:
    """The events of all of a tenant's jobs over a WebSocket."""
    query = read_query(request, SocketQuery)
    tenant, given = _tenant(request, query), _last_id(request, query)

    async def opened(seat: Seat, last_id: str | None) -> Stream:
        return FeedStream(front_of(request).hub, tenant, seat, last_id=last_id or given, types=_types(query))

    return await _talk(request, query, opened)


def _tenant(request: web.Request, query: EventsQuery) -> str:
    """Whose events are meant; raises NotAllowed."""
    own = caller_of(request).tenant
    asked = query.tenant or own
    if own not in (EVERY_TENANT, asked):
        raise NotAllowed("another tenant's events", field="tenant", hint="leave it out")
    return asked


async def _talk(
    request: web.Request,
    query: JobSocketQuery | SocketQuery,
    opened: Callable[[Seat, str | None], Awaitable[Stream]],
) -> web.StreamResponse:
    if not web.WebSocketResponse().can_prepare(request):
        raise UpgradeRequired(field="Upgrade", hint="open it with a WebSocket client, or use …/events")
    with _seated(request) as seat:
        return await ws.serve(
            request, partial(opened, seat), _pulse(request, seat), is_resuming=query.resume == "message"
        )


def _seated(request: web.Request) -> AbstractContextManager[Seat]:
    """A place among the listeners; raises TooManyListeners and ListenersFull."""
    front, caller = front_of(request), caller_of(request)
    seat = Seat(caller.tenant, f"{caller.key_id} {caller.session}".strip(), partial(still_good, request))
    return front.hub.seats.taken(seat, front.settings)


def _pulse(request: web.Request, seat: Seat) -> Pulse:
    return Pulse(front_of(request).settings.heartbeat_s, seat)


def _over() -> web.Response:
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=NEVER_STORED)


def _last_id(request: web.Request, query: JobEventsQuery) -> str:
    """The header goes before the address: a browser that reconnects leaves the address as it was."""
    header = request.headers.get("Last-Event-ID", "")
    if header:
        try:
            return msgspec.convert(header, EventId)
        except msgspec.ValidationError:
            hint = "pass an id that an event carried, ms-seq"
            raise InvalidInput("not an event id", field="Last-Event-ID", hint=hint) from None
    return query.last_event_id or ""


def _types(query: JobEventsQuery) -> tuple[str, ...]:
    return tuple(query.types.split(",")) if query.types else ()


_SSE = Answer(
    status=HTTPStatus.OK,
    text="Events, each with `data` as an EventDocument; `gap` and `end` besides those of jobs.",
    media_type=sse.MEDIA_TYPE,
)
_SWITCHED = Answer(status=HTTPStatus.SWITCHING_PROTOCOLS, text="The same documents as text messages.")
_OVER = Answer(status=HTTPStatus.NO_CONTENT, text="The job's last event has been seen: do not come back.")
_FULL = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}/events",
        handler=job_events,
        text="Follow a job to its end, as server-sent events.",
        tag="events",
        params=(JOB_ID, LAST_EVENT_ID, *query_params(JobEventsQuery)),
        answers=(_SSE, _OVER),
        problems=(HTTPStatus.NOT_FOUND, *_FULL),
    ),
    Route(
        method="GET",
        path="/api/v1/events",
        handler=events,
        text="Follow all jobs of a tenant, as server-sent events.",
        tag="events",
        params=(LAST_EVENT_ID, *query_params(EventsQuery)),
        answers=(_SSE,),
        problems=_FULL,
    ),
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}/ws",
        handler=job_socket,
        text="Follow a job to its end, over a WebSocket.",
        tag="events",
        params=(JOB_ID, *query_params(JobSocketQuery)),
        answers=(_SWITCHED,),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UPGRADE_REQUIRED, *_FULL),
    ),
    Route(
        method="GET",
        path="/api/v1/ws",
        handler=socket,
        text="Follow all jobs of a tenant, over a WebSocket.",
        tag="events",
        params=query_params(SocketQuery),
        answers=(_SWITCHED,),
        problems=(HTTPStatus.UPGRADE_REQUIRED, *_FULL),
    ),
)
