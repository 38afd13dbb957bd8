"""DBOS: a workflow of steps, each result committed to its database; started in the process that runs it.

PEER_DATABASE is the address of its system database, PEER_STEPS the steps of a workflow.
"""

import asyncio
import os
import sys
import time

import tape
from dbos import DBOS

STEPS = int(os.environ.get("PEER_STEPS", "0"))
CONFIG = {
    "name": "bench",
    "system_database_url": os.environ["PEER_DATABASE"],
    "log_level": "WARNING",
    "executor_id": "bench",
    "application_version": "1",
}


@DBOS.step()
async def one(number: int) -> int:
    """Nothing, written down."""
    return number


@DBOS.workflow()
async def noop(number: int) -> int:
    """That many steps."""
    for _ in range(STEPS):
        await one(number)
    await tape.run(number)
    return number


async def many(count):
    """A hundred at once; when the first was started."""
    room = asyncio.Semaphore(tape.CONCURRENCY)

    async def begin(number):
        async with room:
            await (await DBOS.start_workflow_async(noop, number)).get_result()

    at = time.monotonic()
    await asyncio.gather(*(begin(number) for number in range(count)))
    tape.say(jobs=count, at=at, seconds=time.monotonic() - at)


async def enqueue(command, count):
    """Run."""
    DBOS(config=CONFIG)
    DBOS.launch()
    if command == "batch":
        await many(count)
    else:
        await tape.perform(command, count, noop, None)
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
