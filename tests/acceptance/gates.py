"""The test's side of the gate pipeline: hand jobs in, see where they wait, let them pass."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.daemon import DaemonProcess, wait_for


class Gates:
    """Jobs of kind ``gate`` whose traces are in one folder; see ``gate``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def submit(self, daemon: DaemonProcess, name: str, **fields: str | int) -> str:
        """A job through the inbox, under its own name as id; returns once it waits."""
        self.send(daemon, name, **fields)
        self.waiting(name)
        return name

    def send(self, daemon: DaemonProcess, name: str, **fields: str | int) -> str:
        """The same, and returns at once; ``fields`` describe the job, such as its queue."""
        daemon.xadd(kind="gate", input=self.input(name), id=name, **fields)
        return name

    def input(self, name: str) -> str:
        """What a gate job of that name is given, as JSON."""
        return json.dumps({"folder": str(self.folder), "name": name})

    def waiting(self, name: str, tries: int = 1) -> int:
        """The child that waits for the gate, in the job's n-th try."""
        wait_for(lambda: len(self._lines(f"{name}.pids")) >= tries, f"job {name} at its gate, try {tries}")
        return int(self._lines(f"{name}.pids")[tries - 1])

    def open(self, *names: str) -> None:
        """Let these jobs pass."""
        for name in names:
            (self.folder / f"{name}.open").touch()

    def notes(self, name: str) -> int:
        """How often the job's first step really ran."""
        return len(self._lines(f"{name}.note"))

    def tries(self, name: str) -> int:
        """How often the job's second step was begun."""
        return len(self._lines(f"{name}.pids"))

    def _lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
