"""Queues: lanes of their own, routes, priorities, pause and resume."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.acceptance.daemon import FEED, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet
from tests.acceptance.gates import Gates
from tests.acceptance.resp import rows

CPU = "cpu"


class Lanes(NamedTuple):
    """A daemon with a narrow queue beside its usual one."""

    fleet: Fleet
    daemon: DaemonProcess

    @property
    def gates(self) -> Gates:
        """Its gates."""
        return self.fleet.gates

    def state(self, job: str) -> str:
        """Where the job stands."""
        return self.daemon.record(job)["state"]

    def queues(self, action: str) -> str:
        """What ``streamforge queues ACTION cpu`` prints."""
        done = self.daemon.command("queues", action, CPU)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def lanes() -> Iterator[Lanes]:
    """The queue ``cpu`` runs one job at a time, and acts go there unless they say otherwise."""
    with Fleet.made() as fleet:
        queues = {"worker__queues": f"default,{CPU}", "queues__cpu__concurrency": 1, "routes__act": CPU}
        yield Lanes(fleet, fleet.join("lanes", **queues))


def test_each_queue_has_its_own_concurrency(lanes: Lanes) -> None:
    """With the one place of a queue taken its next job waits, while another queue's jobs run side by side."""
    daemon, gates = lanes.daemon, lanes.gates
    first = gates.submit(daemon, "cpu-1", queue=CPU)
    second = gates.send(daemon, "cpu-2", queue=CPU)
    beside = [gates.submit(daemon, name) for name in ("side-1", "side-2")]
    assert lanes.state(second) == "queued"
    gates.open(first)
    gates.waiting(second)
    assert daemon.outcome(first)["state"] == "succeeded"
    gates.open(second, *beside)
    assert [daemon.outcome(job)["state"] for job in (second, *beside)] == ["succeeded"] * 3


def test_routed_kind(lanes: Lanes) -> None:
    """A kind goes to the queue that the routes name, and a job to the one that it names itself."""
    daemon, fleet = lanes.daemon, lanes.fleet
    jobs = [fleet.act(daemon, "routed"), fleet.act(daemon, "named", queue="default")]
    assert [daemon.outcome(job)["queue"] for job in jobs] == [CPU, "default"]


def test_paused_queue(lanes: Lanes) -> None:
    """A paused queue starts nothing, its running job goes on to its end, and what waits runs when it is resumed."""
    daemon, gates = lanes.daemon, lanes.gates
    running = gates.submit(daemon, "goes-on", queue=CPU)
    assert "paused" in lanes.queues("pause")
    waiting = lanes.fleet.act(daemon, "waits")
    gates.open(running)
    assert daemon.outcome(running)["state"] == "succeeded"
    marker = lanes.fleet.act(daemon, "elsewhere", queue="default")
    assert daemon.outcome(marker)["state"] == "succeeded"
    assert lanes.state(waiting) == "queued"

    shown = lanes.queues("list").split()
    assert shown == ["cpu", "(paused)", "normal", "default", "waiting", "1", "running", "0"]
    told = json.loads(daemon.command("queues", "list", "--json").stdout)
    assert {queue["queue"]: queue["paused"] for queue in told} == {"default": False, CPU: True}
    assert "resumed" in lanes.queues("resume")
    assert daemon.outcome(waiting)["state"] == "succeeded"


def test_priorities(lanes: Lanes) -> None:
    """What waits in a queue begins by priority, whatever the order in which it came."""
    daemon, gates = lanes.daemon, lanes.gates
    holder = gates.submit(daemon, "holder", queue=CPU)
    jobs = [lanes.fleet.act(daemon, f"is-{name}", priority=name) for name in ("low", "normal", "high")]
    wait_for(lambda: all(daemon.record(job) for job in jobs), "the jobs accepted")
    gates.open(holder)
    assert [daemon.outcome(job)["state"] for job in jobs] == ["succeeded"] * 3
    assert [job for job in started(daemon) if job in jobs] == ["is-high", "is-normal", "is-low"]


def started(daemon: DaemonProcess) -> list[str]:
    """Every job that was begun, in order."""
    feed = rows(daemon.call("XRANGE", FEED, "-", "+"))
    return [fields["job"] for _, fields in feed if fields["type"] == "job.started"]
