"""Leases as a sign of health: what can be read but not written to is no Redis to work with."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.broker.keys import Keys
from streamforge.config import JobsSettings, RedisSettings
from streamforge.runtime.leases import Leases
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import raw
from tests.integration.runtime.test_leases import PATIENT, QUICK, Holder, kept


async def test_before_the_start_nothing_is_well(own_server: TestServer) -> None:
    """Who has not reached Redis says so."""
    assert Leases(PATIENT, own_server.url, QUICK, Holder(), Keys()).why_not_ready() == "has not reached Redis yet"


async def test_a_server_that_refuses_writes_is_told(own_server: TestServer) -> None:
    """Reads go well all the time; after a lease without a renewal the probe says why, and takes it back afterwards."""
    async with kept(own_server.url, Holder()) as leases:
        assert leases.why_not_ready() is None
        broker = Broker(RedisSettings(), JobsSettings(), own_server.url)
        client = raw(broker)
        await client.config_set("min-replicas-to-write", 1)
        why = await until(leases.why_not_ready, "the probe complains")
        assert why is not None
        assert why.startswith("Redis took no renewal for")
        assert await client.ping()
        await client.config_set("min-replicas-to-write", 0)
        await until(lambda: leases.why_not_ready() is None, "the probe is content")
        await broker.close()
