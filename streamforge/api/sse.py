"""Server-sent events: a stream of frames as ``text/event-stream`` (WHATWG HTML §9.2)."""

from __future__ import annotations

import random
from typing import Final

import anyio
from aiohttp import web

from streamforge.api.live_counts import listeners, streams_ended_total
from streamforge.api.streams import Pulse, Stream, end

MEDIA_TYPE: Final = "text/event-stream"

HEADERS: Final = {
    "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would gather the events otherwise
}

HEARTBEAT: Final = b": heartbeat\n\n"

RETRY_MS: Final = (1000, 4000)
"""After a restart the listeners come back within this time, not all in the same moment."""

WRITE_S: Final = 20.0
"""How long a listener may take to accept what one batch holds, before it is dropped."""


async def serve(request: web.Request, stream: Stream, pulse: Pulse) -> web.StreamResponse:
    """Send the stream until it ends or its listener has gone. Closes the stream."""
    response = web.StreamResponse(headers=HEADERS)
    reason = "gone"
    listeners("sse").inc()
    try:
        await response.prepare(request)
        await response.write(f"retry: {random.randint(*RETRY_MS)}\n\n".encode())  # noqa: S311 - jitter, not a secret
        while stream.end is None:
            frames = await pulse.batch(stream)
            if frames or stream.end is None:
                await _write(request, response, b"".join(frame.sse for frame in frames) or HEARTBEAT)
        reason = stream.end
        await _write(request, response, end(stream.end).sse)
    except ConnectionResetError:  # the listener has gone
        return response
    finally:
        await stream.close()
        listeners("sse").dec()
        streams_ended_total("sse", reason).inc()
    return response


async def _write(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    with anyio.move_on_after(WRITE_S) as patience:
        await response.write(data)
    if patience.cancelled_caught:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError
