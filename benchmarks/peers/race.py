"""One contestant's turns on an emptied server: it hands jobs in, works them off, is asked now and then when idle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple, Self

from benchmarks.peers.environments import command
from benchmarks.peers.ground import Fsync, Server, Tape, session_memory_mb

PATIENCE_S = 30.0
"""For a worker's first job."""
WARM = 20
"""Jobs before the latency is taken."""
ELSEWHERE = ("unshare", *(("--user", "--map-root-user") if os.geteuid() else ()), "--pid", "--fork", "--mount-proc")
"""Processes of their own numbers, as those of another machine."""


class HandedIn(NamedTuple):
    """What a contestant told of its handing in: jobs, when it began (monotonic), seconds."""

    jobs: int
    at: float
    seconds: float

    @property
    def rate(self) -> float:
        """Jobs per second."""
        return self.jobs / max(1e-9, self.seconds)


class Worked(NamedTuple):
    """Jobs per second between the first and the last; memory; the share of a core that Redis used."""

    rate: float
    memory_mb: float
    redis_share: float


class Latency(NamedTuple):
    """Milliseconds from handing in to running, on an idle queue."""

    p50_ms: float
    p99_ms: float


class Race:
    """A server for everybody, emptied before each turn; ``environ`` is added to what contestants are told."""

    def __init__(self, fsync: Fsync = "everysec") -> None:
        self._fsync: Fsync = fsync

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix="peers-"))
        self.tape = Tape(self.home / "tape")
        self.server = Server(self.home, self._fsync)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.tape.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def hand_in(self, name: str, how: str, jobs: int, **environ: object) -> HandedIn:
        """``single`` or ``batch``."""
        (told,) = self.told(name, how, jobs, **environ)
        return HandedIn(told["jobs"], told["at"], told["seconds"])

    def work(self, name: str, jobs: int, seconds: float, *, processes: int = 1, **environ: object) -> Worked:
        """Work off what is there: so many jobs, or what is done in the time."""
        self.tape.clear()
        with ExitStack() as stack:
            pids = [stack.enter_context(self.worker(name, **environ)) for _ in range(processes)]
            if not self.tape.has(1, PATIENCE_S):
                return Worked(0.0, float("nan"), float("nan"))
            began, used_s = time.monotonic(), self.server.cpu_s()
            self.tape.has(jobs, seconds)
            share = (self.server.cpu_s() - used_s) / (time.monotonic() - began)
            memory_mb = sum(map(session_memory_mb, pids))
            seen = list(self.tape.seen)
        times = [at for _, at in seen]
        return Worked((len(seen) - 1) / max(1e-9, max(times) - min(times)), memory_mb, share)

    def latency(self, name: str, jobs: int, **environ: object) -> Latency:
        """A job now and then, when the worker has shown that it is up."""
        self.tape.clear()
        with self.worker(name, **environ):
            self.hand_in(name, "single", 1, PEER_FIRST=1_000_000, **environ)
            self.tape.has(1, PATIENCE_S)
            self.tape.clear()
            told = self.told(name, "idle", jobs + WARM, **environ)
            self.tape.has(jobs + WARM, PATIENCE_S)
            ran = dict(self.tape.seen)
        waits = [(ran[each["number"]] - each["at"]) * 1000 for each in told[WARM:] if each["number"] in ran]
        if len(waits) < jobs // 2:
            return Latency(float("nan"), float("nan"))
        cuts = quantiles(waits, n=100)
        return Latency(cuts[49], cuts[98])

    def told(self, name: str, how: str, jobs: int, **environ: object) -> list[dict[str, Any]]:
        """Run a contestant's command to its end; what it told. Raises SystemExit where it failed."""
        done = subprocess.run(
            [*command(name), how, str(jobs)],
            env=self._environ(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise SystemExit(f"{name} {how}: {done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def worker(self, name: str, **environ: object) -> AbstractContextManager[int]:
        """A worker, until the end of the block or ``kill``; gives its process id."""
        return self._started(name, (), environ)

    def worker_elsewhere(self, name: str, **environ: object) -> AbstractContextManager[int]:
        """The same, but others can't look up its processes."""
        return self._started(name, ELSEWHERE, environ)

    @contextmanager
    def _started(self, name: str, within: Sequence[str], environ: Mapping[str, object]) -> Generator[int]:
        line = [*within, *command(name), "work"]
        with (self.home / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(line, env=self._environ(environ), stdout=log, stderr=log, start_new_session=True)
        try:
            yield started.pid
        finally:
            kill(started.pid)
            started.wait()

    def _environ(self, more: Mapping[str, object]) -> dict[str, str]:
        return {
            **os.environ,
            "PEER_REDIS_URL": self.server.url,
            "PEER_TAPE": str(self.home / "tape"),
            "PEER_HOME": tempfile.mkdtemp(dir=self.home),
            **{name: str(value) for name, value in more.items()},
        }


def kill(leader: int) -> None:
    """Kill -9, a worker and all that it started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
