"""Errors as RFC 9457 problem documents: what went wrong, where, how to fix it, never more."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

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
"""The first class that fits gives the status."""

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
    friendly: str | None = None
    field: str | None = None
    hint: str | None = None


def problem_of(error: StreamForgeError) -> Problem:
    """An error as a document."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return Problem(
        title=status.phrase,
        status=status,
        detail=error.message,
        code=error.code,
        friendly=friendly(error.code),
        field=error.field,
        hint=error.hint,
    )


def problem(error: StreamForgeError) -> web.Response:
    """An error as a response."""
    document = problem_of(error)
    status = HTTPStatus(document.status)
    return web.Response(
        body=msgspec.json.encode(document),
        status=status,
        content_type=PROBLEM_JSON,
        headers=_HEADERS.get(status),
    )


def plain_problem(
    status: HTTPStatus, detail: str, code: str, *, field: str | None = None, hint: str | None = None
) -> web.Response:
    """A problem that no error of ours stands behind."""
    document = Problem(title=status.phrase, status=status, detail=detail, code=code, field=field, hint=hint)
    return web.Response(body=msgspec.json.encode(document), status=status, content_type=PROBLEM_JSON)
