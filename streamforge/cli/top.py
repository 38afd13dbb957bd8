"""What goes on, on one screen: queues, workers, the newest jobs."""

from __future__ import annotations

import argparse
from time import time

import anyio
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamforge.cli.board import colour_of
from streamforge.cli.desk import Desk, desk_of
from streamforge.cli.main import OK
from streamforge.cli.session import run_async
from streamforge.cli.text import print_json
from streamforge.client import Job, Queue, Worker

PAUSE_S = 1.0
JOBS = 15


def top(args: argparse.Namespace) -> int:
    """Draw it again each second until Ctrl-C; with --once or --json, or where nobody looks, once."""
    console = Console()

    async def draw() -> int:
        async with desk_of(args) as desk:
            if args.json:
                print_json(await state(desk))
                return OK
            if args.once or not console.is_terminal:
                console.print(await screen(desk))
                return OK
            with Live(await screen(desk), console=console, screen=True, auto_refresh=False) as live:
                while True:
                    await anyio.sleep(PAUSE_S)
                    live.update(await screen(desk), refresh=True)

    return run_async(draw())


class State(Struct, frozen=True):
    """Everything as it stands at a moment; the newest jobs alone."""

    queues: list[Queue]
    workers: list[Worker]
    jobs: list[Job]


async def state(desk: Desk) -> State:
    """As it stands now."""
    queues, workers = await desk.queues(), await desk.workers()
    return State(queues, workers, [job async for job in desk.jobs(limit=JOBS)])


async def screen(desk: Desk) -> RenderableType:
    """The same, drawn."""
    now = await state(desk)
    return Group(queue_table(now.queues), worker_table(now.workers), job_table(now.jobs, time() * 1000))


def queue_table(queues: list[Queue]) -> Table:
    """A row for each queue."""
    table = _table("queue", "waiting", "running", "oldest")
    for queue in queues:
        name = f"{queue.queue} (paused)" if queue.paused else queue.queue
        table.add_row(Text(name), f"{queue.waiting}", f"{queue.running}", _age(queue.oldest_age_s))
    return table


def worker_table(workers: list[Worker]) -> Table:
    """A row for each worker."""
    table = _table("worker", "busy", "queues")
    for worker in workers:
        held = ", ".join(f"{queue} {jobs}" for queue, jobs in worker.queues.items())
        table.add_row(Text(worker.name), f"{worker.busy}", held)
    return table


def job_table(jobs: list[Job], now_ms: float) -> Table:
    """A row for each job."""
    table = _table("job", "kind", "state", "step", "done", "age")
    for job in jobs:
        state = Text(job.state, style=colour_of(job.state))
        age_s = (now_ms - job.created_ms) / 1000
        table.add_row(Text(job.id), Text(job.kind), state, Text(job.step), f"{job.progress:.0f} %", _age(age_s))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=True)
    return table


_NUMBERS = {"waiting", "running", "oldest", "busy", "done", "age"}


def _age(seconds: float) -> str:
    if seconds < 1:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
