"""What a thousand listeners cost while ten thousand jobs a minute are handed in: latency, memory, and what is missed.

    .venv/bin/python -m benchmarks.listeners [--listeners 1000] [--posts 10000] [--seconds 60] [--wide 5] [--kills N]
                                             [--quick] [--json FILE]

A daemon with a Redis of its own, as an operator would start it, and in another process its clients. Each of
``--listeners`` hands in a job over HTTP and follows it, by server-sent events, from its first event to its end, and so
on, all together ``--posts`` a minute; ``--wide`` more follow all jobs. A job lives about as long as it takes until its
listener hands in the next one, so that nearly all of them listen at any moment, and has ten events.

Latency is from the moment that Redis has put into an event to the moment at which the client has read it, on one
clock, of events that happened after the stream was opened; of a post, from the request to the answer 202. Every
listener checks that it has each event of its job once, in order, and those who follow all jobs that they have all.
``daemon_waited`` is the share of the time in which the daemon's loop was ready to run and had to wait for a core.

With ``--kills`` the daemon is killed so often (SIGKILL) and started again. Posts are repeated under their idempotency
key then, listeners come back with the last id that they have seen, and what each has is compared with the job's own
log, and with the feed; ``returns`` counts how often somebody had to come back. The next kill comes when those jobs have
ended that the last one caught: a job that crashes its worker twice in a row is a suspect, and suspects run one at a
time, so that a thousand of them would take hours.

``--quick`` is a fifth of it, in half a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import uvloop
from msgspec import Struct

from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline

EVENTS: Final = 10
"""Of each job: queued, started, a step's two, five of progress, succeeded."""

PROGRESSES: Final = 5


class Nap(Struct, frozen=True, kw_only=True):
    """How long the job lasts."""

    seconds: float


async def nap(ctx: Context, spec: Nap) -> int:
    """Sleep in pieces, and tell of each."""

    async def sleep() -> int:
        for piece in range(PROGRESSES):
            await asyncio.sleep(spec.seconds / (PROGRESSES + 1))
            await ctx.progress(100 * (piece + 1) / (PROGRESSES + 1))
        await asyncio.sleep(spec.seconds / (PROGRESSES + 1))
        return 1

    return await ctx.step("sleep", sleep, returns=int)


PIPELINE = Pipeline("nap", Nap, nap, steps=("sleep",))


class Plan(Struct, frozen=True, kw_only=True):
    """What is measured."""

    listeners: int
    wide: int
    posts_per_minute: int
    seconds: float
    kills: int

    @property
    def turn_s(self) -> float:
        """From one job of a listener to its next."""
        return 60 * self.listeners / self.posts_per_minute


class Tally:
    """What was seen; times in milliseconds."""

    def __init__(self) -> None:
        self.posts_ms: list[float] = []
        self.events_ms: list[float] = []
        self.wide_ms: list[float] = []
        self.jobs = 0
        self.returns = 0
        self.listening = 0
        self.listening_seen: list[int] = []
        self.faults: list[str] = []

    def clear(self) -> None:
        """Forget the times of the beginning."""
        for seen in (self.posts_ms, self.events_ms, self.wide_ms):
            seen.clear()


class Daemon:
    """A daemon in a process of its own, with a Redis of its own, which outlives a kill."""

    def __init__(self, home: Path, listeners: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = {
            "JOBS__FEED_MAX": "1000000",  # who comes at the end is told of all from the first
            "PATHS__DATA_DIR": str(home),
            "API__PORT": str(port),
            "WORKER__CONCURRENCY": str(2 * listeners),
            "WORKER__NAME": "listeners",
            "PIPELINES__MODULES": "benchmarks.listeners:PIPELINE",
        }
        self.url = f"http://127.0.0.1:{port}"
        self._environ = {**os.environ, **{f"STREAMFORGE_{name}": value for name, value in settings.items()}}
        self._log = home / "daemon.log"
        self._starts = 0

    @property
    def pid(self) -> int:
        """The process that runs now."""
        return self._process.pid

    def start(self) -> None:
        """Return once it takes jobs."""
        self._starts += 1
        program = Path(sys.executable).with_name("streamforge")
        with self._log.open("ab") as output:
            self._process = subprocess.Popen([program, "run"], env=self._environ, stderr=output)  # noqa: S603 - ours
        while self._log.read_text(encoding="utf-8").count("daemon_ready") < self._starts:
            if self._process.poll() is not None:
                raise RuntimeError(f"it did not start:\n{self._log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)

    def kill_and_start(self) -> None:
        """As the out-of-memory killer and systemd would."""
        self._process.kill()
        self._process.wait()
        self.start()

    def stop(self) -> None:
        """SIGINT, and wait."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)


class Client:
    """Everybody who asks the daemon."""

    def __init__(self, plan: Plan, url: str, session: aiohttp.ClientSession, tally: Tally) -> None:
        self._plan = plan
        self._url = f"{url}/api/v1"
        self._session = session
        self._tally = tally
        self.feeds: list[list[str]] = []
        self.under_way: set[asyncio.Event] = set()

    async def turns(self, number: int, ends: float) -> None:
        """One listener: a job after the other, each followed to its end."""
        await asyncio.sleep(self._plan.turn_s * number / self._plan.listeners)
        due = time.monotonic()
        while due < ends:
            over = asyncio.Event()
            self.under_way.add(over)
            await self._turn(f"{number}-{due}")
            self.under_way.remove(over)
            over.set()
            due += self._plan.turn_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _turn(self, key: str) -> None:
        job_id = await self._post(key)
        self._tally.jobs += 1
        self._tally.listening += 1
        ids: list[str] = []
        await self.follow(f"/jobs/{job_id}/events", ids, self._tally.events_ms)
        self._tally.listening -= 1
        wanted = await self._log_of(job_id) if self._plan.kills else sorted(set(ids), key=_order)
        if ids != wanted or len(ids) < EVENTS:
            self._tally.faults.append(f"job {job_id}: {len(ids)} events in place of {len(wanted)}")

    async def _post(self, key: str) -> str:
        seconds = self._plan.turn_s * random.uniform(0.85, 0.95)  # noqa: S311 - not a secret
        body = {"kind": "nap", "input": {"seconds": seconds}}
        while True:
            asked = time.perf_counter()
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self._session.post(
                    f"{self._url}/jobs", json=body, headers={"Idempotency-Key": key}
                ) as response:
                    told = await response.json()
                    if response.status == 202:
                        self._tally.posts_ms.append((time.perf_counter() - asked) * 1000)
                        return told["job_id"]
            await self._pause()

    async def _log_of(self, job_id: str) -> list[str]:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self._session.get(f"{self._url}/jobs/{job_id}/log") as response:
                    return [event["id"] for event in (await response.json())["items"]]
            await self._pause()

    async def _pause(self) -> None:
        self._tally.returns += 1
        await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - the same

    async def wide(self) -> None:
        """Follow all jobs, for ever."""
        self.feeds.append([])
        await self.follow("/events?last_event_id=0", self.feeds[-1], self._tally.wide_ms)

    async def follow(self, path: str, ids: list[str], latencies: list[float]) -> None:
        """To the job's end, coming back after the last id where the stream breaks."""
        while True:
            headers = {"Last-Event-ID": ids[-1]} if ids else {}
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with self._session.get(self._url + path, headers=headers) as stream:
                    if stream.status == 204 or await self._read(stream, ids, latencies):
                        return
            await self._pause()

    async def _read(self, stream: aiohttp.ClientResponse, ids: list[str], latencies: list[float]) -> bool:
        """Whether the stream has ended because its job has."""
        opened_ms, event_id = time.time() * 1000, ""
        async for line in stream.content:
            if line.startswith(b"id: "):
                event_id = line[4:-1].decode()
            elif line == b"\n" and event_id:
                if (happened_ms := int(event_id.partition("-")[0])) > opened_ms:
                    latencies.append(time.time() * 1000 - happened_ms)
                ids.append(event_id)
                event_id = ""
            elif line.startswith(b"data: ") and b'"job_ended"' in line:
                return True
        return False


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--posts", type=int, default=10_000, help="a minute")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--wide", type=int, default=5)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.quick:
        args.listeners, args.posts, args.seconds = args.listeners // 5, args.posts // 5, args.seconds / 5
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    plan = Plan(
        listeners=args.listeners, wide=args.wide, posts_per_minute=args.posts, seconds=args.seconds, kills=args.kills
    )
    with tempfile.TemporaryDirectory(prefix="sf-") as home:
        daemon = Daemon(Path(home), plan.listeners)
        daemon.start()
        try:
            found = uvloop.run(measure(plan, daemon))
        finally:
            daemon.stop()
    print(table(found))
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(found)))


async def measure(plan: Plan, daemon: Daemon) -> dict[str, Any]:
    """Let everybody come, then measure for the plan's seconds, or kill so often within them."""
    tally, idle_kb = Tally(), memory_kb(daemon.pid)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        client = Client(plan, daemon.url, session, tally)
        ends = time.monotonic() + plan.turn_s + plan.seconds
        everything = [asyncio.create_task(client.wide()) for _ in range(plan.wide)]
        own = [asyncio.create_task(client.turns(number, ends)) for number in range(plan.listeners)]
        await asyncio.sleep(plan.turn_s)
        for _ in range(plan.kills):
            await asyncio.sleep(plan.seconds / (plan.kills + 1))
            caught = set(client.under_way)
            await asyncio.to_thread(daemon.kill_and_start)
            for over in caught:
                await over.wait()
        tally.clear()
        found = await watch(tally, daemon, ends) if not plan.kills else {}
        await asyncio.gather(*own)
        await compare(client, tally)
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
    more = {"wide": plan.wide, "kills": plan.kills, "returns": tally.returns, "jobs": tally.jobs}
    memory = {"memory_idle_mb": idle_kb / 1024, "memory_end_mb": memory_kb(daemon.pid) / 1024}
    return {**found, **more, **memory, "faults": len(tally.faults), "first_faults": tally.faults[:5]}


async def watch(tally: Tally, daemon: Daemon, ends: float) -> dict[str, Any]:
    """What happens until then."""
    pid, started, own = daemon.pid, time.monotonic(), time.process_time()
    cpu, waited, peak_kb = cpu_s(pid), waited_s(pid), 0
    while time.monotonic() < ends:
        await asyncio.sleep(0.5)
        peak_kb = max(peak_kb, memory_kb(pid))
        tally.listening_seen.append(tally.listening)
    took = time.monotonic() - started
    return {
        "listeners": sum(tally.listening_seen) / max(1, len(tally.listening_seen)),
        "posts_per_minute": 60 * len(tally.posts_ms) / took,
        "events_per_s": (len(tally.events_ms) + len(tally.wide_ms)) / took,
        "post_ms": quantiles(tally.posts_ms),
        "event_ms": quantiles(tally.events_ms),
        "wide_event_ms": quantiles(tally.wide_ms),
        "memory_peak_mb": peak_kb / 1024,
        "daemon_cores": (cpu_s(pid) - cpu) / took,
        "daemon_waited": (waited_s(pid) - waited) / took,
        "clients_cores": (time.process_time() - own) / took,
    }


async def compare(client: Client, tally: Tally) -> None:
    """Who follows all jobs has to have, soon after the last of them ended, what one has who comes now."""
    feeds, fresh = list(client.feeds), asyncio.create_task(client.wide())
    for _ in range(600):
        await asyncio.sleep(0.05)
        newest = client.feeds[-1]
        if len(newest) >= tally.jobs * EVENTS and all(ids == newest for ids in feeds):
            break
    fresh.cancel()
    await asyncio.gather(fresh, return_exceptions=True)
    tally.faults += [f"of all jobs: {len(ids)} events" for ids in feeds if ids != client.feeds[-1]]
    if len(client.feeds[-1]) < tally.jobs * EVENTS:
        tally.faults.append(f"the feed has {len(client.feeds[-1])} events of {tally.jobs} jobs")


def _order(event_id: str) -> tuple[int, int]:
    ms, _, seq = event_id.partition("-")
    return int(ms), int(seq)


def memory_kb(pid: int) -> int:
    """The process's resident memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def cpu_s(pid: int) -> float:
    """What the process has used of processors."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_s(pid: int) -> float:
    """How long the process's first thread, its event loop, was ready to run and had no core."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def quantiles(values: list[float]) -> dict[str, float]:
    """The middle, the 99th hundredth, the last."""
    ordered = sorted(values) or [0.0]
    return {
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        "max": ordered[-1],
    }


def table(found: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{name:18} {_shown(value)}" for name, value in found.items()]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {number:.1f}" for name, number in value.items())  # pyright: ignore[reportUnknownVariableType]
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
