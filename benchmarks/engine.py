"""No-op jobs per second through take → run → settle in one process, on a real server, beside the scripts alone.

    .venv/bin/python benchmarks/engine.py [--jobs N] [--concurrency N] [--json FILE]

The jobs go through the whole engine: claim with a fencing token, decoding, a recipe, settling with events, XACK, XDEL
and metrics. The ceiling is the same server doing only the scripts' work from one connection: take.lua and settle.lua
in batches, with no engine between them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

import anyio
import msgspec
import uvloop

from streamforge.broker.broker import Broker
from streamforge.broker.embedded import EmbeddedServer
from streamforge.broker.messages import Take
from streamforge.config import LogsSettings, Settings, load
from streamforge.jobs.model import Priority, Submission
from streamforge.jobs.outcome import Succeeded
from streamforge.jobs.store import JobStore
from streamforge.ops import logs
from streamforge.runtime.context import Context, Lent
from streamforge.runtime.executor import Executor, settlement
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import RetryPolicy
from streamforge.runtime.settler import Settler
from streamforge.runtime.worker import Worker
from streamforge.storage.objects import Objects


class Nothing(msgspec.Struct):
    """An input with one field."""

    i: int = 0


async def nothing(ctx: Context, given: Nothing) -> int:
    """The recipe: return a number."""
    del ctx
    return given.i


async def fill(store: JobStore, jobs: int) -> float:
    """Submit jobs, 64 at a time; jobs per second."""
    started = perf_counter()

    async def some(first: int) -> None:
        for i in range(first, jobs, 64):
            await store.submit(Submission(id=f"j{i}", kind="nothing", input=b'{"i":%d}' % i))

    async with anyio.create_task_group() as tasks:
        for first in range(64):
            tasks.start_soon(some, first)
    return jobs / (perf_counter() - started)


async def through_engine(broker: Broker, settings: Settings, jobs: int) -> float:
    """Run every job with a real worker; jobs per second."""
    pipeline = Pipeline("nothing", Nothing, nothing)
    objects = Objects.open("memory://", settings.paths.data_dir)
    settler = Settler(broker)
    lent = Lent(broker, objects, Rack(settings.pool), settings.jobs, {})
    executor = Executor({"nothing": pipeline}, lent, settler, RetryPolicy(), settings.jobs)
    worker = Worker(broker, executor, settings.worker)
    started = perf_counter()
    elapsed = 0.0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(settler.run)
        tasks.start_soon(worker.run)
        await until_done(broker)
        elapsed = perf_counter() - started
        worker.stop()
        settler.stop()
    return jobs / elapsed


async def until_done(broker: Broker) -> None:
    """Return when the queue is empty, which it is when every job is settled; looks every 5 ms."""
    stream = broker.keys.queue("default", Priority.NORMAL)
    while await broker.client.xlen(stream):  # noqa: ASYNC110 - another process's state has no event
        await anyio.sleep(0.005)


async def through_scripts(broker: Broker, settings: Settings, jobs: int) -> float:
    """The same jobs by the scripts alone, one batch after the other; jobs per second."""
    done = 0
    started = perf_counter()
    while done < jobs:
        taken = await broker.take(
            Take(queue="default", worker="bare", count=settings.worker.concurrency, max_crashes=3)
        )
        await broker.settle([settlement(claim, Succeeded(b"0")) for claim in taken.claims])
        done += len(taken.claims)
    return jobs / (perf_counter() - started)


async def measure(jobs: int, concurrency: int) -> dict[str, float]:
    """Both, one after the other on a fresh server each."""
    figures: dict[str, float] = {}
    runs: dict[str, Callable[[Broker, Settings, int], Awaitable[float]]] = {
        "engine": through_engine,
        "scripts_alone": through_scripts,
    }
    for name, run in runs.items():
        with tempfile.TemporaryDirectory(prefix="streamforge-bench-") as folder:
            settings = load(flags={"paths.data_dir": folder, "worker.concurrency": concurrency, "worker.name": "bench"})
            async with EmbeddedServer(Path(folder), settings.embedded) as server:
                broker = Broker(settings.redis, settings.jobs, server.url)
                figures["submit"] = await fill(JobStore(broker), jobs)
                figures[name] = await run(broker, settings, jobs)
                await broker.close()
    figures["ratio"] = figures["engine"] / figures["scripts_alone"]
    return figures


def main() -> None:
    """Print the table; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, default=100)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--log", default="warning", choices=("info", "warning"))
    args = parser.parse_args()
    logs.configure(LogsSettings(level=args.log, format="json"))
    figures = uvloop.run(measure(args.jobs, args.concurrency))
    print(f"{args.jobs} no-op jobs, concurrency {args.concurrency}, one process")
    print(f"  submit, one at a time over 64 tasks  {figures['submit']:>9,.0f} /s")
    print(f"  take → run → settle                  {figures['engine']:>9,.0f} /s")
    print(f"  the scripts alone                    {figures['scripts_alone']:>9,.0f} /s")
    print(f"  engine / scripts                     {figures['ratio']:>9.2f}")
    if args.json:
        args.json.write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
