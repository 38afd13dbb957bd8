"""What queues hold and workers run, as the API shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import time_ns

from msgspec import Struct

from streamforge.broker.messages import LineDepth
from streamforge.jobs.model import Priority
from streamforge.jobs.store import JobStore


class LineView(Struct, frozen=True, kw_only=True):
    """One tenant's jobs of one priority: those that wait, and those that workers hold."""

    tenant: str
    priority: Priority
    waiting: int
    running: int


class QueueView(Struct, frozen=True, kw_only=True):
    """A queue as the caller sees it; ``priorities`` says how much waits in each. ``oldest_age_s`` is of what waits."""

    queue: str
    paused: bool
    waiting: int
    running: int
    oldest_age_s: float
    priorities: dict[Priority, int]
    lines: list[LineView]


class WorkerView(Struct, frozen=True, kw_only=True):
    """A worker that has shown itself alive within its lease.

    ``busy`` is how many jobs it holds that the caller may know of, ``queues`` the same by queue.
    """

    name: str
    busy: int
    queues: dict[str, int]


async def queue_views(store: JobStore, names: Iterable[str], sees: Callable[[str], bool]) -> list[QueueView]:
    """These queues and those that are paused, with what is in them of the tenants that ``sees`` admits."""
    paused = await store.paused()
    wanted = sorted({*names, *paused})
    lines = [line for line in await store.lines(wanted) if sees(line.tenant)]
    return [_queue(name, [line for line in lines if line.queue == name], is_paused=name in paused) for name in wanted]


async def worker_views(store: JobStore, names: Iterable[str], sees: Callable[[str], bool]) -> list[WorkerView]:
    """The workers that are alive, with what they hold in these queues of the tenants that ``sees`` admits."""
    queues: dict[str, dict[str, int]] = {name: {} for name in await store.workers()}
    for line in await store.holdings(names):
        if line.worker in queues and sees(line.tenant):
            held = queues[line.worker]
            held[line.queue] = held.get(line.queue, 0) + line.jobs
    return [WorkerView(name=name, busy=sum(held.values()), queues=held) for name, held in queues.items()]


def _queue(name: str, lines: Sequence[LineDepth], *, is_paused: bool) -> QueueView:
    waiting = {str(priority): 0 for priority in Priority}
    for line in lines:
        waiting[line.priority] += line.waiting
    now_ms = time_ns() // 1_000_000
    oldest_ms = min((int(line.first.partition("-")[0]) for line in lines if line.first), default=now_ms)
    return QueueView(
        queue=name,
        paused=is_paused,
        waiting=sum(waiting.values()),
        running=sum(line.claimed for line in lines),
        oldest_age_s=max(0, now_ms - oldest_ms) / 1000,
        priorities={Priority(priority): count for priority, count in waiting.items()},
        lines=[
            LineView(tenant=line.tenant, priority=Priority(line.priority), waiting=line.waiting, running=line.claimed)
            for line in lines
        ],
    )
