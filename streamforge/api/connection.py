"""A connection: what cannot be read as a request is refused as everything else is, with a problem."""

from __future__ import annotations

import logging
from functools import cache
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, InvalidURLError

from streamforge.api.problems import problem
from streamforge.api.refusals import BadRequest, Internal
from streamforge.api.security import mark

UNREADABLE: Final = (HttpProcessingError, web.RequestPayloadError)
"""What anybody can bring about all day, by sending what is no HTTP."""


class Connection(web.RequestHandler):
    """aiohttp's, with answers of ours where it gives its own: text, and what it was sent along with it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, or what went wrong beside every handler; the connection ends with it."""
        super().handle_error(request, status, exc, message)  # which logs it, and raises where an answer has begun
        answer = problem(unreadable(exc) if isinstance(exc, HttpProcessingError) else Internal())
        mark(answer)
        answer.force_close()
        return answer


def unreadable(error: HttpProcessingError) -> BadRequest:
    """Why it is no request: in the parser's words, without those that are the sender's."""
    why = "its address is none" if isinstance(error, InvalidURLError) else error.message.partition(":")[0]
    return BadRequest(f"no HTTP request that can be read: {why}", hint="is something in between that changes it?")


def undecodable(error: web.RequestPayloadError) -> BadRequest:
    """The body is not what its head says of it: compressed, or in chunks."""
    why = error.__cause__
    told = why.message.partition(":")[0].strip() if isinstance(why, HttpProcessingError) else "it ends too soon"
    return BadRequest(f"the body cannot be read: {told}", field="body")


@cache
def library_log() -> logging.Logger:
    """What aiohttp has to say; not that somebody sent what is no HTTP."""

    def is_ours(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], UNREADABLE))

    logger = logging.getLogger(__name__)
    logger.addFilter(is_ours)
    return logger
