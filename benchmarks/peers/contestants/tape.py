"""What every contestant shares, from the standard library alone: each runs in an environment of its own.

A job tells that it runs by sixteen bytes down a pipe (its number, and when), which costs a microsecond and no call to
Redis. The same for all. What a run asks of them stands in the environment:

PEER_CONCURRENCY  jobs at once               PEER_PAYLOAD   characters that a job carries besides its number
PEER_WAIT_S       how long a job waits       PEER_RECOVERY  "default", or "best": taken over as soon as the library can
PEER_HAND_IN_S    no longer in a batch       PEER_PAUSE_S   between two jobs on an idle queue, from,to
PEER_FIRST        the first job's number
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import string
import struct
import sys
import time
from collections.abc import Awaitable, Callable

URL = os.environ["PEER_REDIS_URL"]
CONCURRENCY = int(os.environ.get("PEER_CONCURRENCY", "100"))
PAYLOAD = int(os.environ.get("PEER_PAYLOAD", "0"))
WAIT_S = float(os.environ.get("PEER_WAIT_S", "0"))
HAND_IN_S = float(os.environ.get("PEER_HAND_IN_S", "60"))
PAUSE_S = tuple(float(each) for each in os.environ.get("PEER_PAUSE_S", "0.02,0.06").split(","))
FIRST = int(os.environ.get("PEER_FIRST", "0"))
IS_BEST = os.environ.get("PEER_RECOVERY") == "best"
PORTION = max(1, min(1000, 8_000_000 // max(1, PAYLOAD)))
"""Jobs handed in at once, where a library can: a thousand, but no more than 8 MB."""
TEXT = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=PAYLOAD))  # noqa: S311 - the same for all
LOAD = {"text": TEXT} if TEXT else {}
"""What a job is given besides its number."""

_pipe = -1


def tell(number: int) -> None:
    """This job has run."""
    global _pipe  # noqa: PLW0603 - opened once a process, after any fork
    if _pipe < 0:
        _pipe = os.open(os.environ["PEER_TAPE"], os.O_WRONLY)
    os.write(_pipe, struct.pack("<qd", number, time.monotonic()))


async def run(number: int) -> None:
    """The job: it tells, and waits where it is to."""
    tell(number)
    if WAIT_S:
        await asyncio.sleep(WAIT_S)


def run_plainly(number: int) -> None:
    """The same in a thread."""
    tell(number)
    if WAIT_S:
        time.sleep(WAIT_S)


def say(**facts: object) -> None:
    """What the runner reads."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def perform(
    command: str, count: int, one: Callable[[int], Awaitable[object]], many: Callable[[range], Awaitable[object]] | None
) -> None:
    """``single``: one job after the other; ``batch``: as the library does it best; ``idle``: one now and then."""
    numbers = range(FIRST, FIRST + count)
    if command == "idle":
        await _now_and_then(numbers, one)
        return
    is_batch = command == "batch" and many is not None
    size = PORTION if is_batch else 1
    at, done = time.monotonic(), 0
    while done < count and time.monotonic() - at < HAND_IN_S:
        portion = numbers[done : done + size]
        await (many(portion) if is_batch else one(portion[0]))
        done += len(portion)
    say(jobs=done, at=at, seconds=time.monotonic() - at, is_batch=is_batch)


async def _now_and_then(numbers: range, one: Callable[[int], Awaitable[object]]) -> None:
    pauses = random.Random(1)  # noqa: S311 - the same for every contestant
    for number in numbers:
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
