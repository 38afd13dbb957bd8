"""Request bodies: how much of one is taken, and how much of all that are under way this process holds.

A body is read when its handler asks for it, which is after the guard has let its request in. Until then its sender,
where he waits for leave (``Expect: 100-continue``), is not told to send it.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import Final

from aiohttp import hdrs, web

from streamforge.api.refusals import BodiesFull, BodyTooLarge, BodyTooSlow, ExpectationFailed
from streamforge.api.route import Handler
from streamforge.ops.metrics import counter, gauge

RETRY_AFTER_S: Final = "2"
CONTINUE: Final = "100-continue"

http_body_bytes = gauge("http_body_bytes", "Bytes of request bodies that are held now.")
http_bodies_refused_total = counter("http_bodies_refused_total", "Bodies refused for all those that were held.")


class Bodies:
    """What is held of all bodies under way, up to ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0

    def take(self, size: int) -> None:
        """Hold so much more; raises BodiesFull where there is no room."""
        if self._held + size > self._max_bytes:
            http_bodies_refused_total().inc()
            raise BodiesFull(field="body", hint="send it again in a moment", headers={"Retry-After": RETRY_AFTER_S})
        self._change(size)

    def give_back(self, size: int) -> None:
        """Hold so much less."""
        self._change(-size)

    def _change(self, size: int) -> None:
        self._held += size
        http_body_bytes().set(self._held)


class Hold:
    """What one request holds, until it has been answered."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._size = 0

    def more(self, size: int, most: float = inf) -> None:
        """Hold so much more, up to ``most`` altogether: of what is passed on as it comes; raises BodiesFull."""
        size = round(min(size, most - self._size))
        self._bodies.take(size)
        self._size += size

    def end(self) -> None:
        """Nothing is held any more."""
        if self._size:
            self._bodies.give_back(self._size)


BODIES: Final[web.AppKey[Bodies]] = web.AppKey("bodies", Bodies)
HOLD: Final[web.RequestKey[Hold]] = web.RequestKey("hold", Hold)


@web.middleware
async def held(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what is held of the request's body, until it has been answered. Raises ExpectationFailed."""
    if request.headers.get(hdrs.EXPECT, CONTINUE).lower() != CONTINUE:
        raise ExpectationFailed(field=str(hdrs.EXPECT))
    hold = request[HOLD] = Hold(request.app[BODIES])
    try:
        return await handler(request)
    finally:
        hold.end()


async def not_yet(_: web.Request) -> None:
    """In place of aiohttp's own answer to ``Expect``, which it gives before anybody has looked at the request."""


async def ask_for(request: web.Request) -> None:
    """Tell a sender who waits for it that the body may come."""
    if request.headers.get(hdrs.EXPECT, "").lower() == CONTINUE and request.version >= (1, 1):
        writer = request.writer
        await writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        writer.output_size = 0  # the answer itself has not begun


async def read(request: web.Request, max_bytes: int, patience_s: float) -> bytes:
    """The body, whole; raises BodyTooLarge, BodyTooSlow, BodiesFull."""
    if (request.content_length or 0) > max_bytes:  # before the first byte of it is read
        raise too_large(max_bytes)
    if request.content.is_eof():  # it has come whole, as small ones do
        return await _read(request, max_bytes)
    await ask_for(request)
    try:
        async with asyncio.timeout(patience_s):
            return await _read(request, max_bytes)
    except TimeoutError as error:
        raise BodyTooSlow(
            "the body did not come within api.body_timeout_s", field="body", hint="send it at once"
        ) from error


async def _read(request: web.Request, max_bytes: int) -> bytes:
    hold, body = request[HOLD], bytearray()
    while chunk := await request.content.readany():
        if len(body) + len(chunk) > max_bytes:
            raise too_large(max_bytes)
        hold.more(len(chunk))
        body += chunk
    return bytes(body)


def too_large(max_bytes: int) -> BodyTooLarge:
    """It is over this address's limit."""
    return BodyTooLarge(
        f"the body is over {max_bytes} bytes",
        field="body",
        hint="send less; api.max_body_bytes limits what jobs and kits may bring",
    )
