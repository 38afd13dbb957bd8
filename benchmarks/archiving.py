"""How fast ended jobs are carried from Redis into the archive, beside how fast they end.

    python -m benchmarks.archiving [--jobs 20000] [--url postgresql://…/empty]

No-op jobs are handed in, then taken and ended by a bare loop over the broker, a hundred at a time (``ended``: more than
any worker does, for nothing runs), then carried into the database (``archived``), one after the other, so that neither
waits for the other's share of the processor. An archiver that is slower than its workers lets the outbox grow; it never
slows them down.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import uvloop

from streamforge.archive.carrier import Carrier, Pace
from streamforge.archive.engines import open_database
from streamforge.archive.migrating import upgrade
from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take
from streamforge.broker.outbox import Outbox
from streamforge.config import ArchiveSettings, JobsSettings, LogsSettings, RedisSettings
from streamforge.jobs.model import Submission
from streamforge.jobs.outcome import Succeeded
from streamforge.jobs.store import JobStore
from streamforge.ops import logs
from streamforge.runtime.executor import settlement
from streamforge.testing.server import TestServer

PORTION = 250
AT_ONCE = 100


async def hand_in(broker: Broker, jobs: int) -> None:
    """So many jobs, in batches."""
    store = JobStore(broker)
    for first in range(0, jobs, PORTION):
        numbers = range(first, min(first + PORTION, jobs))
        await store.submit_all([Submission(id=f"j-{n}", kind="nothing", input=b'{"number":1}') for n in numbers])


async def end_all(broker: Broker, jobs: int) -> None:
    """Take and end them."""
    done = 0
    while done < jobs:
        taken = await broker.take(Take(queue="default", worker="bare", count=AT_ONCE, max_crashes=3))
        await broker.settle([settlement(claim, Succeeded(b"0")) for claim in taken.claims])
        done += len(taken.claims)


async def carry_all(carrier: Carrier) -> None:
    """Until nothing is left."""
    while await carrier.carry():
        pass


async def main(url: str, jobs: int) -> None:
    """One round."""
    settings = ArchiveSettings(url=url)
    with tempfile.TemporaryDirectory(prefix="sf-") as home, TestServer(Path(home)) as server:
        broker = Broker(RedisSettings(), JobsSettings(), server.url)
        database = open_database(settings, Path(home))
        await upgrade(database)
        carrier = await Carrier.join(Outbox(broker), database, Pace.of(settings, ttl_s=1000.0))
        await carry_all(carrier)
        await hand_in(broker, jobs)
        for what, work in (("ended", end_all(broker, jobs)), ("archived", carry_all(carrier))):
            began, spent = time.perf_counter(), time.process_time()
            await work
            seconds, own = time.perf_counter() - began, time.process_time() - spent
            print(f"{what:<10} {jobs / seconds:8.0f} jobs/s   {1e6 * own / jobs:6.0f} us of this process a job")
        await database.close()
        await broker.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--url", default="", help="of an empty database; a new SQLite file unless given")
    args = parser.parse_args()
    logs.configure(LogsSettings(level="warning"))
    uvloop.run(main(args.url, args.jobs))
