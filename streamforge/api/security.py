"""What every answer says to browsers: what its page may do, and which other pages may read it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from streamforge.api.front import front_of
from streamforge.api.refusals import OriginNotAllowed
from streamforge.api.route import Handler

DEFAULTS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every answer that says nothing else itself."""

METHODS: Final = "GET, HEAD, POST, PUT, DELETE"
REQUEST_HEADERS: Final = (
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Range, X-Requested-With, traceparent"
)
ANSWER_HEADERS: Final = "Location, ETag, Retry-After, RateLimit, RateLimit-Policy, Accept-Ranges, Content-Range"
PREFLIGHT_S: Final = 600
_ORIGIN: Final = re.compile(r"null|[a-z][a-z0-9+.-]*://[\x21-\x7e]{1,300}", re.IGNORECASE)


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers; a signal, so that streams get them, too."""
    mark(response)
    if request.path.startswith("/api/"):
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    allowed = allowed_origin(request)
    if allowed is None:
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = allowed
    response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = ANSWER_HEADERS
    response.headers.add(hdrs.VARY, hdrs.ORIGIN)


def mark(response: web.StreamResponse) -> None:
    """Add those that hang on nothing, a request that could not be read included."""
    response.headers[hdrs.SERVER] = "streamforge"
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def preflighted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a browser that asks whether a page of another origin may send a request; nobody else sends OPTIONS."""
    if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
        return await handler(request)
    if allowed_origin(request) is None:
        raise OriginNotAllowed(field=str(hdrs.ORIGIN), hint="add it to api.cors_origins")
    return web.Response(
        status=HTTPStatus.NO_CONTENT,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: REQUEST_HEADERS,
            hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_S),
        },
    )


def allowed_origin(request: web.Request) -> str | None:
    """The origin of the page that sent the request, where its pages may call the API. Cookies are never for them."""
    origin, allowed = request.headers.get(hdrs.ORIGIN), front_of(request).settings.cors_origins
    is_any = "*" in allowed and origin is not None and _ORIGIN.fullmatch(origin)
    return origin if is_any or (origin is not None and origin in allowed) else None
