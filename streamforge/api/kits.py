"""Brand kits over HTTP: kept under a name, for briefs to name."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.front import front_of
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.route import Answer, Param, Route, Scope, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_json, read_query
from streamforge.errors import InvalidInput, NotFound
from streamforge.jobs.acts import act
from streamforge.jobs.model import Tenant

KitName = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}\Z", description="1 to 64 of a-z, 0-9 and -")]


def _no_name(given: str) -> InvalidInput:
    return InvalidInput(f"{given[:80]!r} cannot name a brand kit", field="name", hint="1 to 64 of a-z, 0-9 and -")


NAME = Param(name="name", place="path", type=KitName, text="The kit.", is_required=True, unknown=_no_name)


class KitQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose kits; for callers who see every tenant."""

    tenant: Annotated[Tenant, Meta(description="Whose; the caller's own without it.")] | None = None


class KitPage(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose kits, and which page of them."""

    tenant: Annotated[Tenant, Meta(description="Whose; the caller's own without it.")] | None = None


class KitView(Struct, frozen=True):
    """A kit by its name."""

    name: str
    url: str


async def list_kits(request: web.Request) -> web.Response:
    """The names of the kits."""
    query = read_query(request, KitPage)
    after = place_of(query.cursor, str)
    names = [name for name in await front_of(request).kits.list(_tenant(request, query.tenant)) if name > (after or "")]
    page, more = names[: query.limit], len(names) > query.limit
    return answer(Page([_view(name) for name in page], cursor_of(page[-1]) if more else None), headers=NEVER_STORED)


async def show(request: web.Request) -> web.Response:
    """A kit as it is kept."""
    shelf, tenant = front_of(request).kits, _tenant(request, read_query(request, KitQuery).tenant)
    kit = await shelf.get(tenant, request.match_info["name"])
    if kit is None:
        raise _no_kit(request)
    return _kit(kit)


async def put(request: web.Request) -> web.Response:
    """Keep a kit, in place of what was there; it is checked, and its logos are fetched and looked at, before that."""
    shelf, tenant = front_of(request).kits, _tenant(request, read_query(request, KitQuery).tenant)
    name = request.match_info["name"]
    kit = await shelf.put(tenant, name, await read_json(request))
    await front_of(request).store.note(act("kit.put", name, tenant, {"bytes": len(kit)}))
    return _kit(kit)


async def delete(request: web.Request) -> web.Response:
    """Forget a kit; jobs that run with it go on."""
    shelf, tenant = front_of(request).kits, _tenant(request, read_query(request, KitQuery).tenant)
    if not await shelf.delete(tenant, request.match_info["name"]):
        raise _no_kit(request)
    await front_of(request).store.note(act("kit.deleted", request.match_info["name"], tenant))
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _tenant(request: web.Request, named: str | None) -> str:
    """Whose kits are meant; another tenant's do not exist for the caller."""
    own = caller_of(request).tenant
    tenant = named or ("default" if own == EVERY_TENANT else own)
    if not caller_of(request).sees(tenant):
        raise NotFound(f"no tenant {tenant[:64]!r}", field="tenant", hint="leave it out")
    return tenant


def _no_kit(request: web.Request) -> NotFound:
    return NotFound(f"no brand kit {request.match_info['name'][:64]!r}", field="name")


def _view(name: str) -> KitView:
    return KitView(name, f"/api/v1/kits/{name}")


def _kit(kit: bytes) -> web.Response:
    return web.Response(body=kit, content_type="application/json", headers=NEVER_STORED)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/kits",
        handler=list_kits,
        text="The brand kits.",
        tag="kits",
        params=query_params(KitPage),
        answers=(Answer(status=HTTPStatus.OK, text="By name.", type=Page[KitView]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/v1/kits/{name}",
        handler=show,
        text="A brand kit.",
        tag="kits",
        params=(NAME, *query_params(KitQuery)),
        answers=(Answer(status=HTTPStatus.OK, text="The kit.", type=dict[str, Any]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="PUT",
        path="/api/v1/kits/{name}",
        handler=put,
        text="Keep a brand kit under a name.",
        tag="kits",
        scope=Scope.SUBMIT,
        params=(NAME, *query_params(KitQuery)),
        body=dict[str, Any],
        is_body_large=True,
        answers=(Answer(status=HTTPStatus.OK, text="The kit as it is kept.", type=dict[str, Any]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="DELETE",
        path="/api/v1/kits/{name}",
        handler=delete,
        text="Forget a brand kit.",
        tag="kits",
        scope=Scope.SUBMIT,
        params=(NAME, *query_params(KitQuery)),
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="It is gone."),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
