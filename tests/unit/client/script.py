"""A server that gives answers written beforehand, byte by byte, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from types import TracebackType
from typing import Self

from msgspec import Struct


class Asked(Struct, frozen=True):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(
    body: bytes | object = b"", *, status: int = 200, length: int | None = None, **headers: str | float
) -> bytes:
    """An answer; with a ``length`` beyond its body it breaks off."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    size = len(data) if length is None else length
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {size}", "Connection: close", *lines, "", ""]
    return "\r\n".join(head).encode() + data


class Script:
    """Serves these answers on loopback, one to each connection, and then refuses to be connected to."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[Asked] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, places: TracebackType | None
    ) -> None:
        self._listener.close() if error else self._thread.join(10)
        self._thread.join(10)

    def _serve(self) -> None:
        with self._listener:
            for answer in self._answers:
                connection, _ = self._listener.accept()
                with connection, connection.makefile("rb") as lines:
                    method, path, _ = lines.readline().decode().split()
                    pairs = (line.decode().split(":", 1) for line in iter(lines.readline, b"\r\n"))
                    headers = {name.lower(): value.strip() for name, value in pairs}
                    body = lines.read(int(headers.get("content-length", "0")))
                    self.asked.append(Asked(method, path, headers, body))
                    connection.sendall(answer)
