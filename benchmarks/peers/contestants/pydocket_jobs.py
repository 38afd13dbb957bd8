"""docket: a Redis Streams consumer group with a heartbeat, by which a dead worker's jobs are taken over (5 minutes).

Its slots are looked at every 250 ms when they are full unless told. A hundred jobs at once need more connections than
the client's default.
"""

import asyncio
import sys
from datetime import timedelta

import tape
import uvloop
from docket import Docket, Worker

URL = f"{tape.URL}?max_connections=4000"
OPTIONS = {"redelivery_timeout": timedelta(seconds=2)} if tape.IS_BEST else {}
CHECK = timedelta(milliseconds=10)
"""Default 250 ms, for which it sleeps whenever its slots are full."""


async def noop(number: int, text: str = "") -> None:
    """Nothing."""
    del text
    await tape.run(number)


async def enqueue(command, count):
    """Hand in."""
    async with Docket(name="bench", url=URL) as docket:
        docket.register(noop)
        # docket.add makes the job's key: once for each job
        await tape.perform(command, count, lambda number: docket.add(noop)(number, **tape.LOAD), None)


async def work():
    """Serve."""
    async with Docket(name="bench", url=URL) as docket:
        docket.register(noop)
        options = {"concurrency": tape.CONCURRENCY, "minimum_check_interval": CHECK, **OPTIONS}
        async with Worker(docket, **options) as worker:
            await worker.run_forever()


if __name__ == "__main__":
    uvloop.run(work()) if sys.argv[1] == "work" else asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
