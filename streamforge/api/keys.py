"""API keys over HTTP, for administrators: of every tenant, or of their own."""

from __future__ import annotations

from http import HTTPStatus
from time import time_ns
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.accounts.keys import Issued, Listed, NewKey, no_key
from streamforge.accounts.model import EVERY_TENANT, ApiKey, KeyId, KeyTenant, Lifetime, Note
from streamforge.api.caller import caller_of
from streamforge.api.front import front_of
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.route import Answer, Param, Route, Scope, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_body, read_query
from streamforge.errors import NotAllowed

MONTH_S = 31 * 86_400

KEY_ID = Param(name="key_id", place="path", type=KeyId, text="The key.", is_required=True)


class KeyView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key without its secret. Times are ms since 1970; ``last_used_ms`` is right to within a minute."""

    id: str
    tenant: str
    scopes: list[Scope]
    created_ms: int
    note: str = ""
    expires_ms: int | None = None
    last_used_ms: int | None = None
    is_expired: bool = False


class KeyIssued(Struct, frozen=True, kw_only=True):
    """A key with its secret, which is told this once."""

    id: str
    key: str
    tenant: str
    scopes: list[Scope]


class KeyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key to make; without ``tenant`` it is the caller's own (``default`` for one who sees every tenant)."""

    tenant: KeyTenant | None = None
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=3)] = (Scope.SUBMIT,)
    note: Note = ""
    expires_in_s: Lifetime = 0


class Rotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the secret before stays good."""

    overlap_s: Annotated[float, Meta(ge=0, le=MONTH_S)] = 0


async def list_keys(request: web.Request) -> web.Response:
    """The keys of the caller's tenant, or of every one; the oldest first."""
    query = read_query(request, PageQuery)
    after = place_of(query.cursor, tuple[int, str])
    listed = await front_of(request).accounts.keys.list(caller_of(request).tenant)
    rest = [entry for entry in listed if after is None or _place(entry) > after]
    page, more = rest[: query.limit], len(rest) > query.limit
    next_cursor = cursor_of(_place(page[-1])) if more else None
    return answer(Page([_view(entry) for entry in page], next_cursor), headers=NEVER_STORED)


async def create(request: web.Request) -> web.Response:
    """Make a key; its secret is in the answer and never again."""
    caller, wanted = caller_of(request), await read_body(request, KeyRequest)
    tenant = wanted.tenant or ("default" if caller.tenant == EVERY_TENANT else caller.tenant)
    if not caller.sees(tenant):
        raise NotAllowed("an administrator of one tenant makes keys for it alone", field="tenant", hint="leave it out")
    new = NewKey(tenant=tenant, scopes=wanted.scopes, note=wanted.note, expires_in_s=wanted.expires_in_s)
    issued = await front_of(request).accounts.keys.create(new)
    return answer(_issued(issued), HTTPStatus.CREATED, NEVER_STORED)


async def rotate(request: web.Request) -> web.Response:
    """Give a key another secret, with a time in which the old one is good, too."""
    key, rotation = await _key(request), await read_body(request, Rotation)
    issued = await front_of(request).accounts.keys.rotate(key.id, rotation.overlap_s)
    front_of(request).accounts.ring.forget(key.id)
    return answer(_issued(issued), headers=NEVER_STORED)


async def revoke(request: web.Request) -> web.Response:
    """Forget a key: it is refused here at once, and by every daemon within seconds."""
    key = await _key(request)
    await front_of(request).accounts.keys.revoke(key.id)
    front_of(request).accounts.ring.forget(key.id)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _key(request: web.Request) -> ApiKey:
    key_id = request.match_info["key_id"]
    key = await front_of(request).accounts.keys.find(key_id)
    if key is None or not caller_of(request).sees(key.tenant):
        raise no_key(key_id)
    return key


def _place(entry: Listed) -> tuple[int, str]:
    return entry.key.created_ms, entry.key.id


def _view(entry: Listed) -> KeyView:
    key = entry.key
    return KeyView(
        id=key.id,
        tenant=key.tenant,
        scopes=list(key.scopes),
        created_ms=key.created_ms,
        note=key.note,
        expires_ms=key.expires_ms or None,
        last_used_ms=entry.used_ms or None,
        is_expired=not key.is_live(time_ns() // 1_000_000),
    )


def _issued(issued: Issued) -> KeyIssued:
    key = issued.key
    return KeyIssued(id=key.id, key=issued.token, tenant=key.tenant, scopes=list(key.scopes))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/keys",
        handler=list_keys,
        text="The API keys, without their secrets.",
        tag="accounts",
        scope=Scope.ADMIN,
        params=query_params(PageQuery),
        answers=(Answer(status=HTTPStatus.OK, text="The oldest first.", type=Page[KeyView]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/v1/keys",
        handler=create,
        text="Make an API key.",
        tag="accounts",
        scope=Scope.ADMIN,
        body=KeyRequest,
        answers=(Answer(status=HTTPStatus.CREATED, text="The key, this once.", type=KeyIssued),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/v1/keys/{key_id}/rotate",
        handler=rotate,
        text="Give an API key another secret.",
        tag="accounts",
        scope=Scope.ADMIN,
        params=(KEY_ID,),
        body=Rotation,
        answers=(Answer(status=HTTPStatus.OK, text="The key with its new secret, this once.", type=KeyIssued),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="DELETE",
        path="/api/v1/keys/{key_id}",
        handler=revoke,
        text="Revoke an API key.",
        tag="accounts",
        scope=Scope.ADMIN,
        params=(KEY_ID,),
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="It is good no more."),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
