"""Redis by hand: a socket and the wire protocol, so that these tests share no client code with the daemon."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Self, cast

Address = Path | tuple[str, int]
"""A unix socket's path, or host and port."""


class RedisError(Exception):
    """An error reply."""


class Wire:
    """One connection that speaks RESP 2."""

    def __init__(self, address: Address, timeout_s: float = 10.0) -> None:
        family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(address) if isinstance(address, Path) else address)
        except OSError:
            self._socket.close()
            raise
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._socket.close()

    def call(self, *words: str | bytes | int) -> Any:  # noqa: ANN401 - a reply has the command's own shape
        """Send one command and read its reply: int, bytes, None or a list of those."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        sent = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(b"*%d\r\n%s" % (len(parts), sent))
        return self._reply()

    def _reply(self) -> Any:  # noqa: ANN401 - the same
        line = self._reader.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest
            case b"-":
                raise RedisError(rest.decode())
            case b":":
                return int(rest)
            case b"$":
                return None if rest == b"-1" else self._reader.read(int(rest) + 2)[:-2]
            case _:
                return None if rest == b"-1" else [self._reply() for _ in range(int(rest))]


def pairs(flat: object) -> dict[str, str]:
    """A reply of names and values in turn, as text."""
    words = [word.decode(errors="replace") for word in cast("list[bytes]", flat or [])]
    return dict(zip(words[::2], words[1::2], strict=True))


def rows(entries: object) -> list[tuple[str, dict[str, str]]]:
    """Stream entries: id and fields."""
    return [(entry.decode(), pairs(fields)) for entry, fields in cast("list[tuple[bytes, object]]", entries or [])]
