"""taskiq with a stream as its queue: acknowledged when the task has been executed."""

import asyncio
import os
import sys

import tape
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker(url=tape.URL)


@broker.task
async def noop(number: int) -> None:
    """Nothing."""
    tape.tell(number)


async def enqueue(command, count):
    """Hand in."""
    await broker.startup()
    await tape.perform(command, count, noop.kiq, None)
    await broker.shutdown()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        program = os.path.join(os.path.dirname(sys.executable), "taskiq")
        options = ["--workers", "1", "--max-async-tasks", str(tape.CONCURRENCY), "--ack-type", "when_executed"]
        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        os.execv(program, [program, "worker", "taskiq_jobs:broker", *options])
    asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
