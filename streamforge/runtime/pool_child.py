"""What runs inside a pool child: its limits, and the call of one function at a time.

Kept free of other imports of the package, since every child pays for them.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from typing import Any

from streamforge.errors import StreamForgeError
from streamforge.runtime.places import where


class RemoteFault(Exception):
    """An unexpected exception in a pool child, as its class name and its traceback's places (no values)."""

    def __init__(self, kind: str, places: tuple[str, ...]) -> None:
        super().__init__(kind, places)
        self.kind = kind
        self.places = places


def set_up(memory_bytes: int) -> None:
    """Limit this child: address space, no core dumps, Ctrl-C left to the parent, death with the parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, name="parent-watch", daemon=True).start()


def work(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    """(True, value) or (False, exception): an exception that cannot be rebuilt by the parent would break its pool."""
    try:
        return True, function(*args)
    except StreamForgeError as error:
        return False, error
    except MemoryError:
        return False, RemoteFault("MemoryError", ("the child reached its memory limit, pool.memory_mb",))
    except BaseException as error:  # noqa: BLE001 - the edge of the process; SystemExit would end the parent
        return False, RemoteFault(type(error).__name__, tuple(where(error)))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
