"""What a route is, as data: the same table serves the requests, guards them, and is told as OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from aiohttp import web
from msgspec import Struct

from streamforge.accounts.model import Scope

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Param(Struct, frozen=True, kw_only=True):
    """A parameter in the path, the query or a header; ``type`` is one that msgspec can describe."""

    name: str
    place: Literal["path", "query", "header"]
    type: Any
    text: str
    is_required: bool = False


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

    ``scope`` is what its caller must have; None lets anybody in. ``body`` is the type of its JSON body, or InputOf.
    ``problems`` are the statuses that it can answer besides those that every route can.
    """

    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    handler: Handler
    text: str
    tag: str
    scope: Scope | None = Scope.READ
    params: tuple[Param, ...] = ()
    body: Any = None
    is_body_required: bool = True
    body_media_type: str = "application/json"
    answers: tuple[Answer, ...]
    problems: tuple[HTTPStatus, ...] = ()


ROUTE_OF: Final[web.AppKey[dict[web.AbstractRoute, Route]]] = web.AppKey("route_of", dict)


def route_of(request: web.Request) -> Route | None:
    """The route that the request has come to; None where it has come to nothing."""
    return request.app[ROUTE_OF].get(request.match_info.route)
