"""An archiver in a process of its own, which stops at a place and waits to be killed there.

python -m tests.integration.archive.victim REDIS_URL DATABASE_URL (uncommitted | committed)
"""

from __future__ import annotations

import sys
from typing import Any, cast

import anyio

from streamforge.archive import writer
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.config import JobsSettings, RedisSettings
from tests.integration.archive.conftest import joined, opened


async def die_here(*_: object) -> int:
    """Say so, and wait."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    await anyio.sleep_forever()
    return 0


def uncommitted() -> None:
    """After the rows were written, and before the commit."""
    module = cast("Any", writer)
    write = module._write_states

    async def written(*args: object) -> None:
        await write(*args)
        await die_here()

    module._write_states = written


def committed() -> None:
    """After the commit, and before Redis is told."""
    Outbox.archived = die_here  # type: ignore[method-assign]


async def main(redis_url: str, database_url: str, where: str) -> None:
    """Carry, and stop there."""
    broker, database = Broker(RedisSettings(), JobsSettings(), redis_url), opened(database_url)
    carrier = await joined(broker, database)
    {"uncommitted": uncommitted, "committed": committed}[where]()
    await carrier.carry()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], sys.argv[3])
