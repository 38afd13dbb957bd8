"""What can go wrong between a client and the API."""

from __future__ import annotations

from http import HTTPStatus

import httpx2
import msgspec
from msgspec import Struct

from streamforge.client.types import Job
from streamforge.errors import BrokerUnavailable, InputError, StreamForgeError, UnknownJob

_FAULTS_FROM = 500


class ApiError(StreamForgeError):
    """The server refused a request: ``status`` is HTTP's, ``reason`` the stable code of the problem."""

    code = "api_error"

    def __init__(
        self, message: str, *, status: int, reason: str = "", field: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.status = status
        self.reason = reason


class RequestRefused(ApiError, InputError):
    """Something of the request must be mended before it is sent again: a status from 400 on."""

    code = "request_refused"


class NotThere(ApiError, UnknownJob):
    """What was asked for does not exist, or not for this key."""

    code = "not_there"


class ServerAway(BrokerUnavailable):
    """The server could not be reached, or broke off; the request was repeated where that does no harm."""

    code = "server_away"


class JobNotSuccessful(StreamForgeError):
    """A job that was waited for ended without a result; ``reason`` is the code of its error, or its state."""

    code = "job_not_successful"

    def __init__(self, message: str, *, job_id: str, reason: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.job_id = job_id
        self.reason = reason


class WaitedTooLong(StreamForgeError):
    """The job goes on; only the waiting has ended."""

    code = "waited_too_long"


class _Problem(Struct):
    detail: str = ""
    title: str = ""
    code: str = ""
    field: str | None = None
    hint: str | None = None


def refusal(response: httpx2.Response) -> ApiError:
    """The error that an answer of 400 or more stands for, whatever its body is."""
    try:
        found = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        found = _Problem(detail=f"an answer without a problem document, {len(response.content)} bytes")
    message = found.detail or found.title or response.reason_phrase or f"status {response.status_code}"
    status = response.status_code
    kind = NotThere if status == HTTPStatus.NOT_FOUND else RequestRefused if status < _FAULTS_FROM else ApiError
    return kind(message, status=status, reason=found.code, field=found.field, hint=found.hint)


def away(error: httpx2.TransportError, base_url: str) -> ServerAway:
    """The error for a connection that failed."""
    hint = "is the daemon running, and the address right?" if isinstance(error, httpx2.ConnectError) else None
    return ServerAway(f"{base_url} does not answer: {type(error).__name__}", hint=hint)


def required(job: Job) -> Job:
    """The job, if it succeeded; else raises JobNotSuccessful."""
    if job.has_succeeded:
        return job
    why = job.error
    message = f"job {job.id} {job.state}" + (f": {why.message}" if why else "")
    raise JobNotSuccessful(
        message, job_id=job.id, reason=why.code if why else job.state, hint=why.hint if why else None
    )
