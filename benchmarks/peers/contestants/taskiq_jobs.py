"""taskiq with a stream as its queue: acknowledged when the task has been executed.

Its task has a name of its own: one made from the module's path is another in the program that hands in. A message is
taken over after ten minutes, whether it runs still or not; it may be no shorter than the longest job.
"""

import asyncio
import os
import sys

import tape
from taskiq_redis import RedisStreamBroker

OPTIONS = {"idle_timeout": 10_000, "unacknowledged_lock_timeout": 5.0} if tape.IS_BEST else {}
broker = RedisStreamBroker(url=tape.URL, **OPTIONS)


@broker.task(task_name="noop")
async def noop(number: int, text: str = "") -> None:
    """Nothing."""
    del text
    await tape.run(number)


async def enqueue(command, count):
    """Hand in."""
    await broker.startup()
    await tape.perform(command, count, lambda number: noop.kiq(number, **tape.LOAD), None)
    await broker.shutdown()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        program = os.path.join(os.path.dirname(sys.executable), "taskiq")
        options = ["--workers", "1", "--max-async-tasks", str(tape.CONCURRENCY), "--ack-type", "when_executed"]
        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        os.execv(program, [program, "worker", "taskiq_jobs:broker", *options, "--log-level", "WARNING"])
    asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
