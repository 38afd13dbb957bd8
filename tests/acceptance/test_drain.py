"""``streamforge drain``: a daemon ends from outside, and its jobs go on elsewhere."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import FEED, PROGRAM, DaemonProcess, wait_for
from tests.acceptance.fleet import Fleet
from tests.acceptance.gates import Gates
from tests.acceptance.resp import rows

pytestmark = pytest.mark.long


def test_drained_job_goes_on_elsewhere(fleet: Fleet) -> None:
    """The drained daemon ends with 0, the other one goes on from the checkpoint, and nothing is charged.

    A name that no worker has is refused with those that live.
    """
    leaves = fleet.join("leaves", worker__grace_s=0.1)
    job = fleet.gates.submit(leaves, "moved")
    stays = fleet.join("stays")

    refused = stays.command("drain", "leavers")
    assert (refused.returncode, "alive: leaves, stays" in refused.stderr) == (2, True)
    done = stays.command("drain", "leaves")
    assert (done.returncode, done.stdout) == (0, "drained: leaves\n"), done.stderr
    assert leaves.exit_code() == 0
    fleet.gates.waiting(job, tries=2)
    fleet.gates.open(job)
    record = stays.outcome(job)
    assert (record["state"], record["attempt"], record.get("crashes", "0")) == ("succeeded", "1", "0")
    assert fleet.gates.notes(job) == 1
    assert stays.steps(job, "step.replayed") == ["note"]
    feed = rows(stays.call("XRANGE", FEED, "-", "+"))
    last = {fields["type"]: int(fields["at"]) for _, fields in feed if fields["job"] == job}
    print(f"begun anew {last['job.started'] - last['job.released']} ms after it was handed back")  # noqa: T201 - a measurement


def test_signals_after_a_drain(launch: Launch, gates: Gates) -> None:
    """A daemon that is drained, over its own server, hands back at the second SIGTERM; the command ends well too."""
    daemon = launch(worker__grace_s=600).start()
    job = gates.submit(daemon, "impatient")
    with asked_to_drain(daemon) as command:
        wait_for(lambda: daemon.events("worker_draining"), "worker_draining in the log")
        daemon.signal(signal.SIGTERM)
        wait_for(lambda: daemon.events("signal_received"), "the first signal heard")
        daemon.signal(signal.SIGTERM)
        assert daemon.exit_code() == 0
        said, error = command.communicate(timeout=10)
    assert (command.returncode, said) == (0, "drained: acceptance\n"), error
    daemon.wait_until_gone()
    gates.open(job)
    daemon.start()
    record = daemon.outcome(job)
    assert (record["state"], record["attempt"], record.get("crashes", "0")) == ("succeeded", "1", "0")


def asked_to_drain(daemon: DaemonProcess) -> subprocess.Popen[str]:
    """``streamforge drain --all``, under way."""
    return subprocess.Popen(
        [PROGRAM, "drain", "--all"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=daemon.home,
        env=daemon.environment,
    )
