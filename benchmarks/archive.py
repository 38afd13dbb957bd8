"""How long lists, filters and job pages take with a million jobs in the archive.

    .venv/bin/python benchmarks/archive.py [--jobs 1000000] [--url postgresql://…/empty] [--rounds 200] [--json FILE]

Without ``--url`` the archive is a new SQLite file in a temporary directory; a database that is given must be empty, or
hold what this program put there before. The jobs are of 50 tenants of very different sizes, 8 kinds and 90 days; 3 % of
them failed, 0.1 % expired. Each has its input, result, events, an attempt, three steps, a file, and every other one two
calls to models. Times are of the reader, as the HTTP interface asks it, one question after the other, with parameters
drawn anew for each. With SQLite the processor time is all that was spent; on a busy machine it is the fairer figure.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import anyio
import msgspec
from sqlalchemy import func, select, text

from streamforge.archive.engines import Database, open_database
from streamforge.archive.figures import Figures
from streamforge.archive.migrating import upgrade
from streamforge.archive.reader import Reader
from streamforge.archive.schema import jobs
from streamforge.config import ArchiveSettings
from streamforge.jobs.listing import JobFilter, Place
from streamforge.jobs.model import JobState

PORTION = 20_000
"""Jobs that are made and written at once."""

TENANTS = tuple(f"tenant-{number:02}" for number in range(50))
KINDS = tuple(f"kind-{number}" for number in range(8))
STATES = {"succeeded": 96.0, "failed": 3.0, "cancelled": 0.9, "expired": 0.1}
WORDS = ("autumn", "tasting", "week", "at", "blue", "bean", "coffee", "fresh", "offer", "new", "city", "garden")
SPAN_MS = 90 * 86_400_000
END_MS = 1_800_000_000_000

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def made(first: int, count: int, total: int, rng: random.Random) -> Rows:
    """These jobs of so many, with everything that belongs to them."""
    rows: Rows = {name: [] for name in ("jobs", "bodies", "attempts", "steps", "artifacts", "charges")}
    for number in range(first, first + count):
        add_job(rows, number, END_MS - SPAN_MS + round(SPAN_MS * number / total), rng)
    return rows


def add_job(rows: Rows, number: int, created_ms: int, rng: random.Random) -> None:
    """One of them."""
    job_id, tenant = f"{created_ms:012x}-{number:08}", TENANTS[min(int(rng.expovariate(0.1)), len(TENANTS) - 1)]
    (state,) = rng.choices(list(STATES), list(STATES.values()))
    started_ms = created_ms + int(rng.expovariate(0.001))
    finished_ms = started_ms + int(rng.lognormvariate(8, 1))
    title = " ".join(rng.choices(WORDS, k=5))
    error = msgspec.json.encode({"code": f"code_{state}", "message": f"it {state}"}).decode()
    job: Row = {"due_ms": 0, "expires_ms": 0, "crashes": 0, "version": "", "parent": "", "step": ""}
    rows["jobs"].append(
        job
        | {"id": job_id, "tenant": tenant, "kind": rng.choice(KINDS), "state": state, "queue": "default"}
        | {"priority": "normal", "source": "client", "title": title, "token": 1, "attempt": 1, "progress": 100.0}
        | {"created_ms": created_ms, "started_ms": started_ms, "finished_ms": finished_ms, "archived_ms": finished_ms}
        | {"callback_url": None, "error": None if state == "succeeded" else error}
        | {"error_code": "" if state == "succeeded" else f"code_{state}"}
    )
    add_story(rows, job_id, tenant, (started_ms, finished_ms), title)
    if number % 2:
        add_charges(rows, number, job_id, tenant, finished_ms)


def add_story(rows: Rows, job_id: str, tenant: str, times: tuple[int, int], title: str) -> None:
    """What its page shows."""
    events = [
        (f"{times[0] + n}-0", kind, times[0] + n, 1, f'{{"step":"step-{n % 3}","seconds":0.25,"progress":{n * 8}}}')
        for n, kind in enumerate(
            ("job.queued", "job.started", *("step.started", "step.completed") * 4, "job.succeeded")
        )
    ]
    given = msgspec.json.encode({"title": title, "prompt": title * 3, "width": 1200, "height": 628}).decode()
    result = msgspec.json.encode({"versions": [{"number": n, "report": title} for n in range(4)]}).decode()
    log = msgspec.json.encode(events).decode()
    body = {"job_id": job_id, "input": given, "result": result, "wanted": None, "events": len(events), "log": log}
    rows["bodies"].append(body)
    run = {"job_id": job_id, "number": 1, "attempt": 1, "worker": "w1", "outcome": "succeeded", "error": None}
    rows["attempts"].append(run | {"started_ms": times[0], "ended_ms": times[1]})
    for n in range(1, 4):
        step = {"job_id": job_id, "number": n, "name": f"step-{n}", "state": "completed", "attempt": 1, "bytes": 900}
        rows["steps"].append(step | {"started_ms": times[0], "seconds": 0.25, "progress": 30.0, "child": ""})
    file = {"job_id": job_id, "name": "banner.png", "tenant": tenant, "object_key": f"{hash(job_id) % 2**63:064x}"}
    rows["artifacts"].append(file | {"media_type": "image/png", "size": 100_000})


def add_charges(rows: Rows, number: int, job_id: str, tenant: str, at_ms: int) -> None:
    """Two calls to a model."""
    for n in range(2):
        call: Row = {"source": "bench", "place": f"{number}-{n}", "at_ms": at_ms, "tenant": tenant, "job_id": job_id}
        call |= {"step": "design", "charge": f"design/{n}", "call_id": f"{job_id}/{n}", "provider": "p", "model": "m"}
        call |= {"fingerprint": "f", "is_answered": True, "is_priced": True, "cost_uusd": 900, "charged_uusd": 900}
        call |= {"input_tokens": 1000, "output_tokens": 200, "cache_read_tokens": 0, "cache_write_tokens": 0}
        rows["charges"].append(call | {"images": 0, "audio_ms": 0})


async def fill(database: Database, total: int) -> None:
    """Write them, past the archive's own writer."""
    rng = random.Random(7)  # noqa: S311 - the same jobs each time
    write = write_sqlite if database.is_own_file else write_postgresql
    for first in range(0, total, PORTION):
        await write(database, made(first, min(PORTION, total - first), total, rng))
    async with database.write.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE" if database.is_own_file else "VACUUM ANALYZE"))


async def write_sqlite(database: Database, rows: Rows) -> None:
    """By the driver itself."""
    with sqlite3.connect(database.url.database or "") as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for name, some in rows.items():
            columns = list(some[0])
            places = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own
            connection.executemany(statement, [tuple(row.values()) for row in some])


async def write_postgresql(database: Database, rows: Rows) -> None:
    """By COPY."""
    async with database.write.begin() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None  # noqa: S101 - it is connected
        for name, some in rows.items():
            await raw.copy_records_to_table(name, records=[tuple(r.values()) for r in some], columns=list(some[0]))


Question = Callable[[], Awaitable[Any]]


def questions(reader: Reader, ids: list[str], rng: random.Random) -> Iterator[tuple[str, Question]]:
    """What is asked, by name; each call draws its parameters."""
    failed, expired = frozenset({JobState.FAILED}), frozenset({JobState.EXPIRED})

    def somebody() -> str:
        return rng.choice(TENANTS)

    def place() -> Place:
        return Place(END_MS - round(rng.random() * SPAN_MS), "")

    def since() -> JobFilter:
        start = place().created_ms
        return JobFilter(since_ms=start, until_ms=start + 86_400_000)

    yield "newest of all", lambda: reader.page(None)
    yield "newest of a tenant", lambda: reader.page(somebody())
    yield "from anywhere, of all", lambda: reader.page(None, after=place())
    yield "from anywhere, of a tenant", lambda: reader.page(somebody(), after=place())
    yield "200 rows from anywhere", lambda: reader.page(None, after=place(), count=200)
    yield "a day of a tenant", lambda: reader.page(somebody(), since())
    yield "failed, of a tenant", lambda: reader.page(somebody(), JobFilter(states=failed))
    yield "failed, of all", lambda: reader.page(None, JobFilter(states=failed), after=place())
    yield "expired (rare), of all", lambda: reader.page(None, JobFilter(states=expired), after=place())
    yield "a kind, of a tenant", lambda: reader.page(somebody(), JobFilter(kind=rng.choice(KINDS)), after=place())
    yield "a kind, of all", lambda: reader.page(None, JobFilter(kind=rng.choice(KINDS)), after=place())
    yield "a common word", lambda: reader.page(somebody(), JobFilter(text="tasting"), after=place())
    yield "a word that is nowhere", lambda: reader.page(None, JobFilter(text="nowhere"), after=place())
    yield "a job's page", lambda: reader.story(rng.choice(ids))
    yield "a job's cost", lambda: reader.spent(rng.choice(ids))
    yield "no such job", lambda: reader.story(f"missing-{rng.random()}")
    yield "a file's references", lambda: reader.referenced([f"{rng.getrandbits(63):064x}" for _ in range(1000)])


class Took(msgspec.Struct):
    """Milliseconds: median and 99th percentile by the clock, and the same of this process's processor time."""

    p50: float
    p99: float
    cpu_p50: float
    cpu_p99: float


async def timed(ask: Question, rounds: int) -> Took:
    """Ask so often."""
    clock: list[float] = []
    processor: list[float] = []
    for _ in range(rounds):
        started, used = perf_counter(), process_time()
        await ask()
        clock.append((perf_counter() - started) * 1000)
        processor.append((process_time() - used) * 1000)
    last = min(rounds - 1, int(rounds * 0.99))
    return Took(*(sorted(some)[at] for some in (clock, processor) for at in (rounds // 2, last)))


async def figures(database: Database) -> Iterator[tuple[str, Question]]:
    """Sums over a week of everybody's jobs, and over all of a large tenant's."""
    counted, week = Figures(database), END_MS - 7 * 86_400_000
    whole = {"since_ms": END_MS - SPAN_MS, "until_ms": END_MS}
    return iter(
        [
            ("figures by day, a week", lambda: counted.groups("day", tenant=None, since_ms=week, until_ms=END_MS)),
            ("figures by kind, a tenant", lambda: counted.groups("kind", tenant=TENANTS[0], **whole)),
            ("figures by day, all", lambda: counted.groups("day", tenant=None, **whole)),
        ]
    )


async def main(args: argparse.Namespace) -> None:
    """Fill where it is empty, then ask."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(ArchiveSettings(url=args.url), Path(folder))
        await upgrade(database)
        async with database.read.connect() as connection:
            known = (await connection.execute(select(func.count()).select_from(jobs))).scalar_one()
        if known != args.jobs:
            started = perf_counter()
            await fill(database, args.jobs)
            print(f"{args.jobs} jobs written in {perf_counter() - started:.0f} s")
        report = {
            "dialect": database.dialect,
            "jobs": args.jobs,
            "rounds": args.rounds,
            "ms": await ask_all(database, args),
        }
        await database.close()
    if args.json:
        await anyio.Path(args.json).write_bytes(msgspec.json.encode(report))


async def ask_all(database: Database, args: argparse.Namespace) -> dict[str, Took]:
    """Every question, with a line for each."""
    rng, reader = random.Random(11), Reader(database)  # noqa: S311 - the same questions
    async with database.read.connect() as connection:
        wanted = select(jobs.c.id).where(jobs.c.created_ms % 997 == 0).limit(1000)
        ids = list((await connection.execute(wanted)).scalars())
    told: dict[str, Took] = {}
    print(f"{database.dialect}, ms: p50 and p99 of {args.rounds}; of processor time")
    for rounds, some in ((args.rounds, questions(reader, ids, rng)), (3, await figures(database))):
        for name, ask in some:
            await timed(ask, 3)
            told[name] = await timed(ask, rounds)
            print(f"{name:<28}" + "".join(f"{value:9.1f}" for value in msgspec.structs.astuple(told[name])))
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--url", default="", help="of an empty PostgreSQL database, or sqlite:///path")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", default="", metavar="FILE")
    anyio.run(main, parser.parse_args())
