"""Leases as a sign of health: what can be read but not written to is no Redis to work with."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from msgspec import structs

from streamforge.broker.broker import Broker
from streamforge.broker.keys import Keys
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable
from streamforge.runtime.leases import Leases
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import raw
from tests.integration.runtime.test_leases import PATIENT, QUICK, Holder, kept


async def refused(client: Any) -> bool:  # noqa: ANN401 - redis-py's own types say little
    """Whether the server has refused three writes."""
    errors = await client.info("errorstats")
    return errors.get("errorstat_NOREPLICAS", {"count": 0})["count"] >= 3


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


async def test_a_start_waits_for_a_server_that_refuses_writes(own_server: TestServer) -> None:
    """What lets itself be pinged is not there yet: the name is taken once it can be written."""
    broker = Broker(RedisSettings(), JobsSettings(), own_server.url)
    client = raw(broker)
    await client.config_set("min-replicas-to-write", 1)
    leases = Leases(PATIENT, own_server.url, QUICK, Holder(), Keys())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leases.start)
        await until(lambda: refused(client), "three tries")
        assert leases.why_not_ready() == "has not reached Redis yet"
        await client.config_set("min-replicas-to-write", 0)
    assert await client.pttl(Keys().worker("w1")) > 0
    leases.stop()
    await leases.run()
    await broker.close()


async def test_a_starts_patience_ends(own_server: TestServer) -> None:
    """With ``redis.startup_patience_s`` a start gives up, and says why."""
    own_server.kill()
    settings = structs.replace(PATIENT, startup_patience_s=0.3)
    with pytest.raises(BrokerUnavailable, match="does not answer"):
        await Leases(settings, own_server.url, QUICK, Holder(), Keys()).start()
