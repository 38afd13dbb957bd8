"""Whoever is known to be dead is not waited for."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import msgspec
from msgspec import structs

from streamforge.broker.broker import Broker
from streamforge.broker.leasing import LeaseKeeper
from streamforge.config import RedisSettings
from streamforge.runtime.leases import own_identity
from streamforge.runtime.reclaimer import Reclaimer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import submit, take, take_one

ALIVE = msgspec.json.encode(own_identity())


def dead_identity() -> bytes:
    """A process of this machine that has ended."""
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return msgspec.json.encode(structs.replace(own_identity(), pid=process.pid))


def show(server: TestServer, broker: Broker, worker: str, identity: bytes) -> None:
    """Have a worker shown alive, as that process, for an hour."""
    keeper = LeaseKeeper(RedisSettings(), server.url, broker.keys, worker, 3_600_000)
    keeper.renew(identity, ())
    keeper.close()


@asynccontextmanager
async def reclaiming(broker: Broker, found: list[str]) -> AsyncGenerator[None]:
    """A reclaimer with a lease of an hour."""
    reclaimer = Reclaimer(broker, ["default"], 3600.0, found.append)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reclaimer.run)
        try:
            yield
        finally:
            reclaimer.stop()


async def test_a_dead_process_of_this_machine_is_not_waited_for(shared_server: TestServer, broker: Broker) -> None:
    """What it held is found by the next look, long before its lease ends, and charged as a crash."""
    show(shared_server, broker, "dead", dead_identity())
    await submit(broker)
    await take_one(broker, worker="dead")
    found: list[str] = []
    async with reclaiming(broker, found):
        await until(lambda: found, "the dead worker's jobs are announced")
    claim = await take_one(broker, worker="w2", mode="expired", lease_ms=3_600_000)
    assert (claim.crashes, claim.token) == (1, 2)
    assert list(await broker.identities()) == []


async def test_the_living_keep_what_they_hold(shared_server: TestServer, broker: Broker) -> None:
    """Neither a living process, nor one of elsewhere, nor a successor under the dead one's name loses a job."""
    elsewhere = msgspec.json.encode(structs.replace(own_identity(), boot="another machine"))
    for worker, identity in (("living", ALIVE), ("far", elsewhere)):
        show(shared_server, broker, worker, identity)
        await submit(broker, worker)
        await take_one(broker, worker=worker)
    await Reclaimer(broker, ["default"], 3600.0, list[str]().append)._free_the_dead()  # pyright: ignore[reportPrivateUsage]
    assert await broker.disown("living", dead_identity(), ["default"]) == 0
    assert await take(broker, worker="w2", mode="expired", lease_ms=3_600_000) == []
    assert sorted(await broker.identities()) == ["far", "living"]
