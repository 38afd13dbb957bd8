"""PostgreSQL and MariaDB for tests: Debian's own programs, over a directory and a unix socket of this process alone.

They refuse to run as root; a root process starts them as the users that their packages made.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from pwd import getpwnam, getpwuid
from typing import Final, Self

START_TIMEOUT_S: Final = 30.0
POSTGRESQL: Final = Path("/usr/lib/postgresql")


class ServerMissing(Exception):
    """The programs of a server are not installed."""


class DatabaseServer(ABC):
    """A server over a directory of its own, which goes with it."""

    owner = ""
    crash = signal.SIGKILL
    """What ends it at once, without a word to its clients or its disk."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="sfdb-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._user = self.owner if os.getuid() == 0 else getpwuid(os.getuid()).pw_name
        os.chown(self.home, getpwnam(self._user).pw_uid, -1)
        self._prepare()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.home)

    def start(self) -> None:
        """Return once it answers."""
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self._user, cwd=self.home
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"no server: {(self.home / 'log').read_text()[-600:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it crash, and wait for that; idempotent."""
        if self._process is not None:
            self._process.send_signal(self.crash)
            self._process.wait()
        self._process = None

    @abstractmethod
    def url(self, database: str) -> str:
        """The address of one of its databases, as archive.url."""

    @abstractmethod
    def execute(self, statement: str, database: str = "") -> None:
        """Run a statement."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the directory of data."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What runs the server."""

    def _is_up(self) -> bool:
        try:
            self.execute("SELECT 1")
        except subprocess.CalledProcessError:
            return False
        return True

    def _run(self, *command: str | Path) -> None:
        try:
            subprocess.run(
                [str(word) for word in command],
                check=True,
                user=self._user,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except subprocess.CalledProcessError as error:
            error.add_note((error.stdout + error.stderr).decode(errors="replace")[-600:])
            raise


class PostgreSQL(DatabaseServer):
    """PostgreSQL; without fsync, which a test's machine does not outlive anyway."""

    owner = "postgres"
    crash = signal.SIGQUIT  # after SIGKILL its children would hold on to the shared memory

    def __init__(self) -> None:
        found = sorted(POSTGRESQL.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not found:
            raise ServerMissing("postgresql")
        self._programs = found[-1].parent
        super().__init__()

    def url(self, database: str) -> str:  # noqa: D102 - as above
        return f"postgresql://sf@/{database}?host={self.home}"

    def execute(self, statement: str, database: str = "postgres") -> None:  # noqa: D102 - as above
        client = self._programs / "psql"
        self._run(client, "-X", "-q", "-h", self.home, "-U", "sf", "-d", database, "-c", statement)

    def _prepare(self) -> None:
        options = ("-A", "trust", "-U", "sf", "-N", "--locale=C", "-E", "UTF8")
        self._run(self._programs / "initdb", "-D", self.home / "data", *options)

    def _command(self) -> list[str]:
        settings = ("fsync=off", "listen_addresses=", f"unix_socket_directories={self.home}")
        return [
            str(self._programs / "postgres"),
            *("-D", str(self.home / "data")),
            *(word for setting in settings for word in ("-c", setting)),
        ]


class MariaDB(DatabaseServer):
    """MariaDB."""

    owner = "mysql"

    def __init__(self) -> None:
        programs = {name: shutil.which(name, path="/usr/sbin:/usr/bin") for name in _MARIADB}
        if not all(programs.values()):
            raise ServerMissing("mariadb-server")
        self._programs = {name: str(path) for name, path in programs.items()}
        super().__init__()

    def url(self, database: str) -> str:  # noqa: D102 - as above
        return f"mariadb://root@localhost/{database}?unix_socket={self._socket}"

    def execute(self, statement: str, database: str = "mysql") -> None:  # noqa: D102 - as above
        self._run(
            self._programs["mariadb"],
            "--no-defaults",
            "-S",
            self._socket,
            "-u",
            "root",
            "-D",
            database,
            "-e",
            statement,
        )

    @property
    def _socket(self) -> str:
        return str(self.home / "s")

    def _prepare(self) -> None:
        options = (f"--datadir={self.home / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db")
        options += (f"--tmpdir={self.home}", *_SMALL)
        self._run(self._programs["mariadb-install-db"], "--no-defaults", *options)

    def _command(self) -> list[str]:
        options = {
            "datadir": self.home / "data",
            "socket": self._socket,
            "tmpdir": self.home,  # a server clears it as it starts: in a common one, of its neighbours' tables
            "pid-file": self.home / "pid",
            "innodb-flush-log-at-trx-commit": 2,  # to the system, not to the disk
            "max-allowed-packet": 1024 * 1024,
        }
        given = [f"--{name}={value}" for name, value in options.items()]
        return [self._programs["mariadbd"], "--no-defaults", "--skip-networking", *_SMALL, *given]


_SMALL: Final = ("--innodb-buffer-pool-size=16M", "--innodb-use-native-aio=0")
"""A machine that runs many at once may not have room for more memory, nor for more of the kernel's queues."""

_MARIADB: Final = ("mariadbd", "mariadb", "mariadb-install-db")

SERVERS: Final[dict[str, type[DatabaseServer]]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}
