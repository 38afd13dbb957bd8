"""A daemon as a real process, its doors, and what it leaves behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeVar, cast

from streamforge.broker.embedded import embedded_socket
from streamforge.testing.waiting import until
from tests.acceptance import processes
from tests.acceptance.resp import Address, Wire, pairs, rows

T = TypeVar("T")

PROGRAM = Path(sys.executable).with_name("streamforge")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0
"""For what takes a second on an idle machine."""

INBOX = "streamforge:inbox"
QUEUE = "streamforge:{0}:queue:default:normal:default"
FEED = "streamforge:{0}:feed"
DEAD = "streamforge:{0}:dead"
ENDS = {"succeeded", "failed", "cancelled", "expired"}


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The decoded body."""
        return json.loads(self.body)


def wait_for(condition: Callable[[], T], description: str, timeout_s: float = PATIENCE_S) -> T:
    """``until`` for tests that are not coroutines."""
    return asyncio.run(until(condition, description, timeout_s))


class DaemonProcess:
    """``streamforge run`` over one data directory. ``settings`` are ``section__key``, None for none.

    The same name may start again.
    """

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = home
        self.data_dir = home / "data"
        self.tag = uuid.uuid4().hex
        self.log_path = home / "stderr.log"
        self.redis: Address = embedded_socket(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = {
            "paths__data_dir": self.data_dir,
            "api__port": 0,
            "worker__name": "acceptance",
            "pool__slots": 2,
            "archive__url": "off",  # SQLAlchemy takes a second of CPU at each start: who needs an archive says so
            **settings,
        }

    @property
    def pid(self) -> int:
        """The daemon's own process."""
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        """Its HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the daemon and its commands are started with, and nothing of the caller's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "XDG_RUNTIME_DIR") if name in os.environ}
        given = {name: value for name, value in self._settings.items() if value is not None}
        named = {f"STREAMFORGE_{name.upper()}": _text(value) for name, value in given.items()}
        paths = f"{self.home / 'packages'}:{ROOT}"
        return {**kept, "HOME": str(self.home), "PYTHONPATH": paths, processes.TAG: self.tag, **named}

    def spawn(self, *arguments: str, **settings: object) -> Self:
        """Start it, and do not wait."""
        self._settings |= settings
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "run", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=self.environment,
                start_new_session=True,
            )
        return self

    def start(self, *arguments: str, **settings: object) -> Self:
        """Start it and wait until it takes jobs."""
        known = len(self.events("daemon_ready"))
        self.spawn(*arguments, **settings)
        wait_for(lambda: self._has_ended() or len(self.events("daemon_ready")) > known, "daemon_ready in the log")
        assert not self._has_ended(), f"the daemon ended at start:\n{self.stderr()}"
        wait_for(lambda: self.get("/readyz").status == http.HTTPStatus.OK, "readyz 200")
        return self

    def stop(self) -> None:
        """SIGTERM, then wait for its end."""
        self.signal(signal.SIGTERM)
        assert self.exit_code() == 0

    def kill(self) -> None:
        """SIGKILL to the daemon alone."""
        self.signal(signal.SIGKILL)
        self.exit_code()

    def signal(self, which: signal.Signals) -> None:
        """To the daemon alone."""
        os.kill(self.pid, which)

    def interrupt(self) -> None:
        """SIGINT as Ctrl-C sends it: to the daemon and every child in its group."""
        os.killpg(self.pid, signal.SIGINT)

    def exit_code(self) -> int:
        """Wait for its end."""
        wait_for(self._has_ended, f"the daemon's end; its log so far:\n{self.stderr()}")
        assert self._process is not None
        return self._process.wait()

    def wait_until_gone(self) -> None:
        """Wait until nothing that it started is left; the forkserver ends a moment after its daemon."""
        wait_for(lambda: not self.processes(), "no process left")

    def is_alive(self) -> bool:
        """Whether the process that ``start`` made runs still."""
        return self._process is not None and not self._has_ended()

    def clean_up(self) -> None:
        """End whatever is left, the embedded server too."""
        wait_for(self._ended_all, "every process of the daemon gone")
        if self._process is not None:
            self._process.wait(PATIENCE_S)

    def processes(self) -> list[processes.Found]:
        """The daemon and all that it started, also what outlived it."""
        return processes.tagged(self.tag, self.home)

    def pool_children(self) -> list[int]:
        """The pool's children."""
        return processes.pool_children(self.tag, self.home)

    def server_pid(self) -> int:
        """The embedded server's, from its own pid file."""
        return int((self.data_dir / "redis" / "server.pid").read_text(encoding="ascii"))

    def stderr(self) -> str:
        """Everything logged so far, over restarts."""
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines with that event name."""
        lines = (line for line in self.stderr().splitlines() if line.startswith("{") and line.endswith("}"))
        return [entry for line in lines if (entry := json.loads(line))["event"] == name]

    def command(
        self, *arguments: str, given: str | None = None, environ: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        """A ``streamforge`` command with this daemon's settings; ``environ`` is added to its environment."""
        return subprocess.run(
            [PROGRAM, *arguments],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            cwd=self.home,
            env={**self.environment, **environ},
        )

    # ---- its HTTP door ----

    @property
    def port(self) -> int:
        """Where HTTP listens, from the newest log line that says so, else from the settings."""
        ready = self.events("daemon_ready")
        fixed = cast("int", self._settings["api__port"])
        return fixed or int(ready[-1]["http"].rpartition(":")[2])

    def get(self, path: str) -> Answer:
        """GET."""
        return self.ask("GET", path, {})

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """POST of JSON, unless ``Content_Type`` says otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, {"Content-Type": "application/json", **named}, body)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        """Any request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    # ---- its Redis door ----

    def call(self, *words: str | bytes | int) -> Any:  # noqa: ANN401 - as Wire.call
        """One command to the daemon's Redis."""
        with Wire(self.redis) as wire:
            return wire.call(*words)

    def xadd(self, **fields: str | bytes | int) -> str:
        """Put a message into the inbox; the id of the job that it will be."""
        words = [word for pair in fields.items() for word in pair]
        entry = cast("bytes", self.call("XADD", INBOX, "*", *words))
        return f"in-{entry.decode()}"

    def record(self, job_id: str) -> dict[str, str]:
        """The job's hash; empty where there is none."""
        return pairs(self.call("HGETALL", f"streamforge:{{0}}:job:{job_id}"))

    def outcome(self, job_id: str) -> dict[str, str]:
        """Wait for the job's end; its hash."""
        wait_for(lambda: self.record(job_id).get("state") in ENDS, f"job {job_id} to end")
        return self.record(job_id)

    def happened(self, job_id: str) -> list[tuple[str, dict[str, Any]]]:
        """The job's events in the feed: type and data."""
        feed = rows(self.call("XRANGE", FEED, "-", "+"))
        return [(fields["type"], json.loads(fields["data"])) for _, fields in feed if fields["job"] == job_id]

    def steps(self, job_id: str, event: str) -> list[str]:
        """The steps that an event type was told of, in order."""
        return [data["step"] for kind, data in self.happened(job_id) if kind == event]

    def metric(self, name: str, **labels: str) -> float:
        """What ``/metrics`` says of a series now; 0 where it has none."""
        wanted = ",".join(f'{label}="{value}"' for label, value in labels.items())
        series = f"streamforge_{name}" + (f"{{{wanted}}}" if wanted else "")
        lines = self.get("/metrics").body.decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), 0.0)

    def letters(self, **where: str) -> list[dict[str, str]]:
        """Dead letters whose fields are those."""
        found = rows(self.call("XRANGE", DEAD, "-", "+"))
        given = pairs(self.call("HGETALL", f"{DEAD}:given"))
        return [
            {"id": entry, "fields": given.get(entry, ""), **fields}
            for entry, fields in found
            if where.items() <= fields.items()
        ]

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _ended_all(self) -> bool:
        if self._process is not None:
            self._process.poll()
        left = [found.pid for found in self.processes()]
        processes.end(left)
        return not left


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
