"""streaq: a Redis Streams consumer group; acknowledged when the task is done, taken over after a minute of silence."""

import asyncio
import sys

import tape
from streaq import Worker

OPTIONS = {"idle_timeout": 2} if tape.IS_BEST else {}
worker = Worker(redis_url=tape.URL, concurrency=tape.CONCURRENCY, **OPTIONS)


@worker.task(ttl=0)
async def noop(number: int, text: str = "") -> None:
    """Nothing."""
    del text
    await tape.run(number)


async def enqueue(command, count):
    """Hand in."""
    async with worker:

        async def many(numbers):
            await worker.enqueue_many([noop.enqueue(number, **tape.LOAD) for number in numbers])

        async def one(number):
            await noop.enqueue(number, **tape.LOAD)

        await tape.perform(command, count, one, many)


if __name__ == "__main__":
    worker.run_sync() if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
