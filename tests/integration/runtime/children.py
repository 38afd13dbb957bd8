"""Functions for pool children, most of them hostile."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from streamforge.errors import LayoutInfeasible


class Unrebuildable(Exception):
    """Cannot be unpickled: its arguments are not those of its constructor."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)
        self.two = two


class Trap:
    """A value whose unpickling fails in whoever receives it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Hand out a call that raises."""
        return _spring, ()


def _spring() -> NoReturn:
    raise ValueError("sprung")


def pid() -> int:
    """The child's process id."""
    return os.getpid()


def double(number: int) -> int:
    """Twice the number."""
    return 2 * number


def segfault() -> None:
    """Die of SIGSEGV, by reading where nothing is."""
    ctypes.string_at(0)


def killed(by: int = signal.SIGKILL) -> None:
    """Die of a signal; SIGKILL is that of the machine's out-of-memory killer."""
    os.kill(os.getpid(), by)


def leave(code: int) -> None:
    """Go without a word."""
    os._exit(code)


def exit_politely() -> None:
    """Raise SystemExit, as a command-line library would."""
    sys.exit(3)


def interrupt() -> None:
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


def eat_memory() -> int:
    """Take memory, and use it, until there is none."""
    hoard: list[bytes] = []
    while True:
        hoard.append(os.urandom(1) * (16 << 20))


def make_too_much() -> bytes:
    """A value that fits the memory limit once, but not a second time, as it has to for being sent."""
    return os.urandom(1) * (340 << 20)


def take_memory(path: str, size_mb: int) -> None:
    """Take memory, and use it; then announce and hang."""
    hoard = b"x" * (size_mb << 20)
    announce_and_hang(path)
    del hoard


def unpicklable() -> object:
    """A value that cannot be sent."""
    return lambda: None


def trap() -> Trap:
    """A value that cannot be received."""
    return Trap()


def take_anything(_: object) -> int:
    """Take what could be received."""
    return 1


def note(path: str, text: str) -> str:
    """Write a line, and give it back."""
    with Path(path).open("a") as file:
        file.write(f"{text}\n")
    return text


def raise_unrebuildable() -> None:
    """Raise what cannot be rebuilt."""
    raise Unrebuildable("a", "b")


def raise_value_error() -> None:
    """Raise an error whose text is nobody's business."""
    raise ValueError("the secret is 42")


def raise_ours() -> None:
    """Raise one of the package's errors, with everything on it."""
    raise LayoutInfeasible("no room", conflicts=("a over b",), field="headline", hint="shorten it")


def announce_and_hang(path: str) -> None:
    """Write the process id, then never return."""
    Path(path).write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def ignore_and_hang(path: str) -> None:
    """The same, deaf to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce_and_hang(path)


def ignore_and_compute(path: str) -> None:
    """The same in native code, which lets no other thread of the process run."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(path).write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 64 + "b")


def wait_for_file(path: str) -> int:
    """Return once the file is there."""
    while not Path(path).exists():
        time.sleep(0.005)
    return os.getpid()
