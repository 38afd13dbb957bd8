"""saq: a job is swept when its worker is gone; it is finished after the function."""

import asyncio
import sys

import tape
import uvloop
from saq import Queue, Worker

queue = Queue.from_url(tape.URL)


async def noop(ctx, *, number):
    """Nothing."""
    del ctx
    tape.tell(number)


async def enqueue(command, count):
    """Hand in."""
    await queue.connect()
    await tape.perform(command, count, lambda number: queue.enqueue("noop", number=number), None)
    await queue.disconnect()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        uvloop.run(Worker(queue, functions=[noop], concurrency=tape.CONCURRENCY).start())
    else:
        asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
