"""Queues and workers: what waits and runs; pause, resume, drain."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import anyio

from streamforge.broker.embedded import embedded_socket
from streamforge.cli.desk import Desk, desk_of, url_of
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.errors import BrokerUnavailable, InvalidInput, UnknownJob

POLL_S = 0.25
"""Between two looks at a worker that is to go."""


def list_queues(args: argparse.Namespace) -> int:
    """What waits and runs in each queue, a line for each tenant and priority."""

    async def show() -> int:
        async with desk_of(args) as desk:
            queues = await desk.queues(*args.queue)
        if args.json:
            print_json(queues)
            return OK
        for queue in queues:
            print_line(f"{queue.queue}{'  (paused)' if queue.paused else ''}")
            for line in queue.lines:
                print_line(f"  {line.priority:<8}{line.tenant:<24}waiting {line.waiting:<8}running {line.running}")
        return OK

    return run_async(show())


def list_workers(args: argparse.Namespace) -> int:
    """The workers that are alive, and how many jobs each holds."""

    async def show() -> int:
        async with desk_of(args) as desk:
            workers = await desk.workers()
        if args.json:
            print_json(workers)
            return OK
        for worker in workers:
            held = ", ".join(f"{queue} {jobs}" for queue, jobs in worker.queues.items())
            print_line(f"{worker.name:<32} {worker.busy} running  {held}".rstrip())
        return OK

    return run_async(show())


def pause(args: argparse.Namespace) -> int:
    """Start no more jobs of these queues, on any worker; what runs goes on."""
    return _turn(args, is_paused=True)


def resume(args: argparse.Namespace) -> int:
    """Start jobs of these queues again."""
    return _turn(args, is_paused=False)


def _turn(args: argparse.Namespace, *, is_paused: bool) -> int:
    told = ("was paused before", "paused") if is_paused else ("was not paused", "resumed")

    async def turn_all() -> int:
        async with desk_of(args) as desk:
            for queue in args.queue:
                has_changed = await (desk.pause(queue) if is_paused else desk.resume(queue))
                row = {"queue": queue, "paused": is_paused, "changed": has_changed}
                print_json(row) if args.json else print_line(f"{queue}  {told[has_changed]}")
        return OK

    return run_async(turn_all())


def drain(args: argparse.Namespace) -> int:
    """Have workers end: they take nothing more, and hand back what does not end within their grace."""
    if bool(args.worker) == args.all:
        raise InvalidInput("name the workers, or give --all", field="worker", hint="`streamforge drain web-1`")

    async def drain_them() -> int:
        async with desk_of(args) as desk:
            alive = [worker.name for worker in await desk.workers()]
            if unknown := sorted(set(args.worker) - set(alive)):
                hint = f"alive: {', '.join(alive) or 'none'}"
                raise InvalidInput(f"no worker is called {unknown[0]!r}", field="worker", hint=hint)
            return await _drain(desk, args.worker or alive, args)

    return run_async(drain_them())


async def _drain(desk: Desk, workers: Sequence[str], args: argparse.Namespace) -> int:
    """Ask until they are gone: what is said may be missed."""
    left, is_over = set(workers), _way_out(args)
    with anyio.move_on_after(args.timeout):
        while left:
            left = await _ask(desk, left, is_over)
            await anyio.sleep(POLL_S if left else 0)
    drained = [worker for worker in workers if worker not in left]
    if args.json:
        print_json({"drained": drained, "left": sorted(left)})
    elif left:
        print_line(f"not drained within {args.timeout:g} s: {', '.join(sorted(left))}")
    else:
        print_line(f"drained: {', '.join(workers)}")
    return FAILED if left else OK


async def _ask(desk: Desk, workers: set[str], is_over: Callable[[set[str]], bool]) -> set[str]:
    """Those of the workers that live still, after telling them; none once the last has taken the way to it along."""
    try:
        left = workers & {worker.name for worker in await desk.workers()}
        for worker in left:
            await desk.drain(worker)
    except UnknownJob:  # it has gone between the two
        return workers
    except BrokerUnavailable:
        return set() if is_over(workers) else workers
    return left


def _way_out(args: argparse.Namespace) -> Callable[[set[str]], bool]:
    """Whether silence means that these workers have ended: a daemon ends its own Redis, and its HTTP interface.

    Where more than one is left, nobody can tell whose end it was.
    """
    if url_of(args):
        return lambda left: len(left) == 1
    settings = settings_from(args)
    socket = embedded_socket(settings.paths.data_dir)
    return lambda _: not settings.redis.url and not socket.exists()
