"""saq: a job is finished after the function; a sweep every minute finds those whose time (10 s) is over.

Such a job is tried again only where ``retries`` is above its default of 1. A heartbeat finds it sooner; the job gives
it itself.
"""

import asyncio
import sys

import tape
import uvloop
from saq import Queue, Worker

queue = Queue.from_url(tape.URL)
OPTIONS = {"heartbeat": 2, "retries": 5} if tape.IS_BEST else {}
TIMERS = {"sweep": 1} if tape.IS_BEST else {}
BEAT_S = 0.5


async def noop(ctx, *, number, text=""):
    """Nothing; with a heartbeat where there is to be one."""
    del text
    if not tape.IS_BEST:
        await tape.run(number)
        return
    running = asyncio.ensure_future(tape.run(number))
    while not running.done():
        await asyncio.wait([running], timeout=BEAT_S)
        await ctx["job"].update()


async def enqueue(command, count):
    """Hand in."""
    await queue.connect()
    one = lambda number: queue.enqueue("noop", number=number, **tape.LOAD, **OPTIONS)  # noqa: E731
    await tape.perform(command, count, one, None)
    await queue.disconnect()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        uvloop.run(Worker(queue, functions=[noop], concurrency=tape.CONCURRENCY, timers=TIMERS).start())
    else:
        asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
