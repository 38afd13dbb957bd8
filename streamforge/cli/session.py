"""What commands share: their settings, a connection to the daemon's Redis, and a way to run async code."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio

from streamforge.broker.broker import Broker
from streamforge.broker.embedded import embedded_socket, embedded_url
from streamforge.config import Settings, load
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.jobs.store import JobStore

T = TypeVar("T")

NO_DAEMON_HINT = (
    "start `streamforge run`; for one that runs elsewhere give its directory, --set paths.data_dir=…, or set redis.url"
)


def settings_from(args: argparse.Namespace, **flags: object) -> Settings:
    """The settings as this command line has them; ``section__key=value`` adds a flag unless the value is None."""
    given: dict[str, object] = {}
    for pair in args.set:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {pair!r} has no value", field="--set", hint="write --set section.key=value")
        given[key.strip()] = value.strip()
    given |= {name.replace("__", "."): value for name, value in flags.items() if value is not None}
    return load(Path(args.config) if args.config else None, flags=given)


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a file that the user named cannot be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else (error.strerror or type(error).__name__)


def why_not_writable(directory: Path) -> str | None:
    """Why a directory could not be made or written to, None where it could; nothing is left behind.

    A file without a name is tried where it is, or in the nearest directory above it that exists: permissions alone say
    little for root or in a read-only mount.
    """
    existing = next(path for path in (directory, *directory.absolute().parents) if os.path.lexists(path))
    if not existing.is_dir():
        return f"{existing} is no directory"
    try:
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return f"nothing can be written in {existing}: {error.strerror}"


@asynccontextmanager
async def broker_of(settings: Settings) -> AsyncGenerator[Broker]:
    """The configured Redis, or that of the daemon that runs its own; else raises BrokerUnavailable."""
    url = settings.redis.url
    if not url:
        socket = embedded_socket(settings.paths.data_dir)
        if not socket.exists():
            raise BrokerUnavailable(f"no daemon runs over {settings.paths.data_dir}", hint=NO_DAEMON_HINT)
        url = embedded_url(settings.paths.data_dir)
    broker = Broker(settings.redis, settings.jobs, url)
    try:
        await broker.ping()
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def job_store(settings: Settings) -> AsyncGenerator[JobStore]:
    """The jobs in ``broker_of`` the settings."""
    async with broker_of(settings) as broker:
        yield JobStore(broker)


async def _interruptible(main: Coroutine[Any, Any, T]) -> T:
    """Cancel ``main`` at Ctrl-C until it heeds it.

    asyncio's own handler cancels once, and before Python 3.12 ``asyncio.wait_for``, which redis-py sends with, may
    swallow that.
    """
    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:
        loop.add_signal_handler(signal.SIGINT, scope.cancel)
        try:
            return await main
        finally:
            loop.remove_signal_handler(signal.SIGINT)
    raise KeyboardInterrupt


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where it is installed; Ctrl-C raises KeyboardInterrupt."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.run(_interruptible(main))
    return uvloop.run(_interruptible(main))
