"""Daemons that share a Redis, each with a home of its own: what several machines are to one another."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from streamforge.testing.server import TestServer
from tests.acceptance.acts import MODULES, Deed
from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.gates import Gates

QUICK = {"worker__lease_s": 1.5, "worker__renew_s": 0.3, "worker__retry_base_s": 0.05}
"""Leases and pauses short enough for a test, in the shipped proportion."""


class Fleet:
    """A Redis and the daemons over it; ``gates`` is a folder that all of them see."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for name in ("redis", "gates"):
            (home / name).mkdir()
        self.gates = Gates(home / "gates")
        self.server = TestServer(home / "redis")
        self.server.start()
        self._daemons: list[DaemonProcess] = []

    def daemon(self, name: str, **settings: object) -> DaemonProcess:
        """One more, not started."""
        home = self.home / name
        home.mkdir()
        ours = {"redis__url": self.server.url, "storage__url": self.home / "objects", "pipelines__modules": MODULES}
        made = DaemonProcess(home, **{**ours, **QUICK, "worker__name": name, "pool__slots": 3, **settings})
        made.redis = self.server.socket
        self._daemons.append(made)
        return made

    def join(self, name: str, **settings: object) -> DaemonProcess:
        """One more, which takes jobs."""
        return self.daemon(name, **settings).start()

    def act(self, daemon: DaemonProcess, name: str, do: Deed = "succeed", **fields: str | int) -> str:
        """Hand in an act under its own name as id."""
        told = json.dumps({"do": do, "folder": str(self.gates.folder), "name": name})
        daemon.xadd(kind="act", input=told, id=name, **fields)
        return name

    def close(self) -> None:
        """End everything."""
        for daemon in self._daemons:
            daemon.clean_up()
        self.server.kill()

    @classmethod
    @contextmanager
    def made(cls) -> Generator[Self]:
        """A fleet in a directory of its own."""
        with tempfile.TemporaryDirectory(prefix="sf-") as name:
            fleet = cls(Path(name).resolve())
            try:
                yield fleet
            finally:
                fleet.close()
