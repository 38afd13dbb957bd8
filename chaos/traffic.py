"""Chaos for the calls to models: real daemons over a real Valkey, against a model server that refuses and breaks.

    python -m chaos.traffic ledger --jobs 5000 --kill-every 10   does the ledger equal the server's own count?
    python -m chaos.traffic pause --seconds 90                   does a provider that refuses hold anything up?

``ledger``: daemons are killed all the while; answers break, keys are refused for a moment, some calls are always failed
by the first provider and led on to the second, some steps fail after their call was paid for. Both providers count a
repeated call with the same idempotency key once, and answer it again. When all jobs have ended, what the ledger says
is compared with what the server counted, call by call, and each step has to be charged once. A call whose answer died
with its worker, and which was repeated elsewhere, has to be among those of which the ledger says that it knows nothing.

``pause``: for so long the server answers 429 to every call, while jobs that call models and jobs that do not come in.
"""
# ruff: noqa: T201 - printing is what a report is for

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from chaos import processes, traffic_recipes
from chaos.fleet import Daemon, Fleet
from chaos.traffic_recipes import CALLS, Errand, Letter
from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import Job, JobState, Submission, new_job_id
from streamforge.jobs.store import JobStore
from streamforge.testing.model_script import Answer, Fault, FaultKind, Seen, Step
from streamforge.testing.model_server import KeyLimits, ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.keys import fingerprint
from streamforge.traffic.ledger import Books, Entry, total

FIRST, SECOND = "anthropic/claude-sonnet-5-5", "openai/gpt-test"
ENDLESS = KeyLimits(requests=10**9, input_tokens=10**9, output_tokens=10**9)
"""Never refuses, and what it counts goes by length."""
FAILS_FIRST, FAILS_ONCE, LIMITED = 0.1, 0.2, 0.01
"""Shares of the calls: failed by the first provider for good; by the second once; refused for a moment."""
BREAKING: tuple[FaultKind, ...] = ("overloaded", "server_error", "dropped", "mid_stream", "truncated", "garbled")
WORDS = "word " * 60
LEASE_S = 3.0
SETTINGS: dict[str, object] = {
    "api__port": 0,
    "pool__slots": 1,
    "worker__concurrency": 32,
    "worker__lease_s": LEASE_S,
    "worker__renew_s": LEASE_S / 3,
    "worker__max_attempts": 50,
    "worker__max_crashes": 50,
    "worker__retry_base_s": 0.05,
    "worker__retry_cap_s": 1.0,
    "worker__grace_s": 5,
    "logs__format": "json",
    "pipelines__modules": traffic_recipes.MODULES,
}


class World:
    """A Redis, a model server and daemons."""

    def __init__(self, home: Path, models: ModelServer, redis_url: str, **settings: object) -> None:
        self.models = models
        self.broker = Broker(RedisSettings(), JobsSettings(), redis_url)
        self.store = JobStore(self.broker)
        self.books = Books(self.broker.client, self.broker.keys)
        self.client: Any = self.broker.client
        given = {"redis__url": redis_url, "storage__url": home / "objects", **SETTINGS, **settings}
        self.fleet = Fleet(home, given)

    async def start(self, daemons: int) -> None:
        """Daemons that take jobs."""
        for _ in range(daemons):
            self.fleet.add()
        await until(lambda: all(daemon.is_ready for daemon in self.fleet.members), "every daemon is ready", 60.0)

    async def submit(self, kind: str, given: msgspec.Struct) -> str:
        """Hand a job in; its id."""
        submission = Submission(kind=kind, id=new_job_id(), input=msgspec.json.encode(given))
        return (await self.store.submit(submission)).id

    async def ended(self, names: list[str], timeout_s: float) -> list[Job]:
        """All of them, once they have ended."""
        left, found = set(names), dict[str, Job]()

        async def all_have() -> bool:
            for name in sorted(left)[:200]:
                job = await self.store.get(name)
                if job.is_terminal:
                    found[name] = job
                    left.discard(name)
            await asyncio.sleep(0.2)
            return not left

        await until(all_have, f"all {len(names)} jobs have ended", timeout_s)
        return [found[name] for name in names]

    async def revive(self) -> None:
        """Start again what has ended: what systemd would do."""
        while True:
            for daemon in self.fleet.members:
                if not daemon.is_alive:
                    daemon.start()
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """End every process."""
        self.fleet.end()
        await self.broker.close()


@asynccontextmanager
async def world(models: ModelServer, keys: int, **settings: object) -> AsyncGenerator[World]:
    """A world in a new directory, gone afterwards; the first provider has so many keys."""
    with tempfile.TemporaryDirectory(prefix="sf-traffic-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        (home / "redis").mkdir()
        with TestServer(home / "redis") as redis:
            async with models:
                config = home / "streamforge.toml"
                config.write_text(_configuration(models.url, keys), encoding="utf-8")
                made = World(home, models, redis.url, config=config, **settings)
                try:
                    yield made
                finally:
                    await made.close()


def _configuration(url: str, keys: int) -> str:
    """The settings that lead both providers to the scripted server."""
    firsts = ", ".join(f'"sk-ant-chaos-{number}"' for number in range(keys))
    return f"""
[llm]
chain = ["{FIRST}", "{SECOND}"]
[providers.anthropic]
base_url = "{url}"
keys = [{firsts}]
takes_idempotency_keys = true
[providers.openai]
base_url = "{url}/v1"
keys = ["sk-oai-chaos-0"]
takes_idempotency_keys = true
[models."{SECOND}"]
input_usd = 1.0
output_usd = 4.0
"""


# ---- the ledger ----


class Fates:
    """What becomes of each call, by its idempotency key: the same however often and whenever it is made.

    A provider that knows such keys gives the answer again that it gave once; so does this script, and whoever it fails
    on the first provider it fails there for good. Then only one of the two can ever have been paid.
    """

    def __init__(self) -> None:
        self._tries: Counter[tuple[str, str]] = Counter()
        self.given: Counter[str] = Counter()

    def __call__(self, seen: Seen) -> Step:
        """The next step."""
        step = self._step(seen)
        self.given[step.kind if isinstance(step, Fault) else "answer"] += 1
        return step

    def _step(self, seen: Seen) -> Step:
        key = seen.headers["idempotency-key"]
        self._tries[seen.path, key] += 1
        draw = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311 - chance to be repeated
        fails_first, fails_once, limited, kind = draw.random(), draw.random(), draw.random(), draw.choice(BREAKING)
        is_new = self._tries[seen.path, key] == 1
        if seen.path == "/v1/messages" and fails_first < FAILS_FIRST:
            return Fault(kind)
        if seen.path != "/v1/messages" and is_new and fails_once < FAILS_ONCE:
            return Fault(kind)
        if is_new and limited < LIMITED:
            return Fault("rate_limited", retry_after_s=0.2)
        return Answer(WORDS, piece_s=0.01)


async def play_ledger(jobs: int, daemons: int, kill_every_s: float) -> dict[str, Any]:
    """Jobs under kills; then the comparison."""
    fates = Fates()
    models = ModelServer(fates, limits=ENDLESS, replays=True, remembers=False)
    async with world(models, keys=3) as made:
        await made.start(daemons)
        began = time.monotonic()
        letters = [Letter(topic=f"subject {number}", is_clumsy=number % 10 == 0) for number in range(jobs)]
        names = [await made.submit("letter", letter) for letter in letters]
        kills: Counter[str] = Counter()
        async with asyncio.TaskGroup() as tasks:
            trouble = [tasks.create_task(made.revive()), tasks.create_task(_kill(made, kill_every_s, kills))]
            done = await made.ended(names, 60.0 + jobs)
            for task in trouble:
                task.cancel()
        seconds = round(time.monotonic() - began, 1)
        books = await _compare(made, names)
        states = Counter(str(job.state) for job in done)
        tallies = [account.tally for account in models.accounts.values()]
        return {
            "jobs": dict(states),
            "seconds": seconds,
            "kills": kills.total(),
            "jobs_retried": sum(job.attempt > 1 for job in done),
            "steps_of_the_script": dict(sorted(fates.given.items())),
            "replayed": sum(tally.replayed for tally in tallies),
            "abandoned": sum(tally.abandoned for tally in tallies),
            **books,
            "is_right": states == {JobState.SUCCEEDED: jobs} and not books["wrong"],
        }


async def _kill(made: World, every_s: float, kills: Counter[str]) -> None:
    chance = random.Random(5)  # noqa: S311 - chance to be repeated
    while True:
        await asyncio.sleep(every_s * chance.uniform(0.5, 1.5))
        daemon: Daemon | None = made.fleet.pick(chance)
        if daemon is not None:
            kills[daemon.name] += 1
            processes.send(daemon.pid, signal.SIGKILL)


async def _compare(made: World, names: list[str]) -> dict[str, Any]:
    """What the ledger says beside what the server counted, call by call, with everything that does not fit."""
    books = {name: await book_of(made, name) for name in names}
    answered = {call: entry for book in books.values() for call, entry in book.calls.items() if entry.is_answered}
    server = _counted(made.models)
    wrong = [
        f"{call}: the server counted {server.get(call)}" for call in answered if server.get(call) != answered[call].used
    ]
    charges = Counter(entry.charge for entry in answered.values())
    if len(charges) != CALLS * len(names) or any(len(book.paid) != CALLS for book in books.values()):
        wrong.append(f"{len(charges)} charges, and not each of them paid once")
    sums = await made.books.day("default", await made.books.today())
    if total([entry for book in books.values() for entry in book.calls.values()]) != sums.used:
        wrong.append(f"the day has {sums.used}, and its jobs have not")
    if sums.charged_uusd != sum(sum(book.paid) for book in books.values()):
        wrong.append("the day's charges are not those of its jobs")
    unheard = [call for call in server if call not in answered]
    unknown = sums.unaccounted_calls + int(await made.client.zcard(made.broker.keys.holds("default")))
    if len(unheard) > unknown:
        wrong.append(f"{len(unheard)} calls that nobody knows of, and {unknown} that may have been")
    return {
        "charges": len(charges),
        "answered_calls": len(answered),
        "failed_over": sum(entry.provider == "openai" for entry in answered.values()),
        "tokens_of_the_ledger": sum(sum(entry.used) for entry in answered.values()),
        "tokens_of_the_server": sum(map(sum, server.values())),
        "calls_heard_by_none_who_lived": len(unheard),
        "their_tokens": sum(sum(server[call]) for call in unheard),
        "of_unknown_usage": unknown,
        "cost_usd": sums.cost_uusd / 1e6,
        "charged_usd": sums.charged_uusd / 1e6,
        "wrong": wrong,
    }


class Book(NamedTuple):
    """A job's ledger: its calls by their names, and what was paid."""

    calls: dict[str, Entry]
    paid: list[int]


async def book_of(made: World, name: str) -> Book:
    """What Redis has of it."""
    rows: dict[bytes, bytes] = await made.client.hgetall(made.broker.keys.ledger(name))
    calls = {
        field: msgspec.msgpack.decode(row, type=Entry) for field, row in rows.items() if field.startswith(b"call:")
    }
    paid = [int(price) for field, price in rows.items() if field.startswith(b"paid:")]
    return Book({field.decode().removeprefix("call:"): entry for field, entry in calls.items()}, paid)


def _counted(models: ModelServer) -> dict[str, tuple[int, ...]]:
    """What the server's answers cost, by the names that the ledger has for calls."""
    scopes = {key: FIRST if key.startswith("sk-ant-") else SECOND for key in models.accounts}
    given = models._given  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its own count, call by call
    return {
        f"{name}@{scopes[key]}/{fingerprint(key)}": (it.input, it.output, it.cache_read, it.cache_write, 0, 0)
        for (key, name), (_, it) in given.items()
    }


# ---- the pause ----


class Refusing:
    """Answers 429 from one moment on until another; notes when calls came, by key."""

    def __init__(self, retry_after_s: float | None) -> None:
        self._retry_after_s = retry_after_s
        self.is_refusing = False
        self.came: defaultdict[str, list[float]] = defaultdict(list)

    def __call__(self, seen: Seen) -> Step:
        """The next step."""
        if not self.is_refusing:
            return Answer(WORDS)
        self.came[seen.key].append(time.monotonic())
        return Fault("rate_limited", retry_after_s=self._retry_after_s)


async def play_pause(seconds: float, jobs: int, retry_after_s: float | None) -> dict[str, Any]:
    """Jobs of both kinds, before, while and after the provider refuses."""
    refusing = Refusing(retry_after_s)
    async with world(ModelServer(refusing, limits=ENDLESS, remembers=False), keys=2, worker__concurrency=8) as made:
        await made.start(2)
        for name in [await made.submit("letter", Letter(topic=f"warm {number}")) for number in range(20)]:
            await made.ended([name], 60.0)
        quiet = await _errands(made, 10.0)
        refusing.is_refusing, began = True, time.monotonic()
        names = [await made.submit("letter", Letter(topic=f"subject {number}")) for number in range(jobs)]
        meanwhile = await _errands(made, seconds - (time.monotonic() - began))
        waiting = [await made.store.get(name) for name in names]
        refusing.is_refusing, over = False, time.monotonic()
        done = await made.ended(names, 900.0)
        all_ended_s = time.monotonic() - over
        after = [at - began for times in refusing.came.values() for at in times]
        return {
            "seconds": round(over - began, 1),
            "retry_after_s": retry_after_s,
            "parked": dict(Counter(str(job.state) for job in waiting)),
            "attempts_charged_meanwhile": sum(job.attempt for job in waiting),
            "calls_meanwhile": {key: len(times) for key, times in sorted(refusing.came.items())},
            "calls_at_s": {key: [round(at - began, 1) for at in times] for key, times in sorted(refusing.came.items())},
            "errands_before": quiet,
            "errands_meanwhile": meanwhile,
            "jobs": dict(Counter(str(job.state) for job in done)),
            "all_ended_after_s": round(all_ended_s, 1),
            "attempts": dict(Counter(job.attempt for job in done)),
            "is_right": all(job.state is JobState.SUCCEEDED for job in done) and bool(after),
        }


async def _errands(made: World, seconds: float) -> dict[str, float]:
    """Ten jobs a second that call no model: how many ended, and how long they took from hand to end."""
    end, took = time.monotonic() + seconds, list[float]()

    async def errand(number: int) -> None:
        began = time.monotonic()
        name = await made.submit("errand", Errand(number=number))
        while not (await made.store.get(name)).is_terminal:  # noqa: ASYNC110 - another process ends it
            await asyncio.sleep(0.01)
        took.append(time.monotonic() - began)

    async with asyncio.TaskGroup() as tasks:
        for number in range(1_000_000):
            if time.monotonic() > end:
                break
            tasks.create_task(errand(number))
            await asyncio.sleep(0.1)
    parts = statistics.quantiles(took, n=100)
    return {"ended": len(took), "p50_ms": round(parts[49] * 1000), "p99_ms": round(parts[98] * 1000)}


def main() -> int:
    """Exit code: 0 as promised, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ledger", "pause"])
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--daemons", type=int, default=3)
    parser.add_argument("--kill-every", type=float, default=10.0, metavar="S")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--retry-after", type=float, default=None, metavar="S", help="none: the server names no time")
    args = parser.parse_args()
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, signal.default_int_handler)  # a background job has them ignored, or ends without an end
    if args.what == "ledger":
        found = asyncio.run(play_ledger(args.jobs or 5000, args.daemons, args.kill_every))
    else:
        found = asyncio.run(play_pause(args.seconds, args.jobs or 100, args.retry_after))
    print(json.dumps(found, indent=2))
    return 0 if found["is_right"] else 1


if __name__ == "__main__":
    sys.exit(main())
