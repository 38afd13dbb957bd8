"""Redis that answers, and refuses: each kind of refusal is an outage, told as one, and nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import NamedTuple

import pytest

from tests.acceptance.daemon import QUEUE, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet
from tests.acceptance.gates import Gates
from tests.acceptance.resp import Wire

pytestmark = pytest.mark.long

PASSWORD = "another"  # noqa: S105 - of a server of this test
Fault = Callable[[Fleet], None]


class Stand(NamedTuple):
    """A daemon whose Redis is about to have something."""

    fleet: Fleet
    daemon: DaemonProcess

    @property
    def gates(self) -> Gates:
        """Its gates."""
        return self.fleet.gates

    def is_ready(self) -> bool:
        """What ``/readyz`` answers."""
        return self.daemon.get("/readyz").status == HTTPStatus.OK

    def ended_once(self, job: str) -> None:
        """One attempt, each step once, one success, acked, in a daemon that is alive and ready."""
        assert self.daemon.outcome(job)["state"] == "succeeded"
        assert (self.gates.notes(job), self.gates.tries(job)) == (1, 1)
        kinds = [kind for kind, _ in self.daemon.happened(job)]
        assert [kinds.count(kind) for kind in ("job.started", "job.succeeded", "job.recovered")] == [1, 1, 0]
        assert self.daemon.record(job)["attempt"] == "1"
        wait_for(self.is_ready, "readyz 200")
        wait_for(lambda: self.daemon.call("XLEN", QUEUE) == 0, "the queue empty")
        assert self.daemon.is_alive()


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """One daemon for all: what one outage leaves behind, the next would meet."""
    with Fleet.made() as fleet:
        yield Stand(fleet, fleet.join("stand", worker__lease_s=15, worker__renew_s=0.5, redis__socket_timeout_s=1))


def no_disk(fleet: Fleet) -> None:
    """MISCONF: a snapshot failed, so that writes are refused."""
    command(fleet, "CONFIG", "SET", "save", "3600 1")
    command(fleet, "CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
    (fleet.server.home / "dump.rdb").mkdir()
    command(fleet, "BGSAVE")
    wait_for(lambda: b"rdb_last_bgsave_status:err" in command(fleet, "INFO", "persistence"), "the snapshot to fail")


def disk_again(fleet: Fleet) -> None:
    """As it was, with a snapshot that succeeds."""
    (fleet.server.home / "dump.rdb").rmdir()
    command(fleet, "BGSAVE")
    wait_for(lambda: b"rdb_last_bgsave_status:ok" in command(fleet, "INFO", "persistence"), "a snapshot that succeeds")


def no_replicas(fleet: Fleet) -> None:
    """NOREPLICAS: fewer than are wanted."""
    command(fleet, "CONFIG", "SET", "min-replicas-to-write", "1")


def enough_replicas(fleet: Fleet) -> None:
    """As it was."""
    command(fleet, "CONFIG", "SET", "min-replicas-to-write", "0")


def read_only(fleet: Fleet) -> None:
    """READONLY: a failover has made it a replica of a server that cannot be reached."""
    command(fleet, "REPLICAOF", "127.0.0.1", "1")


def writable(fleet: Fleet) -> None:
    """As it was."""
    command(fleet, "REPLICAOF", "NO", "ONE")


def locked(fleet: Fleet) -> None:
    """NOAUTH: a password that this client does not have, and everybody is asked for it."""
    command(fleet, "CONFIG", "SET", "requirepass", PASSWORD)
    command(fleet, "CLIENT", "KILL", "SKIPME", "yes", password=PASSWORD)


def unlocked(fleet: Fleet) -> None:
    """As it was."""
    command(fleet, "CONFIG", "SET", "requirepass", "", password=PASSWORD)


@pytest.mark.parametrize(
    ("begin", "end", "told"),
    [
        (no_disk, disk_again, "MISCONF"),
        (no_replicas, enough_replicas, "NOREPLICAS"),
        (read_only, writable, "read only replica"),
        (locked, unlocked, "refused this client"),
    ],
)
def test_refusal_is_an_outage(stand: Stand, begin: Fault, end: Fault, told: str) -> None:
    """While Redis refuses writes a job goes on and waits with its end; it ends once Redis takes it, in one attempt."""
    job = stand.gates.submit(stand.daemon, f"over-{begin.__name__.replace('_', '-')}")
    known = len(stand.daemon.stderr())
    with outage(stand.fleet, begin, end):
        stand.gates.open(job)
        wait_for(lambda: told in stand.daemon.stderr()[known:], f"{told} in the log")
        refused = stand.daemon.post("/api/v1/generate", b'{"prompt": "Too early"}')
        assert (refused.status, refused.json()["code"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "broker_unavailable")
    stand.ended_once(job)


def test_readiness_tells_of_a_refusal(fleet: Fleet) -> None:
    """A Redis that can be read and refuses writes for a lease makes ``/readyz`` 503 with the reason, and 200 after."""
    stand = Stand(fleet, fleet.join("idle"))
    with outage(fleet, no_replicas, enough_replicas):
        wait_for(lambda: not stand.is_ready(), "readyz 503")
        assert "Redis" in str(stand.daemon.get("/readyz").json()["reasons"])
    wait_for(stand.is_ready, "readyz 200")
    assert stand.daemon.outcome(fleet.act(stand.daemon, "after"))["state"] == "succeeded"


def test_scripts_forgotten(stand: Stand) -> None:
    """After SCRIPT FLUSH the next call of each script loads it again; nobody notices."""
    job = stand.gates.submit(stand.daemon, "over-flush")
    stand.daemon.call("SCRIPT", "FLUSH")
    stand.gates.open(job)
    stand.ended_once(job)


def test_clients_paused(stand: Stand) -> None:
    """CLIENT PAUSE for longer than the socket timeout delays a job's end, and repeated calls change nothing more."""
    job = stand.gates.submit(stand.daemon, "over-pause")
    stand.daemon.call("CLIENT", "PAUSE", 1600, "WRITE")
    stand.gates.open(job)
    wait_for(lambda: stand.daemon.events("redis_away"), "a write without answer")
    stand.ended_once(job)


def test_group_destroyed(stand: Stand) -> None:
    """XGROUP DESTROY on a line: the job that runs goes on in its attempt, and those that come after it are begun."""
    job = stand.gates.submit(stand.daemon, "over-group")
    stand.daemon.call("XGROUP", "DESTROY", QUEUE, "workers")
    beside = stand.gates.submit(stand.daemon, "beside-group")
    stand.gates.open(job, beside)
    stand.ended_once(job)
    stand.ended_once(beside)


def test_group_destroyed_and_worker_killed(fleet: Fleet) -> None:
    """After XGROUP DESTROY a running job is still its worker's to lose: where that dies, the next one takes it over."""
    daemon = fleet.join("orphaned")
    job = fleet.gates.submit(daemon, "orphan")
    daemon.call("XGROUP", "DESTROY", QUEUE, "workers")
    daemon.kill()
    daemon.start()
    fleet.gates.waiting(job, tries=2)
    fleet.gates.open(job)
    assert daemon.outcome(job)["state"] == "succeeded"
    assert fleet.gates.notes(job) == 1


def test_inbox_group_destroyed(stand: Stand) -> None:
    """XGROUP DESTROY on the inbox: it is made again, and a message is one job."""
    stand.daemon.call("XGROUP", "DESTROY", "streamforge:inbox", "inbox")
    job = stand.gates.submit(stand.daemon, "over-inbox")
    stand.gates.open(job)
    stand.ended_once(job)


@contextmanager
def outage(fleet: Fleet, begin: Fault, end: Fault) -> Generator[None]:
    """For as long as the block lasts."""
    begin(fleet)
    try:
        yield
    finally:
        end(fleet)


def command(fleet: Fleet, *words: str, password: str = "") -> bytes:
    """One command, also to a server that asks for a password."""
    with Wire(fleet.server.socket) as wire:
        if password:
            wire.call("AUTH", password)
        return wire.call(*words)
