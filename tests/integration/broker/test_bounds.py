"""What is kept for everybody stays small, however much happens."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.testing.server import TestServer
from tests.integration.moves import raw, settle, submit, take_one

CAP = 100
SLACK = 100
"""``MAXLEN ~`` drops whole nodes of a stream, of 100 entries each."""


async def test_what_is_kept_for_everybody_is_capped(shared_server: TestServer, broker: Broker) -> None:
    """Of six hundred dead jobs feed and letters keep the newest; of the queue itself nothing is left but its bell.

    The index of jobs is the janitor's to trim.
    """
    small = Broker(RedisSettings(), JobsSettings(feed_max=CAP, dead_max=CAP), shared_server.url)
    for number in range(600):
        await submit(small, f"job-{number}")
        await settle(small, await take_one(small), "failed", reason="internal")
    assert CAP <= await raw(broker).xlen(broker.keys.feed) <= CAP + SLACK
    letters = {broker.keys.dead, broker.keys.given, broker.keys.letters("default")}
    assert await raw(broker).xlen(broker.keys.dead) == CAP
    assert await raw(broker).hlen(broker.keys.given) == await raw(broker).zcard(broker.keys.letters("default")) == CAP
    assert await raw(broker).xlen(broker.keys.bell("default")) <= 1
    left = {key.decode() for key in await raw(broker).keys(f"{broker.keys.base}:*") if await raw(broker).ttl(key) == -1}
    index = {broker.keys.index("default"), broker.keys.tenants}
    assert left == {broker.keys.feed, broker.keys.bell("default")} | index | letters
    await small.close()
