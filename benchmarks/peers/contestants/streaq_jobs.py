"""streaq: a Redis Streams consumer group; acknowledged when the task is done."""

import asyncio
import sys

import tape
from streaq import Worker

worker = Worker(redis_url=tape.URL, concurrency=tape.CONCURRENCY)


@worker.task(ttl=0)
async def noop(number: int) -> None:
    """Nothing."""
    tape.tell(number)


async def enqueue(command, count):
    """Hand in."""
    async with worker:

        async def many(numbers):
            await worker.enqueue_many([noop.enqueue(number) for number in numbers])

        async def one(number):
            await noop.enqueue(number)

        await tape.perform(command, count, one, many)


if __name__ == "__main__":
    worker.run_sync() if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
