"""What job queues are complained of, each done to real daemons; the table in docs/reliability.md names the sources."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import PROGRAM, QUEUE, DaemonProcess, wait_for
from tests.acceptance.gates import Gates
from tests.acceptance.test_leases import QUICK, idle_ms, join, lived_ms, shared
from tests.acceptance.test_redis_away import Elsewhere

pytestmark = pytest.mark.long

__all__ = ["shared"]

LEASE_S = 1.5
HOG = "tests.acceptance.hog:PIPELINE"


def test_a_drain_longer_than_a_lease_keeps_its_jobs(
    launch: Launch, shared: Elsewhere, home: Path, gates: Gates
) -> None:
    """A stopping daemon renews the lease of a job that it lets end: nobody else begins it, however long it takes."""
    first = join(launch, shared, "first", home)
    job = gates.submit(first, "lengthy")
    second = join(launch, shared, "second", home)
    first.signal(signal.SIGTERM)
    wait_for(lambda: first.events("worker_draining"), "the drain")
    since = lived_ms(first, job)
    wait_for(lambda: lived_ms(second, job) > since + 3 * LEASE_S * 1000, "three leases to pass")
    assert idle_ms(second) < LEASE_S * 1000
    gates.open(job)

    assert first.exit_code() == 0
    record = second.record(job)
    assert (record["state"], record["token"], "crashes" in record) == ("succeeded", "1", False)
    assert gates.tries(job) == 1


def test_a_delayed_job_begins_once(launch: Launch, shared: Elsewhere, home: Path, gates: Gates) -> None:
    """A job for much later than a lease: of two daemons one dies, Redis is killed, and it begins once, in its time."""
    first = join(launch, shared, "first", home)
    second = join(launch, shared, "second", home)
    gates.open("later")
    due_ms = int(first.call("TIME")[0]) * 1000 + 6000
    spec = json.dumps({"folder": str(gates.folder), "name": "later"})
    second.xadd(kind="gate", input=spec, id="later", not_before_ms=due_ms)
    wait_for(lambda: second.record("later").get("state") == "scheduled", "the job to be known")
    first.kill()
    shared.server.kill()
    shared.server.start()
    assert second.record("later")["state"] == "scheduled"

    record = second.outcome("later")
    assert (record["state"], record["attempt"], record["token"]) == ("succeeded", "1", "1")
    assert int(record["started_ms"]) >= due_ms
    assert [kind for kind, _ in second.happened("later")].count("job.started") == 1
    assert (gates.notes("later"), gates.tries("later")) == (1, 1)


REFUSALS = {
    "NOREPLICAS": (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    "READONLY": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
}
"""How a server is made to refuse every write while it can be read, as after a failover; and how it is made whole."""


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_server_that_refuses_writes_is_waited_out(
    launch: Launch, shared: Elsewhere, home: Path, gates: Gates, refusal: str
) -> None:
    """No service dies of it: what came due meanwhile runs once the server is whole, and so does what comes then."""
    refuse, accept = REFUSALS[refusal]
    daemon = join(launch, shared, "only", home)
    spec = json.dumps({"folder": str(gates.folder), "name": "due"})
    due_ms = int(daemon.call("TIME")[0]) * 1000 + 3000
    daemon.xadd(kind="gate", input=spec, id="due", not_before_ms=due_ms)
    gates.open("due", "next")
    wait_for(lambda: daemon.record("due").get("state") == "scheduled", "the job to be known")
    daemon.call(*refuse)
    wait_for(lambda: time.time() * 1000 > due_ms, "the job to be due")
    wait_for(lambda: len(daemon.events("leases_not_renewed")) > LEASE_S / 0.3, "a lease without a renewal")
    assert daemon.record("due")["state"] == "scheduled"
    daemon.call(*accept)

    assert daemon.outcome("due")["state"] == "succeeded"
    assert daemon.outcome(gates.submit(daemon, "next"))["state"] == "succeeded"
    assert daemon.is_alive()


@pytest.mark.parametrize("refusal", REFUSALS)
def test_no_green_light_while_writes_are_refused(launch: Launch, shared: Elsewhere, home: Path, refusal: str) -> None:
    """Readiness is the truth also on an idle queue, where everything that is read looks well."""
    refuse, accept = REFUSALS[refusal]
    daemon = join(launch, shared, "only", home)
    daemon.call(*refuse)
    wait_for(lambda: daemon.get("/readyz").status == HTTPStatus.SERVICE_UNAVAILABLE, "readyz 503")
    assert "Redis" in daemon.get("/readyz").json()["reasons"]["leases"]
    daemon.call(*accept)
    wait_for(lambda: daemon.get("/readyz").status == HTTPStatus.OK, "readyz 200")


def test_an_outage_is_no_crash(launch: Launch, shared: Elsewhere, home: Path, gates: Gates) -> None:
    """Redis answers nobody for a lease: the job is stopped in time, goes on afterwards, and is charged nothing."""
    daemon = join(launch, shared, "only", home)
    job = gates.submit(daemon, "patient")
    shared.server.freeze()
    wait_for(lambda: daemon.events("lease_lost"), "the attempt stopped")
    shared.server.thaw()
    gates.waiting(job, tries=2)
    gates.open(job)

    record = daemon.outcome(job)
    assert (record["state"], record["attempt"], "crashes" in record) == ("succeeded", "1", False)
    assert gates.notes(job) == 1


def test_a_solver_that_holds_the_interpreter_keeps_its_job(launch: Launch, shared: Elsewhere, home: Path) -> None:
    """Work in a pool child may hold the interpreter for several leases: the lease is the daemon's, and is kept."""
    daemons = [with_hog(launch, shared, name, home) for name in ("first", "second")]
    job = hog(daemons[0], home, "child")
    record = daemons[0].outcome(job)
    assert (record["state"], record["token"], "crashes" in record) == ("succeeded", "1", False)
    assert (home / "held").read_text() == "x"


def test_a_recipe_that_holds_the_interpreter_ends_once(launch: Launch, shared: Elsewhere, home: Path) -> None:
    """In the daemon's own process it costs the lease; another one takes over, and the late end is refused."""
    daemons = [with_hog(launch, shared, name, home) for name in ("first", "second")]
    job = hog(daemons[0], home, "daemon")
    record = daemons[0].outcome(job)
    assert (record["state"], record["token"]) == ("succeeded", "2")
    refusals = ("lease_lost", "job_fenced")
    wait_for(lambda: any(daemons[0].events(name) for name in refusals), "the late one to be told")
    assert [kind for kind, _ in daemons[0].happened(job)].count("job.succeeded") == 1
    assert daemons[0].steps(job, "step.completed") == ["hold"]
    wait_for(lambda: daemons[0].call("XLEN", QUEUE) == 0, "nothing left in the queue")


def test_a_service_managers_word_is_in_the_dead_letter(launch: Launch, gates: Gates) -> None:
    """What ended the daemon, as systemd tells it between two processes, is in the letter of the job that did it."""
    daemon = launch(worker__max_crashes=1).start()
    job = gates.submit(daemon, "killer")
    for tries in (2, 3):
        daemon.kill()
        told = {"EXIT_CODE": "killed", "EXIT_STATUS": "KILL", "SERVICE_RESULT": "oom-kill"}
        subprocess.run([PROGRAM, "record-exit"], env={**daemon.environment, **told}, check=True, capture_output=True)
        daemon.start()
        if tries == 2:
            gates.waiting(job, tries)
    assert daemon.outcome(job)["state"] == "failed"
    (letter,) = daemon.letters(job=job)
    assert (letter["reason"], letter["signal"], letter["crashes"]) == ("crashed", "SIGKILL (out of memory)", "2")
    assert "SIGKILL" in json.loads(letter["error"])["message"]


def with_hog(launch: Launch, shared: Elsewhere, name: str, home: Path) -> DaemonProcess:
    """A daemon with short leases that knows the hog pipeline."""
    daemon = launch(
        redis__url=shared.url,
        worker__name=name,
        storage__url=home / "objects",
        paths__data_dir=home / f"data-{name}",
        pipelines__modules=HOG,
        **QUICK,
    )
    daemon.redis = shared.address
    return daemon.start()


def hog(daemon: DaemonProcess, home: Path, where: str) -> str:
    """A job that holds the lock for three leases."""
    spec = {"where": where, "seconds": 3 * LEASE_S, "folder": str(home)}
    return daemon.xadd(kind="hog", input=json.dumps(spec))
