"""StreamForge: the daemon as `streamforge run` starts it, without its HTTP interface: the peers have none."""

import asyncio
import os
import sys

import msgspec
import tape

from streamforge import Context, pipeline
from streamforge.broker.broker import Broker
from streamforge.config import load
from streamforge.jobs.model import Submission
from streamforge.jobs.store import JobStore

STEPS = int(os.environ.get("PEER_STEPS", "0"))


class Given(msgspec.Struct):
    """The input."""

    number: int
    text: str = ""


@pipeline("noop", version=1)
async def noop(ctx: Context, given: Given) -> int:
    """Nothing, or that many steps, each written down, that do nothing."""

    async def one() -> int:
        return given.number

    for number in range(STEPS):
        await ctx.step(f"step-{number}", one, returns=int)
    await tape.run(given.number)
    return given.number


def settings():
    """The daemon's settings beside the defaults."""
    return {
        "STREAMFORGE_REDIS__URL": tape.URL,
        "STREAMFORGE_API__ENABLED": "false",
        "STREAMFORGE_WORKER__CONCURRENCY": str(tape.CONCURRENCY),
        "STREAMFORGE_WORKER__NAME": f"bench-{os.getpid()}",
        "STREAMFORGE_PIPELINES__MODULES": "streamforge_jobs:noop",
        "STREAMFORGE_POOL__SLOTS": "1",  # no job here draws or solves, and a peer has no such children
        "STREAMFORGE_LOGS__LEVEL": "warning",
        "STREAMFORGE_ARCHIVE__URL": os.environ.get("PEER_ARCHIVE", ""),
        "STREAMFORGE_PATHS__DATA_DIR": os.environ["PEER_HOME"],
        **({"STREAMFORGE_WORKER__LEASE_S": "2", "STREAMFORGE_WORKER__RENEW_S": "0.5"} if tape.IS_BEST else {}),
    }


async def enqueue(command, count):
    """Hand in."""
    os.environ.update(settings())
    made = load()
    broker = Broker(made.redis, made.jobs, made.redis.url)
    await broker.wait_until_ready(10)
    store = JobStore(broker)

    def job(number):
        return Submission(id=f"j{number}", kind="noop", input=msgspec.json.encode({"number": number, **tape.LOAD}))

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
