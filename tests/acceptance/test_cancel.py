"""Cancelling: through every door, in every state, on every host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, time_ns
from typing import NamedTuple

import pytest

from tests.acceptance.daemon import INBOX, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet

PAUSED = "streamforge:{0}:paused"
HERE, THERE, HELD = "here", "there", "held"


class Pair(NamedTuple):
    """Two daemons: what ``here`` is asked for may run ``there``."""

    fleet: Fleet
    here: DaemonProcess
    there: DaemonProcess


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """One daemon that serves two queues, of which one is paused, and another that serves the third."""
    with Fleet.made() as fleet:
        here = fleet.join(HERE, worker__queues=f"{HERE},{HELD}", routes__gate=THERE)
        there = fleet.join(THERE, worker__queues=THERE)
        here.call("SADD", PAUSED, HELD)
        yield Pair(fleet, here, there)


def by_command(daemon: DaemonProcess, *jobs: str) -> None:
    """``streamforge cancel``."""
    done = daemon.command("cancel", *jobs)
    assert done.returncode == 0, done.stderr


def by_http(daemon: DaemonProcess, *jobs: str) -> None:
    """POST."""
    for job in jobs:
        answer = daemon.post(f"/api/v1/jobs/{job}/cancel", b"")
        assert (answer.status, answer.json()["job_id"]) in ((200, job), (202, job))


def by_redis(daemon: DaemonProcess, *jobs: str) -> None:
    """XADD."""
    for job in jobs:
        daemon.call("XADD", INBOX, "*", "cancel", job)


@pytest.mark.parametrize("door", [by_command, by_http, by_redis])
def test_every_door_ends_every_job(pair: Pair, door: Callable[..., None]) -> None:
    """The CLI, HTTP and Redis each end a queued job, a scheduled one, and one that runs on another host's daemon."""
    here, gates, name = pair.here, pair.fleet.gates, door.__name__.replace("_", "-")
    queued = gates.send(here, f"{name}-queued", queue=HELD)
    later_ms = time_ns() // 1_000_000 + 3_600_000
    scheduled = gates.send(here, f"{name}-scheduled", queue=HERE, not_before_ms=later_ms)
    running = gates.submit(here, f"{name}-running", queue=THERE)
    child = gates.waiting(running)
    wait_for(lambda: here.record(scheduled) and here.record(queued), "all three jobs accepted")
    states = [here.record(job)["state"] for job in (queued, scheduled, running)]
    assert states == ["queued", "scheduled", "running"]

    begun = monotonic()
    door(here, queued, scheduled, running)
    wait_for(lambda: is_gone(child), "the child that ran the step gone")
    print(f"{name}: the child was gone after {monotonic() - begun:.2f} s")  # noqa: T201 - a measurement

    for job in (queued, scheduled, running):
        assert here.outcome(job)["state"] == "cancelled"
        assert [kind for kind, _ in here.happened(job)].count("job.cancelled") == 1
        assert here.letters(job=job) == []
    assert here.get(f"/api/v1/status/{running}").json()["error"]["code"] == "cancelled"
    assert [gates.tries(job) for job in (queued, scheduled, running)] == [0, 0, 1]
    assert here.call("ZSCORE", "streamforge:{0}:scheduled", scheduled) is None
    assert here.call("EXISTS", f"streamforge:{{0}}:queue:{HELD}:normal:default") == 0
    assert pair.there.is_alive()


def test_cancel_reaches_the_queued_child_job(pair: Pair) -> None:
    """A parent that waits for another job's end takes that job with it."""
    here, gates = pair.here, pair.fleet.gates
    here.call("SADD", PAUSED, THERE)
    here.xadd(kind="parent", input=gates.input("family"), id="family", queue=HERE)
    awaited = child_of(here, "family")
    assert [here.record(job)["state"] for job in ("family", awaited)] == ["scheduled", "queued"]
    by_http(here, "family")
    assert [here.outcome(job)["state"] for job in ("family", awaited)] == ["cancelled", "cancelled"]
    here.call("SREM", PAUSED, THERE)


def test_cancel_reaches_the_running_child_job(pair: Pair) -> None:
    """The same where the child runs already, on another host, down to the process that runs its step."""
    here, gates = pair.here, pair.fleet.gates
    here.xadd(kind="parent", input=gates.input("kin"), id="kin", queue=HERE)
    child = gates.waiting("kinC")
    awaited = child_of(here, "kin")
    by_redis(here, "kin")
    wait_for(lambda: is_gone(child), "the child's process gone")
    assert [here.outcome(job)["state"] for job in ("kin", awaited)] == ["cancelled", "cancelled"]


def test_wake_up_may_be_lost(pair: Pair) -> None:
    """A daemon that does not hear the wake-up learns of the cancel with the next renewal of its leases."""
    here, gates = pair.here, pair.fleet.gates
    job = gates.submit(here, "unheard", queue=THERE)
    here.call("HSET", f"streamforge:{{0}}:job:{job}", "cancel", '{"code":"cancelled","message":"by hand"}')
    record = here.outcome(job)
    assert (record["state"], "by hand" in record["error"]) == ("cancelled", True)


def test_job_that_will_not_be_cancelled(pair: Pair) -> None:
    """A recipe that swallows each cancellation goes on, others run beside it, and once it ends its job is cancelled."""
    here, fleet = pair.here, pair.fleet
    job = fleet.act(here, "deaf", "resist", queue=HERE)
    fleet.gates.waiting(job)
    by_http(here, job)
    beside = fleet.act(here, "beside", queue=HERE)
    assert here.outcome(beside)["state"] == "succeeded"
    assert (here.record(job)["state"], "cancel" in here.record(job)) == ("running", True)
    fleet.gates.open(job)
    assert here.outcome(job)["state"] == "cancelled"


def child_of(daemon: DaemonProcess, parent: str) -> str:
    """The job that a parent waits for, once it does."""
    wait_for(lambda: "awaits" in daemon.record(parent), "the parent to wait for its child")
    return daemon.record(parent)["awaits"]


def is_gone(pid: int) -> bool:
    """Whether the process has ended."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
