"""Workers that are killed in the middle of calls: what they used is counted once, and told by those who repeat them."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest

from streamforge.broker.broker import Broker
from streamforge.testing.model_script import Answer, RandomFaults
from streamforge.testing.model_server import ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.ledger import Books, total
from streamforge.traffic.prices import Used
from tests.integration.traffic.road import WIDE, day_of, entries_of
from tests.integration.traffic.till import Till

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
WORKERS, JOBS = 2, 40


async def start(redis_url: str, server_url: str, first: int) -> asyncio.subprocess.Process:
    """A worker process over its share of the jobs."""
    module = "tests.integration.traffic.road"
    arguments = ("-W", "ignore", "-m", module, redis_url, server_url, str(first), str(JOBS))
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)


async def test_a_killed_workers_calls_are_counted_once(broker: Broker, shared_server: TestServer) -> None:
    """Its successor repeats them under the same keys, and the ledger equals the server's count to the token.

    Two workers over forty jobs each are killed twice each, wherever they are; streams break now and then besides.
    """
    chance = random.Random(7)  # noqa: S311 - chance to be repeated
    script = RandomFaults({"dropped": 0.05, "server_error": 0.05}, seed=2, answer=Answer("fine " * 30, piece_s=0.002))
    books = Books(broker.client, broker.keys)
    async with ModelServer(script, limits=WIDE, replays=True) as server:

        async def live(first: int) -> None:
            for _ in range(2):
                process = await start(shared_server.url, server.url, first)
                enough = len(server.requests) + chance.randrange(30, 60)
                await until(lambda enough=enough: len(server.requests) >= enough, "the worker is at work", 60.0)
                process.send_signal(signal.SIGKILL)
                await process.wait()
            process = await start(shared_server.url, server.url, first)
            assert await process.wait() == 0

        await asyncio.gather(*(live(worker * JOBS) for worker in range(WORKERS)))
        entries, sums = await entries_of(broker, books), await day_of(books)
        answered = [entry for entry in entries if entry.is_answered]
        assert total(answered) == whole(server)
        assert sum(account.tally.replayed for account in server.accounts.values()) > 0
    assert len(answered) == len({entry.charge for entry in answered}) == 2 * WORKERS * JOBS
    assert sums.charged_uusd == sum(entry.cost for entry in answered)
    await assert_nothing_is_left(broker)


def whole(server: ModelServer) -> Used:
    """What the server's whole answers cost: of what it told the dead, nobody knows."""
    tallies = [account.tally for account in server.accounts.values()]
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return Used(**{name: sum(getattr(tally, name) for tally in tallies) for name in names})


async def assert_nothing_is_left(broker: Broker) -> None:
    """What the dead held ended with the repetition of their calls, which told what they had used."""
    till = Till(broker)
    assert await till.client.zcard(till.keys.holds("default")) == await till.held("default") == 0
    assert (await till.sums("default")).unaccounted_calls == 0
