"""systemd notifications, received by a real socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamforge.ops import sdnotify


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of the socket, by path and in the abstract namespace."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@streamforge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0", 1))
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listener


def test_each_state_arrives_as_systemd_expects_it(manager: socket.socket) -> None:
    """Readiness, draining, status and the watchdog's ping are one datagram each."""
    assert all((sdnotify.ready("serving"), sdnotify.stopping(), sdnotify.status("12 jobs"), sdnotify.watchdog()))
    received = [manager.recv(256) for _ in range(4)]
    assert received == [b"READY=1\nSTATUS=serving", b"STOPPING=1", b"STATUS=12 jobs", b"WATCHDOG=1"]


def test_without_systemd_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket, or one nobody listens on, is no error: the daemon also runs by hand."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert sdnotify.ready() is False
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert sdnotify.ready() is False


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time(environ: dict[str, str], expected: float | None) -> None:
    """Twice in each period; never when systemd does not watch, or watches another process."""
    assert sdnotify.watchdog_interval_s(environ) == expected
