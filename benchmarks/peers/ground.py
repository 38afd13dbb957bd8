"""What a race is held on: a Redis of its own, the tape that jobs write on, and what processes use."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Final, Literal

Fsync = Literal["everysec", "always"]

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_RECORD: Final = struct.Struct("<qd")
_LOOK_S: Final = 0.005
_starting: Final = threading.Lock()
"""A port is free until somebody listens on it: one server after the other."""


class Tape:
    """The pipe down which jobs tell that they have run; ``seen`` are (number, when, on the monotonic clock)."""

    def __init__(self, path: Path) -> None:
        self.seen: list[tuple[int, float]] = []
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR)  # for writing, too, so that it has no end between two workers
        self._is_open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while self._is_open:
            told = os.read(self._pipe, 65_536)
            self.seen += [(number, at) for number, at in _RECORD.iter_unpack(told) if at > 0]
            time.sleep(
                _LOOK_S
            )  # the times are in the records, so reading may be seldom, which takes no core from anyone

    def clear(self) -> None:
        """Forget what was told."""
        self.seen = []

    def has(self, count: int, within_s: float) -> bool:
        """Wait until so many have run, or the time is over."""
        ends = time.monotonic() + within_s
        while len(self.seen) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return len(self.seen) >= count

    def close(self) -> None:
        """End reading."""
        self._is_open = False
        os.write(self._pipe, _RECORD.pack(0, 0.0))
        self._thread.join()
        os.close(self._pipe)


class Server:
    """Debian's, with the durability that production has: an append-only file, synced every second."""

    def __init__(self, home: Path, fsync: Fsync = "everysec") -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            raise SystemExit("no redis-server: apt-get install redis-server")
        with _starting:
            self._port = free_port()
            durable = ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""]
            place = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(home)]
            self._process = subprocess.Popen([program, *place, *durable], stdout=subprocess.DEVNULL)
            wait_for_port(self._port)
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)

    def cpu_s(self) -> float:
        """Seconds of a core that it has used."""
        return cpu_s(self._process.pid)

    def empty(self) -> None:
        """Nothing is left, and its log is short."""
        self._ask("FLUSHALL")

    def used_bytes(self) -> int:
        """What it holds."""
        lines = self._ask("INFO memory").decode().splitlines()
        return next(int(line.partition(":")[2]) for line in lines if line.startswith("used_memory:"))

    def _ask(self, command: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port)) as line:
            line.sendall(f"{command}\r\n".encode())
            return line.recv(65_536)


def cpu_s(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def session_memory_mb(leader: int) -> float:
    """Memory of a process that began a session, and of what it started; a page that some share is divided by them."""
    found_kb = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(entry.name)) == leader:
                lines = (entry / "smaps_rollup").read_text(encoding="ascii").splitlines()
                found_kb += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError, StopIteration):
            continue
    return found_kb / 1000


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, patience_s: float = 15.0) -> None:
    """Return when somebody listens there; raises SystemExit."""
    ends = time.monotonic() + patience_s
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing came to listen on port {port}")


def cores() -> str:
    """The processor and how many cores of it this machine has."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "a processor")
    return f"{model}, {os.cpu_count()} cores"


def redis_version() -> str:
    """The server's that is measured with."""
    told = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    return told.partition("v=")[2].split(maxsplit=1)[0]
