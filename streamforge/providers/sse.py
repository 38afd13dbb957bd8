"""Server-sent events, read from pieces of any size (WHATWG HTML, "Server-sent events": the ``data`` of each event)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from streamforge.errors import ProviderUnavailable

MAX_EVENT_BYTES = 8_000_000
_BLANK = (b"", b"\r")


async def events(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Each event's data; comments and other fields are passed over, and an event the stream ends in is dropped.

    Raises ProviderUnavailable for an event that is absurdly long.
    """
    data: list[bytes] = []
    rest = b""
    async for piece in pieces:
        # a line that ends in a bare carriage return is none to the servers at hand
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > MAX_EVENT_BYTES:
            raise ProviderUnavailable(f"an event of over {MAX_EVENT_BYTES} bytes")
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" ").removesuffix(b"\r"))
            elif data and line in _BLANK:
                yield b"\n".join(data)
                data = []
