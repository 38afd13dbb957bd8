"""Time: jobs that begin not before and not after a moment, soft limits and hard ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import time_ns
from typing import NamedTuple

import pytest

from tests.acceptance.daemon import DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet

HELD = "held"


class Clocked(NamedTuple):
    """A daemon, and the acts that take long."""

    fleet: Fleet
    daemon: DaemonProcess

    def submitted(self, name: str, *options: str) -> str:
        """An act by ``streamforge submit``."""
        told = json.dumps({"folder": str(self.fleet.gates.folder), "name": name})
        done = self.daemon.command("submit", "act", "--id", name, "--input", told, *options)
        assert done.returncode == 0, done.stderr
        return name


@pytest.fixture(scope="module")
def clocked() -> Iterator[Clocked]:
    """One queue of two is paused."""
    with Fleet.made() as fleet:
        daemon = fleet.join("clocked", worker__queues=f"default,{HELD}")
        daemon.call("SADD", "streamforge:{0}:paused", HELD)
        yield Clocked(fleet, daemon)


def test_job_that_nobody_began_in_time(clocked: Clocked) -> None:
    """By the inbox or the CLI: once its time runs out on a paused queue a job is expired, told, and out of its line."""
    daemon = clocked.daemon
    soon_ms = time_ns() // 1_000_000 + 200
    jobs = [clocked.fleet.act(daemon, "stale-inbox", queue=HELD, expires_at_ms=soon_ms)]
    jobs.append(clocked.submitted("stale-cli", "--queue", HELD, "--expires-in", "0.2"))
    kept = clocked.submitted("kept", "--queue", HELD, "--expires-in", "1h")
    for job in jobs:
        assert daemon.outcome(job)["state"] == "expired"
        assert [kind for kind, _ in daemon.happened(job)] == ["job.queued", "job.expired"]
        shown = daemon.get(f"/api/v1/status/{job}").json()
        assert (shown["status"], shown["state"], shown["error"]["code"]) == ("FAILURE", "expired", "expired")
        assert "expired" in daemon.command("status", job).stdout
        assert daemon.letters(job=job) == []
    wait_for(lambda: daemon.metric("jobs_expired_total") == 2, "both counted")
    assert daemon.call("XLEN", f"streamforge:{{0}}:queue:{HELD}:normal:default") == 1
    assert daemon.call("ZRANGE", "streamforge:{0}:expiring", 0, -1) == [kept.encode()]


def test_job_for_later(clocked: Clocked) -> None:
    """A job with a delay is scheduled, and does not begin before its time, by Redis's clock."""
    daemon = clocked.daemon
    job = clocked.submitted("later", "--delay", "0.4")
    record = daemon.outcome(job)
    assert record["state"] == "succeeded"
    assert int(record["started_ms"]) >= int(record["due_ms"]) > int(record["created_ms"])
    assert [kind for kind, _ in daemon.happened(job)][:3] == ["job.scheduled", "job.queued", "job.started"]


def test_soft_limit_raises_the_priority(clocked: Clocked) -> None:
    """A step over its soft limit is stopped; the next attempt has a higher priority, and may end well."""
    daemon, gates = clocked.daemon, clocked.fleet.gates
    job = clocked.fleet.act(daemon, "slow", "tarry", priority="low")
    wait_for(lambda: "job.retrying" in [kind for kind, _ in daemon.happened(job)], "the soft limit reached")
    gates.open(job)
    record = daemon.outcome(job)
    assert (record["state"], record["attempt"], record["priority"]) == ("succeeded", "2", "normal")
    assert gates.notes(job) == 1
    assert daemon.metric("soft_timeouts_total", kind="act", scope="step") == 1


def test_hard_limit_ends_the_child(clocked: Clocked) -> None:
    """A recipe that goes on past a soft limit fails at the hard one: its child is killed, and the alert counts it."""
    daemon, gates = clocked.daemon, clocked.fleet.gates
    job = clocked.fleet.act(daemon, "endless", "overrun")
    assert daemon.outcome(job)["state"] == "failed"
    (letter,) = daemon.letters(job=job)
    assert (letter["reason"], json.loads(letter["error"])["field"]) == ("hard_timeout", "hard")
    held = {gates.waiting(job, tries) for tries in (1, 2)}
    wait_for(lambda: held.isdisjoint(daemon.pool_children()), "the children that waited gone")
    assert daemon.metric("hard_timeouts_total", kind="act", scope="step") == 1
    assert daemon.record(job)["attempt"] == "1"
