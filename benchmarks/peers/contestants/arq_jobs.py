"""arq: the worker removes a job when it is done; results are not kept."""

import asyncio
import sys

import tape
import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

SETTINGS = RedisSettings.from_dsn(tape.URL)


async def noop(ctx, number):
    """Nothing."""
    del ctx
    tape.tell(number)


async def enqueue(command, count):
    """Hand in."""
    pool = await create_pool(SETTINGS)
    await tape.perform(command, count, lambda number: pool.enqueue_job("noop", number), None)


def work():
    """Serve."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.set_event_loop(asyncio.new_event_loop())
    Worker([noop], redis_settings=SETTINGS, max_jobs=tape.CONCURRENCY, keep_result=0).run()


if __name__ == "__main__":
    work() if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
