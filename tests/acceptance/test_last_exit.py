"""A daemon that was killed: what its jobs' dead letters tell of it, and what becomes of the jobs beside the guilty."""

from __future__ import annotations

import pytest

from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.fleet import Fleet

KILLED = {"EXIT_CODE": "killed", "EXIT_STATUS": "KILL", "SERVICE_RESULT": "signal"}
"""As systemd sets them for ExecStopPost= after SIGKILL; see systemd.exec(5)."""

NEIGHBOURS = [f"neighbour-{i}" for i in range(5)]


@pytest.mark.long
def test_poison_and_its_neighbours(fleet: Fleet) -> None:
    """The job that ends its daemon each time is a dead letter that names the signal; those beside it end well.

    From the second crash in a row on the suspects run one at a time, so that the third is charged to one alone.
    """
    daemon = fleet.join("fragile", worker__max_crashes=2, pool__slots=6)
    gates, everybody = fleet.gates, ["poison", *NEIGHBOURS]
    for job in everybody:
        gates.submit(daemon, job)
    restarted(daemon)
    for job in everybody:
        gates.waiting(job, tries=2)
    restarted(daemon)
    gates.open(*NEIGHBOURS)
    gates.waiting("poison", tries=3)
    restarted(daemon)

    assert [daemon.outcome(job)["state"] for job in everybody] == ["failed"] + ["succeeded"] * 5
    (letter,) = daemon.letters(job="poison")
    assert (letter["reason"], letter["signal"]) == ("crashed", "SIGKILL")
    assert "SIGKILL" in letter["error"]
    assert "last crash: SIGKILL" in daemon.command("dead", "show", letter["id"]).stdout
    assert len(daemon.letters()) == 1
    assert daemon.call("EXISTS", "streamforge:{0}:running") == 0
    assert not list(daemon.home.rglob("last-exit*"))


def test_clean_end_is_no_cause(fleet: Fleet) -> None:
    """After a clean end nothing is kept for the next daemon to tell."""
    daemon = fleet.daemon("tidy")
    clean = {"EXIT_CODE": "exited", "EXIT_STATUS": "0", "SERVICE_RESULT": "success"}
    assert daemon.command("record-exit", environ=clean).stdout == "a clean end\n"
    assert not list(daemon.home.rglob("last-exit*"))


def restarted(daemon: DaemonProcess) -> None:
    """Killed, recorded as systemd does, and started again."""
    daemon.kill()
    done = daemon.command("record-exit", environ=KILLED)
    assert (done.returncode, done.stdout) == (0, "SIGKILL\n"), done.stderr
    daemon.start()
