"""Tenants: their limits and their turns hold over all daemons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.acceptance.daemon import DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet
from tests.acceptance.test_queues import started

TENANTS = {"tenants__capped__max_running": 1, "tenants__heavy__weight": 3, "tenants__light__weight": 1}


class Pair(NamedTuple):
    """Two daemons with the same tenants."""

    fleet: Fleet
    daemons: tuple[DaemonProcess, DaemonProcess]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Both run two jobs at a time."""
    with Fleet.made() as fleet:
        daemons = [fleet.join(name, worker__concurrency=2, **TENANTS) for name in ("left", "right")]
        yield Pair(fleet, (daemons[0], daemons[1]))


def test_limit_over_all_daemons(pair: Pair) -> None:
    """Of a tenant with ``max_running = 1`` one job runs at a time on two daemons, and others run beside it."""
    fleet, daemon = pair.fleet, pair.daemons[0]
    jobs = [fleet.gates.send(daemon, f"capped-{i}", tenant="capped") for i in range(3)]
    beside = [fleet.gates.submit(daemon, f"free-{i}", tenant="free") for i in range(2)]
    for done in range(3):
        wait_for(lambda done=done: at_gate(fleet, jobs) == done + 1, "the next of the tenant's jobs at its gate")
        (now,) = [job for job in jobs if daemon.record(job)["state"] == "running"]
        fleet.gates.open(now)
        assert daemon.outcome(now)["state"] == "succeeded"
    fleet.gates.open(*beside)
    assert [daemon.outcome(job)["state"] for job in beside] == ["succeeded"] * 2
    assert {daemon.record(job)["token"] for job in jobs} == {"1"}


def test_turns_by_weight(pair: Pair) -> None:
    """A tenant of weight 3 gets three turns of four on two daemons, whoever handed in first."""
    fleet, daemon = pair.fleet, pair.daemons[0]
    assert daemon.command("queues", "pause", "default").returncode == 0
    jobs = [fleet.act(daemon, f"{who}-{i}", tenant=who) for who in ("light", "heavy") for i in range(12)]
    wait_for(lambda: all(daemon.record(job) for job in jobs), "the jobs accepted")
    assert daemon.command("queues", "resume", "default").returncode == 0
    assert {daemon.outcome(job)["state"] for job in jobs} == {"succeeded"}
    first = [job.partition("-")[0] for job in started(daemon) if job in jobs][:12]
    assert (first.count("heavy"), first.count("light")) == (9, 3)


def at_gate(fleet: Fleet, jobs: list[str]) -> int:
    """How many of them have come to their gate."""
    return sum(fleet.gates.tries(job) for job in jobs)
