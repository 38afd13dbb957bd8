"""Run the daemon until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import faulthandler
import functools
import importlib
import os
import signal
from collections.abc import Callable

import anyio
import anyio.to_thread

from streamforge.app import Daemon
from streamforge.cli.main import FAILED, INTERRUPTED, OK
from streamforge.cli.session import run_async, settings_from
from streamforge.cli.text import print_line
from streamforge.config import Settings
from streamforge.errors import ConfigError, StreamForgeError
from streamforge.ops import garbage, last_exit, logs
from streamforge.ops.logs import get_logger
from streamforge.ops.service import ServiceFailed

log = get_logger(__name__)


def run(args: argparse.Namespace) -> int:
    """The first SIGTERM drains, the second hands every job back at once, the third ends the process as it stands.

    SIGHUP reads the settings again.
    """
    settings = _settings(args)
    logs.configure(settings.logs)
    garbage.collect_seldom()
    faulthandler.enable()  # a crash in native code says where
    return run_async(serve(settings, lambda: _settings(args)))


def record_exit(args: argparse.Namespace) -> int:
    """For systemd's ExecStopPost=: keep how the daemon ended, for the next one to tell the owners of its jobs."""
    settings = settings_from(args)
    cause = last_exit.record(settings.paths.data_dir, settings.worker.name, os.environ)
    print_line(cause or "a clean end")
    return OK


def _settings(args: argparse.Namespace) -> Settings:
    return settings_from(args, api__port=args.port, logs__level="debug" if args.debug else None)


async def serve(settings: Settings, read_again: Callable[[], Settings] | None = None) -> int:
    """Run a daemon with the signals of systemd and terminals. Raises what kept it from starting."""
    daemon = Daemon(settings)
    failure: ServiceFailed | None = None

    def reload() -> None:
        if read_again is not None:
            _reload(daemon, read_again)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(functools.partial(heed_signals, daemon.stop, daemon.hand_back, reload=reload), name="signals")
        tasks.start_soon(_settle_in, daemon, name="settle-in")
        try:
            await daemon.run()
        except ServiceFailed as error:
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None and isinstance(failure.__cause__, StreamForgeError):
        raise failure.__cause__
    return OK if failure is None else FAILED


async def _settle_in(daemon: Daemon) -> None:
    """What is slow and can wait until the daemon takes jobs, so that no job waits for it."""
    await daemon.ready.wait()
    for module in daemon.models.imports:
        await anyio.to_thread.run_sync(importlib.import_module, module)
    garbage.set_apart()


async def heed_signals(*ends: Callable[[], None], reload: Callable[[], None] | None = None) -> None:
    """Call the next of ``ends`` at each SIGTERM or SIGINT, and leave at once when there is none; SIGHUP reloads."""
    left = iter(ends)
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for number in signals:
            log.info("signal_received", signal=signal.Signals(number).name)
            if number != signal.SIGHUP:
                next(left, lambda: os._exit(INTERRUPTED))()
            elif reload is not None:
                reload()


def _reload(daemon: Daemon, read_again: Callable[[], Settings]) -> None:
    """Settings that cannot be used are told and change nothing."""
    try:
        daemon.reload(read_again())
    except ConfigError as error:
        log.error("settings_not_reloaded", error=str(error))  # noqa: TRY400 - the message says where and why
