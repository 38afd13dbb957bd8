"""Makes things happen: one thread, a timetable of acts, the fleet and the server they act upon.

An act is a generator that yields how many seconds it waits before it goes on. All that lasts (a frozen daemon, a Redis
that is away) is an act, so acts overlap freely and nothing needs a lock.
"""

from __future__ import annotations

import heapq
import itertools
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import redis

from chaos import plan, processes
from chaos.evidence import Accepted, Violation
from chaos.fleet import Daemon, Fleet
from chaos.ledger import Ledger, Note, What, now_ms
from chaos.recipes import Work
from chaos.witness import Witness
from streamforge.jobs.model import TERMINAL
from streamforge.testing.server import TestServer

Act = Generator[float]

TICK_S = 0.05
WATCH_S = 0.1
RETRY_S = 0.1
"""Before a submission that Redis did not answer is made again."""


class Timetable:
    """Runs acts, each when its time has come."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Act]] = []
        self._serial = itertools.count()

    def begin(self, act: Act, after_s: float = 0.0) -> None:
        """Run an act from ``after_s`` on."""
        heapq.heappush(self._waiting, (time.monotonic() + after_s, next(self._serial), act))

    def run_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Run what is due until the condition holds; whether it did before the time was over."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._step()
        return True

    def _step(self) -> None:
        idle_s = self._waiting[0][0] - time.monotonic() if self._waiting else TICK_S
        if idle_s > 0:
            time.sleep(min(TICK_S, idle_s))
            return
        _, _, act = heapq.heappop(self._waiting)
        pause_s = next(act, None)
        if pause_s is not None:
            self.begin(act, pause_s)


class World:
    """A round: a server, daemons, a ledger, and the acts under way."""

    def __init__(self, home: Path, *, lease_s: float, renew_s: float, **settings: object) -> None:
        self.lease_s = lease_s
        self.renew_s = renew_s
        self.home = home
        self.timetable = Timetable()
        self.ledger = Ledger(home / "ledger")
        self.ledger.create()
        (home / "redis").mkdir()
        self.server = TestServer(home / "redis")
        self.witness = Witness(self.server.url)
        self.accepted: dict[str, Accepted] = {}
        self.counts: dict[str, int] = {}
        self.troubles: list[Violation] = []
        self.is_redis_away = False
        self.is_submitting = True
        self.is_over = False
        self._unfinished: set[str] = set()
        self.fleet = Fleet(
            home,
            {
                "redis__url": self.server.url,
                "storage__url": home / "objects",
                "api__port": 0,
                "pool__slots": 2,
                "pool__memory_mb": 512,
                "pool__kill_grace_s": 0.5,
                "worker__lease_s": lease_s,
                "worker__renew_s": renew_s,
                "logs__format": "json",
                **settings,
            },
        )

    # ---- what acts do ----

    def note(self, what: What, *, worker: str = "", pid: int = 0, text: str = "") -> None:
        """Into the ledger."""
        self.ledger.write(Note(what=what, at_ms=now_ms(), worker=worker, pid=pid, text=text))

    def count(self, what: str) -> None:
        """One more of these, for the report."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def trouble(self, text: str, rule: str = "daemon", job: str = "") -> None:
        """Something that should not be, seen on the way."""
        self.troubles.append(Violation(rule, text, job))

    def submit(self, job: plan.PlannedJob) -> Act:
        """Hand a job in; comes back when Redis has acknowledged it."""
        work = Work(ledger=str(self.ledger.home), salt=job.salt, seconds=job.seconds, mode=job.mode)
        due_ms = round(now_ms() + job.delay_s * 1000) if job.delay_s else 0
        while self.is_redis_away or not self._try(job, work, due_ms):
            yield RETRY_S
        self.accepted[job.id] = Accepted(job.id, job.kind, job.salt)
        self._unfinished.add(job.id)
        self.ledger.write(
            Note(what="accepted", at_ms=now_ms(), job=job.id, kind=job.kind, salt=job.salt, mode=job.mode)
        )

    def _try(self, job: plan.PlannedJob, work: Work, due_ms: int) -> bool:
        try:
            self.witness.submit(job.id, job.kind, work, due_ms)
        except redis.RedisError:
            self.count("submissions tried again")
            return False
        return True

    def kill(self, daemon: Daemon) -> None:
        """SIGKILL, noted as the worker's death."""
        self.count("kills")
        self.note("death", worker=daemon.name, pid=daemon.pid)
        processes.send(daemon.pid, signal.SIGKILL)

    def was_killed(self, daemon: Daemon) -> bool:
        """Whether its newest process was meant to die by SIGKILL: by a fault, or by a job that does that."""
        return any(note.what == "death" and note.pid == daemon.pid for note in self.ledger.notes())

    def freeze(self, pid: int, worker: str) -> None:
        """SIGSTOP."""
        self.note("stall", worker=worker, pid=pid)
        processes.send(pid, signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        """SIGCONT."""
        processes.send(pid, signal.SIGCONT)

    @contextmanager
    def redis_outage(self) -> Generator[None]:
        """Redis is away inside; nobody hands jobs in meanwhile."""
        self.is_redis_away = True
        self.note("outage")
        try:
            yield
        finally:
            self.note("outage_over")
            self.is_redis_away = False

    # ---- acts that last ----

    def submitter(self, jobs: Iterable[plan.PlannedJob]) -> Act:
        """Hand these jobs in, one after the other, until the round is over."""
        for job in jobs:
            while not self.is_submitting:
                yield RETRY_S
            if self.is_over:
                return
            yield from self.submit(job)
            yield job.pause_s

    def watcher(self) -> Act:
        """Start again whatever ended, unless a fault has it in hand: what systemd would do."""
        while True:
            for daemon in self.fleet.members:
                if not daemon.is_in_hand and not daemon.is_alive:
                    self._revive(daemon)
            yield WATCH_S

    def _revive(self, daemon: Daemon) -> None:
        if not self.was_killed(daemon):
            self.trouble(f"{daemon.name} ended by itself with {daemon.exit_code}:\n{daemon.log_end()}")
        self.count("restarts")
        daemon.start()

    # ---- what the driver waits for ----

    def unfinished(self) -> set[str]:
        """Accepted jobs that have not ended, as far as Redis can be asked."""
        if not self.is_redis_away:
            try:
                states = self.witness.states(self._unfinished)
            except redis.RedisError:
                return self._unfinished
            self._unfinished -= {job for job, state in states.items() if state in TERMINAL}
        return self._unfinished

    def wait(self, condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        """Run acts until the condition holds; raises TimeoutError that names what never came."""
        if not self.timetable.run_until(condition, timeout_s):
            raise TimeoutError(f"after {timeout_s:g} s still not so: {what}")

    def pause(self, seconds: float) -> None:
        """Run acts for a while."""
        self.timetable.run_until(lambda: False, seconds)

    def start_fleet(self, size: int) -> None:
        """Daemons that take jobs."""
        self.server.start()
        for _ in range(size):
            self.fleet.add()
        self.timetable.begin(self.watcher())
        self.wait(lambda: all(daemon.is_ready for daemon in self.fleet.members), "every daemon ready")

    def end(self) -> None:
        """End every process that is left, whatever happened; a second Ctrl-C must not leave some."""
        for which in (signal.SIGINT, signal.SIGTERM):
            signal.signal(which, signal.SIG_IGN)
        try:
            self.witness.close()
            self.fleet.end()
        finally:
            self.server.kill()


@contextmanager
def world(*, lease_s: float, renew_s: float, **settings: object) -> Generator[World]:
    """A world in a new directory, which is gone afterwards, as are its processes."""
    with tempfile.TemporaryDirectory(prefix="sf-chaos-", ignore_cleanup_errors=True) as name:
        made = World(Path(name).resolve(), lease_s=lease_s, renew_s=renew_s, **settings)
        try:
            yield made
        finally:
            made.end()
