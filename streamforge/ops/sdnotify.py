"""What systemd is told: ready, stopping, a line of status, and that the daemon still lives.

Without systemd (no ``$NOTIFY_SOCKET``) each call does nothing and returns False.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from time import monotonic_ns
from typing import Final

_SEND_TIMEOUT_S: Final = 1.0
_MICROSECONDS: Final = 1_000_000


def ready(status: str = "") -> bool:
    """The daemon serves: ``systemctl start`` returns, and units ordered after it go on."""
    return notify("READY=1" + (f"\nSTATUS={status}" if status else ""))


def stopping() -> bool:
    """The daemon drains; systemd waits ``TimeoutStopSec`` for it."""
    return notify("STOPPING=1")


def reloading() -> bool:
    """The daemon reads its settings again; ``ready`` follows."""
    return notify(f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns() // 1000}")


def status(text: str) -> bool:
    """The line ``systemctl status`` shows."""
    return notify(f"STATUS={text}")


def watchdog() -> bool:
    """Still alive; without it for ``WatchdogSec``, systemd kills and restarts the daemon."""
    return notify("WATCHDOG=1")


def watchdog_interval_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often to call :func:`watchdog`: half of what systemd allows; None when it does not watch us."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    allowed = environ.get("WATCHDOG_USEC", "")
    return int(allowed) / _MICROSECONDS / 2 if allowed.isdecimal() and int(allowed) else None


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send ``state`` to the service manager; False when there is none or it does not listen."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    path = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(_SEND_TIMEOUT_S)
            sender.connect(path)
            sender.sendall(state.encode())
    except OSError:
        return False
    return True
