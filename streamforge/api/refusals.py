"""What the server itself refuses, before or beside any handler: each an error with the status that it is told by."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from streamforge.errors import StreamForgeError


class Refusal(StreamForgeError):
    """The request is refused as it stands."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    closes: ClassVar[bool] = False
    """Whether the answer is the last of its connection: what else comes on it is the rest of a body."""

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """``headers`` go with the answer."""
        super().__init__(message, field=field, hint=hint)
        self.headers = dict(headers or {})


class BadRequest(Refusal):
    """What was sent is no request that makes sense."""


class OriginNotAllowed(Refusal):
    """Pages of this origin may not call the API."""

    status = HTTPStatus.FORBIDDEN


class MethodNotAllowed(Refusal):
    """This address has other methods."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class BodyTooSlow(Refusal):
    """The body did not come in time."""

    status = HTTPStatus.REQUEST_TIMEOUT
    closes = True


class BodyTooLarge(Refusal):
    """The body is over the limit of this address."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    closes = True


class NoSuchRange(Refusal):
    """The file has no such bytes."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


class ExpectationFailed(Refusal):
    """Nothing but 100-continue can be expected of this server."""

    status = HTTPStatus.EXPECTATION_FAILED
    closes = True


class WrongHost(Refusal):
    """This server does not go by that name."""

    status = HTTPStatus.MISDIRECTED_REQUEST


class UpgradeRequired(Refusal):
    """This address speaks WebSocket."""

    status = HTTPStatus.UPGRADE_REQUIRED


class TooManyRequests(Refusal):
    """More requests came than one caller may send."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class TooManyListeners(Refusal):
    """As many listeners are there as there may be of this tenant."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class ListenersFull(Refusal):
    """As many listeners are there as this daemon takes."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class BodiesFull(Refusal):
    """As much is being sent to this daemon as it can hold."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    closes = True


class Internal(Refusal):
    """An unexpected error; see the daemon's log."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
