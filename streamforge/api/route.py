"""What a route is, as data: the same table serves the requests, guards them, and is told as OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from aiohttp import web
from msgspec import Struct

from streamforge.accounts.model import Scope
from streamforge.errors import NotFound, StreamForgeError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Param(Struct, frozen=True, kw_only=True):
    """A parameter in the path, the query or a header; ``type`` is one that msgspec can describe.

    ``unknown`` is the error for a part of a path that cannot be one; a plain NotFound without it.
    """

    name: str
    place: Literal["path", "query", "header"]
    type: Any
    text: str
    is_required: bool = False
    unknown: Callable[[str], StreamForgeError] | None = None


def query_params(query_type: type[Struct]) -> tuple[Param, ...]:
    """The fields of a Struct as parameters of the query; a field's description is its parameter's text."""
    return tuple(
        Param(name=f.encode_name, place="query", type=f.type, text=_description(f.type), is_required=f.required)
        for f in msgspec.structs.fields(query_type)
    )


def _description(annotation: object) -> str:
    metas = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((meta.description for meta in metas if isinstance(meta, msgspec.Meta) and meta.description), "")


class InputOf(Struct, frozen=True):
    """A body that is the input of a kind; ``also`` are the schemas of fields that it may have besides."""

    kind: str
    also: dict[str, dict[str, Any]]


class Answer(Struct, frozen=True, kw_only=True):
    """A good answer. ``type`` is what its JSON body holds; None where it has none, or is not JSON."""

    status: HTTPStatus
    text: str
    type: Any = None
    media_type: str = "application/json"
    headers: tuple[Param, ...] = ()


class Route(Struct, frozen=True, kw_only=True):
    """One method of one path, in aiohttp's notation: ``/api/v1/jobs/{job_id}``.

    ``scope`` is what its caller must have; None lets anybody in. ``is_for_this_machine`` lets this machine in without a
    key on a loopback address, also where keys are asked for. ``body`` is the type of its JSON body, or InputOf.
    ``is_body_large`` lets it be as large as ``api.max_body_bytes``; other bodies end at a few kilobytes.
    ``problems`` are the statuses that it can answer besides those that every route can.
    """

    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    handler: Handler
    text: str
    tag: str
    scope: Scope | None = Scope.READ
    is_for_this_machine: bool = False
    params: tuple[Param, ...] = ()
    body: Any = None
    is_body_required: bool = True
    is_body_large: bool = False
    body_media_type: str = "application/json"
    answers: tuple[Answer, ...]
    problems: tuple[HTTPStatus, ...] = ()


ROUTE_OF: Final[web.AppKey[dict[web.AbstractRoute, Route]]] = web.AppKey("route_of", dict)


def route_of(request: web.Request) -> Route | None:
    """The route that the request has come to; None where it has come to nothing."""
    return request.app[ROUTE_OF].get(request.match_info.route)


def check_path(request: web.Request, route: Route) -> None:
    """Raise the parameter's own error for a part of the path that cannot be what it should, before anybody looks."""
    for param in route.params:
        if param.place != "path":
            continue
        given = request.match_info[param.name]
        try:
            msgspec.convert(given, param.type)
        except msgspec.ValidationError as error:
            raise (param.unknown or _unknown(param.name))(given) from error


def _unknown(name: str) -> Callable[[str], StreamForgeError]:
    return lambda given: NotFound(f"there can be none called {given[:64]!r}", field=name)
