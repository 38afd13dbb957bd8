"""What is left in Redis after work of every kind: nothing but what is said to stay."""

from __future__ import annotations

import re
from time import time_ns

import pytest

from tests.acceptance.daemon import DEAD, FEED, INBOX, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet

PERMANENT = re.compile(
    r"streamforge:(inbox|\{0\}:(feed|dead(:given|:of:[a-z]+)?|paused|cron|workers|bell:[a-z]+"
    r"|outbox|archive|objects(:(round|deleted|stored|collector))?))"
)
"""What the table in streamforge/broker/keys.py lets stay without an end of its own, when nothing waits and runs."""

LASTING = re.compile(r"streamforge:\{0\}:refused:.*")
"""What ends by itself after a day: longer than a test waits."""

INDEX = re.compile(r"streamforge:\{0\}:(tenants|index:[a-z]+)")
"""What else has no end of its own: a janitor takes the jobs out of it whose records have expired."""

BOUNDED = {
    "jobs__result_ttl_s": 1,
    "jobs__idempotency_ttl_s": 1,
    "jobs__feed_max": 100,
    "jobs__dead_max": 5,
    "jobs__event_log_max": 3,
}


@pytest.mark.parametrize("archive", ["off", "sqlite:///{home}/archive.db"])
def test_nothing_stays(fleet: Fleet, archive: str) -> None:
    """After a mixed load every key ends by itself, or with the janitor's next round, or is permanent and bounded.

    With an archive as without one.
    """
    cron = {"cron__tick__schedule": "* * * * * *", "cron__tick__kind": "act"}
    tenants = {"tenants__acme__max_running": 1, "tenants__acme__weight": 2}
    bounded = {**BOUNDED, "archive__url": archive.format(home=fleet.home)}
    settings = {**bounded, **cron, **tenants, "worker__max_crashes": 1, "worker__grace_s": 0.1}
    daemon = fleet.join("leaky", worker__queues="default,held", **settings)
    jobs = mixed_load(fleet, daemon)
    daemon.stop()
    daemon.start()
    fleet.gates.open("released")
    wait_for(lambda: all(is_over(daemon, job) for job in jobs), "every job's end")
    wait_for(lambda: daemon.call("XLEN", "streamforge:{0}:outbox") == 0, "what has ended archived")
    daemon.stop()

    mortal = [key for key in keys(daemon) if not (PERMANENT.fullmatch(key) or INDEX.fullmatch(key))]
    assert [key for key in mortal if daemon.call("TTL", key) == -1] == []
    wait_for(lambda: all(INDEX.fullmatch(key) for key in passing(daemon)), "the keys that end by themselves gone")
    assert passing(daemon)
    assert daemon.call("XLEN", INBOX) == 0
    assert daemon.call("XPENDING", INBOX, "inbox")[0] == 0
    assert daemon.call("ZCARD", "streamforge:{0}:cron") == 1
    assert all(daemon.call("XLEN", key) == 1 for key in keys(daemon) if ":bell:" in key)

    tidying = fleet.join("tidying", **bounded)
    wait_for(lambda: not any(INDEX.fullmatch(key) for key in keys(daemon)), "the index gone")
    tidying.stop()
    wait_for(lambda: passing(daemon) == [], "the other keys gone")


def test_feed_and_letters_are_bounded(fleet: Fleet) -> None:
    """However many jobs there were, the feed, the dead letters and a job's log hold about what they are allowed to."""
    daemon = fleet.join("bounded", **{**BOUNDED, "jobs__result_ttl_s": 60})
    jobs = [fleet.act(daemon, f"failing-{i}", "fail") for i in range(300)]
    wait_for(lambda: all(daemon.record(job).get("state") == "failed" for job in jobs[-5:]), "the last jobs' ends")
    wait_for(lambda: all(daemon.record(job).get("state") == "failed" for job in jobs), "every job's end")
    node = 100  # entries: Redis trims whole nodes of a stream
    assert daemon.call("XLEN", FEED) <= BOUNDED["jobs__feed_max"] + node + 20
    assert daemon.call("XLEN", DEAD) <= BOUNDED["jobs__dead_max"] + node
    assert daemon.call("LLEN", f"streamforge:{{0}}:log:{jobs[0]}") == BOUNDED["jobs__event_log_max"]


def mixed_load(fleet: Fleet, daemon: DaemonProcess) -> list[str]:
    """Jobs of every end, and messages that are refused; the one called ``released`` still runs."""
    gates, now_ms = fleet.gates, time_ns() // 1_000_000
    daemon.call("SADD", "streamforge:{0}:paused", "held")
    jobs = [fleet.act(daemon, f"succeeds-{i}", tenant="acme", idempotency_key=f"key-{i}") for i in range(5)]
    jobs += [
        fleet.act(daemon, "fails", "fail"),
        fleet.act(daemon, "retried", "flake"),
        fleet.act(daemon, "dies", "die"),
    ]
    jobs += [fleet.act(daemon, "late", queue="held", expires_at_ms=now_ms + 100)]
    jobs += [fleet.act(daemon, "dropped", queue="held"), fleet.act(daemon, "soon", not_before_ms=now_ms + 300)]
    daemon.xadd(kind="parent", input=gates.input("family"), id="family", priority="high")
    daemon.xadd(kind="nonsense")
    daemon.xadd(cancel="nobody")
    gates.open("familyC")
    daemon.outcome("family")
    cancelled = gates.submit(daemon, "cancelled", priority="low")
    for job in ("dropped", cancelled):
        daemon.xadd(cancel=job)
    wait_for(lambda: is_over(daemon, "dropped") and is_over(daemon, cancelled), "the cancelled jobs' ends")
    wait_for(lambda: daemon.metric("cron_firings_total", cron="tick", outcome="submitted") >= 1, "a recurring job")
    daemon.call("SREM", "streamforge:{0}:paused", "held")
    gates.submit(daemon, "released")
    return [*jobs, "family", cancelled, "released"]


def is_over(daemon: DaemonProcess, job: str) -> bool:
    """Whether the job has ended, and perhaps been forgotten since."""
    return daemon.record(job).get("state", "succeeded") in ("succeeded", "failed", "cancelled", "expired")


def passing(daemon: DaemonProcess) -> list[str]:
    """The keys that should be gone soon."""
    return [key for key in keys(daemon) if not (PERMANENT.fullmatch(key) or LASTING.fullmatch(key))]


def keys(daemon: DaemonProcess) -> list[str]:
    """Every key that there is now."""
    return sorted(key.decode() for key in daemon.call("KEYS", "*"))
