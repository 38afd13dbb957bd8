"""Server-sent events, read from pieces of any size (WHATWG HTML, "Server-sent events": the ``data`` of each event)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from streamforge.errors import ProviderUnavailable

MAX_EVENT_BYTES = 8_000_000


async def events(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Each event's data; comments and other fields are passed over, and an event the stream ends in is dropped.

    Raises ProviderUnavailable for an event that is absurdly long.
    """
    data: list[bytes] = []
    async for line in _lines(pieces):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            yield b"\n".join(data)
            data = []


async def _lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Lines that are complete. One that ends in a bare carriage return is none to the servers at hand."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
        if len(rest) > MAX_EVENT_BYTES:
            raise ProviderUnavailable(f"an event of over {MAX_EVENT_BYTES} bytes")
