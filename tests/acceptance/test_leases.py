"""Several daemons over one Redis: who runs a job when its worker is dead, asleep, or not the only one of its name."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import QUEUE, DaemonProcess, wait_for
from tests.acceptance.gates import Gates
from tests.acceptance.test_redis_away import Elsewhere, free_port

pytestmark = pytest.mark.long

QUICK = {"worker__lease_s": 1.5, "worker__renew_s": 0.3}
"""Leases short enough for a test, in the shipped proportion."""


@pytest.fixture
def shared(home: Path) -> Iterator[Elsewhere]:
    """A running Redis that several daemons share."""
    path = home / "shared"
    made = Elsewhere(path, free_port())
    with made.server:
        yield made


def join(launch: Launch, shared: Elsewhere, name: str, home: Path) -> DaemonProcess:
    """One more daemon over the shared Redis, with a data directory of its own and the same object store."""
    daemon = launch(
        redis__url=shared.url,
        worker__name=name,
        storage__url=home / "objects",
        paths__data_dir=home / f"data-{name}",
        **QUICK,
    )
    daemon.redis = shared.address
    return daemon.start()


def test_a_dead_workers_job_is_taken_over(launch: Launch, shared: Elsewhere, home: Path, gates: Gates) -> None:
    """After kill -9 of one of two daemons the other runs its job, from its checkpoint, on an otherwise idle queue."""
    first = join(launch, shared, "first", home)
    job = gates.submit(first, "orphan")
    second = join(launch, shared, "second", home)
    first.kill()

    gates.waiting(job, tries=2)
    gates.open(job)

    wait_for(lambda: second.record(job)["state"] == "succeeded", "the job to succeed")
    record = second.record(job)
    assert (record["crashes"], record["attempt"], record["token"]) == ("1", "1", "2")
    assert gates.notes(job) == 1
    assert second.steps(job, "step.replayed") == ["note"]
    assert second.call("XLEN", QUEUE) == 0


def test_a_worker_that_wakes_too_late_changes_nothing(
    launch: Launch, shared: Elsewhere, home: Path, gates: Gates
) -> None:
    """SIGSTOP past the lease, takeover, SIGCONT: the sleeper's attempt is stopped and the new owner's result stands."""
    sleeper = join(launch, shared, "sleeper", home)
    job = gates.submit(sleeper, "zombie")
    owner = join(launch, shared, "owner", home)
    sleeper.signal(signal.SIGSTOP)
    gates.waiting(job, tries=2)
    sleeper.signal(signal.SIGCONT)

    wait_for(lambda: sleeper.events("lease_lost") or sleeper.events("job_fenced"), "the sleeper to notice")
    assert owner.record(job)["owner"] == "owner"
    gates.open(job)

    wait_for(lambda: owner.record(job)["state"] == "succeeded", "the job to succeed")
    assert int(owner.record(job)["token"]) == 2
    kinds = [kind for kind, _ in owner.happened(job)]
    assert kinds.count("job.succeeded") == 1
    assert kinds.count("job.recovered") == 1


def test_a_live_workers_job_is_left_alone(launch: Launch, shared: Elsewhere, home: Path, gates: Gates) -> None:
    """A job that takes several leases stays with its worker while another daemon looks on."""
    first = join(launch, shared, "first", home)
    job = gates.submit(first, "long")
    second = join(launch, shared, "second", home)
    renewed = first.call("XPENDING", QUEUE, "workers", "IDLE", 0, "-", "+", 10)
    assert [entry[1] for entry in renewed] == [b"first"]
    other = gates.submit(second, "short")
    wait_for(lambda: idle_ms(first) < 400 and lived_ms(first, job) > 3500, "more than two leases to pass")
    gates.open(job, other)

    wait_for(lambda: first.record(job)["state"] == "succeeded", "the job to succeed")
    assert (first.record(job)["token"], "crashes" in first.record(job)) == ("1", False)
    assert gates.tries(job) == 1


def test_a_second_worker_of_the_same_name_is_refused(
    launch: Launch, shared: Elsewhere, home: Path, gates: Gates
) -> None:
    """While a worker lives, another process cannot take its name, and so cannot take its jobs for a dead man's."""
    first = join(launch, shared, "twin", home)
    job = gates.submit(first, "kept")
    second = launch(redis__url=shared.url, worker__name="twin", paths__data_dir=home / "data-second", **QUICK).spawn()

    assert second.exit_code() == 2
    assert "worker.name: another worker is called 'twin'" in second.stderr()
    gates.open(job)
    wait_for(lambda: first.record(job)["state"] == "succeeded", "the job to succeed")
    assert int(first.record(job)["token"]) == 1


def test_a_name_is_free_after_a_stop(launch: Launch, shared: Elsewhere, home: Path) -> None:
    """A daemon that stopped leaves its name to the next process at once."""
    first = join(launch, shared, "heir", home)
    first.stop()
    assert join(launch, shared, "heir", home).get("/readyz").status == 200


def idle_ms(daemon: DaemonProcess) -> int:
    """How long ago the longest-held lease was renewed."""
    held = daemon.call("XPENDING", QUEUE, "workers", "-", "+", 10)
    return max((int(entry[2]) for entry in held), default=0)


def lived_ms(daemon: DaemonProcess, job_id: str) -> int:
    """How long the job's attempt has run, by Redis's clock."""
    seconds, micros = daemon.call("TIME")
    return int(seconds) * 1000 + int(micros) // 1000 - int(daemon.record(job_id)["started_ms"])
