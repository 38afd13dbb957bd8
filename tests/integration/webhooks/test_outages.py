"""Webhooks through the absence of Redis, and through a feed that has dropped what nobody read."""

from __future__ import annotations

from contextlib import suppress

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable
from streamforge.ops.metrics import REGISTRY
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.api.live_site import run_job
from tests.integration.moves import raw
from tests.integration.webhooks.receiver import Post, Receiver


async def answering(broker: Broker) -> bool:
    """Whether Redis is back."""
    with suppress(BrokerUnavailable):
        await broker.ping()
        return True
    return False


async def test_deliveries_outlive_a_restart_of_redis(own_server: TestServer) -> None:
    """Redis is killed and comes back: what waits for its next try is delivered, and so is what happens afterwards."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0), JobsSettings(), own_server.url)
    pauses_s = (1.0, 1.0, 1.0, 1.0)
    async with (
        Receiver(500) as receiver,
        Post(broker, private_hosts=(receiver.url,), retry_pauses_s=pauses_s) as post,
    ):
        await raw(broker).config_set("appendfsync", "always")
        await post.webhooks.create("default", receiver.url)
        await run_job(broker, "job-1")
        await until(lambda: receiver.requests, "the first try")
        own_server.kill()
        receiver.answers = [204]
        own_server.start()
        await until(lambda: answering(broker), "Redis is back")
        await run_job(broker, "job-2")
        jobs = {"job-1", "job-2"}
        await until(lambda: _told(receiver) == jobs and len(receiver.requests) >= 3, "both are told", 20.0)
    await broker.close()


def _told(receiver: Receiver) -> set[str]:
    return {request.payload["data"]["job_id"] for request in receiver.requests}


async def test_what_the_feed_has_dropped_is_noticed(broker: Broker) -> None:
    """Where all daemons were down for longer than the feed reaches back, the gap is counted, and the rest is told."""
    before = gaps()
    async with Receiver() as receiver:
        post = Post(broker, private_hosts=(receiver.url,))
        await post.webhooks.create("default", receiver.url)
        for number in range(5):
            await run_job(broker, f"job-{number}")
        await raw(broker).xtrim(broker.keys.feed, maxlen=4, approximate=False)
        async with post:
            await until(lambda: receiver.requests, "the last job's")
    assert _told(receiver) == {"job-4"}
    assert gaps() == before + 1


def gaps() -> float:
    """How many have been counted."""
    return REGISTRY.get_sample_value("streamforge_webhook_gaps_total") or 0.0
