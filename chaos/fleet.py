"""The daemons: real ``streamforge run`` processes over one Redis, each with a worker's name and a directory."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from chaos import processes, recipes

PROGRAM = Path(sys.executable).with_name("streamforge")
ROOT = Path(__file__).parents[1]
KEPT = ("PATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR", "LANG")
"""What a daemon inherits of the caller's environment; its settings are the round's alone."""

HTTP_TIMEOUT_S = 5.0
LAST_GRACE_S = 40.0
END_LIMIT_S = 10.0
"""For a process that was sent SIGKILL."""

SUCCEED = '"$0" record-exit; unset EXIT_CODE EXIT_STATUS; exec "$0" run'
"""What a service manager does between two processes of a unit: ExecStopPost=, then the next one, under one pid."""


class Daemon:
    """One worker name; over a round it may stand for several processes, one at a time."""

    def __init__(self, name: str, home: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.is_in_hand = False
        self.version = "1"
        self._home = home
        self._environment = environment
        self._log = home / f"{name}.log"
        self._log_start = 0
        self._ready: dict[str, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the newest process."""
        return self._process.pid if self._process else 0

    @property
    def is_alive(self) -> bool:
        """Whether that process runs (or is stopped)."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How that process ended; negative for a signal."""
        return self._process.poll() if self._process else None

    @property
    def is_ready(self) -> bool:
        """Whether that process said that it takes jobs."""
        return self.is_alive and self._ready_line() is not None

    def start(self, version: str | None = None) -> None:
        """A new process under this name, once the one before has ended; does not wait for it."""
        ending = self._ending()
        self.version = version or self.version
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        self._ready = None
        own = {
            "STREAMFORGE_WORKER__NAME": self.name,
            "STREAMFORGE_PATHS__DATA_DIR": str(self._home / f"data-{self.name}"),
            recipes.VERSION_VARIABLE: self.version,
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                ["/bin/sh", "-c", SUCCEED, PROGRAM] if ending else [PROGRAM, "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env={**self._environment, **own, **ending},
                start_new_session=True,
            )

    def _ending(self) -> dict[str, str]:
        """How the process before ended, as systemd tells ExecStopPost= (systemd.exec(5)); nothing for a clean end."""
        code = self._process.wait(END_LIMIT_S) if self._process else 0
        if code < 0:
            return {"EXIT_CODE": "killed", "EXIT_STATUS": signal.Signals(-code).name.removeprefix("SIG")}
        return {"EXIT_CODE": "exited", "EXIT_STATUS": str(code)} if code else {}

    def send(self, which: signal.Signals) -> None:
        """A signal to the daemon alone."""
        if self.is_alive:
            processes.send(self.pid, which)

    def wait(self, timeout_s: float) -> int:
        """Its exit code; raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s) if self._process else 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Everything that all its processes logged."""
        return _entries(self._log, 0)

    def log_end(self, count: int = 5) -> str:
        """The last lines of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-count:])

    def metrics(self) -> dict[str, float]:
        """Its metrics: name with labels → value. Raises OSError where it does not answer."""
        ready = self._ready_line()
        if ready is None:
            raise ConnectionError(f"{self.name} is not ready")
        connection = http.client.HTTPConnection(
            "127.0.0.1", int(ready["http"].rpartition(":")[2]), timeout=HTTP_TIMEOUT_S
        )
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def _ready_line(self) -> dict[str, Any] | None:
        if self._ready is None:
            entries = _entries(self._log, self._log_start)
            self._ready = next((entry for entry in entries if entry.get("event") == "daemon_ready"), None)
        return self._ready


class Fleet:
    """As many daemons as a round has, and all that there ever were."""

    def __init__(self, home: Path, settings: Mapping[str, object]) -> None:
        self.tag = uuid.uuid4().hex
        self.members: list[Daemon] = []
        self.ever: list[Daemon] = []
        self._home = home
        inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
        settings = {"pipelines__modules": recipes.MODULES, **settings}
        named = {f"STREAMFORGE_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = {**inherited, "HOME": str(home), "PYTHONPATH": str(ROOT), processes.TAG: self.tag, **named}

    def add(self, version: str = "1") -> Daemon:
        """One more daemon, started under a name that was never used."""
        daemon = Daemon(f"w{len(self.ever) + 1}", self._home, self.environment)
        daemon.start(version)
        self.members.append(daemon)
        self.ever.append(daemon)
        return daemon

    def drop(self, daemon: Daemon) -> None:
        """It is no member any more, and will not be started again."""
        self.members.remove(daemon)

    def pick(self, rng: Random) -> Daemon | None:
        """A ready member that no other fault has in hand; None where there is none."""
        free = [daemon for daemon in self.members if daemon.is_ready and not daemon.is_in_hand]
        return rng.choice(free) if free else None

    def pool_children(self, daemon: Daemon) -> list[int]:
        """Its pool's children."""
        return processes.pool_children(self.tag, daemon.pid)

    def stop(self) -> list[str]:
        """SIGTERM to all, and wait; says which did not end as they should."""
        alive = [daemon for daemon in self.ever if daemon.is_alive]
        for daemon in alive:
            daemon.send(signal.SIGTERM)
        faults: list[str] = []
        for daemon in alive:
            try:
                code = daemon.wait(LAST_GRACE_S)
            except subprocess.TimeoutExpired:
                faults.append(f"{daemon.name} did not end within {LAST_GRACE_S:g} s of SIGTERM")
                continue
            if code:
                faults.append(f"{daemon.name} ended with {code} on SIGTERM: {daemon.log_end()}")
        return faults

    def end(self) -> None:
        """SIGKILL to everything that is left, by its pid."""
        while found := processes.tagged(self.tag):
            processes.end(process.pid for process in found)
            for daemon in self.ever:
                daemon.exit_code  # noqa: B018 - reaps it


def _entries(path: Path, start: int) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if line.startswith(b"{") and line.endswith(b"}\n"):
                yield json.loads(line)
