"""Webhooks over HTTP, for administrators: of every tenant, or of their own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from streamforge.accounts.model import KeyTenant
from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import front_of
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.route import Answer, Param, Route, Scope, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_body, read_query
from streamforge.errors import NotAllowed
from streamforge.jobs.feed import TypeFilter
from streamforge.webhooks.model import Delivery, Endpoint, Try
from streamforge.webhooks.store import Known, Place

CALLBACK: Final = "callback"
"""Stands for the endpoint of one's own jobs' ``callback_url``; it is there as soon as somebody asks for it."""

EndpointId = Annotated[str, Meta(pattern=r"^(callback|(ep|cb)_[0-9a-f]{20})\Z")]
DeliveryId = Annotated[str, Meta(pattern=r"^msg_[0-9a-f]{32}\Z")]

ENDPOINT_ID = Param(
    name="endpoint_id",
    place="path",
    type=EndpointId,
    text="The endpoint; callback: the one that stands for the callback_url of jobs.",
    is_required=True,
)
DELIVERY_ID = Param(name="delivery_id", place="path", type=DeliveryId, text="The delivery.", is_required=True)


class EndpointView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint without its secret. Times are ms since 1970.

    One without ``url`` stands for the ``callback_url`` of jobs. ``failing_since_ms`` is when it failed first after its
    last success.
    """

    id: str
    tenant: str
    events: list[str]
    created_ms: int
    url: str = ""
    description: str = ""
    failing_since_ms: int | None = None
    disabled_ms: int | None = None
    disabled_why: str = ""


class EndpointSecret(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint with its secret, which is told this once; the one before signs along until then."""

    id: str
    tenant: str
    url: str
    events: list[str]
    secret: str
    previous_until_ms: int | None = None


class EndpointRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The endpoint to make. Without ``events`` it is told how jobs end.

    ``tenant`` is an operator's to name: whose jobs it is told of, * for everybody's (default: default).
    """

    url: Annotated[str, Meta(min_length=1, max_length=2000, examples=["https://example.com/hooks/streamforge"])]
    events: Annotated[tuple[TypeFilter, ...], Meta(max_length=50, examples=[["job.succeeded", "job.failed"]])] = ()
    description: Annotated[str, Meta(max_length=200)] = ""
    tenant: KeyTenant | None = None


class TryView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try to deliver; ``status`` is the answer's, none where none came."""

    number: int
    at_ms: int
    seconds: float
    status: int | None = None
    error: str = ""


class DeliveryView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event on its way: ``state`` is pending, delivered or dead; ``due_ms`` is when it is tried next."""

    id: str
    endpoint_id: str
    tenant: str
    type: str
    state: str
    created_ms: int
    event_id: str = ""
    job_id: str = ""
    url: str = ""
    due_ms: int | None = None
    ended_ms: int | None = None
    tries: list[TryView] = msgspec.field(default_factory=list[TryView])


class Sent(Struct, frozen=True, kw_only=True):
    """A delivery that is to be made."""

    delivery_id: str


async def list_endpoints(request: web.Request) -> web.Response:
    """The endpoints, oldest first."""
    query = read_query(request, PageQuery)
    after = place_of(query.cursor, tuple[int, str])
    known = await front_of(request).webhooks.endpoints(_tenant(request))
    rest = [one for one in known if after is None or (one.endpoint.created_ms, one.endpoint.id) > after]
    page, more = rest[: query.limit], len(rest) > query.limit
    next_cursor = cursor_of((page[-1].endpoint.created_ms, page[-1].endpoint.id)) if more else None
    return answer(Page([_endpoint_view(one) for one in page], next_cursor), headers=NEVER_STORED)


async def create(request: web.Request) -> web.Response:
    """Make an endpoint; its secret is in the answer and never again."""
    wanted, own = await read_body(request, EndpointRequest), _tenant(request)
    tenant = wanted.tenant or _own(own)
    if own not in (EVERY_TENANT, tenant):
        hint = "leave it out"
        raise NotAllowed("an administrator of one tenant makes endpoints for it alone", field="tenant", hint=hint)
    endpoint = await front_of(request).webhooks.create(tenant, wanted.url, wanted.events, wanted.description)
    return answer(_secret_view(endpoint), HTTPStatus.CREATED, NEVER_STORED)


async def delete(request: web.Request) -> web.Response:
    """Forget an endpoint, and what was to be delivered to it."""
    await front_of(request).webhooks.delete(await _endpoint_id(request), _tenant(request))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def rotate(request: web.Request) -> web.Response:
    """Give an endpoint another secret; for a day messages are signed with both."""
    endpoint = await front_of(request).webhooks.rotate(await _endpoint_id(request), _tenant(request))
    return answer(_secret_view(endpoint), headers=NEVER_STORED)


async def enable(request: web.Request) -> web.Response:
    """Tell a disabled endpoint again, of what happens from now on."""
    known = await front_of(request).webhooks.enable(await _endpoint_id(request), _tenant(request))
    return answer(_endpoint_view(known), headers=NEVER_STORED)


async def ping(request: web.Request) -> web.Response:
    """Send webhook.ping, to see whether the endpoint takes it."""
    delivery_id = await front_of(request).webhooks.ping(await _endpoint_id(request), _tenant(request))
    return answer(Sent(delivery_id=delivery_id), HTTPStatus.ACCEPTED)


async def list_deliveries(request: web.Request) -> web.Response:
    """What an endpoint was told, newest first, with every try."""
    query = read_query(request, PageQuery)
    found, place = await front_of(request).webhooks.deliveries(
        await _endpoint_id(request), _tenant(request), limit=query.limit, after=_place(query)
    )
    return _delivery_page(found, place)


async def list_dead(request: web.Request) -> web.Response:
    """What could not be delivered, newest first."""
    query = read_query(request, PageQuery)
    found, place = await front_of(request).webhooks.dead(_tenant(request), limit=query.limit, after=_place(query))
    return _delivery_page(found, place)


async def replay(request: web.Request) -> web.Response:
    """Deliver once more, whatever became of it, under the same id."""
    delivery_id = request.match_info["delivery_id"]
    await front_of(request).webhooks.replay(await _endpoint_id(request), delivery_id, _tenant(request))
    return answer(Sent(delivery_id=delivery_id), HTTPStatus.ACCEPTED)


def _tenant(request: web.Request) -> str:
    return caller_of(request).tenant


def _own(tenant: str) -> str:
    return "default" if tenant == EVERY_TENANT else tenant


async def _endpoint_id(request: web.Request) -> str:
    given = request.match_info["endpoint_id"]
    if given != CALLBACK:
        return given
    return (await front_of(request).webhooks.callback_endpoint(_own(_tenant(request)))).id


def _place(query: PageQuery) -> Place | None:
    given = place_of(query.cursor, tuple[int, DeliveryId])
    return Place(*given) if given else None


def _delivery_page(found: list[Delivery], place: Place | None) -> web.Response:
    next_cursor = cursor_of((place.at_ms, place.id)) if place else None
    return answer(Page([_delivery_view(one) for one in found], next_cursor), headers=NEVER_STORED)


def _endpoint_view(known: Known) -> EndpointView:
    endpoint, health = known
    return EndpointView(
        id=endpoint.id,
        tenant=endpoint.tenant,
        events=list(endpoint.events),
        created_ms=endpoint.created_ms,
        url=endpoint.url,
        description=endpoint.description,
        failing_since_ms=health.failing_ms or None,
        disabled_ms=health.disabled_ms or None,
        disabled_why=health.why,
    )


def _secret_view(endpoint: Endpoint) -> EndpointSecret:
    return EndpointSecret(
        id=endpoint.id,
        tenant=endpoint.tenant,
        url=endpoint.url,
        events=list(endpoint.events),
        secret=endpoint.secret,
        previous_until_ms=endpoint.previous_until_ms or None,
    )


def _delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        endpoint_id=delivery.endpoint,
        tenant=delivery.tenant,
        type=delivery.type,
        state=delivery.state,
        created_ms=delivery.created_ms,
        event_id=delivery.event_id,
        job_id=delivery.job_id,
        url=delivery.url,
        due_ms=delivery.due_ms if delivery.state == "pending" else None,
        ended_ms=delivery.ended_ms or None,
        tries=[_try_view(one) for one in delivery.tries],
    )


def _try_view(one: Try) -> TryView:
    return TryView(number=one.number, at_ms=one.at_ms, seconds=one.seconds, status=one.status or None, error=one.error)


_ROOT = "/api/v1/webhooks"
_ONE = _ROOT + "/{endpoint_id}"


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path=_ROOT,
        handler=list_endpoints,
        text="The endpoints that are told what happens, without their secrets.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=query_params(PageQuery),
        answers=(Answer(status=HTTPStatus.OK, text="The oldest first.", type=Page[EndpointView]),),
    ),
    Route(
        method="POST",
        path=_ROOT,
        handler=create,
        text="Have an address told what happens, by signed requests (Standard Webhooks).",
        tag="webhooks",
        scope=Scope.ADMIN,
        body=EndpointRequest,
        answers=(Answer(status=HTTPStatus.CREATED, text="With its secret, this once.", type=EndpointSecret),),
        problems=(HTTPStatus.REQUEST_ENTITY_TOO_LARGE,),
    ),
    Route(
        method="GET",
        path=f"{_ROOT}/dead",
        handler=list_dead,
        text="Deliveries that were given up.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=query_params(PageQuery),
        answers=(Answer(status=HTTPStatus.OK, text="The newest first.", type=Page[DeliveryView]),),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=delete,
        text="Forget an endpoint.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID,),
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="Forgotten."),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/rotate",
        handler=rotate,
        text="Give an endpoint another secret.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="With its secret, this once.", type=EndpointSecret),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/enable",
        handler=enable,
        text="Tell a disabled endpoint again.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="It is told again.", type=EndpointView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/test",
        handler=ping,
        text="Send an endpoint something to try it.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID,),
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="It is sent.", type=Sent),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path=f"{_ONE}/deliveries",
        handler=list_deliveries,
        text="What an endpoint was told, with every try.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID, *query_params(PageQuery)),
        answers=(Answer(status=HTTPStatus.OK, text="The newest first.", type=Page[DeliveryView]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path=f"{_ONE}/deliveries/{{delivery_id}}/replay",
        handler=replay,
        text="Make a delivery once more.",
        tag="webhooks",
        scope=Scope.ADMIN,
        params=(ENDPOINT_ID, DELIVERY_ID),
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="It is sent again.", type=Sent),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
