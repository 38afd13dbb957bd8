"""Queues and workers: what waits and runs; pause, resume, drain."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import anyio
import msgspec

from streamforge.broker.broker import Broker
from streamforge.broker.embedded import embedded_socket
from streamforge.cli.desk import desk_of
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.errors import BrokerUnavailable, InvalidInput
from streamforge.jobs.acts import act
from streamforge.jobs.store import JobStore
from streamforge.runtime.control import Message

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

    async def pause_all() -> int:
        async with desk_of(args) as desk:
            for queue in args.queue:
                print_line(f"{queue}  {'paused' if await desk.pause(queue) else 'was paused before'}")
        return OK

    return run_async(pause_all())


def resume(args: argparse.Namespace) -> int:
    """Start jobs of these queues again."""

    async def resume_all() -> int:
        async with desk_of(args) as desk:
            for queue in args.queue:
                print_line(f"{queue}  {'resumed' if await desk.resume(queue) else 'was not paused'}")
        return OK

    return run_async(resume_all())


def drain(args: argparse.Namespace) -> int:
    """Have workers end: they take nothing more, and hand back what does not end within their grace."""
    if bool(args.worker) == args.all:
        raise InvalidInput("name the workers, or give --all", field="worker", hint="`streamforge drain web-1`")

    async def drain_them() -> int:
        settings = settings_from(args)
        has_own = not settings.redis.url
        socket = embedded_socket(settings.paths.data_dir)
        async with broker_of(settings) as broker:
            alive = await JobStore(broker).workers()
            if unknown := sorted(set(args.worker) - set(alive)):
                hint = f"alive: {', '.join(alive) or 'none'}"
                raise InvalidInput(f"no worker is called {unknown[0]!r}", field="worker", hint=hint)
            return await _drain(broker, args.worker or alive, args.timeout, lambda: has_own and not socket.exists())

    return run_async(drain_them())


async def _drain(broker: Broker, workers: Sequence[str], timeout_s: float, is_over: Callable[[], bool]) -> int:
    """Ask until they are gone: what is said on a channel may be missed."""
    left = set(workers)
    for worker in workers:
        await JobStore(broker).note(act("worker.drained", worker))
    with anyio.move_on_after(timeout_s):
        while left:
            left = await _ask(broker, left, is_over)
            await anyio.sleep(POLL_S if left else 0)
        print_line(f"drained: {', '.join(workers)}")
        return OK
    print_line(f"not drained within {timeout_s:g} s: {', '.join(sorted(left))}")
    return FAILED


async def _ask(broker: Broker, workers: set[str], is_over: Callable[[], bool]) -> set[str]:
    """Those of the workers that live still, after telling them; none once a daemon has taken its own server with it."""
    try:
        left = workers & set(await JobStore(broker).workers())
        for worker in left:
            await broker.tell(msgspec.json.encode(Message(drain=worker)))
    except BrokerUnavailable:
        return set() if is_over() else workers
    return left
