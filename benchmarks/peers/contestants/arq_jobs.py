"""arq: the worker removes a job when it is done; results are not kept. It looks for jobs every half second unless told.

A job is taken over when its timeout and ten seconds more have passed (310 s); it may be no shorter than the job.
"""

import asyncio
import sys

import tape
import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker

SETTINGS = RedisSettings.from_dsn(tape.URL)
POLL_S = 0.01
"""Default 0.5, which is how long a job on an idle queue may wait."""
OPTIONS = {"job_timeout": 10} if tape.IS_BEST else {}


async def noop(ctx, number, text=""):
    """Nothing."""
    del ctx, text
    await tape.run(number)


async def enqueue(command, count):
    """Hand in."""
    pool = await create_pool(SETTINGS)
    await tape.perform(command, count, lambda number: pool.enqueue_job("noop", number, **tape.LOAD), None)


def work():
    """Serve."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.set_event_loop(asyncio.new_event_loop())
    options = {"max_jobs": tape.CONCURRENCY, "keep_result": 0, "poll_delay": POLL_S, **OPTIONS}
    Worker([noop], redis_settings=SETTINGS, **options).run()


if __name__ == "__main__":
    work() if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
