"""Recurring jobs over several daemons: one firing for each time, and a single one for what was missed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.acceptance.daemon import FEED, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet
from tests.acceptance.resp import rows

pytestmark = pytest.mark.long

CRON = "streamforge:{0}:cron"
TICK = {"cron__tick__schedule": "* * * * * *", "cron__tick__kind": "act"}
DAILY = {"cron__daily__schedule": "0 0 * * *", "cron__daily__kind": "act"}
DAY_S = 86_400


def test_one_firing_over_two_daemons(fleet: Fleet) -> None:
    """Two daemons with the same schedule of every second submit one job for each time, and both looked after it."""
    pair = [fleet.join(name, **TICK) for name in ("left", "right")]
    wait_for(lambda: len(ended(pair[0])) >= 3, "three seconds' jobs")
    for daemon in pair:
        wait_for(lambda daemon=daemon: fired(daemon, "submitted") + fired(daemon, "known") >= 2, "its own firings")
    submitted = sum(fired(daemon, "submitted") for daemon in pair)
    for daemon in pair:
        daemon.stop()
    begun = of_type(pair[0], "job.queued")
    assert len(begun) == len(set(begun)) >= submitted
    assert sorted(set(ended(pair[0]))) == sorted(ended(pair[0]))


def test_restart_makes_up_for_the_latest(fleet: Fleet) -> None:
    """After days without a daemon the latest missed job is submitted once, and not again at the next start."""
    last = int(datetime.now(UTC).timestamp()) // DAY_S * DAY_S
    daemon = fleet.daemon("back", **DAILY)
    daemon.call("ZADD", CRON, last - 5 * DAY_S, "daily")
    daemon.start()
    wait_for(lambda: ended(daemon), "the missed job to end")
    daemon.stop()
    daemon.start()
    marker = fleet.act(daemon, "marker")
    assert daemon.outcome(marker)["state"] == "succeeded"
    assert [job for job in of_type(daemon, "job.queued") if job != marker] == [f"cron-daily-{last}"]
    assert int(daemon.call("ZSCORE", CRON, "daily")) == last


def fired(daemon: DaemonProcess, outcome: str) -> float:
    """How many times of the schedule came to that on this daemon."""
    return daemon.metric("cron_firings_total", cron="tick", outcome=outcome)


def ended(daemon: DaemonProcess) -> list[str]:
    """The recurring jobs that succeeded."""
    return of_type(daemon, "job.succeeded")


def of_type(daemon: DaemonProcess, kind: str) -> list[str]:
    """The jobs of every such event."""
    return [fields["job"] for _, fields in rows(daemon.call("XRANGE", FEED, "-", "+")) if fields["type"] == kind]
