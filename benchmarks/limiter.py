"""How the limiter holds up against a provider that counts strictly.

    .venv/bin/python benchmarks/limiter.py [--processes 8] [--keys 3] [--seconds 300] [--variant all] [--scale 1]

It runs worker processes against a server that counts requests, input and output tokens of each key in
a sliding minute, the moment a request arrives, and answers 429 to the first one too many. ``steady``: nothing else
happens. ``change``: at half time one key's limits are halved and another's raised; its headers say so at once, and a
minute with the change in it allows what each part of it allows. ``kill``: a worker is killed every 10 s and replaced.
Asked for are no refusals, and a use of 90 % or more of what the limits allow (of the limit that is nearest).
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing as mp
import random
import sys
import tempfile
import time
from collections import deque
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from streamforge.broker.connection import connect
from streamforge.broker.keys import Keys
from streamforge.config import LogsSettings, RedisSettings
from streamforge.config.secret import Secret
from streamforge.ops import logs, metrics
from streamforge.testing.server import TestServer
from streamforge.traffic.estimate import Estimator
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Estimate, Limits, Parked, Scope
from streamforge.traffic.scripts import Scripts

LIMITS = (1200, 220_000, 130_000)
"""Requests, input and output tokens a minute and key, times ``--scale``.

Calls take 200 and 100 tokens in the mean: input runs out first, at 1,100 calls.
"""
INPUT_TOKENS, OUTPUT_TOKENS, LATENCY_S = (100, 300), (50, 150), (0.2, 1.0)
CALLERS = 12
MINUTE_S = 60.0
KILL_EVERY_S = 10.0
SCOPE = Scope("strict", "model")
DIMENSIONS = ("requests", "input-tokens", "output-tokens")


class Window:
    """One key's sliding minute at the server; ``factors`` are what its limits are multiplied with, and from when on."""

    def __init__(self, factors: list[tuple[float, float]], limits: tuple[int, int, int]) -> None:
        self.factors, self.limits = factors, limits
        self.refused: list[float] = []
        self.totals = [0, 0, 0]
        self._used = [0, 0, 0]
        self._calls: deque[tuple[float, tuple[int, int, int]]] = deque()

    def allowed(self, since: float, until: float) -> float:
        """The part of a minute's limits that this span allows: the integral of the rate."""
        ends = [start for start, _ in self.factors[1:]] + [float("inf")]
        spans = ((max(since, start), min(until, end), f) for (start, f), end in zip(self.factors, ends, strict=True))
        return sum(max(0.0, end - start) * factor for start, end, factor in spans) / MINUTE_S

    def take(self, now: float, amounts: tuple[int, int, int]) -> bool:
        """Count a request, or refuse it."""
        while self._calls and self._calls[0][0] <= now - MINUTE_S:
            _, old = self._calls.popleft()
            self._used = [used - amount for used, amount in zip(self._used, old, strict=True)]
        limits = [limit * self.allowed(now - MINUTE_S, now) for limit in self.limits]
        if any(used + n > limit for used, n, limit in zip(self._used, amounts, limits, strict=True)):
            self.refused.append(now)
            return False
        self._calls.append((now, amounts))
        self._used = [used + amount for used, amount in zip(self._used, amounts, strict=True)]
        self.totals = [used + amount for used, amount in zip(self.totals, amounts, strict=True)]
        return True

    def headers(self, now: float) -> dict[str, str]:
        """What Anthropic's API would say of it."""
        factor = next(f for start, f in reversed(self.factors) if now >= start)
        allowed = self.allowed(now - MINUTE_S, now)
        found: dict[str, str] = {}
        for name, limit, used in zip(DIMENSIONS, self.limits, self._used, strict=True):
            found[f"anthropic-ratelimit-{name}-limit"] = str(round(limit * factor))
            found[f"anthropic-ratelimit-{name}-remaining"] = str(max(0, int(limit * allowed - used)))
        return found


def scaled(scale: float) -> tuple[int, int, int]:
    """The limits at that size."""
    requests, inputs, outputs = (round(limit * scale) for limit in LIMITS)
    return requests, inputs, outputs


def strict_server(
    port_file: str, secrets: list[str], changes: dict[str, list[tuple[float, float]]], scale: float
) -> None:
    """The server's process: POST /call, GET /stats; the run's time begins with POST /begin."""
    windows = {key: Window([(-1e9, 1.0)], scaled(scale)) for key in secrets}
    began = [0.0]

    async def call(request: web.Request) -> web.Response:
        now = time.monotonic()
        window = windows[request.headers["x-api-key"]]
        given = await request.json()
        is_let_in = window.take(now, (1, given["input"], given["output"]))
        if not is_let_in:
            return web.json_response({}, status=429, headers={"retry-after": "2", **window.headers(now)})
        head = window.headers(now)
        await asyncio.sleep(random.uniform(*LATENCY_S))  # noqa: S311 - a model's time
        return web.json_response({"input": given["input"], "output": given["output"]}, headers=head)

    async def begin(_: web.Request) -> web.Response:
        began[0] = time.monotonic()
        for key, window in windows.items():
            first, *rest = changes[key]
            window.factors = [(-1e9, first[1]), *((began[0] + at, factor) for at, factor in rest)]
        return web.json_response({})

    async def stats(_: web.Request) -> web.Response:
        now = time.monotonic()
        uses = {
            key: max(
                total / limit / window.allowed(began[0], now)
                for total, limit in zip(window.totals, window.limits, strict=True)
            )
            for key, window in windows.items()
        }
        refused = sorted(at - began[0] for window in windows.values() for at in window.refused)
        calls = sum(window.totals[0] for window in windows.values())
        return web.json_response({"uses": list(uses.values()), "refused_at_s": refused, "calls": calls})

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.post("/call", call), web.post("/begin", begin), web.get("/stats", stats)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        port = runner.addresses[0][1]
        await asyncio.to_thread(Path(port_file).write_text, str(port), encoding="utf-8")
        await asyncio.Event().wait()

    uvloop.run(main())


def worker(
    url: str, port: int, secrets: list[str], scale: float, number: int, go: Event, stop: Event, folder: str
) -> None:
    """A worker's process: callers that call as fast as they are let."""
    logs.configure(LogsSettings(level="error", format="json"))
    uvloop.run(Worker(url, port, secrets, scale, number).run(go, stop, Path(folder)))


class Worker:
    """Some callers over one limiter."""

    def __init__(self, url: str, port: int, secrets: list[str], scale: float, number: int) -> None:
        requests, inputs, outputs = scaled(scale)
        limits = Limits(requests=requests, input_tokens=inputs, output_tokens=outputs)
        self.pool = KeyPool("strict", [Secret(secret) for secret in secrets], limits)
        self.client = connect(RedisSettings(), url)
        self.limiter = Limiter(Scripts(self.client, Keys()))
        self.estimator = Estimator()
        self.address = f"http://127.0.0.1:{port}/call"
        self.number = number
        self.calls = self.parked = self.refused = 0

    async def run(self, go: Event, stop: Event, folder: Path) -> None:
        """From the common start to the common end."""
        (folder / f"ready-{self.number}").touch()
        await asyncio.to_thread(go.wait)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tasks:
            renewing = tasks.create_task(self.limiter.run())
            callers = [tasks.create_task(self.call_on(session, stop, i)) for i in range(CALLERS)]
            await asyncio.wait(callers)
            self.limiter.stop()
            await renewing
        trips = _value(metrics.redis_traffic_trips_total())
        asks = sum(_value(metrics.traffic_asks_total("strict", "model", answer)) for answer in ("go", "wait", "park"))
        facts = {"calls": self.calls, "parked": self.parked, "refused": self.refused, "trips": trips, "asks": asks}
        (folder / f"worker-{self.number}.json").write_bytes(msgspec.json.encode(facts))
        await self.client.aclose()

    async def call_on(self, session: aiohttp.ClientSession, stop: Event, caller: int) -> None:
        """One caller."""
        for serial in range(1_000_000_000):
            if stop.is_set():
                return
            try:
                await self.call(session, f"{self.number}-{caller}-{serial}")
            except Parked as parked:
                self.parked += 1
                await asyncio.sleep(parked.for_s)

    async def call(self, session: aiohttp.ClientSession, name: str) -> None:
        """One call."""
        used = {"input": random.randint(*INPUT_TOKENS), "output": random.randint(*OUTPUT_TOKENS)}  # noqa: S311
        guess = Estimate(used["input"], self.estimator.guess(0, OUTPUT_TOKENS[1]).output_tokens)
        who = Caller(id=name, tenant=f"tenant-{self.number % 3}")
        call = await self.limiter.admit(SCOPE, self.pool.candidates, guess, who)
        headers = {"x-api-key": self.pool.reveal(call.fingerprint)}
        async with session.post(self.address, json=used, headers=headers) as answer:
            call.hear(answer.status, answer.headers)
            if answer.status == 200:
                self.calls += 1
                call.use(input_tokens=used["input"], output_tokens=used["output"])
                self.estimator.learn(used["output"])
            else:
                self.refused += 1
        await self.limiter.settle(call)


def _value(counter: Any) -> float:  # noqa: ANN401 - prometheus_client's child
    return counter._value.get()  # noqa: SLF001 - it has no other way to be read


class Trial:
    """One variant: a Redis, a strict server and workers, from start to figures."""

    def __init__(self, variant: str, processes: int, keys: int, seconds: float, scale: float) -> None:
        self.variant, self.processes, self.seconds, self.scale = variant, processes, seconds, scale
        self.secrets = [f"key-of-the-benchmark-{n}" for n in range(keys)]
        self.context = mp.get_context("spawn")
        self.go, self.stop = self.context.Event(), self.context.Event()

    def run(self) -> dict[str, Any]:
        """The figures."""
        with tempfile.TemporaryDirectory(prefix="sf-") as home, TestServer(Path(home)) as server:
            self.folder, self.url = home, server.url
            port_file = f"{home}/port"
            facts = (port_file, self.secrets, self.changes(), self.scale)
            provider = self.context.Process(target=strict_server, args=facts)
            provider.start()
            self.port = int(_wait_for(Path(port_file)).read_text(encoding="utf-8"))
            workers = [self.start(number) for number in range(self.processes)]
            for number in range(self.processes):
                _wait_for(Path(home, f"ready-{number}"))
            _fetch(self.port, "/begin", "POST")
            self.go.set()
            self.watch(workers)
            found = msgspec.json.decode(_fetch(self.port, "/stats"))
            self.stop.set()
            for process in workers:
                process.join()
            provider.terminate()
            provider.join()
            return self.figures(found)

    def changes(self) -> dict[str, list[tuple[float, float]]]:
        """Each key's factors by time."""
        half = self.seconds / 2
        plans = [[(0.0, 1.0), (half, 0.5)], [(0.0, 0.6), (half, 1.0)]] if self.variant == "change" else []
        return {key: plans[i] if i < len(plans) else [(0.0, 1.0)] for i, key in enumerate(self.secrets)}

    def start(self, number: int) -> Any:  # noqa: ANN401 - a process of a context's own class
        """One more worker."""
        args = (self.url, self.port, self.secrets, self.scale, number, self.go, self.stop, self.folder)
        process = self.context.Process(target=worker, args=args)
        process.start()
        return process

    def watch(self, workers: list[Any]) -> None:
        """Let the time go by; in ``kill``, with a death every 10 s."""
        end, number = time.monotonic() + self.seconds, self.processes
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, KILL_EVERY_S))
            if self.variant == "kill" and end - time.monotonic() > 1:
                workers.pop(0).kill()
                workers.append(self.start(number))
                number += 1

    def figures(self, found: dict[str, Any]) -> dict[str, Any]:
        """What came of it, for people."""
        told = [msgspec.json.decode(path.read_bytes()) for path in Path(self.folder).glob("worker-*.json")]
        calls = sum(one["calls"] for one in told) or 1
        return {
            "variant": self.variant,
            "calls": found["calls"],
            "refused": len(found["refused_at_s"]),
            "refused_at_s": [round(at, 1) for at in found["refused_at_s"][:20]],
            "use_of_each_key": [round(use, 3) for use in found["uses"]],
            "redis_trips_per_call": round(sum(one["trips"] for one in told) / calls, 2),
            "questions_per_call": round(sum(one["asks"] for one in told) / calls, 2),
            "parked": sum(one["parked"] for one in told),
        }


def _wait_for(path: Path) -> Path:
    while not path.exists() or (path.name == "port" and not path.read_text(encoding="utf-8")):
        time.sleep(0.02)
    return path


def _fetch(port: int, path: str, method: str = "GET") -> bytes:
    async def fetch() -> bytes:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://127.0.0.1:{port}{path}") as answer,
        ):
            return await answer.read()

    return asyncio.run(fetch())


def main() -> int:
    """Run what was asked for; 1 where a variant was refused something or left too much unused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--keys", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--variant", choices=["all", "steady", "change", "kill"], default="all")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    wanted = ["steady", "change", "kill"] if given.variant == "all" else [given.variant]
    results: list[dict[str, Any]] = []
    for variant in wanted:
        trial = Trial(variant, given.processes, given.keys, given.seconds, given.scale)
        results.append(trial.run())
        print(msgspec.json.format(msgspec.json.encode(results[-1])).decode(), flush=True)
    if given.json:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    return int(any(one["refused"] or min(one["use_of_each_key"]) < 0.9 for one in results))


if __name__ == "__main__":
    sys.exit(main())
