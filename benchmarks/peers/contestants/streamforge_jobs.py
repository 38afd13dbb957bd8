"""StreamForge: the daemon as `streamforge run` starts it, without its HTTP interface: the peers have none."""

import asyncio
import os
import sys

import tape

from streamforge import Context, pipeline
from streamforge.broker.broker import Broker
from streamforge.config import load
from streamforge.jobs.model import Submission
from streamforge.jobs.store import JobStore


@pipeline("noop", version=1)
async def noop(ctx: Context, number: int) -> None:
    """Nothing."""
    del ctx
    tape.tell(number)


def settings():
    """The daemon's settings beside the defaults."""
    return {
        "STREAMFORGE_REDIS__URL": tape.URL,
        "STREAMFORGE_API__ENABLED": "false",
        "STREAMFORGE_WORKER__CONCURRENCY": str(tape.CONCURRENCY),
        "STREAMFORGE_WORKER__NAME": f"bench-{os.getpid()}",
        "STREAMFORGE_PIPELINES__MODULES": "streamforge_jobs:noop",
        "STREAMFORGE_LOGS__LEVEL": "warning",
        "STREAMFORGE_PATHS__DATA_DIR": os.environ["PEER_HOME"],
    }


async def enqueue(command, count):
    """Hand in."""
    os.environ.update(settings())
    made = load()
    broker = Broker(made.redis, made.jobs, made.redis.url)
    await broker.wait_until_ready(10)
    store = JobStore(broker)

    def job(number):
        return Submission(id=f"j{number}", kind="noop", input=b"%d" % number)

    async def many(numbers):
        await store.submit_all([job(number) for number in numbers])

    await tape.perform(command, count, lambda number: store.submit(job(number)), many)
    await broker.close()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        program = os.path.join(os.path.dirname(sys.executable), "streamforge")
        os.chdir(os.path.dirname(os.path.abspath(__file__)))
        os.execve(program, [program, "run"], {**os.environ, **settings()})
    asyncio.run(enqueue(sys.argv[1], int(sys.argv[2])))
