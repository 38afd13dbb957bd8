"""What runs on this machine, read from /proc: how the tests see every process that a daemon started."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

TAG = "STREAMFORGE_TEST_TAG"
"""Environment variable by which a daemon's processes are known; only the embedded server does not inherit it."""


class Found(NamedTuple):
    """A living process."""

    pid: int
    parent: int
    command: str

    @property
    def is_forked(self) -> bool:
        """Whether it is the forkserver or one of its children."""
        return "multiprocessing.forkserver" in self.command


def tagged(tag: str, home: Path) -> list[Found]:
    """Every living process with that tag, or working in ``home``."""
    return [found for path in Path("/proc").glob("[0-9]*") if (found := _look(path, tag, home))]


def pool_children(tag: str, home: Path) -> list[int]:
    """The pool's children, without their forkserver."""
    forked = {found.pid: found for found in tagged(tag, home) if found.is_forked}
    return [pid for pid, found in forked.items() if found.parent in forked]


def end(pids: list[int]) -> None:
    """SIGKILL to each that still lives."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _look(path: Path, tag: str, home: Path) -> Found | None:
    with contextlib.suppress(OSError):
        state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
        if state in "ZX":
            return None
        is_ours = f"{TAG}={tag}".encode() in (path / "environ").read_bytes().split(b"\0")
        if is_ours or (path / "cwd").readlink().is_relative_to(home):
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            return Found(int(path.name), int(parent), command)
    return None
