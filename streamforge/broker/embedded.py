"""The Redis that comes with the daemon: a real Valkey process on a unix socket, over the data directory.

Two servers on one directory start happily and ruin each other's append-only file, and a daemon killed by
SIGKILL leaves its server running. Two locks keep that apart:

    daemon.lock         held by the daemon alone. Held: another daemon lives, so this one is refused.
    redis/server.lock   inherited by the server alone. Held while daemon.lock was free: an orphan runs.

An orphan is adopted: its data is whole and warm, so the new daemon uses it and stops it at the end. The
kernel drops both locks with their processes, so no lock goes stale; pid files are only read to be shown.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import fcntl
import hashlib
import os
import signal
import stat
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import anyio

from streamforge.broker.server_program import configuration, find_server
from streamforge.config import EmbeddedSettings
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.ops.logs import get_logger

LONGEST_SOCKET_PATH: Final = 100
"""Bytes; the kernel takes 107, and a little room is left."""

_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "TZ")
_LOG_MAX_BYTES: Final = 4 * 1024 * 1024
_POLL_S: Final = 0.01
_WATCH_POLL_S: Final = 0.1
_ASK_TIMEOUT_S: Final = 2.0
_PONG: Final = b"+PONG"
_NO_ANSWER: Final = (OSError, EOFError, TimeoutError)

_log = get_logger(__name__)


def embedded_socket(data_dir: Path) -> Path:
    """Where the embedded server of a data directory listens, whether it runs or not.

    A path too long for a socket is replaced by one in this user's runtime directory, named by a hash.
    """
    inside = data_dir.absolute() / "redis.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir.absolute())).hexdigest()[:16]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "streamforge" / f"{name}.sock"
    return Path(f"/tmp/streamforge-{os.getuid()}") / f"{name}.sock"  # noqa: S108 - refused unless ours alone


def embedded_url(data_dir: Path) -> str:
    """The URL redis-py connects to."""
    return f"unix://{quote(str(embedded_socket(data_dir)))}?db=0"


class EmbeddedServer:
    """One Valkey process over one data directory; ``async with`` starts and stops it.

    ``start_timeout_s`` bounds the silence at start, not the loading of a large data set; ``stop_timeout_s``
    is how long the server may take to write its end before SIGKILL.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: EmbeddedSettings | None = None,
        *,
        start_timeout_s: float = 15.0,
        stop_timeout_s: float = 20.0,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.socket = embedded_socket(data_dir)
        self.url = embedded_url(data_dir)
        self.pid: int | None = None
        self.is_adopted = False
        self.returncode: int | None = None
        self._settings = settings or EmbeddedSettings()
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._home = self.data_dir / "redis"
        self._daemon_lock: int | None = None
        self._process: Process | None = None
        self._is_stopping = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with anyio.CancelScope(shield=True):
            await self.stop()

    async def start(self) -> None:
        """Take the directory and have a server answer: a new one, or the orphan of a killed daemon.

        Raises:
            ConfigError: another daemon uses the directory, or no server program is there.
            BrokerUnavailable: the server did not come up; the message ends with its last log line.
        """
        _make_directories(self._home, self.socket.parent)
        if self.socket.parent != self.data_dir:
            _refuse_shared(self.socket.parent)
        self._daemon_lock = self._take_directory()
        self._is_stopping = False
        atexit.register(self._leave_nothing, os.getpid())
        try:
            await self._launch_or_adopt()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.stop()
            raise

    async def stop(self) -> None:
        """Let the server write its end and go; SIGKILL after ``stop_timeout_s``. Safe to call twice."""
        self._is_stopping = True
        if self.pid is not None:
            await self._end(self.pid)
        self.pid = None
        if self._daemon_lock is not None:
            os.close(self._daemon_lock)
        self._daemon_lock = None
        atexit.unregister(self._leave_nothing)

    def _leave_nothing(self, owner: int) -> None:
        """A daemon that failed on its way out, without ``stop``, takes its server along; a forked child does not."""
        if self.pid is not None and os.getpid() == owner:
            self._signal(self.pid, signal.SIGTERM)

    async def watch(self) -> None:
        """Start the server again whenever it dies; returns when :meth:`stop` is called.

        Raises:
            BrokerUnavailable: it died and did not come up again.
        """
        while True:
            await self._gone()
            if self._is_stopping:
                return
            last = self._last_log_line()
            _log.error("embedded_server_died", pid=self.pid, returncode=self.returncode, last=last)
            self.pid = None
            await self._launch_or_adopt()

    def _take_directory(self) -> int:
        lock = _open_lock(self.data_dir / "daemon.lock")
        if not _try_lock(lock):
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise ConfigError(
                f"another daemon (pid {holder}) uses {self.data_dir}",
                field="paths.data_dir",
                hint="stop it, give this one its own paths.data_dir, or share a server through redis.url",
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock

    async def _launch_or_adopt(self) -> None:
        lock = _open_lock(self._home / "server.lock")
        try:
            if not await self._adopt_unless_free(lock):
                await self._launch(lock)
        finally:
            os.close(lock)  # the server keeps its own copy: from here the lock says whether it lives

    async def _adopt_unless_free(self, lock: int) -> bool:
        """True: the orphan answers and is ours. False: there is none, and ``lock`` is held now."""
        patience = _Patience(self._start_timeout_s)
        while not _try_lock(lock):
            reply = await self._ping()
            if reply == _PONG and await self._adopt():
                return True
            if patience.is_over(reply):
                raise BrokerUnavailable(self._stuck_orphan())
            await asyncio.sleep(_POLL_S)
        return False

    def _stuck_orphan(self) -> str:
        pid = _read_pid(self._home / "server.pid")
        return (
            f"a server left by an earlier daemon (pid {pid or 'unknown'}) holds {self._home} "
            f"but does not answer on {self.socket}; end it and start again"
        )

    async def _adopt(self) -> bool:
        """False when the orphan ended meanwhile: its daemon may have been killed while it stopped it."""
        try:
            info = await _ask(self.socket, "INFO server")
            await _ask(self.socket, f"CONFIG SET appendfsync {self._settings.appendfsync}")
            await _ask(self.socket, f"CONFIG SET maxmemory {self._settings.maxmemory_mb}mb")
        except _NO_ANSWER:
            return False
        self.pid = int(_info_field(info, "process_id"))
        self._process, self.returncode, self.is_adopted = None, None, True
        _log.warning("embedded_server_adopted", pid=self.pid, socket=str(self.socket))
        return True

    async def _launch(self, lock: int) -> None:
        server = find_server(self._settings.server)
        process = await self._spawn(server, self._write_configuration(), lock)
        self._process, self.pid, self.is_adopted = process, process.pid, False
        self.returncode = None
        await self._answering(process)
        _log.info("embedded_server_started", pid=self.pid, program=str(server), socket=str(self.socket))

    async def _spawn(self, server: Path, configuration: Path, lock: int) -> Process:
        """In its own session, so that Ctrl-C drains the daemon first; with few variables: no key leaks."""
        log = self._open_log()
        try:
            return await asyncio.create_subprocess_exec(
                server,
                configuration,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                cwd=self._home,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
                pass_fds=(lock,),
            )
        except OSError as error:
            raise ConfigError(f"{server} cannot be run: {error.strerror}", field="embedded.server") from error
        finally:
            os.close(log)

    async def _answering(self, process: Process) -> None:
        patience = _Patience(self._start_timeout_s)
        while (reply := await self._ping()) != _PONG:
            if process.returncode is not None:
                self.returncode = process.returncode
                ending = f"(code {process.returncode}): {self._last_log_line()}"
                raise BrokerUnavailable(f"the embedded server ended at start {ending}")
            if patience.is_over(reply):
                raise BrokerUnavailable(f"the embedded server does not answer: {self._last_log_line()}")
            await asyncio.sleep(_POLL_S)

    async def _end(self, pid: int) -> None:
        self._signal(pid, signal.SIGTERM)
        with anyio.move_on_after(self._stop_timeout_s) as patience:
            await self._gone()
        if patience.cancelled_caught:
            _log.error("embedded_server_killed", pid=pid, after_s=self._stop_timeout_s)
            self._signal(pid, signal.SIGKILL)
            await self._gone()
        self.socket.unlink(missing_ok=True)
        _log.info("embedded_server_stopped", pid=pid, returncode=self.returncode)

    def _signal(self, pid: int, which: signal.Signals) -> None:
        """Only to a server that still holds its lock: a pid may be used again by another program."""
        if self._holds_lock():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)

    async def _gone(self) -> None:
        """Wait until the server has ended, whether it is our child or an adopted one."""
        if self._process is not None:
            self.returncode = await self._process.wait()
            return
        while self._holds_lock():  # noqa: ASYNC110 - another process's lock sends no signal
            await asyncio.sleep(_WATCH_POLL_S)

    def _holds_lock(self) -> bool:
        lock = _open_lock(self._home / "server.lock")
        try:
            return not _try_lock(lock)
        finally:
            os.close(lock)

    async def _ping(self) -> bytes | None:
        try:
            return await _ask(self.socket, "PING")
        except _NO_ANSWER:
            return None

    def _write_configuration(self) -> Path:
        path = self._home / "redis.conf"
        path.write_text(configuration(self._home, self.socket, self._settings), encoding="utf-8")
        return path

    def _open_log(self) -> int:
        path = self._home / "redis.log"
        if path.exists() and path.stat().st_size > _LOG_MAX_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _last_log_line(self) -> str:
        path = self._home / "redis.log"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


class _Patience:
    """How long a server was silent; one that answers, if only that it is loading, may take for ever."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._heard = time.monotonic()

    def is_over(self, reply: bytes | None) -> bool:
        now = time.monotonic()
        if reply is not None:
            self._heard = now
        return now - self._heard > self._limit_s


def _make_directories(*directories: Path) -> None:
    for directory in directories:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot use {directory}: {error.strerror}", field="paths.data_dir") from error


def _refuse_shared(directory: Path) -> None:
    """A directory in a place all users share may have been put there by another."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(f"{directory} is not a directory of this user alone", field="paths.data_dir")


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"cannot use {path}: {error.strerror}", field="paths.data_dir") from error


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _info_field(info: bytes, name: str) -> str:
    lines = (line.partition(":") for line in info.decode().splitlines())
    return next(value for field, _, value in lines if field == name)


async def _ask(socket: Path, command: str) -> bytes:
    """One command on a connection of its own: the status line, or the whole of a bulk reply.

    Raises:
        OSError, EOFError, TimeoutError: nobody answers there.
    """
    async with asyncio.timeout(_ASK_TIMEOUT_S):
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(f"{command}\r\n".encode())
            head = (await reader.readuntil(b"\r\n")).rstrip()
            return await reader.readexactly(int(head[1:])) if head.startswith(b"$") else head
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
