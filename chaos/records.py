"""Chaos for what outlives Redis: real daemons, while the archive's database and the object store come and go.

    python -m chaos.records --database postgresql --store s3 --seconds 60

Every few seconds one of these is killed, and is back after a while: the database's server, the way to the object store,
a daemon. When all jobs have ended and the outbox is empty, the archive is compared with what Redis still has, job by
job and charge by charge; every object that anything refers to is read; then the collector runs, and all is read again.
"""
# ruff: noqa: T201 - printing is what a report is for

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, select

from chaos import processes, records_recipes, traffic
from chaos.records_recipes import Deed
from streamforge.archive import schema
from streamforge.archive.engines import open_database
from streamforge.archive.reader import Reader
from streamforge.broker.outbox import Outbox
from streamforge.config import ArchiveSettings
from streamforge.jobs.model import Job, JobState
from streamforge.testing.model_script import Answer, Seen, Step
from streamforge.testing.model_server import ModelServer
from streamforge.testing.waiting import until
from tests.integration.archive.servers import SERVERS

ROOT = Path(__file__).parents[1]
BUCKET_SERVER = ROOT / "tests" / "integration" / "objects" / "bucket_server.py"
ABSENT_S = (0.2, 4.0)
BETWEEN_S = (1.0, 4.0)
PACE_S = 0.05
"""Between two jobs."""
QUIET_S = 120.0

BY_ITSELF = "result"
"""What of a job need not be written alike: it is JSON."""


# ---- what is broken ----


class Breakable(NamedTuple):
    """Something that is killed and started again."""

    name: str
    end: Callable[[], None]
    begin: Callable[[], None]


class Bucket:
    """An S3 server in a process of its own, and the relay through which everybody reaches it."""

    def __init__(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        pipe = subprocess.PIPE
        self._server = subprocess.Popen([sys.executable, BUCKET_SERVER], stdin=pipe, stdout=pipe, env=environ)  # noqa: S603
        self._behind = _printed(self._server)
        self._relay: subprocess.Popen[bytes] | None = None
        self.port = ""
        self.begin()
        request = urllib.request.Request(f"http://127.0.0.1:{self._behind}/records", method="PUT")
        urllib.request.urlopen(request).close()  # noqa: S310 - loopback

    def begin(self) -> None:
        """Let the relay run, at the port that it had."""
        command = [sys.executable, "-m", "chaos.relay", self._behind, *([self.port] if self.port else [])]
        self._relay = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)  # noqa: S603 - our own
        self.port = _printed(self._relay)

    def end(self) -> None:
        """Kill the relay."""
        if self._relay is not None:
            self._relay.kill()
            self._relay.communicate()
        self._relay = None

    def close(self) -> None:
        """End both."""
        self.end()
        self._server.communicate()

    @property
    def settings(self) -> dict[str, object]:
        """What a daemon is told of it."""
        known = ("access_key_id=key", "secret_access_key=verysecret", "region=us-east-1", "allow_http=true")
        options = (f"endpoint=http://127.0.0.1:{self.port}", *known)
        return {"storage__url": "s3://records/prefix", "storage__options": ",".join(options)}


def _printed(process: subprocess.Popen[bytes]) -> str:
    if process.stdout is None:
        raise RuntimeError("it has no output")
    return process.stdout.readline().decode().strip()


async def break_things(things: list[Breakable], seed: int, counts: Counter[str]) -> None:
    """One after the other, each for a while, for ever; what is broken is mended before this is cancelled."""
    chance = random.Random(seed)  # noqa: S311 - chance to be repeated
    while True:
        await asyncio.sleep(chance.uniform(*BETWEEN_S))
        thing = chance.choice(things)
        counts[thing.name] += 1
        thing.end()
        try:
            await asyncio.sleep(chance.uniform(*ABSENT_S))
        finally:
            await asyncio.to_thread(thing.begin)


def of_daemons(made: traffic.World, seed: int) -> Breakable:
    """One of them dies; ``World.revive`` brings it back."""
    chance = random.Random(seed)  # noqa: S311 - the same

    def end() -> None:
        if (daemon := made.fleet.pick(chance)) is not None:
            processes.send(daemon.pid, signal.SIGKILL)

    return Breakable("daemon", end, lambda: None)


# ---- the round ----


@contextmanager
def _surroundings(args: argparse.Namespace) -> Generator[tuple[dict[str, object], list[Breakable]]]:
    """The settings that lead daemons to the database and the store, and what of the two can be broken."""
    settings: dict[str, object] = {}
    things: list[Breakable] = []
    with ExitStack() as stack:
        if args.database == "sqlite":
            settings["archive__url"] = f"sqlite:///{stack.enter_context(TemporaryDirectory())}/archive.db"
        else:
            server = stack.enter_context(SERVERS[args.database]())
            server.execute("CREATE DATABASE records")
            settings |= {"archive__url": server.url("records"), "archive__auto_upgrade": True}
            things.append(Breakable("database", server.stop, server.start))
        if args.store == "s3":
            bucket = Bucket()
            stack.callback(bucket.close)
            settings |= bucket.settings
            things.append(Breakable("object store", bucket.end, bucket.begin))
        yield settings, things


async def play(args: argparse.Namespace) -> dict[str, Any]:
    """Jobs for so long while things break; then the comparison."""
    with _surroundings(args) as (settings, things):
        more = {"pipelines__modules": records_recipes.MODULES, "storage__collect_s": 0, "api__enabled": True}
        models = ModelServer(_answers, limits=traffic.ENDLESS, replays=True, remembers=False)
        async with traffic.world(models, keys=1, **{**more, **settings}) as made:
            await made.start(args.daemons)
            counts = Counter[str]()
            names = await _under_trouble(made, [*things, of_daemons(made, args.seed)], args, counts)
            jobs = await made.ended(names, QUIET_S + args.seconds)
            await _archived(made)
            wrong = await _compare(made, jobs, str(settings["archive__url"]))
            checks = [_command(made, "objects", "check", "--read", "--json")]
            collected = _command(made, "objects", "collect", "--json", "--set", "storage.garbage_after_s=0")
            checks.append(_command(made, "objects", "check", "--read", "--json"))
            wrong += [f"{fault}" for check in checks for fault in check["faults"]]
            states = Counter(str(job.state) for job in jobs)
            return {
                "jobs": dict(states),
                "killed": dict(sorted(counts.items())),
                "jobs_retried": sum(job.attempt > 1 for job in jobs),
                "references": checks[-1]["references"],
                "collected": collected,
                "wrong": wrong[:20],
                "is_right": states == {JobState.SUCCEEDED: len(names)} and not wrong,
            }


def _answers(_: Seen) -> Step:
    return Answer("word " * 20)


async def _under_trouble(
    made: traffic.World, things: list[Breakable], args: argparse.Namespace, counts: Counter[str]
) -> list[str]:
    """Hand jobs in while things break; their ids."""
    names: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        trouble = [
            tasks.create_task(made.revive()),
            tasks.create_task(break_things(things, args.seed, counts)),
        ]
        end = time.monotonic() + args.seconds
        while time.monotonic() < end:
            names.append(await made.submit("deed", Deed(number=len(names))))
            await asyncio.sleep(PACE_S)
        trouble.pop().cancel()  # the rest ends in quiet
        await made.ended(names, QUIET_S + args.seconds)
        trouble.pop().cancel()
    return names


async def _archived(made: traffic.World) -> None:
    outbox = Outbox(made.broker)

    async def is_empty() -> bool:
        return not (await outbox.backlog()).entries

    await until(is_empty, "the outbox is empty", QUIET_S)


# ---- the questions ----


async def _compare(made: traffic.World, jobs: list[Job], url: str) -> list[str]:
    """What differs between Redis, which still has every job, and the archive."""
    database = open_database(ArchiveSettings(url=url), Path())
    reader, wrong = Reader(database), list[str]()
    try:
        for job in jobs:
            wrong += await _compare_job(made, reader, job)
        tables: dict[str, int] = {"jobs": len(jobs), "bodies": len(jobs), "artifacts": 2 * len(jobs), "refused": 0}
        async with database.read.connect() as connection:
            for table, rows in tables.items():
                found = await connection.scalar(select(func.count()).select_from(schema.METADATA.tables[table]))
                wrong += [f"{table}: {found} rows, not {rows}"] if found != rows else []
    finally:
        await database.close()
    return wrong


async def _compare_job(made: traffic.World, reader: Reader, job: Job) -> list[str]:
    story = await reader.story(job.id)
    if story is None:
        return [f"{job.id}: not in the archive"]
    pairs = {
        name: (getattr(story.job, name), getattr(job, name)) for name in Job.__struct_fields__ if name != BY_ITSELF
    }
    wrong = [f"{job.id}: {name} is {told!r}, in Redis {kept!r}" for name, (told, kept) in pairs.items() if told != kept]
    if _value(job) != _value(story.job):
        wrong.append(f"{job.id}: another result")
    if [event.id for event in story.events] != [event.id for event in await made.store.events_since(job.id)]:
        wrong.append(f"{job.id}: other events")
    return [*wrong, *await _compare_money(made, reader, job)]


def _value(job: Job) -> object:
    return msgspec.json.decode(job.result) if job.result is not None else None


async def _compare_money(made: traffic.World, reader: Reader, job: Job) -> list[str]:
    book, spent = await traffic.book_of(made, job.id), await reader.spent(job.id)
    if spent is None:
        return [f"{job.id}: no charges"]
    used = [sum(entry.used[place] for entry in book.calls.values()) for place in range(6)]
    told = [
        *(spent.input_tokens, spent.output_tokens, spent.cache_read_tokens, spent.cache_write_tokens),
        *(spent.images, spent.audio_ms),
    ]
    cost = sum(entry.cost for entry in book.calls.values())
    if (used, cost, len(book.paid)) == (told, spent.cost_uusd, 1):
        return []
    return [f"{job.id}: {told} for {spent.cost_uusd}, in Redis {used} for {cost}, paid {len(book.paid)} times"]


def _command(made: traffic.World, *words: str) -> Any:  # noqa: ANN401 - what the command says
    """A command's answer, with the settings of the daemons."""
    found = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.executable).with_name("streamforge"), *words],
        env=made.fleet.environment,
        capture_output=True,
        check=False,
    )
    if not found.stdout:
        raise RuntimeError(f"{' '.join(words)}: {found.stderr.decode()}")
    return json.loads(found.stdout)


def main() -> int:
    """Exit code: 0 as promised, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", *SERVERS], default="postgresql")
    parser.add_argument("--store", choices=["local", "s3"], default="s3")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which jobs come in and things break")
    parser.add_argument("--daemons", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, signal.default_int_handler)
    found = asyncio.run(play(args))
    print(json.dumps(found, indent=2))
    return 0 if found["is_right"] else 1


if __name__ == "__main__":
    sys.exit(main())
