"""One contestant's turn on an emptied server: it hands jobs in, works them off, and is asked now and then when idle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple, Self

from benchmarks.peers.environments import command

PATIENCE_S = 30.0
"""For a worker's first job."""
WARM = 20
"""Jobs before the latency is taken."""


class Figures(NamedTuple):
    """What a turn came to: jobs per second, handed in one by one or in a batch and worked off; ms; MB."""

    rate: float
    single: float
    batch: float
    p50_ms: float
    p99_ms: float
    memory_mb: float


class Tape:
    """The pipe down which jobs tell that they have run; ``seen`` are (number, when)."""

    def __init__(self, path: Path) -> None:
        self.seen: list[tuple[int, float]] = []
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR)  # for writing, too, so that it has no end between two workers
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            told = os.read(self._pipe, 65_536)
            at = time.monotonic()
            self.seen += [(number, at) for (number,) in struct.iter_unpack("<q", told)]

    def clear(self) -> None:
        """Forget what was told."""
        self.seen = []

    def has(self, count: int, within_s: float) -> bool:
        """Wait until so many have run, or the time is over."""
        ends = time.monotonic() + within_s
        while len(self.seen) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return len(self.seen) >= count


class Race:
    """A server for everybody, emptied before each turn."""

    def __init__(self, jobs: int, seconds: float, idle: int) -> None:
        self._jobs, self._seconds, self._idle = jobs, seconds, idle

    def __enter__(self) -> Self:
        self._home = Path(tempfile.mkdtemp(prefix="peers-"))
        self._tape = Tape(self._home / "tape")
        self._port = _free_port()
        self._server = _server(self._home, self._port)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(10)
        shutil.rmtree(self._home, ignore_errors=True)

    def run(self, name: str) -> Figures:
        """One turn."""
        single = self._hand_in(name, "single", min(2000, self._jobs))
        self._empty()
        batch = self._hand_in(name, "batch", self._jobs)
        with self._worker(name) as pid:
            rate = self._throughput()
            memory_mb = _memory_mb(pid)
        self._empty()
        with self._worker(name):
            p50_ms, p99_ms = self._latency(name)
        self._empty()
        return Figures(rate, single, batch, p50_ms, p99_ms, memory_mb)

    def _throughput(self) -> float:
        """Jobs per second between the first and the last of the jobs, or those of the time."""
        if not self._tape.has(1, PATIENCE_S):
            return 0.0
        self._tape.has(self._jobs, self._seconds)
        seen = self._tape.seen
        return (len(seen) - 1) / max(1e-9, seen[-1][1] - seen[0][1])

    def _latency(self, name: str) -> tuple[float, float]:
        """Milliseconds from handing in to running, on an idle queue: median and 99th percentile."""
        told = self._told(name, "idle", self._idle + WARM)
        self._tape.has(self._idle + WARM, PATIENCE_S)
        ran = dict(self._tape.seen)
        waits = [(ran[each["number"]] - each["at"]) * 1000 for each in told[WARM:] if each["number"] in ran]
        if len(waits) < self._idle // 2:
            return float("nan"), float("nan")
        cuts = quantiles(waits, n=100)
        return cuts[49], cuts[98]

    def _hand_in(self, name: str, how: str, jobs: int) -> float:
        (told,) = self._told(name, how, jobs)
        return told["jobs"] / told["seconds"]

    def _told(self, name: str, how: str, jobs: int) -> list[dict[str, Any]]:
        done = subprocess.run(
            [*command(name), how, str(jobs)],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise SystemExit(f"{name} {how}: {done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    @contextmanager
    def _worker(self, name: str) -> Generator[int]:
        self._tape.clear()
        with (self._home / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(
                [*command(name), "work"], env=self._environ, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield started.pid
        finally:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()

    @property
    def _environ(self) -> dict[str, str]:
        home = Path(tempfile.mkdtemp(dir=self._home))
        return {
            **os.environ,
            "PEER_REDIS_URL": f"redis://127.0.0.1:{self._port}/0",
            "PEER_TAPE": str(self._home / "tape"),
            "PEER_HOME": str(home),
        }

    def _empty(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as line:
            line.sendall(b"FLUSHALL\r\n")
            line.recv(64)


def _memory_mb(pid: int) -> float:
    """Resident memory of the worker and what it started."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(entry.name)) == pid:
                found += int((entry / "statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError):
            continue
    return found * os.sysconf("SC_PAGE_SIZE") / 1e6


def _server(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Debian's, with the durability that production has."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("no redis-server: apt-get install redis-server")
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
    ]
    server = subprocess.Popen([program, *options, "--dir", str(home)], stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return server
    raise SystemExit("the server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
