"""Errors as RFC 9457 problem documents: what went wrong, where, how to fix it, never more."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from streamforge.errors import (
    BrokerUnavailable,
    ConfigError,
    IdempotencyConflict,
    InputError,
    StreamForgeError,
    TransientError,
    UnknownJob,
    UnknownKind,
)
from streamforge.ops.logs import get_logger

STATUS: tuple[tuple[type[StreamForgeError], HTTPStatus], ...] = (
    (UnknownJob, HTTPStatus.NOT_FOUND),
    (UnknownKind, HTTPStatus.UNPROCESSABLE_ENTITY),
    (IdempotencyConflict, HTTPStatus.CONFLICT),
    (ConfigError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BrokerUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
    (StreamForgeError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
"""The first class that fits gives the status."""

RETRY_AFTER_S = "2"

log = get_logger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457: ``type`` is about:blank, so ``title`` is the status's own phrase; ``code`` is ours and stable."""

    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    hint: str | None = None


def problem(error: StreamForgeError, status: HTTPStatus | None = None) -> web.Response:
    """An error as a response."""
    status = status or next(status for kind, status in STATUS if isinstance(error, kind))
    document = Problem(
        title=status.phrase,
        status=status,
        detail=error.message,
        code=error.code,
        field=error.field,
        hint=error.hint,
    )
    headers = {"Retry-After": RETRY_AFTER_S} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return web.Response(
        body=msgspec.json.encode(document), status=status, content_type="application/problem+json", headers=headers
    )


def plain_problem(
    status: HTTPStatus, detail: str, code: str, *, field: str | None = None, hint: str | None = None
) -> web.Response:
    """A problem that no error of ours stands behind."""
    document = Problem(title=status.phrase, status=status, detail=detail, code=code, field=field, hint=hint)
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/problem+json")
