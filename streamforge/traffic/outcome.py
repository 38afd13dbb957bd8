"""How a call ended, as limits and the circuit breaker see it: one table by HTTP status, one by error."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from http import HTTPStatus

from streamforge.errors import InputError, ProviderRefused, ProviderUnavailable, RateLimited, StepTimeout


class Outcome(StrEnum):
    """An end of a call, with what it means for the key and for the circuit."""

    OK = "ok"
    """An answer."""
    REFUSED = "refused"
    """The provider works and does not want this request."""
    LIMITED = "limited"
    """Too many requests: the key cools down."""
    BAD_KEY = "bad_key"
    """The key is refused: it is benched."""
    OVERLOADED = "overloaded"
    """The model has more to do than it can: a failure, and where a pause is asked for the circuit opens for it."""
    FAILED = "failed"
    """The provider's fault, or no answer in time."""
    UNSENT = "unsent"
    """Nothing reached the provider: all goes back."""
    ABANDONED = "abandoned"
    """We went away; nobody knows what it would have come to."""


OVERLOAD_STATUS = 529
"""Anthropic's own."""

BY_STATUS: dict[int, Outcome] = {
    HTTPStatus.UNAUTHORIZED: Outcome.BAD_KEY,
    HTTPStatus.PAYMENT_REQUIRED: Outcome.BAD_KEY,
    HTTPStatus.FORBIDDEN: Outcome.BAD_KEY,
    HTTPStatus.REQUEST_TIMEOUT: Outcome.FAILED,
    HTTPStatus.TOO_MANY_REQUESTS: Outcome.LIMITED,
    HTTPStatus.SERVICE_UNAVAILABLE: Outcome.OVERLOADED,
    OVERLOAD_STATUS: Outcome.OVERLOADED,
}
"""What the status's class does not say."""

BY_ERROR: tuple[tuple[type[BaseException], Outcome], ...] = (
    (RateLimited, Outcome.LIMITED),
    (ProviderRefused, Outcome.REFUSED),
    (InputError, Outcome.REFUSED),
    (ProviderUnavailable, Outcome.FAILED),
    (StepTimeout, Outcome.FAILED),
    (TimeoutError, Outcome.FAILED),
    (ConnectionError, Outcome.FAILED),
    (asyncio.CancelledError, Outcome.ABANDONED),
)
"""The first that fits; what is in no row is an error of ours, and says nothing of the provider."""

WHOLE_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED})
"""A key that is refused so is of no use for any model; 403 may be about one."""

BENCH_REASONS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.PAYMENT_REQUIRED: "payment_required",
    HTTPStatus.FORBIDDEN: "forbidden",
}


def of_status(status: int) -> Outcome:
    """What an HTTP status means."""
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= HTTPStatus.BAD_REQUEST else Outcome.OK


def of_error(error: BaseException) -> Outcome:
    """What an error out of a call means."""
    return next((outcome for kind, outcome in BY_ERROR if isinstance(error, kind)), Outcome.ABANDONED)
