"""How a long backlog slows taking down, and what a queued job costs in memory.

    .venv/bin/python benchmarks/backlog.py [--jobs 1000000] [--rounds 20] [--json FILE]

The same number of jobs is taken and settled from a queue of 1,000 and from one of ``--jobs``, in turns, each on a
server of its own. Both feeds are at their cap before, since cutting a feed back is a part of settling, and neither
server rewrites its log meanwhile. Bytes are the server's ``used_memory`` over the jobs that wait, without the feed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import anyio
import msgspec
import uvloop

from streamforge.broker.broker import Broker
from streamforge.broker.embedded import EmbeddedServer
from streamforge.broker.messages import Take
from streamforge.config import LogsSettings, load
from streamforge.jobs.model import Submission, new_job_id
from streamforge.jobs.outcome import Succeeded
from streamforge.jobs.store import JobStore
from streamforge.ops import logs
from streamforge.runtime.executor import settlement

SHORT = 1000
"""Jobs in the short queue, and in one round of either."""

BATCH = 64

PORTION = 5000
"""Jobs handed in between two cuts of the feed: as many as come in within a second."""


async def fill(broker: Broker, jobs: int) -> None:
    """Submit that many jobs with a small input; the feed is cut back meanwhile, as a daemon's scheduler would do."""
    store = JobStore(broker)

    async def some(count: int) -> None:
        for _ in range(count):
            await store.submit(Submission(id=new_job_id(), kind="nothing", input=b'{"text":"hello"}'))

    for first in range(0, jobs, PORTION):
        portion = min(PORTION, jobs - first)
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(some, portion // 100 + (number < portion % 100))
        await broker.promote()


async def take_round(broker: Broker) -> float:
    """Take and settle ``SHORT`` jobs; the seconds that took."""
    started, done = perf_counter(), 0
    while done < SHORT:
        taken = await broker.take(Take(queue="default", worker="w", count=min(BATCH, SHORT - done), max_crashes=3))
        await broker.settle([settlement(claim, Succeeded(b"0")) for claim in taken.claims])
        done += len(taken.claims)
    return perf_counter() - started


async def used_bytes(broker: Broker) -> int:
    """What the server holds, without the feed."""
    client = cast("Any", broker.client)
    used = (await client.info("memory"))["used_memory"]
    return used - (await client.memory_usage(broker.keys.feed) or 0)


@asynccontextmanager
async def server(folder: Path) -> AsyncGenerator[Broker]:
    """A server of its own, and a connection to it."""
    settings = load(flags={"paths.data_dir": str(folder)})
    async with EmbeddedServer(folder, settings.embedded) as embedded:
        broker = Broker(settings.redis, settings.jobs, embedded.url)
        yield broker
        await broker.close()


async def fill_feed(broker: Broker, cap: int) -> None:
    """Run jobs until the feed is at its cap."""
    while await broker.client.xlen(broker.keys.feed) < cap:
        await fill(broker, SHORT)
        await take_round(broker)


async def settle_down(broker: Broker, cap: int) -> None:
    """Cut the feed back to its cap, and have the server write its log anew now instead of in the middle."""
    client = cast("Any", broker.client)
    await client.xtrim(broker.keys.feed, maxlen=cap, approximate=False)
    await client.config_set("auto-aof-rewrite-percentage", 0)
    while (await client.info("persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110 - another process's state
        await anyio.sleep(0.2)


async def measure(jobs: int, rounds: int) -> dict[str, float]:
    """Rates from the short and the long queue, in turns, jobs per second; and bytes for each job that waits."""
    short_s = long_s = 0.0
    cap = load().jobs.feed_max
    with tempfile.TemporaryDirectory(prefix="streamforge-bench-") as folder:
        async with server(Path(folder) / "short") as short, server(Path(folder) / "long") as long:
            before = await used_bytes(long)
            await fill(long, jobs)
            job_bytes = (await used_bytes(long) - before) / jobs
            await fill_feed(short, cap)
            await settle_down(short, cap)
            await settle_down(long, cap)
            for number in range(rounds + 1):
                await fill(short, SHORT)
                seconds = [await take_round(short), await take_round(long)]
                if number:  # the first round warms both up
                    short_s, long_s = short_s + seconds[0], long_s + seconds[1]
    taken = rounds * SHORT
    return {"short": taken / short_s, "long": taken / long_s, "ratio": short_s / long_s, "bytes": job_bytes}


def main() -> None:
    """Print the table; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    logs.configure(LogsSettings(level="warning", format="json"))
    figures = uvloop.run(measure(args.jobs, args.rounds))
    print(f"take and settle, batches of {BATCH}, {args.rounds} x {SHORT} jobs")
    print(f"  from a queue of {SHORT:>9,}  {figures['short']:>9,.0f} /s")
    print(f"  from a queue of {args.jobs:>9,}  {figures['long']:>9,.0f} /s")
    print(f"  long / short               {figures['ratio']:>9.2f}")
    print(f"  bytes for a queued job     {figures['bytes']:>9,.0f}")
    if args.json:
        args.json.write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
