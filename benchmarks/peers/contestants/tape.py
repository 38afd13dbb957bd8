"""What every contestant shares, from the standard library alone: each runs in an environment of its own.

A job tells that it runs by eight bytes down a pipe, which costs a microsecond and no call to Redis. The same for all.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import struct
import sys
import time
from collections.abc import Awaitable, Callable

URL = os.environ["PEER_REDIS_URL"]
CONCURRENCY = int(os.environ.get("PEER_CONCURRENCY", "100"))
PAUSE_S = (0.02, 0.06)
"""Between two jobs on an idle queue."""

_pipe = -1


def tell(number: int) -> None:
    """This job has run."""
    global _pipe  # noqa: PLW0603 - opened once a process, after any fork
    if _pipe < 0:
        _pipe = os.open(os.environ["PEER_TAPE"], os.O_WRONLY)
    os.write(_pipe, struct.pack("<q", number))


def say(**facts: object) -> None:
    """What the runner reads."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def perform(
    command: str, count: int, one: Callable[[int], Awaitable[object]], many: Callable[[range], Awaitable[object]] | None
) -> None:
    """``single``: one job after the other; ``batch``: as the library does it best; ``idle``: one now and then."""
    if command == "idle":
        await _now_and_then(count, one)
        return
    started = time.perf_counter()
    if command == "batch" and many is not None:
        await many(range(count))
    else:
        for number in range(count):
            await one(number)
    say(jobs=count, seconds=time.perf_counter() - started, is_batch=command == "batch" and many is not None)


async def _now_and_then(count: int, one: Callable[[int], Awaitable[object]]) -> None:
    pauses = random.Random(1)  # noqa: S311 - the same for every contestant
    for number in range(count):
        say(number=number, at=time.monotonic())
        await one(number)
        await asyncio.sleep(pauses.uniform(*PAUSE_S))


def perform_plainly(
    command: str, count: int, one: Callable[[int], object], many: Callable[[range], object] | None
) -> None:
    """The same for libraries without an event loop."""

    def waited(plain: Callable[..., object]) -> Callable[..., Awaitable[object]]:
        async def call(given: object) -> None:
            plain(given)

        return call

    asyncio.run(perform(command, count, waited(one), waited(many) if many else None))
