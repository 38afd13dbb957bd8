"""Many jobs that only wait, in one daemon: its memory, and how much longer it takes than waiting alone.

    .venv/bin/python benchmarks/waiting.py [--jobs 10000] [--seconds 5] [--json FILE]

Each job awaits one asynchronous call of ``--seconds``, as a call to a model would be, in a step with a checkpoint. The
daemon is a process of its own; its memory is the kernel's high-water mark of that process (VmHWM).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import anyio
import msgspec
import uvloop

from streamforge.app import Daemon
from streamforge.broker.broker import Broker
from streamforge.broker.embedded import embedded_url
from streamforge.config import LogsSettings, Settings, load
from streamforge.jobs.model import Submission, new_job_id
from streamforge.jobs.store import JobStore
from streamforge.ops import garbage, logs
from streamforge.runtime.context import Context
from streamforge.runtime.recipe import Pipeline


class Pause(msgspec.Struct):
    """The input."""

    seconds: float


async def wait(ctx: Context, given: Pause) -> float:
    """The recipe: wait in a step."""

    async def pause() -> float:
        await anyio.sleep(given.seconds)
        return given.seconds

    return await ctx.step("wait", pause, returns=float)


def settings_in(folder: str, jobs: int) -> Settings:
    """A daemon that may run every job at once."""
    flags = {"paths.data_dir": folder, "worker.concurrency": jobs, "worker.name": "bench", "api.enabled": False}
    return load(flags={**flags, "pool.slots": 1, "jobs.event_log_max": 10})


async def serve(folder: str, jobs: int) -> None:
    """The daemon's process, until it is terminated."""
    logs.configure(LogsSettings(level="warning", format="json"))
    garbage.collect_seldom()  # as ``streamforge run`` does
    await Daemon(settings_in(folder, jobs), [Pipeline("wait", Pause, wait)], resources={}).run()


async def measure(pid: int, folder: str, jobs: int, seconds: float) -> dict[str, float]:
    """Hand in every job, wait until none is left; seconds from the first submission, and from the last."""
    settings = settings_in(folder, jobs)
    broker = Broker(settings.redis, settings.jobs, embedded_url(settings.paths.data_dir))
    await broker.wait_until_ready()
    store = JobStore(broker)
    started = perf_counter()

    async def some(count: int) -> None:
        for _ in range(count):
            await store.submit(Submission(id=new_job_id(), kind="wait", input=msgspec.json.encode(Pause(seconds))))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(some, jobs // 20 + (number < jobs % 20))
    submitted = perf_counter()
    while await broker.client.exists(broker.keys.lines("default")):  # noqa: ASYNC110 - another process's state
        await anyio.sleep(0.01)
    total_s = perf_counter() - started
    await broker.close()
    submit_s = submitted - started
    after_s = total_s - submit_s
    return {
        "total_s": total_s,
        "submit_s": submit_s,
        "after_s": after_s,
        "total_ratio": total_s / seconds,
        "after_ratio": after_s / seconds,
        "rss_mb": peak_mb(pid),
    }


def peak_mb(pid: int) -> float:
    """The most memory that the process has held."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    """Print the table; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        return uvloop.run(serve(args.serve, args.jobs))
    logs.configure(LogsSettings(level="error", format="json"))  # the daemon's server takes a moment to be there
    with tempfile.TemporaryDirectory(prefix="streamforge-bench-") as folder:
        command = [sys.executable, __file__, "--serve", folder, "--jobs", str(args.jobs)]
        daemon = subprocess.Popen(command, env=os.environ)  # noqa: S603 - this very script
        try:
            figures = uvloop.run(measure(daemon.pid, folder, args.jobs, args.seconds))
        finally:
            daemon.terminate()
            daemon.wait(30)
    print(f"{args.jobs:,} jobs, each waiting {args.seconds:g} s, in one daemon")
    for name, title in (("total", "from the first submission"), ("after", "from the last submission")):
        taken_s, ratio = figures[f"{name}_s"], figures[f"{name}_ratio"]
        print(f"  {title + ' to the last end':<42} {taken_s:>7.2f} s, {ratio:.2f} x a wait")
    print(f"  the daemon's peak memory                   {figures['rss_mb']:>7.0f} MB")
    if args.json:
        args.json.write_bytes(msgspec.json.encode(figures))
    return None


if __name__ == "__main__":
    main()
