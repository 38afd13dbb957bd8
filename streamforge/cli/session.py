"""What commands share: their settings, a connection to the daemon's Redis, and a way to run async code."""

from __future__ import annotations

import argparse
import asyncio
import signal
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


@asynccontextmanager
async def job_store(settings: Settings) -> AsyncGenerator[JobStore]:
    """The jobs of the configured Redis, or of the daemon that runs its own; else raises BrokerUnavailable."""
    url = settings.redis.url
    if not url:
        socket = embedded_socket(settings.paths.data_dir)
        if not socket.exists():
            raise BrokerUnavailable(
                f"no daemon runs over {settings.paths.data_dir}", hint="start `streamforge run`, or set redis.url"
            )
        url = embedded_url(settings.paths.data_dir)
    broker = Broker(settings.redis, settings.jobs, url)
    try:
        await broker.ping()
        yield JobStore(broker)
    finally:
        await broker.close()


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
