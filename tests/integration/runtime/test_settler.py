"""The settler: ends of many jobs go to Redis together."""

from __future__ import annotations

import asyncio

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.runtime.settler import UNSETTLED, Settler
from streamforge.testing.server import TestServer
from tests.integration.moves import ended, entries, submit, take, take_one


async def test_many_ends_are_settled(broker: Broker) -> None:
    """Three hundred jobs end through it, and none is left in the stream."""
    for number in range(300):
        await submit(broker, f"job-{number}")
    claims = await take(broker, 300)
    settler = Settler(broker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        ends = [tasks.create_task(settler.settle(ended(claim))) for claim in claims]
        await asyncio.wait(ends)
        settler.stop()
    assert {task.result() for task in ends} == {1}
    assert await entries(broker) == []


async def test_without_patience_a_silent_server_leaves_the_end_unsettled(own_server: TestServer) -> None:
    """Where the process stops and Redis stays away the caller is told so, and the settler goes on."""
    broker = Broker(RedisSettings(socket_timeout_s=0.2), JobsSettings(), own_server.url)
    await submit(broker)
    claim = await take_one(broker)
    broker.lose_patience(0.0)
    settler = Settler(broker)
    own_server.freeze()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(settler.run())
        assert await settler.settle(ended(claim)) == UNSETTLED
        own_server.thaw()
        assert await settler.settle(ended(claim)) in (1, 2)  # the first may have been carried out unheard
        settler.stop()
    await broker.close()
