"""What the tests of the in-process worker send to its pool: kept light, since every child imports it."""

from __future__ import annotations

import os
import signal


def process_of(text: str) -> tuple[str, int]:
    """The text in capitals, and the process that made it."""
    return text.upper(), os.getpid()


def die(_: str) -> None:
    """Take the pool child down."""
    os.kill(os.getpid(), signal.SIGKILL)
