"""Run the daemon until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable

import anyio

from streamforge.app import Daemon
from streamforge.cli.main import FAILED, INTERRUPTED, OK
from streamforge.cli.session import run_async, settings_from
from streamforge.config import Settings
from streamforge.errors import StreamForgeError
from streamforge.ops import logs
from streamforge.ops.logs import get_logger
from streamforge.ops.service import ServiceFailed

log = get_logger(__name__)


def run(args: argparse.Namespace) -> int:
    """The first signal drains; a second one ends at once, and leaves the jobs to the next daemon of this name."""
    level = "debug" if args.debug else None
    settings = settings_from(args, api__port=args.port, logs__level=level)
    logs.configure(settings.logs)
    return run_async(serve(settings))


async def serve(settings: Settings) -> int:
    """Run a daemon with the signals of systemd and terminals. Raises what kept it from starting."""
    daemon = Daemon(settings)
    failure: ServiceFailed | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_on_signal, daemon.stop, name="signals")
        try:
            await daemon.run()
        except ServiceFailed as error:
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None and isinstance(failure.__cause__, StreamForgeError):
        raise failure.__cause__
    return OK if failure is None else FAILED


async def stop_on_signal(stop: Callable[[], None]) -> None:
    """Call ``stop`` at the first SIGTERM or SIGINT, leave at once at the second."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        is_second = False
        async for number in signals:
            log.info("signal_received", signal=signal.Signals(number).name)
            if is_second:
                os._exit(INTERRUPTED)
            is_second = True
            stop()
