"""A relay for TCP on loopback: ``python -m chaos.relay TO [FROM]`` passes FROM's bytes to the port TO, and prints FROM.

Killing it cuts every connection in the middle and leaves nobody to answer, while the server behind it keeps its data.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

PIECE = 1 << 16


async def main(to: int, port: int) -> None:
    """Relay until killed."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", to)
            await asyncio.gather(_pass(reader, back), _pass(there, writer))
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(*(int(port) for port in (*sys.argv[1:], "0")[:2])))
