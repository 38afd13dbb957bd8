"""What goes over the wire: bodies and queries in, checked against a Struct; JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from streamforge.api import bodies
from streamforge.api.front import front_of
from streamforge.api.route import route_of
from streamforge.errors import InvalidInput, UnsupportedMedia
from streamforge.jobs.kinds import BROKEN_JSON, invalid_input

T = TypeVar("T")

JSON = "application/json"
NEVER_STORED = {"Cache-Control": "no-store"}

SMALL: Final = 16 * 1024
"""The largest body, in bytes, where a route does not say that it takes large ones."""


def answer(value: object, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> web.Response:
    """A value as JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type=JSON, headers=headers)


async def read_json(request: web.Request) -> bytes:
    """The body, where it says that it is JSON; raises UnsupportedMedia, BodyTooLarge, BodyTooSlow, BodiesFull."""
    if request.content_type != JSON:
        raise UnsupportedMedia(
            f"content type is {request.content_type[:80]}", field="Content-Type", hint=f"send {JSON}"
        )
    settings, route = front_of(request).settings, route_of(request)
    limit = settings.max_body_bytes if route is None or route.is_body_large else min(SMALL, settings.max_body_bytes)
    return await bodies.read(request, limit, settings.body_timeout_s)


async def read_body(request: web.Request, body_type: type[T]) -> T:
    """The JSON body as a Struct; raises InvalidInput that names the field by its path."""
    return decoded(await read_json(request), body_type)


async def read_optional_body(request: web.Request, body_type: type[T]) -> T:
    """The same where a request without a body means an empty object."""
    if not request.body_exists:
        return decoded(b"{}", body_type)
    return await read_body(request, body_type)


def decoded(raw: bytes | msgspec.Raw, body_type: type[T]) -> T:
    """JSON as a Struct; raises InvalidInput that names the field by its path."""
    try:
        return _decoder(body_type).decode(raw)
    except msgspec.ValidationError as error:
        raise invalid_input(error, body_type, whole="body") from error
    except BROKEN_JSON as error:
        raise InvalidInput(f"not valid JSON: {error}", field="body", hint="send one JSON object") from error


@cache
def _decoder(body_type: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(body_type)


def read_query(request: web.Request, query_type: type[T]) -> T:
    """The query as a Struct; raises InvalidInput that names the parameter, also one given twice."""
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise InvalidInput("given twice", field=name[:80])
        given[name] = value
    try:
        return msgspec.convert(given, query_type, strict=False)
    except msgspec.ValidationError as error:
        raise invalid_input(error, query_type, whole="query") from error
