"""A worker's leases, over a real server, with a worker of the test's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.keys import Keys
from streamforge.broker.messages import TakeMode
from streamforge.config import JobsSettings, RedisSettings, WorkerSettings
from streamforge.errors import ConfigError
from streamforge.jobs.model import Claim, Submission
from streamforge.runtime.leases import Leases, fate_of, own_identity
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import raw, take

QUICK = WorkerSettings(name="w1", lease_s=1.2, renew_s=0.2)
PATIENT = RedisSettings(socket_timeout_s=0.2, connect_timeout_s=0.2)


class Holder:
    """A worker that only remembers."""

    def __init__(self) -> None:
        self.held: list[Claim] = []
        self.lost: list[tuple[str, int, str]] = []
        self.given_up: list[tuple[str, int, str]] = []
        self.cancelled: list[str] = []

    def claims(self) -> Sequence[Claim]:
        """What the test says it runs."""
        return list(self.held)

    def lose(self, job_id: str, token: int, why: str) -> None:
        """Remember."""
        self.lost.append((job_id, token, why))

    def give_up(self, job_id: str, token: int, why: str) -> None:
        """Remember."""
        self.given_up.append((job_id, token, why))

    def cancel(self, job_id: str) -> None:
        """Remember."""
        self.cancelled.append(job_id)


@asynccontextmanager
async def kept(url: str, holder: Holder, settings: WorkerSettings = QUICK) -> AsyncGenerator[Leases]:
    """Leases that run, and are stopped afterwards."""
    leases = Leases(PATIENT, url, settings, holder, Keys())
    await leases.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leases.run)
        await anyio.lowlevel.checkpoint()  # the thread has started
        try:
            yield leases
        finally:
            leases.stop()


async def claim_one(broker: Broker, worker: str = "w1", mode: TakeMode = "new") -> Claim:
    """A job, claimed by that worker."""
    if mode == "new":
        await broker.submit(Submission(id="job-1", kind="echo", input=b"{}"), "f")
    (claim,) = await take(broker, 1, worker=worker, lease_ms=0 if mode == "expired" else 15_000, mode=mode)
    return claim


async def idle_ms(broker: Broker, claim: Claim) -> int:
    """How long ago the entry was claimed or renewed."""
    (held,) = await raw(broker).xpending_range(claim.stream, "workers", "-", "+", 1)
    return int(held["time_since_delivered"])


async def test_a_blocked_event_loop_loses_no_lease(shared_server: TestServer, broker: Broker) -> None:
    """Code that blocks the loop for longer than a lease: the thread has renewed meanwhile."""
    holder = Holder()
    claim = await claim_one(broker)
    holder.held.append(claim)
    async with kept(shared_server.url, holder):
        time.sleep(2 * QUICK.lease_s)  # noqa: ASYNC251 - blocking the loop is the point
        assert await idle_ms(broker, claim) < QUICK.lease_s * 1000
    assert holder.lost == []


async def test_a_job_that_another_attempt_took_is_lost(shared_server: TestServer, broker: Broker) -> None:
    """The worker is told of exactly the attempt that is not its own any more, and does not take it back."""
    holder = Holder()
    claim = await claim_one(broker)
    await claim_one(broker, worker="w2", mode="expired")
    holder.held.append(claim)
    async with kept(shared_server.url, holder):
        await until(lambda: bool(holder.lost), "the loss is told")
    assert holder.lost[0] == ("job-1", claim.token, "another attempt holds it")
    (held,) = await raw(broker).xpending_range(claim.stream, "workers", "-", "+", 1)
    assert held["consumer"] == b"w2"


async def test_a_worker_cut_off_from_redis_stops_its_jobs_before_their_lease_ends(own_server: TestServer) -> None:
    """Self-fencing: with Redis frozen the attempt is stopped, and its entry is not expired yet when Redis thaws."""
    broker = Broker(RedisSettings(), JobsSettings(), own_server.url)
    holder = Holder()
    claim = await claim_one(broker)
    holder.held.append(claim)
    async with kept(own_server.url, holder):
        own_server.freeze()
        try:
            await until(lambda: bool(holder.given_up), "the worker fences itself")
        finally:
            own_server.thaw()
    assert holder.given_up[0] == ("job-1", claim.token, "its lease could not be renewed")
    await broker.close()


async def test_a_name_has_one_living_process(shared_server: TestServer, broker: Broker) -> None:
    """A second process of a living worker's name is refused; after the first has gone the name is free at once."""
    async with kept(shared_server.url, Holder()):
        second = Leases(PATIENT, shared_server.url, QUICK, Holder(), Keys())
        with pytest.raises(ConfigError, match="another worker is called 'w1'"):
            await second.start()
    assert await raw(broker).get(broker.keys.worker("w1")) is None
    async with kept(shared_server.url, Holder()):
        assert await raw(broker).pttl(broker.keys.worker("w1")) > 0


async def test_a_name_from_elsewhere_is_free_after_its_lease(shared_server: TestServer, broker: Broker) -> None:
    """Of a process of another machine nobody can say whether it lives: the newcomer waits until its lease has ended."""
    stranger = msgspec.structs.replace(own_identity(), boot="another-machine")
    await raw(broker).set(broker.keys.worker("w1"), msgspec.json.encode(stranger), px=600)
    async with kept(shared_server.url, Holder()):
        held = await raw(broker).get(broker.keys.worker("w1"))
    assert held is not None
    assert msgspec.json.decode(held)["boot"] == own_identity().boot


def test_fates() -> None:
    """This process lives; one whose pid is free or another's has gone; of others nothing is known."""
    own = own_identity()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert fate_of(msgspec.json.encode(own)) == "lives"
    assert fate_of(msgspec.json.encode(msgspec.structs.replace(own, pid=child.pid, started=7))) == "gone"
    assert fate_of(msgspec.json.encode(msgspec.structs.replace(own, started=own.started + 1))) == "gone"
    assert fate_of(msgspec.json.encode(msgspec.structs.replace(own, boot="x"))) == "unknown"
    assert fate_of(b"not json") == "unknown"
