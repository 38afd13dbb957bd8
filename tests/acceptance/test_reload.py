"""SIGHUP: what changes while the daemon runs, what does not, and what the log says of it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.acceptance.daemon import DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet

NARROW = "[worker]\nconcurrency = 1\n"


def test_reload(fleet: Fleet) -> None:
    """More concurrency and another log level hold at once, a running job does not notice, what waits is named."""
    daemon, file = configured(fleet, NARROW)
    running = fleet.gates.submit(daemon, "running")
    waiting = fleet.gates.send(daemon, "waiting")
    wait_for(lambda: daemon.record(waiting).get("state") == "queued", "the second job queued")

    file.write_text('[worker]\nconcurrency = 2\n[logs]\nlevel = "debug"\n[jobs]\nfeed_max = 5000\n')
    daemon.signal(signal.SIGHUP)
    fleet.gates.waiting(waiting)
    told = daemon.events("settings_reloaded")[0]
    assert told["applied"] == ["worker.concurrency", "logs.level"]
    assert told["need_restart"] == ["jobs.feed_max"]

    fleet.gates.open(running, waiting)
    assert daemon.outcome(running)["attempt"] == "1"
    assert fleet.gates.tries(running) == 1
    daemon.stop()
    assert [event["level"] for event in daemon.events("service_stopped")[:1]] == ["debug"]


def test_broken_file(fleet: Fleet) -> None:
    """A file that cannot be used is told in one line of the log and changes nothing; a mended one is read."""
    daemon, file = configured(fleet, NARROW)
    for broken in ("[worker\n", '[worker]\nconcurrency = "many"\n', "[worker]\nconcurency = 3\n"):
        known = len(daemon.events("settings_not_reloaded"))
        file.write_text(broken)
        daemon.signal(signal.SIGHUP)
        wait_for(lambda known=known: len(daemon.events("settings_not_reloaded")) > known, "the refusal in the log")
    assert "did you mean" in daemon.events("settings_not_reloaded")[-1]["error"]
    assert daemon.outcome(fleet.act(daemon, "after"))["state"] == "succeeded"

    file.write_text("[worker]\nconcurrency = 2\n")
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.events("settings_reloaded"), "the mended file read")


def test_what_needs_a_restart_stays(fleet: Fleet) -> None:
    """Another name is told at each reload and not used: jobs are taken under the name whose leases are renewed."""
    daemon, file = configured(fleet, '[worker]\nname = "old"\n', worker__name=None)
    file.write_text('[worker]\nname = "new"\n')
    for times in (1, 2):
        daemon.signal(signal.SIGHUP)
        wait_for(lambda times=times: len(daemon.events("settings_reloaded")) == times, "the file read")
    assert [event["need_restart"] for event in daemon.events("settings_reloaded")] == [["worker.name"]] * 2
    job = fleet.gates.submit(daemon, "owned")
    assert daemon.record(job)["owner"] == "old"


def configured(fleet: Fleet, text: str, **settings: object) -> tuple[DaemonProcess, Path]:
    """A daemon with a settings file of its own."""
    daemon = fleet.daemon("reloaded", **settings)
    file = daemon.home / "streamforge.toml"
    file.write_text(text)
    return daemon.start("--config", str(file)), file
