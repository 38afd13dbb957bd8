"""Errors as RFC 9457 problem documents: what went wrong, where, how to fix it, never more."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from streamforge.api.refusals import (
    BadRequest,
    BodyTooLarge,
    BodyTooSlow,
    ExpectationFailed,
    Internal,
    MethodNotAllowed,
    Refusal,
)
from streamforge.errors import (
    AssetRejected,
    BrokerUnavailable,
    ConfigError,
    IdempotencyConflict,
    InputError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    QuotaExceeded,
    StreamForgeError,
    TooLarge,
    TransientError,
    UnknownJob,
    UnknownKind,
    UnsupportedMedia,
    WrongState,
)
from streamforge.jobs.friendly import friendly
from streamforge.ops.logs import get_logger

STATUS: tuple[tuple[type[StreamForgeError], HTTPStatus], ...] = (
    (UnknownJob, HTTPStatus.NOT_FOUND),
    (UnknownKind, HTTPStatus.UNPROCESSABLE_ENTITY),
    (IdempotencyConflict, HTTPStatus.CONFLICT),
    (NotAuthenticated, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (WrongState, HTTPStatus.CONFLICT),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnsupportedMedia, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (ConfigError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AssetRejected, HTTPStatus.UNPROCESSABLE_ENTITY),
    (QuotaExceeded, HTTPStatus.INSUFFICIENT_STORAGE),
    (BrokerUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StreamForgeError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits gives the status; a Refusal has its own."""

INWARD: tuple[type[StreamForgeError], ...] = (TransientError, ConfigError)
"""Errors whose words come from within: addresses, sockets, replies of Redis and of object stores."""

RETRY_AFTER_S = "2"

_HEADERS = {
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_S},
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="streamforge"'},
}
"""What a status obliges to say, or makes useful."""

PROBLEM_JSON = "application/problem+json"

log = get_logger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457: ``type`` is about:blank, so ``title`` is the status's own phrase; ``code`` is ours and stable.

    ``detail`` is for who can mend it, ``friendly`` for who waits.
    """

    title: str
    status: int
    detail: str
    code: str
    friendly: str
    field: str | None = None
    hint: str | None = None


def _status_of(error: StreamForgeError) -> HTTPStatus:
    """The status that an error is told by."""
    if isinstance(error, Refusal):
        return error.status
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem_of(error: StreamForgeError) -> Problem:
    """An error as a document. What is amiss behind the server is its operators' business, and told by the log alone."""
    status = _status_of(error)
    is_hidden = isinstance(error, INWARD)
    return Problem(
        title=status.phrase,
        status=status,
        detail=_plain(type(error)().message if is_hidden else error.message) or status.phrase,
        code=error.code,
        friendly=friendly(error.code),
        field=None if is_hidden else _plain(error.field),
        hint=None if is_hidden else _plain(error.hint),
    )


def _plain(text: str | None) -> str | None:
    """Text that is some: what was taken over from a header may hold bytes that are none."""
    return text.encode(errors="backslashreplace").decode() if text is not None else None


def problem(error: StreamForgeError) -> web.Response:
    """An error as a response."""
    document = problem_of(error)
    status = HTTPStatus(document.status)
    response = web.Response(
        body=msgspec.json.encode(document),
        status=status,
        content_type=PROBLEM_JSON,
        headers=_HEADERS.get(status),
    )
    if isinstance(error, Refusal):
        response.headers.update(error.headers)
        if error.closes:
            response.force_close()
    return response


def from_http(error: web.HTTPException) -> StreamForgeError:
    """What aiohttp raises of its own accord, as an error of ours."""
    kind = _OF_HTTP.get(error.status, BadRequest if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else Internal)
    if kind is MethodNotAllowed:
        return MethodNotAllowed(headers={"Allow": error.headers.get("Allow", "")})
    return kind()


_OF_HTTP: dict[int, type[StreamForgeError]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_TIMEOUT: BodyTooSlow,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: BodyTooLarge,
    HTTPStatus.EXPECTATION_FAILED: ExpectationFailed,
}
