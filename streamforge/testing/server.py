"""A Valkey for tests that is started, killed and started again at will.

    with TestServer(Path("/tmp/sf-1")) as server:
        client = redis.Redis.from_url(server.url)
        server.kill()
        server.start()      # the same data: the append-only file is read again

It runs the configuration that the embedded server of the daemon runs. The directory's path should be short: a unix
socket's path has some hundred bytes.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from streamforge.broker.server_program import configuration, find_server
from streamforge.config import EmbeddedSettings

START_TIMEOUT_S = 15.0
WRITE_TIMEOUT_S = 5.0


class TestServer:
    """One server process over one directory, without an owner's lock or a watch."""

    __test__ = False  # pytest takes it for a test otherwise

    def __init__(self, home: Path, *extra: str) -> None:
        self.home = home
        self.socket = home / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._extra = extra
        self._process: subprocess.Popen[bytes] | None = None
        self._is_frozen = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Return once it answers; raises RuntimeError with the end of its log where it does not."""
        text = configuration(self.home, self.socket, EmbeddedSettings())
        settings = self.home / "redis.conf"
        settings.write_text("\n".join((text, *self._extra)), encoding="utf-8")
        self._process = subprocess.Popen([find_server(), settings], stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"no server: {(self.home / 'redis.log').read_text()[-400:]}")
            time.sleep(0.005)

    def is_up(self) -> bool:
        """Whether it answers a ping now."""
        return self._ask(b"PING").startswith((b"+PONG", b"-NOAUTH"))

    def kill(self) -> None:
        """SIGKILL, as a machine's out-of-memory killer would; a frozen one as well.

        What it has acknowledged is in its file before: while the disk is slow, a server that syncs every second keeps
        some of it back, for two seconds at most, and a test that counts on it would fail by chance.
        """
        if self._process is not None:
            deadline = time.monotonic() + WRITE_TIMEOUT_S
            while self._holds_back() and time.monotonic() < deadline:
                time.sleep(0.005)
            self._process.kill()
            self._process.wait()
            self._process, self._is_frozen = None, False

    def freeze(self) -> None:
        """Let it answer nobody while its connections stay open."""
        self._signal(signal.SIGSTOP)
        self._is_frozen = True

    def thaw(self) -> None:
        """Let it go on, with all that was sent to it meanwhile."""
        self._signal(signal.SIGCONT)
        self._is_frozen = False

    def _holds_back(self) -> bool:
        if self._is_frozen:
            return False
        held = re.search(rb"aof_buffer_length:(\d+)", self._ask(b"INFO persistence"))
        return held is not None and held[1] != b"0"

    def _ask(self, command: bytes) -> bytes:
        """The beginning of its answer; nothing where there is none within a second."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(self.socket))
            connection.sendall(command + b"\r\n")
            return connection.recv(8192)
        return b""

    def _signal(self, which: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the server is not running")
        os.kill(self._process.pid, which)
