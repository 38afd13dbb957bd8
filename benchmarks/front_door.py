"""Submitting over HTTP: how long a 202 takes, and how many jobs one process accepts in a second.

    .venv/bin/python -m benchmarks.front_door [--seconds 5] [--connections 64] [--batch 100] [--key] [--json FILE]

Three runs against one API process (uvloop), over a Valkey on a Unix socket: one connection that sends one request after
the other (latency), ``--connections`` that each do the same (jobs accepted in a second), batches of ``--batch`` jobs.
Each job is checked against its kind, gets a record, its place in the queue and its tenant's index, and its first
event; none is run. With ``--key`` each request brings an API key. The client speaks HTTP over plain sockets, in its own
process; on a machine of two cores the three processes share them. ``cpu`` is what the API's own process spent for a
job, which a busy machine changes less than the rest. ``--profile FILE`` keeps cProfile's account of that process.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import multiprocessing as mp
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time
from typing import Annotated, cast

import anyio
import msgspec
import uvloop
from msgspec import Meta, Struct

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keys import NewKey
from streamforge.api.server import ApiServer
from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings, JobsSettings, LogsSettings, RedisSettings
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.ops import logs
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer
from tests.integration.api.gate import front_over

WARM_UP = 500


class Brief(Struct, forbid_unknown_fields=True):
    """A small input."""

    prompt: Annotated[str, Meta(min_length=1, max_length=4000)]
    width: Annotated[int, Meta(ge=16, le=8192)] = 1200
    height: Annotated[int, Meta(ge=16, le=8192)] = 628


class Row(Struct, frozen=True):
    """One run: jobs accepted in a second, how long a request took, and what a job cost the API's process."""

    run: str
    jobs_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def serve(pipe: Connection, url: str, profile: str) -> None:
    """The process with the API: tells its port and a key, and ends when it is told to."""
    logs.configure(LogsSettings(level="error"))
    profiler = cProfile.Profile() if profile else None
    if profiler:
        profiler.enable()
    uvloop.run(_serve(pipe, url))
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile)


async def _serve(pipe: Connection, url: str) -> None:
    broker = Broker(RedisSettings(), JobsSettings(), url)
    accounts = Accounts(broker)
    objects, kinds = Objects.open("memory://", Path()), Kinds([Kind("banner", Brief)])
    server = ApiServer(front_over(broker, objects, kinds, ApiSettings(port=0), accounts=accounts))
    await server.start()
    key = (await accounts.keys.create(NewKey(tenant="bench"))).token
    pipe.send((server.port, key))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.run, name="api")
        while await anyio.to_thread.run_sync(pipe.recv):
            pipe.send(process_time())
        server.stop()
    await broker.close()


class Api:
    """The process with the API, from outside: its port, and a key."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port, self.key = pipe.recv()

    def cpu_s(self) -> float:
        """The time that it has been at work."""
        self._pipe.send(True)
        return self._pipe.recv()


@contextmanager
def api(url: str, profile: str) -> Generator[Api]:
    """The API in a process of its own."""
    ours, theirs = mp.Pipe()
    process = mp.get_context("spawn").Process(target=serve, args=(theirs, url, profile))
    process.start()
    yield Api(ours)
    ours.send(False)
    process.join(10)


def request(path: str, body: bytes, key: str) -> bytes:
    """A request as it goes over the wire."""
    head = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    head += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*head, "", ""]).encode() + body


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, until it is stopped."""

    def __init__(self, asked: bytes, is_over: Callable[[int], bool]) -> None:
        self._asked = asked
        self._is_over = is_over
        self._left = 0
        self.times: list[float] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._started = perf_counter()
        self._transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is whole; anything but a 202 ends the run."""
        if not self._left:
            head, _, rest = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                self.done.set_exception(RuntimeError(data[:500].decode()))
                return
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self._left = length - len(rest)
        else:
            self._left -= len(data)
        if self._left:
            return
        self.times.append(perf_counter() - self._started)
        if self._is_over(len(self.times)):
            self._transport.close()
            self.done.set_result(None)
        else:
            self._ask()


async def run(port: int, asked: bytes, connections: int, is_over: Callable[[int], bool]) -> list[float]:
    """The time of each answer, in seconds."""
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(asked, is_over), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    return [time for client in clients for time in client.times]


async def measure(name: str, api: Api, asked: bytes, connections: int, seconds: float, *, jobs: int = 1) -> Row:
    """A run of so many seconds, after a short one."""
    await run(api.port, asked, connections, lambda count: count >= WARM_UP // connections // jobs)
    started, cpu_s = perf_counter(), api.cpu_s()
    times = await run(api.port, asked, connections, lambda _: perf_counter() - started > seconds)
    took_s, cpu_s = perf_counter() - started, api.cpu_s() - cpu_s
    cuts, count = quantiles(times, n=100), len(times) * jobs
    return Row(
        name, round(count / took_s), round(cuts[49] * 1e3, 2), round(cuts[98] * 1e3, 2), round(cpu_s / count * 1e6)
    )


async def measure_all(api: Api, args: argparse.Namespace) -> list[Row]:
    """Every run."""
    job = {"kind": "banner", "input": {"prompt": "Summer sale, 30 % off all bicycles until Sunday"}}
    key = api.key if args.key else ""
    one = request("/api/v1/jobs", msgspec.json.encode(job), key)
    brief = request("/api/v1/generate", msgspec.json.encode(job["input"]), key)
    many = request("/api/v1/jobs/batch", msgspec.json.encode({"jobs": [job] * args.batch}), key)
    return [
        await measure("one connection", api, one, 1, args.seconds),
        await measure(f"{args.connections} connections", api, one, args.connections, args.seconds),
        await measure(f"{args.connections} connections, generate", api, brief, args.connections, args.seconds),
        await measure(f"4 connections, batches of {args.batch}", api, many, 4, args.seconds, jobs=args.batch),
    ]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--key", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--profile", default="")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sf-") as home,
        TestServer(Path(home)) as server,
        api(server.url, args.profile) as process,
    ):
        rows = uvloop.run(measure_all(process, args))
    for row in rows:
        print(
            f"{row.run:<34}{row.jobs_per_s:>8.0f} jobs/s   p50 {row.p50_ms:>7.2f} ms   p99 {row.p99_ms:>7.2f} ms   "
            f"cpu {row.cpu_us:>5.0f} us"
        )
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)))


if __name__ == "__main__":
    main()
