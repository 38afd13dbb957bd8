"""The embedded server: real processes, started, refused, killed, adopted and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis
import uvloop

from streamforge.broker.embedded import EmbeddedServer, embedded_socket, embedded_url
from streamforge.config import EmbeddedSettings
from streamforge.errors import BrokerUnavailable, ConfigError

ROOT = Path(__file__).parents[2]
DAEMON = """
import asyncio, sys
from pathlib import Path
from streamforge.broker.embedded import EmbeddedServer
from streamforge.config import LogsSettings
from streamforge.errors import ConfigError
from streamforge.ops.logs import configure

async def main():
    configure(LogsSettings(level="error"))
    try:
        async with EmbeddedServer(Path(sys.argv[1])) as server:
            print("up", server.pid, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    except ConfigError as error:
        print("refused", error, flush=True)

asyncio.run(main())
"""

LISTEN = """
import fcntl, os, socket
lock = os.open("THE-LOCK", os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
listener = socket.socket(socket.AF_UNIX)
listener.bind("../redis.sock")
listener.listen()
print("up", flush=True)

def answer(reply, times):
    for _ in range(times):
        asked, _ = listener.accept()
        asked.recv(100)
        asked.sendall(reply + b"\\r\\n")

"""
"""A stand-in for a server, run in the server's directory: it holds THE-LOCK and answers what it is told to."""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose path needs quoting; whatever server a test leaves there is ended."""
    directory = tmp_path / 'a "b" %41'
    yield directory
    with contextlib.suppress(OSError, ValueError, redis.ConnectionError):
        pid = int((directory / "redis" / "server.pid").read_text(encoding="ascii"))
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
async def daemon(data: Path) -> AsyncIterator[Process]:
    """Another process that runs the server over ``data`` until its input ends."""
    process = await start_daemon(data)
    yield process
    await end(process)


async def start_daemon(data: Path) -> Process:
    """Start a daemon process; :func:`first_line` tells when it is up."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", DAEMON, str(data), stdin=PIPE, stdout=PIPE, env=environ
    )


async def first_line(process: Process) -> list[str]:
    """What a daemon says first, in words: ``up PID`` or ``refused MESSAGE``."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().split()


async def kill(process: Process) -> None:
    """End a daemon the hard way: it can do nothing about its server."""
    process.kill()
    await process.wait()


async def end(process: Process) -> None:
    """Let a daemon stop its server and go, if it still runs."""
    if process.returncode is None:
        process.stdin.close()  # type: ignore[union-attr]
        await process.wait()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition of the machine; the test's own time limit ends a vain wait."""
    while not condition():  # noqa: ASYNC110 - processes and files send no events
        await asyncio.sleep(0.01)


def call(url: str, *command: str) -> object:
    """One command to the server at ``url``."""
    connect = cast("Any", redis.Redis).from_url  # its types say nothing
    with connect(url, decode_responses=True) as client:
        return client.execute_command(*command)


def is_running(pid: int | None) -> bool:
    """Whether a process lives; a zombie does not."""
    status = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_it_starts_answers_and_stops(data: Path) -> None:
    """A server is there inside ``async with`` and gone after it, having ended by itself with its file written."""
    async with EmbeddedServer(data) as server:
        assert call(server.url, "PING") is True
        assert server.url == embedded_url(data)
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
        pid = server.pid
    assert server.returncode == 0
    assert not is_running(pid)
    assert not server.socket.exists()
    assert "Calling fsync() on the AOF file" in (data / "redis" / "redis.log").read_text()


async def test_it_keeps_everything_and_evicts_nothing(data: Path) -> None:
    """The settings that hold the promise: append-only file, no eviction, no port, the limits asked for."""
    async with EmbeddedServer(data, EmbeddedSettings(appendfsync="always", maxmemory_mb=64)) as server:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "maxmemory": str(64 * 1024 * 1024),
            "port": "0",
        }
        assert {name: _setting(server.url, name) for name in wanted} == wanted


def _setting(url: str, name: str) -> str:
    answer = cast("dict[str, str]", call(url, "CONFIG", "GET", name))
    return answer[name]


async def test_data_outlives_a_restart(data: Path) -> None:
    """What was written before a stop is there after the next start."""
    async with EmbeddedServer(data) as server:
        call(server.url, "SET", "kept", "1")
    async with EmbeddedServer(data) as server:
        assert call(server.url, "GET", "kept") == "1"


async def test_a_killed_server_is_started_again_with_its_data(data: Path) -> None:
    """A kill right after a reply loses nothing: the watch brings up another server that has it."""
    async with EmbeddedServer(data) as server, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(server.watch())
        call(server.url, "SET", "kept", "1")
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: server.pid not in {None, first} and _answers(server.url))
        assert call(server.url, "GET", "kept") == "1"
        watching.cancel()


def _answers(url: str) -> bool:
    try:
        return call(url, "PING") is True
    except redis.RedisError:
        return False


async def test_the_watch_ends_with_a_stop(data: Path) -> None:
    """A stop is not a death: the watch returns and starts nothing."""
    server = EmbeddedServer(data)
    await server.start()
    watching = asyncio.ensure_future(server.watch())
    await asyncio.sleep(0)
    await server.stop()
    await watching
    assert server.pid is None
    assert not embedded_socket(data).exists()


async def test_a_second_daemon_is_refused_by_name(data: Path, daemon: Process) -> None:
    """Two servers on one directory would ruin the data; the message names who holds it."""
    assert (await first_line(daemon))[0] == "up"
    with pytest.raises(ConfigError) as caught:
        await EmbeddedServer(data).start()
    assert f"another daemon (pid {daemon.pid}) uses {data}" in str(caught.value)
    assert _answers(embedded_url(data))


async def test_of_daemons_that_start_together_one_wins(data: Path) -> None:
    """However close they start, one is up and the others are refused."""
    daemons = await asyncio.gather(*(start_daemon(data) for _ in range(4)))
    words = await asyncio.gather(*(first_line(process) for process in daemons))
    assert sorted(line[0] for line in words) == ["refused", "refused", "refused", "up"]
    await asyncio.gather(*(end(process) for process in daemons))


async def test_the_server_of_a_killed_daemon_is_adopted(data: Path, daemon: Process) -> None:
    """After kill -9 of the daemon the next one uses its server, data and all, and ends it when it stops."""
    orphan = int((await first_line(daemon))[1])
    call(embedded_url(data), "SET", "kept", "1")
    await kill(daemon)
    assert is_running(orphan)
    async with EmbeddedServer(data, EmbeddedSettings(appendfsync="always")) as server:
        assert (server.pid, server.is_adopted) == (orphan, True)
        assert call(server.url, "GET", "kept") == "1"
        assert _setting(server.url, "appendfsync") == "always"
        with pytest.raises(ConfigError, match=f"another daemon .pid {os.getpid()}."):
            await EmbeddedServer(data).start()
    await until(lambda: not is_running(orphan))
    assert not server.socket.exists()


async def test_a_daemon_that_ends_without_stopping_leaves_no_server(data: Path) -> None:
    """An error between start and stop ends the process; the server goes with it, its file written."""
    script = f"import asyncio, sys; from pathlib import Path; from {EmbeddedServer.__module__} import EmbeddedServer\n"
    script += "server = EmbeddedServer(Path(sys.argv[1])); asyncio.run(server.start()); sys.exit(server.pid is None)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(data), cwd=ROOT, stdout=PIPE)
    await process.communicate()
    assert process.returncode == 0
    await until(lambda: "ready to exit" in (data / "redis" / "redis.log").read_text())
    await until(lambda: not (data / "redis" / "server.pid").exists())


async def test_an_adopted_server_that_dies_is_replaced(data: Path, daemon: Process) -> None:
    """The watch sees the end of a server that is not its child, too."""
    orphan = int((await first_line(daemon))[1])
    await kill(daemon)
    async with EmbeddedServer(data) as server, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(server.watch())
        call(server.url, "SET", "kept", "1")
        os.kill(orphan, signal.SIGKILL)
        await until(lambda: server.pid not in {None, orphan} and _answers(server.url))
        assert (call(server.url, "GET", "kept"), server.is_adopted) == ("1", False)
        watching.cancel()


async def test_an_orphan_that_is_ending_is_waited_for(data: Path, daemon: Process) -> None:
    """A daemon killed while it stopped its server: the next one starts, with the data, whoever was faster."""
    orphan = int((await first_line(daemon))[1])
    call(embedded_url(data), "SET", "kept", "1")
    await kill(daemon)
    os.kill(orphan, signal.SIGTERM)
    async with EmbeddedServer(data) as server, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(server.watch())
        await until(lambda: server.pid not in {None, orphan} and _answers(server.url))
        assert call(server.url, "GET", "kept") == "1"
        watching.cancel()


async def test_an_orphan_that_ends_while_it_is_adopted_is_replaced(data: Path) -> None:
    """One that still answers a ping and then goes leaves the directory to a server of our own."""
    (data / "redis").mkdir(parents=True)
    script = f"{LISTEN}answer(b'+PONG', 1)\nlistener.accept()".replace("THE-LOCK", "server.lock")
    orphan = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=data / "redis", stdout=PIPE)
    assert await first_line(orphan) == ["up"]
    async with EmbeddedServer(data) as server:
        assert await orphan.wait() == 0
        assert (server.is_adopted, _answers(server.url)) == (False, True)


async def test_an_orphan_that_hangs_is_told(data: Path, daemon: Process) -> None:
    """A server that holds the directory but does not answer stops the start, with its pid; nothing is touched."""
    orphan = int((await first_line(daemon))[1])
    await kill(daemon)
    os.kill(orphan, signal.SIGSTOP)
    with pytest.raises(BrokerUnavailable, match=f"pid {orphan}.*does not answer"):
        await EmbeddedServer(data, start_timeout_s=0.2).start()
    assert is_running(orphan)


async def test_a_server_that_does_not_end_is_killed(data: Path) -> None:
    """A hung server cannot hold up the stop for longer than it is given."""
    server = EmbeddedServer(data, stop_timeout_s=0.2)
    await server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    await server.stop()
    assert server.returncode == -signal.SIGKILL
    await server.stop()  # and again is no error


async def test_a_start_that_fails_says_why_and_frees_the_directory(data: Path) -> None:
    """The last line of the server's log is in the message; after mending, the same directory starts."""
    async with EmbeddedServer(data) as server:
        call(server.url, "SET", "kept", "1")
    manifest = next((data / "redis" / "appendonlydir").glob("*.manifest"))
    whole = manifest.read_bytes()
    manifest.write_bytes(b"not a manifest\n")
    with pytest.raises(BrokerUnavailable, match=r"ended at start \(code 1\): .*(?i:manifest|AOF|append)"):
        await EmbeddedServer(data).start()
    manifest.write_bytes(whole)
    async with EmbeddedServer(data) as server:
        assert call(server.url, "GET", "kept") == "1"


async def test_a_program_that_is_no_server_is_told(data: Path) -> None:
    """A wrong embedded.server is an error at start, not a wait."""
    with pytest.raises(BrokerUnavailable, match=r"ended at start \(code 1\): its log is empty"):
        await EmbeddedServer(data, EmbeddedSettings(server="/bin/false")).start()


async def test_a_cancelled_start_leaves_nothing(data: Path) -> None:
    """Ctrl-C while the server comes up ends it and frees the directory."""
    settings = EmbeddedSettings(server=_program(data.parent, "#!/bin/sh\nexec sleep 1000"))
    server = EmbeddedServer(data, settings)
    starting = asyncio.ensure_future(server.start())
    await until(lambda: server._process is not None)  # pyright: ignore[reportPrivateUsage]
    pid = server.pid
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: not is_running(pid))
    async with EmbeddedServer(data) as second:
        assert _answers(second.url)


def _program(directory: Path, script: str) -> str:
    """A program in place of the server."""
    program = directory / "program"
    program.write_text(f"{script}\n")
    program.chmod(0o700)
    return str(program)


async def test_a_server_that_loads_for_long_is_waited_for(data: Path) -> None:
    """A large data set may take longer than any silence is allowed to, as long as the server says so."""
    script = f"#!{sys.executable}\n{LISTEN}answer(b'-LOADING', 60)\nanswer(b'+PONG', 1000)"
    program = _program(data.parent, script.replace("THE-LOCK", "none"))
    async with EmbeddedServer(data, EmbeddedSettings(server=program), start_timeout_s=0.2) as server:
        assert server.pid is not None


async def test_it_is_apart_from_the_terminal(data: Path) -> None:
    """Ctrl-C reaches the daemon, which drains first, and not the server: it has its own session."""
    async with EmbeddedServer(data) as server:
        assert server.pid is not None
        assert os.getsid(server.pid) == server.pid


async def test_it_knows_no_keys(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon's variables, keys among them, are not in the server's environment."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2")
    program = _program(data.parent, "#!/bin/sh\nenv; echo last; exit 1")
    with pytest.raises(BrokerUnavailable, match=r"code 1\): last"):
        await EmbeddedServer(data, EmbeddedSettings(server=program)).start()
    written = (data / "redis" / "redis.log").read_text()
    assert "PATH=" in written
    assert "hunter2" not in written


def test_it_runs_under_uvloop(data: Path) -> None:
    """The daemon's event loop starts, asks and stops it like the standard one."""

    async def run() -> int | None:
        async with EmbeddedServer(data) as server:
            assert _answers(server.url)
        return server.returncode

    assert uvloop.run(run()) == 0
