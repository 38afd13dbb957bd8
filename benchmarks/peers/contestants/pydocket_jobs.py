"""docket: a Redis Streams consumer group with a heartbeat."""

import asyncio
import sys

import tape
import uvloop
from docket import Docket, Worker


async def noop(number: int) -> None:
    """Nothing."""
    tape.tell(number)


async def enqueue(command, count):
    """Hand in."""
    async with Docket(name="bench", url=tape.URL) as docket:
        docket.register(noop)
        await tape.perform(command, count, docket.add(noop), None)


async def work():
    """Serve."""
    async with Docket(name="bench", url=tape.URL) as docket:
        docket.register(noop)
        async with Worker(docket, concurrency=tape.CONCURRENCY) as worker:
            await worker.run_forever()


if __name__ == "__main__":
    uvloop.run(work()) if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
