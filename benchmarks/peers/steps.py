"""Steps that are written down: the same job of no-op steps here, and in DBOS on SQLite and on PostgreSQL.

A job alone: from its start to the end of its last step, p50. Many: jobs of three steps in a second, a hundred at once,
from the first that is started to the last one's last step. DBOS starts its workflows in the process that runs them;
ours are handed in by one process, go through Redis and run in another.

What is safe when a step is done is not the same: DBOS commits each step to its disk, where ``synchronous_commit`` and
SQLite's journal are as they come; our default syncs the server's log once a second. So both are also measured the other
way: ours with a log synced at every write, PostgreSQL without waiting for its disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.peers.environments import DBOS, OURS
from benchmarks.peers.ground import Fsync, free_port, wait_for_port
from benchmarks.peers.race import PATIENCE_S, WARM, Race
from benchmarks.peers.sections import Plan, Row

COUNTS: Final = (0, 1, 3)
DEBIAN: Final = Path("/usr/lib/postgresql")
OFTEN: Final = "0.01,0.02"


def steps(plan: Plan) -> list[Row]:
    """A row for each of ours and of DBOS; PostgreSQL only where Debian's package is installed."""
    rows = [_ours(plan, "everysec"), _ours(plan, "always")]
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        rows.append(_dbos(plan, "SQLite", f"sqlite:///{folder}/dbos.sqlite"))
    for is_waiting in (True, False) if _postgres_programs() else ():
        with postgres(is_waiting=is_waiting) as address:
            name = "PostgreSQL" if is_waiting else "PostgreSQL, synchronous_commit=off"
            rows.append(_dbos(plan, name, address))
    return rows


def _ours(plan: Plan, fsync: Fsync) -> Row:
    alone: dict[int, float] = {}
    with Race(fsync) as race:
        for count in COUNTS:
            race.server.empty()
            alone[count] = race.latency(OURS, plan.idle, PEER_STEPS=count, PEER_PAUSE_S=OFTEN).p50_ms
        race.server.empty()
        race.tape.clear()
        with race.worker(OURS, PEER_STEPS=3):
            race.hand_in(OURS, "single", 1, PEER_FIRST=1_000_000)
            race.tape.has(1, PATIENCE_S)
            race.tape.clear()
            at = race.hand_in(OURS, "batch", plan.jobs // 4).at
            rate = _rate(race, at, plan.jobs // 4)
    return _row(f"StreamForge, appendfsync {fsync}", alone, rate)


def _dbos(plan: Plan, name: str, address: str) -> Row:
    alone: dict[int, float] = {}
    with Race() as race:
        for count in COUNTS:
            race.tape.clear()
            told = race.told(
                DBOS, "idle", plan.idle + WARM, PEER_DATABASE=address, PEER_STEPS=count, PEER_PAUSE_S=OFTEN
            )
            ran = dict(race.tape.seen) if race.tape.has(len(told), 1.0) else {}
            waits = sorted((ran[each["number"]] - each["at"]) * 1000 for each in told[WARM:])
            alone[count] = waits[len(waits) // 2]
        race.tape.clear()
        jobs = max(100, plan.jobs // 40)
        at = race.hand_in(DBOS, "batch", jobs, PEER_DATABASE=address, PEER_STEPS=3).at
        rate = _rate(race, at, jobs)
    return _row(f"DBOS, {name}", alone, rate)


def _rate(race: Race, began: float, jobs: int) -> float:
    race.tape.has(jobs, PATIENCE_S)
    seen = list(race.tape.seen)
    return len(seen) / (max(at for _, at in seen) - began)


def _row(name: str, alone: dict[int, float], rate: float) -> Row:
    told = {f"alone_{count}_ms": value for count, value in alone.items()}
    return {"queue": name, **told, "step_ms": (alone[3] - alone[0]) / 3, "rate": rate}


def _postgres_programs() -> Path | None:
    """The newest of Debian's."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres(*, is_waiting: bool) -> Generator[str]:
    """A server of our own on loopback, as it comes but for ``synchronous_commit``; its address."""
    programs = _postgres_programs()
    if programs is None:
        raise SystemExit("no PostgreSQL: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="peers-"))
    port = free_port()
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(home, "postgres", "postgres")
    make = [str(programs / "initdb"), "-D", str(home / "data"), "-A", "trust", "-U", "bench"]
    subprocess.run([*user, *make], check=True, stdout=subprocess.DEVNULL, cwd=home)
    commit = "on" if is_waiting else "off"
    place = ["-D", str(home / "data"), "-h", "127.0.0.1", "-p", str(port), "-k", str(home)]
    serve = [str(programs / "postgres"), *place, "-c", f"synchronous_commit={commit}"]
    server = subprocess.Popen([*user, *serve], stderr=subprocess.DEVNULL, cwd=home)
    try:
        wait_for_port(port)
        time.sleep(0.5)  # it listens a moment before it answers
        yield f"postgresql+psycopg://bench@127.0.0.1:{port}/dbos"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)
