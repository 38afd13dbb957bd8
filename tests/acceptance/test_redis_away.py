"""Redis that is not there: at the start, in the middle of a job, for good."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from streamforge.testing.server import TestServer
from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import QUEUE, DaemonProcess, wait_for
from tests.acceptance.gates import Gates
from tests.acceptance.resp import Wire

pytestmark = pytest.mark.long


class Elsewhere:
    """A loopback port with a server behind it, once it is started."""

    def __init__(self, home: Path, port: int) -> None:
        self.address = ("127.0.0.1", port)
        self.url = f"redis://127.0.0.1:{port}/0"
        home.mkdir()
        self.server = TestServer(home, "bind 127.0.0.1", f"port {port}")


@pytest.fixture
def elsewhere(home: Path) -> Iterator[Elsewhere]:
    """A Redis that is not the daemon's own, not started yet."""
    made = Elsewhere(home / "elsewhere", free_port())
    with made.server:
        made.server.kill()
        yield made


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_redis_away_at_start(launch: Launch, elsewhere: Elsewhere) -> None:
    """The daemon waits, says so without a flood, answers 503 with the reason, and works once Redis is there."""
    daemon = launch(redis__url=elsewhere.url, api__port=free_port()).spawn()
    daemon.redis = elsewhere.address
    wait_for(lambda: answers(daemon), "HTTP to answer")
    assert daemon.get("/healthz").status == HTTPStatus.OK
    waiting = daemon.get("/readyz")
    assert (waiting.status, waiting.json()["ready"]) == (HTTPStatus.SERVICE_UNAVAILABLE, False)
    assert "Redis" in waiting.json()["reasons"]["worker"]
    refused = daemon.post("/api/v1/generate", b'{"prompt": "Too early"}')
    assert (refused.status, refused.json()["code"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "broker_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert daemon.get("/metrics").status == HTTPStatus.OK

    wait_for(lambda: [e for e in daemon.events("redis_away") if e["attempt"] >= 5], "the fifth try in the log")
    told = daemon.events("redis_away")
    assert len(told) <= 2 + max(e["attempt"] for e in told) // 20
    assert "refused" in told[0]["error"]
    assert daemon.is_alive()

    elsewhere.server.start()
    wait_for(lambda: daemon.get("/readyz").status == HTTPStatus.OK, "readyz 200")
    job_id = daemon.xadd(kind="banner", prompt="Better late than never", width=300, height=250)
    assert daemon.outcome(job_id)["state"] == "succeeded"


def test_patience_ends(launch: Launch, elsewhere: Elsewhere) -> None:
    """With redis.startup_patience_s the daemon gives up with exit code 3 and one line that says what to look at."""
    daemon = launch(redis__url=elsewhere.url, redis__startup_patience_s=1).spawn()
    assert daemon.exit_code() == 3
    last = daemon.stderr().splitlines()[-1]
    assert last.startswith("streamforge: redis.url: Redis did not answer within 1 s")
    assert "Traceback" not in last
    daemon.wait_until_gone()


def test_wrong_password_is_no_outage(launch: Launch, home: Path) -> None:
    """A Redis that refuses this client ends the daemon at once, and the password is not told."""
    place = home / "guarded"
    place.mkdir()
    with TestServer(place), Wire(place / "redis.sock") as wire:
        wire.call("CONFIG", "SET", "requirepass", "right")
        url = f"unix://{place / 'redis.sock'}"
        daemon = launch(redis__url=url, redis__password="wrong-horse-battery").spawn()  # noqa: S106 - a lure
        assert daemon.exit_code() == 2
    assert "redis.password" in daemon.stderr().splitlines()[-1]
    assert "wrong-horse" not in daemon.stderr()


def test_redis_gone_while_a_job_runs(launch: Launch, elsewhere: Elsewhere, gates: Gates) -> None:
    """The job goes on while Redis is away and ends once it is back; nothing runs or is told twice."""
    elsewhere.server.start()
    daemon = launch(redis__url=elsewhere.url)
    daemon.redis = elsewhere.address
    job_id = gates.submit(daemon.start(), "survivor")
    elsewhere.server.kill()
    gates.open(job_id)
    wait_for(lambda: daemon.events("redis_away"), "the daemon to miss Redis")
    elsewhere.server.start()
    assert_ended_once(daemon, gates, job_id)


def test_embedded_server_killed_while_a_job_runs(launch: Launch, gates: Gates) -> None:
    """The daemon starts its own server again, over the same data; the job ends, nothing runs or is told twice."""
    daemon = launch().start()
    job_id = gates.submit(daemon, "survivor")
    killed = daemon.server_pid()
    os.kill(killed, signal.SIGKILL)
    gates.open(job_id)
    wait_for(lambda: len(daemon.events("embedded_server_started")) == 2, "a new server")
    assert daemon.server_pid() != killed
    assert_ended_once(daemon, gates, job_id)


def test_redis_frozen_while_a_job_runs(launch: Launch, elsewhere: Elsewhere, gates: Gates) -> None:
    """A server that answers nothing and then everything, also what was repeated meanwhile: no event comes twice."""
    elsewhere.server.start()
    daemon = launch(redis__url=elsewhere.url, redis__socket_timeout_s=0.2)
    daemon.redis = elsewhere.address
    job_id = gates.submit(daemon.start(), "survivor")
    elsewhere.server.freeze()
    gates.open(job_id)
    wait_for(lambda: [e for e in daemon.events("redis_away") if e["operation"] == "record"], "a write without answer")
    wait_for(lambda: [e for e in daemon.events("redis_away") if e["attempt"] >= 4], "some repeated calls")
    elsewhere.server.thaw()
    assert_ended_once(daemon, gates, job_id)


def test_long_outage_does_not_fill_the_log(launch: Launch, elsewhere: Elsewhere) -> None:
    """While Redis is away an idle daemon says so ever more rarely; it says when it is back, and works."""
    elsewhere.server.start()
    daemon = launch(redis__url=elsewhere.url).start()
    daemon.redis = elsewhere.address
    elsewhere.server.kill()
    wait_for(lambda: [e for e in daemon.events("redis_away") if e["attempt"] >= 8], "the eighth failure in a row")
    assert len(daemon.stderr().splitlines()) < 20
    elsewhere.server.start()
    wait_for(lambda: daemon.events("redis_back"), "redis_back in the log")
    job_id = daemon.xadd(kind="banner", prompt="Back again", width=300, height=250)
    assert daemon.outcome(job_id)["state"] == "succeeded"


def test_redis_gone_for_the_whole_grace(launch: Launch, elsewhere: Elsewhere, gates: Gates) -> None:
    """A daemon told to stop while Redis is away ends within its grace and some seconds; its job is not lost."""
    elsewhere.server.start()
    daemon = launch(redis__url=elsewhere.url, worker__grace_s=0.5)
    daemon.redis = elsewhere.address
    job_id = gates.submit(daemon.start(), "orphan")
    elsewhere.server.kill()
    daemon.signal(signal.SIGTERM)
    daemon.exit_code()
    elsewhere.server.start()
    gates.open(job_id)
    daemon.start()
    assert daemon.outcome(job_id)["state"] == "succeeded"
    assert gates.notes(job_id) == 1


def answers(daemon: DaemonProcess) -> bool:
    """Whether its HTTP server listens."""
    try:
        return daemon.get("/healthz").status == HTTPStatus.OK
    except OSError:
        return False


def assert_ended_once(daemon: DaemonProcess, gates: Gates, job_id: str) -> None:
    """One attempt, each step once, one success, acked, in the same daemon."""
    assert daemon.outcome(job_id)["state"] == "succeeded"
    assert daemon.record(job_id)["attempt"] == "1"
    assert (gates.notes(job_id), gates.tries(job_id)) == (1, 1)
    types = [kind for kind, _ in daemon.happened(job_id)]
    assert [types.count(kind) for kind in ("job.started", "job.succeeded", "job.retrying")] == [1, 1, 0]
    assert daemon.steps(job_id, "step.completed") == ["note", "wait"]
    wait_for(lambda: daemon.call("XLEN", QUEUE) == 0, "the queue empty")
    assert daemon.is_alive()
