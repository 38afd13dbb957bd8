"""What runs inside a pool child: its limits, and the call of one function at a time.

A request is a function and its arguments; the child says BEGUN when it has one, then answers. Kept free of other
imports of the package, since every child pays for them.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import resource
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any, Literal

from streamforge.errors import PermanentError, StreamForgeError
from streamforge.runtime.places import where

READY = b"ready"
BEGUN = b"begun"

NO_MEMORY = 86
"""Exit code of a child that had no room for so much as the request."""

Answer = tuple[Literal["value", "error", "oom"], Any]
"""A value to return, an exception to raise, or word that the memory limit was reached."""


class RemoteFault(Exception):
    """An unexpected exception in a pool child, as its class name and its traceback's places (no values)."""

    def __init__(self, kind: str, places: tuple[str, ...]) -> None:
        super().__init__(kind, places)
        self.kind = kind
        self.places = places


def serve(wire: Connection, memory_bytes: int) -> None:
    """Answer requests until the parent closes the wire."""
    _set_limits(memory_bytes)
    try:
        wire.send_bytes(READY)
        while True:
            request = wire.recv_bytes()
            wire.send_bytes(BEGUN)
            wire.send_bytes(_encode(_work(request)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except MemoryError:
        os._exit(NO_MEMORY)


def _set_limits(memory_bytes: int) -> None:
    """Limit this child: address space, no core dumps, Ctrl-C left to the parent, death with the parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, name="parent-watch", daemon=True).start()


def _work(request: bytes) -> Answer:
    """Every exception is an answer: one that cannot be rebuilt by the parent goes by its name and places."""
    try:
        function, args = pickle.loads(request)  # noqa: S301 - our own parent's
        return "value", function(*args)
    except StreamForgeError as error:
        return "error", error
    except MemoryError:
        return "oom", None
    except BaseException as error:  # noqa: BLE001 - the edge of the process; SystemExit would end it
        return "error", RemoteFault(type(error).__name__, tuple(where(error)))


def _encode(answer: Answer) -> bytes:
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps(("oom", None))
    except Exception as error:  # noqa: BLE001 - the same: pickling runs the recipe's code
        return pickle.dumps(("error", PermanentError(f"a pool call's value cannot be sent: {type(error).__name__}")))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
