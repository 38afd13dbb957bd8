"""What is measured, a function each: rows for the table, as plain values for JSON.

Every row is the median of its rounds. A round takes every contestant once, on an emptied server; each begins with the
next of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from statistics import median
from typing import Any, Final

import msgspec

from benchmarks.peers.environments import BARE, BULLMQ, LEAN, OURS, PEERS
from benchmarks.peers.ground import session_memory_mb
from benchmarks.peers.race import PATIENCE_S, Race, kill

Row = dict[str, Any]

SINGLES: Final = 2000
IN_FLIGHT: Final = 1000
AT_ONCE: Final = 3
"""Recoveries that are waited for at the same time."""
STANDS_BY_S: Final = 6.0
"""After this the other worker is up, and the job of 8 s runs still."""
ASYNCHRONOUS: Final = (OURS, "arq", "saq", "streaq", "taskiq", "pydocket", BULLMQ)
"""Those whose jobs wait in an event loop; the others have a thread for each."""

DEFAULT_TAKEOVER: Final = {
    OURS: "15 s (lease)",
    "arq": "310 s (job timeout and 10 s)",
    "saq": "not at all: retries are 1",
    "streaq": "60 s (idle timeout)",
    "taskiq": "600 s (idle timeout), only when another message comes; a longer job runs twice",
    "pydocket": "300 s (redelivery timeout)",
    "dramatiq": "60 s (heartbeat), then by one command in a thousand",
    "celery": "3600 s (visibility timeout); a longer job runs twice",
    "rq": "not at all without Retry; with it 90 s, then by maintenance every 600 s",
    BULLMQ: "30 s (lock), looked for every 30 s",
}
WAITED_FOR: Final = (OURS, "streaq", BULLMQ)
"""Those whose default is a minute at most."""
BEST_TAKEOVER: Final = {
    OURS: "lease_s=2, renew_s=0.5",
    "arq": "job_timeout=10 (no job may be longer)",
    "saq": "heartbeat=2 given by the job itself, retries=5, sweep=1",
    "streaq": "idle_timeout=2",
    "taskiq": "idle_timeout=10 s (no job may be longer), another message comes",
    "pydocket": "redelivery_timeout=2 s",
    "dramatiq": "heartbeat_timeout=5 s, maintenance_chance=all",
    "celery": "visibility_timeout=10, restored every second (no job may be longer)",
    BULLMQ: "lockDuration=2 s, stalledInterval=0.5 s",
}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much of it: rounds, jobs for a throughput, seconds that one is watched, jobs for a latency."""

    names: tuple[str, ...]
    rounds: int
    jobs: int
    seconds: float
    idle: int
    longest_s: float = 100.0


def queues(plan: Plan) -> list[Row]:
    """No-op throughput, rates of handing in, pick-up latency, memory; with Redis itself beside them."""
    found: dict[str, list[Row]] = {}
    with Race() as race:
        for name in _turns((*plan.names, LEAN, *BARE), plan.rounds):
            found.setdefault(name, []).append(_queue(race, name, plan))
    return [_middle(rows) for rows in found.values()]


def _queue(race: Race, name: str, plan: Plan) -> Row:
    race.server.empty()
    single = race.hand_in(name, "single", min(SINGLES, plan.jobs), PEER_HAND_IN_S=plan.seconds)
    race.server.empty()
    before = race.server.used_bytes()
    batch = race.hand_in(name, "batch", plan.jobs, PEER_HAND_IN_S=plan.seconds)
    queued_bytes = (race.server.used_bytes() - before) / batch.jobs
    worked = race.work(name, batch.jobs, plan.seconds)
    race.server.empty()
    latency = race.latency(name, plan.idle)
    return {
        "queue": name,
        "rate": worked.rate,
        "single": single.rate,
        "batch": batch.rate,
        "p50_ms": latency.p50_ms,
        "p99_ms": latency.p99_ms,
        "memory_mb": worked.memory_mb,
        "redis_share": worked.redis_share,
        "queued_bytes": queued_bytes,
    }


def processes(plan: Plan) -> list[Row]:
    """Ours and the bare ceiling in 1, 2 and 4 processes, with the share of a core that Redis uses."""
    found: dict[tuple[str, int], list[Row]] = {}
    with Race() as race:
        for _ in range(plan.rounds):
            for name in (OURS, LEAN, BARE[1]):
                for count in (1, 2, 4):
                    race.server.empty()
                    jobs = race.hand_in(name, "batch", plan.jobs * 2, PEER_HAND_IN_S=plan.seconds * 2).jobs
                    worked = race.work(name, jobs, plan.seconds * 2, processes=count)
                    row = {"queue": name, "processes": count, "rate": worked.rate, "redis_share": worked.redis_share}
                    found.setdefault((name, count), []).append(row)
    return [_middle(rows) for rows in found.values()]


def payloads(plan: Plan) -> list[Row]:
    """Jobs that carry 1 KB to 1 MB: handed in one by one and in batches, and worked off."""
    found: dict[tuple[str, int], list[Row]] = {}
    with Race() as race:
        for name in _turns((*plan.names, BARE[0]), 1):
            for size in (1_000, 32_000, 1_000_000):
                found.setdefault((name, size), []).append(_payload(race, name, size, plan))
    return [_middle(rows) for rows in found.values()]


def _payload(race: Race, name: str, size: int, plan: Plan) -> Row:
    jobs = max(300, min(plan.jobs // 2, 100_000_000 // size))
    bounds: dict[str, Any] = {
        "PEER_PAYLOAD": size,
        "PEER_HAND_IN_S": plan.seconds / 2,
        "PEER_CONCURRENCY": 10,  # far fewer than the jobs, so that the rate is not that of the first handful
    }
    race.server.empty()
    single = race.hand_in(name, "single", min(SINGLES, jobs), **bounds)
    race.server.empty()
    batch = race.hand_in(name, "batch", jobs, **bounds)
    worked = race.work(name, batch.jobs, plan.seconds, **bounds)
    return {"queue": name, "bytes": size, "single": single.rate, "batch": batch.rate, "rate": worked.rate}


def backlog(plan: Plan) -> list[Row]:
    """The rate of working off a queue of 1,000, and one of 100,000 that is watched for the time."""
    found: dict[tuple[str, int], list[Row]] = {}
    with Race() as race:
        for _ in range(plan.rounds):
            for name in (OURS, BARE[1]):
                for jobs in (1_000, plan.jobs * 5):
                    race.server.empty()
                    waiting = race.hand_in(name, "batch", jobs).jobs
                    worked = race.work(name, waiting, plan.seconds)
                    row = {"queue": name, "jobs": waiting, "rate": worked.rate}
                    found.setdefault((name, jobs), []).append(row)
    return [_middle(rows) for rows in found.values()]


def memory(plan: Plan) -> list[Row]:
    """What a job that runs, and waits, takes in its worker; and how long a thousand of 3 s take."""
    found: dict[str, list[Row]] = {}
    with Race() as race:
        for name in _turns([name for name in ASYNCHRONOUS if name in plan.names], 1):
            found.setdefault(name, []).append(_memory(race, name))
    return [_middle(rows) for rows in found.values()]


def _memory(race: Race, name: str, wait_s: float = 3.0) -> Row:
    race.server.empty()
    race.tape.clear()
    told: dict[str, Any] = {"PEER_CONCURRENCY": IN_FLIGHT, "PEER_WAIT_S": wait_s}
    with race.worker(name, **told) as pid:
        race.hand_in(name, "single", 1, **told, PEER_FIRST=1_000_000)
        race.tape.has(1, PATIENCE_S)
        time.sleep(wait_s + 1)  # that one ends, and what it loaded stays
        before_mb = session_memory_mb(pid)
        race.tape.clear()
        handed_in = race.hand_in(name, "batch", IN_FLIGHT, **told)
        race.tape.has(IN_FLIGHT, 15.0)
        running_mb = session_memory_mb(pid)
        seen = list(race.tape.seen)
    started_s = max((at for _, at in seen), default=float("nan")) - handed_in.at
    job_kb = (running_mb - before_mb) * 1000 / max(1, len(seen))
    return {"queue": name, "idle_mb": before_mb, "job_kb": job_kb, "started": len(seen), "started_s": started_s}


def recovery(plan: Plan) -> list[Row]:
    """Seconds from kill -9 of a worker until another has begun its job; some at once, for they mostly wait."""
    wanted = [(name, "default") for name in plan.names if name in WAITED_FOR]
    wanted += [(name, "best") for name in plan.names if name in BEST_TAKEOVER]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {each: pool.submit(_recovery, *each, plan.longest_s) for each in (*wanted, (OURS, "here"))}
        taken = {each: future.result() for each, future in running.items()}
    rows = [_takeover(name, taken.get((name, "default")), taken.get((name, "best"))) for name in plan.names]
    here = {"queue": "StreamForge, same machine", "default": "at once", "default_s": taken[OURS, "here"], "best": "-"}
    return [*rows, here]


def _takeover(name: str, default_s: float | None, best_s: float | None) -> Row:
    settings = {"default": DEFAULT_TAKEOVER[name], "best": BEST_TAKEOVER.get(name, "-")}
    return {"queue": name, "default_s": default_s, "best_s": best_s, **settings}


def _recovery(name: str, setting: str, longest_s: float) -> float:
    """A job of 8 s; another worker has come up when its own is killed; others' jobs come in every second or two.

    Ours sees at once that a process of its own machine is gone. A machine that is gone is what all can be asked for.
    """
    told: dict[str, Any] = {"PEER_RECOVERY": setting, "PEER_WAIT_S": 8, "PEER_PAUSE_S": "1.5,2.0"}
    with Race() as race:
        begin = race.worker_elsewhere if name == OURS and setting != "here" else race.worker
        return _killed(race, begin(name, **told), name, told, longest_s)


def _killed(
    race: Race, worker: AbstractContextManager[int], name: str, told: dict[str, Any], longest_s: float
) -> float:
    with worker as first:
        race.hand_in(name, "single", 1, **told)
        if not race.tape.has(1, PATIENCE_S):
            return float("nan")
        with race.worker(name, **told):
            time.sleep(STANDS_BY_S)
            killed = time.monotonic()
            kill(first)
            with ThreadPoolExecutor(1) as pool:
                others = pool.submit(race.told, name, "idle", 12, PEER_FIRST=10, **told)
                taken = _again(race, killed, longest_s)
                others.result()
    return taken


def _again(race: Race, killed: float, longest_s: float) -> float:
    while time.monotonic() < killed + longest_s:
        later = [at for number, at in race.tape.seen if number == 0 and at > killed]
        if later:
            return later[0] - killed
        time.sleep(0.05)
    return float("inf")


def _turns(names: Sequence[str], rounds: int) -> list[str]:
    """Everybody once a round, each round beginning with the next."""
    return [name for turn in range(rounds) for name in (*names[turn % len(names) :], *names[: turn % len(names)])]


def _middle(rows: list[Row]) -> Row:
    """Medians of what is a number; the least and the most of ``rate``."""
    merged = {
        name: median(row[name] for row in rows) if isinstance(value, float) else value
        for name, value in rows[0].items()
    }
    rates = [row["rate"] for row in rows if "rate" in row]
    return merged | ({"rate_min": min(rates), "rate_max": max(rates)} if rates else {})


SECTIONS: Final[dict[str, Callable[[Plan], list[Row]]]] = {
    "queues": queues,
    "processes": processes,
    "payloads": payloads,
    "backlog": backlog,
    "memory": memory,
    "recovery": recovery,
}
"""``steps`` is apart, for its other databases."""

ALL_PEERS: Final = tuple(PEERS)
