"""Daemons for the acceptance tests: one that all may use, and a factory for those that are broken on purpose."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.fleet import Fleet
from tests.acceptance.gates import Gates

Launch = Callable[..., DaemonProcess]


def prepare(home: Path) -> None:
    """Offer the gate pipeline as an installed package would."""
    info = home / "packages" / "streamforge_gate-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: streamforge-gate\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[streamforge.pipelines]\ngate = tests.acceptance.gate:PIPELINE\n", encoding="utf-8"
    )


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory with a short name, for what a socket's path may be."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name:
        path = Path(name).resolve()
        prepare(path)
        yield path


@pytest.fixture
def launch(home: Path) -> Iterator[Launch]:
    """Make daemons over ``home`` (not started); everything they leave is ended afterwards."""
    made: list[DaemonProcess] = []

    def make(**settings: object) -> DaemonProcess:
        made.append(DaemonProcess(home, **settings))
        return made[-1]

    yield make
    for daemon in made:
        daemon.clean_up()


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Daemons over one Redis; everything ends with the test."""
    with Fleet.made() as made:
        yield made


@pytest.fixture(scope="session")
def daemon() -> Iterator[DaemonProcess]:
    """A daemon that no test may harm: whatever is sent to it, its pid stays."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name:
        path = Path(name).resolve()
        prepare(path)
        process = DaemonProcess(path, logs__level="debug")
        try:
            yield process.start()
        finally:
            process.clean_up()


@pytest.fixture
def gates(home: Path) -> Gates:
    """Gate jobs over ``home``."""
    folder = home / "gates"
    folder.mkdir()
    return Gates(folder)
