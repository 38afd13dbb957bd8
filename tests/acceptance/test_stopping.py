"""Ends on purpose: signals, and starts that must not happen."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import QUEUE, DaemonProcess, wait_for
from tests.acceptance.gates import Gates

pytestmark = pytest.mark.long


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_idle_daemon_stops(launch: Launch, which: signal.Signals) -> None:
    """One signal ends an idle daemon with exit code 0; no process stays, and the log has no error."""
    daemon = launch().start()
    daemon.signal(which)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()
    assert '"level":"error"' not in daemon.stderr()


def test_running_jobs_have_their_grace(launch: Launch, gates: Gates) -> None:
    """A job that ends within the grace ends in the daemon that stops; a later one is not begun."""
    daemon = launch().start()
    job_id = gates.submit(daemon, "graceful")
    daemon.signal(signal.SIGTERM)
    wait_for(lambda: daemon.events("worker_draining"), "worker_draining in the log")
    late = daemon.xadd(kind="banner", prompt="Too late for this one", width=300, height=250)
    gates.open(job_id)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()

    daemon.start()
    assert daemon.outcome(job_id)["token"] == "1"  # noqa: S105 - a fencing token
    assert gates.tries(job_id) == 1
    assert daemon.outcome(late)["state"] == "succeeded"


def test_ctrl_c_does_not_harm_running_jobs(launch: Launch, gates: Gates) -> None:
    """The children hear a terminal's Ctrl-C too, and go on: the job ends within the grace, in its first try."""
    daemon = launch().start()
    job_id = gates.submit(daemon, "calm")
    daemon.interrupt()
    wait_for(lambda: daemon.events("worker_draining"), "worker_draining in the log")
    gates.open(job_id)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()
    assert daemon.start().outcome(job_id)["attempt"] == "1"
    assert gates.tries(job_id) == 1


def test_idle_http_client_does_not_delay_the_end(launch: Launch) -> None:
    """An open connection of a client that asks nothing is closed."""
    daemon = launch().start()
    with socket.create_connection(("127.0.0.1", daemon.port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        daemon.stop()
        client.settimeout(5)
        assert client.recv(4096) == b""
    daemon.wait_until_gone()


def test_long_job_is_handed_to_the_next_daemon(launch: Launch, gates: Gates) -> None:
    """Past the grace a job is handed back uncharged; the next daemon ends it without its finished steps."""
    daemon = launch(worker__grace_s=0.2).start()
    job_id = gates.submit(daemon, "long")
    daemon.signal(signal.SIGTERM)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()

    gates.open(job_id)
    daemon.start(worker__name="successor")
    record = daemon.outcome(job_id)
    assert (record["state"], record["attempt"], record.get("crashes", "0")) == ("succeeded", "1", "0")
    assert (gates.notes(job_id), gates.tries(job_id)) == (1, 2)
    assert daemon.steps(job_id, "step.replayed") == ["note"]
    assert [kind for kind, _ in daemon.happened(job_id)].count("job.released") == 1
    wait_for(lambda: daemon.call("XLEN", QUEUE) == 0, "the queue empty")


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_at_once(launch: Launch, gates: Gates, which: signal.Signals) -> None:
    """The second signal ends the grace: the job is handed back with its checkpoints, and the next daemon goes on."""
    daemon = launch(worker__grace_s=600).start()
    job_id = gates.submit(daemon, "abandoned")
    daemon.signal(signal.SIGTERM)
    wait_for(lambda: daemon.events("worker_draining"), "worker_draining in the log")
    daemon.signal(which)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()
    gates.open(job_id)
    daemon.start(worker__name="successor")
    record = daemon.outcome(job_id)
    assert (record["state"], record["attempt"], record.get("crashes", "0")) == ("succeeded", "1", "0")


def test_third_signal_leaves_everything_as_it_is(launch: Launch, gates: Gates) -> None:
    """Where even handing back takes too long the third signal ends the process with 130; the job is the next one's."""
    daemon = launch(worker__grace_s=600).start()
    job_id = gates.submit(daemon, "abandoned")
    daemon.signal(signal.SIGTERM)
    wait_for(lambda: daemon.events("worker_draining"), "worker_draining in the log")
    os.kill(daemon.server_pid(), signal.SIGSTOP)
    try:
        daemon.signal(signal.SIGTERM)
        wait_for(lambda: len(daemon.events("signal_received")) == 2, "the second signal heard")
        daemon.signal(signal.SIGTERM)
        assert daemon.exit_code() == 130
    finally:
        os.kill(daemon.server_pid(), signal.SIGCONT)
    wait_for(lambda: not [found for found in daemon.processes() if found.is_forked], "the pool's children gone")
    gates.open(job_id)
    daemon.start()
    assert daemon.outcome(job_id)["state"] == "succeeded"


def test_stop_while_starting(launch: Launch) -> None:
    """A signal before the daemon is ready ends it too, with 0 and nothing left."""
    daemon = launch().spawn()
    wait_for(lambda: daemon.events("embedded_server_started"), "the server started")
    daemon.signal(signal.SIGTERM)
    assert daemon.exit_code() == 0
    daemon.wait_until_gone()


def test_port_taken(launch: Launch, taken_port: int) -> None:
    """A port in use ends the start with 2 and one line that names the setting and a way out."""
    daemon = launch(api__port=taken_port).spawn()
    assert daemon.exit_code() == 2
    assert_one_line(daemon, "api.port", f"127.0.0.1:{taken_port}", "already in use", "STREAMFORGE_API__PORT")
    daemon.wait_until_gone()


def test_second_daemon_on_one_directory(launch: Launch) -> None:
    """A data directory in use refuses a second daemon with 2, naming the holder, which goes on unharmed."""
    first = launch().start()
    second = launch(worker__name="second").spawn()
    assert second.exit_code() == 2
    assert_one_line(second, "paths.data_dir", f"pid {first.pid}")
    job_id = first.xadd(kind="banner", prompt="Still open", width=300, height=250)
    assert first.outcome(job_id)["state"] == "succeeded"


def test_package_that_cannot_be_loaded(launch: Launch, home: Path) -> None:
    """A pipeline whose module is broken refuses the start with 2 and names it."""
    (home / "packages" / "broken_pipeline.py").write_text("def (", encoding="utf-8")
    points = next((home / "packages").glob("*/entry_points.txt"))
    points.write_text("[streamforge.pipelines]\nbroken = broken_pipeline:PIPELINE\n", encoding="utf-8")
    daemon = launch().spawn()
    assert daemon.exit_code() == 2
    assert_one_line(daemon, "broken", "SyntaxError")


def test_directory_that_cannot_be_used(launch: Launch, home: Path) -> None:
    """A data directory below a file is refused with 2, by name."""
    (home / "file").touch()
    daemon = launch(paths__data_dir=home / "file" / "data").spawn()
    assert daemon.exit_code() == 2
    assert_one_line(daemon, "paths.data_dir")


def assert_one_line(daemon: DaemonProcess, *told: str) -> None:
    """The whole of what it said is one line for people that holds all of that."""
    said = [line for line in daemon.stderr().splitlines() if not line.startswith("{")]
    assert len(said) == 1
    assert said[0].startswith("streamforge: ")
    assert [part for part in told if part not in said[0]] == []
