"""The same events over a WebSocket: each a text message, the document that server-sent events carry as ``data``.

A client has little to say: where to go on from (once, as its first message, where the address asked for that with
``?resume=message``), and ``ping``, which is answered with ``pong`` for those that cannot send a ping of the protocol.
One that says more than it can have to say is shut out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Final

import anyio
import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Struct

from streamforge.api.hub import Frame
from streamforge.api.live_counts import listeners, streams_ended_total
from streamforge.api.sse import WRITE_S
from streamforge.api.streams import Pulse, Stream, end
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.feed import EventId
from streamforge.jobs.kinds import BROKEN_JSON

MAX_MESSAGE_BYTES: Final = 4096
"""Longer messages end the connection (1009)."""

FLOOD: Final = (60, 10.0)
"""More messages than this, control frames included, within so many seconds end the connection (1008)."""

RESUME_S: Final = 10.0
"""How long the first message may take, where the address announces one."""

CLOSE_S: Final = 1.0
"""How long a client may take to answer the closing frame; a daemon that stops waits for it."""

Open = Callable[[str | None], Awaitable[Stream]]
"""Opens the stream after an event id; None: after the one in the address."""

_CLOSING: Final = {
    "job_ended": WSCloseCode.OK,
    "stopping": WSCloseCode.GOING_AWAY,
    "interrupted": WSCloseCode.SERVICE_RESTART,
    "slow_consumer": WSCloseCode.TRY_AGAIN_LATER,
    "revoked": WSCloseCode.POLICY_VIOLATION,
}


class Resume(Struct, frozen=True, forbid_unknown_fields=True):
    """The first message of a client that was here before."""

    last_event_id: EventId


class Refused(Exception):
    """The client does not keep to the rules; the text is the reason it is told."""


class Guarded:
    """What the client sends, message by message, with its bounds. Answers pings."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._times: deque[float] = deque(maxlen=FLOOD[0])

    async def text(self) -> str | None:
        """The next text message; None at the connection's end. Raises Refused."""
        while True:
            message = await self._socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
            self._count()
            if message.type is WSMsgType.PING:
                await self._socket.pong(message.data)
            elif message.type is WSMsgType.BINARY:
                raise Refused("send text")
            elif message.type is WSMsgType.TEXT:
                return message.data

    def _count(self) -> None:
        now = monotonic()
        if len(self._times) == FLOOD[0] and now - self._times[0] < FLOOD[1]:
            raise Refused("too many messages")
        self._times.append(now)


async def serve(request: web.Request, open_stream: Open, pulse: Pulse, *, is_resuming: bool) -> web.StreamResponse:
    """Send the stream until it ends or its listener has gone."""
    socket = web.WebSocketResponse(
        timeout=CLOSE_S, heartbeat=pulse.beat_s, max_msg_size=MAX_MESSAGE_BYTES, autoping=False, compress=False
    )
    await socket.prepare(request)
    listeners("ws").inc()
    talk = _Talk(socket, pulse, request.transport)
    try:
        await talk.run(open_stream, is_resuming=is_resuming)
    finally:
        listeners("ws").dec()
        streams_ended_total("ws", talk.reason).inc()
    return socket


class _Talk:
    """One connection: its reader and its writer, which end each other. ``reason`` is why it ended."""

    def __init__(self, socket: web.WebSocketResponse, pulse: Pulse, transport: asyncio.Transport | None) -> None:
        self.reason = "gone"
        self._socket = socket
        self._heard = Guarded(socket)
        self._pulse = pulse
        self._transport = transport
        self._closing: tuple[int, str] = (WSCloseCode.OK, "")
        self._scope = anyio.CancelScope()

    async def run(self, open_stream: Open, *, is_resuming: bool) -> None:
        """Talk to the end, then close."""
        try:
            stream = await open_stream(await self._first_message() if is_resuming else None)
        except Refused as refusal:
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(refusal).encode())
            return
        except BrokerUnavailable:
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return
        try:
            await self._both(stream)
        finally:
            await stream.close()
        await self._socket.close(code=self._closing[0], message=self._closing[1].encode())

    async def _both(self, stream: Stream) -> None:
        async with anyio.create_task_group() as tasks:
            self._scope = tasks.cancel_scope
            tasks.start_soon(self._read, name="ws:read")
            await self._write(stream)
            self._scope.cancel()

    async def _first_message(self) -> str:
        with anyio.move_on_after(RESUME_S):
            text = await self._heard.text()
            try:
                return msgspec.json.decode(text or "", type=Resume).last_event_id
            except BROKEN_JSON:
                raise Refused('the first message is {"last_event_id": "…"}') from None
        raise Refused("no first message came")

    async def _read(self) -> None:
        try:
            while (text := await self._heard.text()) is not None:
                await self._answer(text)
        except Refused as refusal:
            self.reason = "refused"
            self._closing = (WSCloseCode.POLICY_VIOLATION, str(refusal))
        except ConnectionResetError:
            pass
        self._scope.cancel()

    async def _answer(self, text: str) -> None:
        if text != "ping":
            raise Refused("there is nothing to say here but ping")
        await self._socket.send_str("pong")

    async def _write(self, stream: Stream) -> None:
        try:
            while stream.end is None:
                await self._pass_on(await self._pulse.batch(stream))
            self.reason = stream.end
            self._closing = (_CLOSING[stream.end], stream.end)
            await self._pass_on([end(stream.end)])
        except ConnectionResetError:  # the listener has gone
            pass

    async def _pass_on(self, frames: Sequence[Frame]) -> None:
        with anyio.move_on_after(WRITE_S) as patience:
            for frame in frames:
                await self._socket.send_str(frame.document.decode())
        if patience.cancelled_caught:  # it reads nothing, and would not read a closing frame either
            if self._transport is not None:
                self._transport.abort()
            raise ConnectionResetError
