"""The processes of a round, read from /proc: each carries the round's tag in its environment."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TAG = "STREAMFORGE_CHAOS_TAG"


class Found(NamedTuple):
    """A living process."""

    pid: int
    parent: int
    command: str

    @property
    def is_forked(self) -> bool:
        """Whether it is a pool's forkserver or one of its children."""
        return "multiprocessing.forkserver" in self.command


def tagged(tag: str) -> list[Found]:
    """Every living process with that tag."""
    return [found for path in Path("/proc").glob("[0-9]*") if (found := _look(path, tag))]


def pool_children(tag: str, daemon: int) -> list[int]:
    """The pool children of one daemon: children of its forkserver."""
    forked = {found.pid: found for found in tagged(tag) if found.is_forked}
    servers = {pid for pid, found in forked.items() if found.parent == daemon}
    return sorted(pid for pid, found in forked.items() if found.parent in servers)


def send(pid: int, which: signal.Signals) -> None:
    """A signal; nothing where the process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def end(pids: Iterable[int]) -> None:
    """SIGKILL to each that still lives; stopped ones die too."""
    for pid in pids:
        send(pid, signal.SIGKILL)


def _look(path: Path, tag: str) -> Found | None:
    with contextlib.suppress(OSError):
        state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
        if state in "ZX" or f"{TAG}={tag}".encode() not in (path / "environ").read_bytes().split(b"\0"):
            return None
        command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return Found(int(path.name), int(parent), command)
    return None
