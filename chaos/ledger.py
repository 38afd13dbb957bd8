"""The ledger: what happened, written outside Redis, by everybody who did something.

One JSON line a note, each one ``write`` to a file opened with O_APPEND: lines of several processes do not mix, and a
process that is killed after the write has written. A machine that loses power is not what this is for, so nothing is
synced.
"""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

What = Literal[
    "accepted",  # driver: Redis has taken this job; kind, salt, mode
    "run",  # recipe: an attempt of this job began
    "begin",  # recipe: the work of a step began, so nothing was replayed
    "effect",  # recipe: the step's effect on the outside; ``is_first`` says whether its key was new there
    "death",  # whoever sent the SIGKILL: this worker's process is dead from now on
    "stall",  # this process stands still from now on, and the jobs it runs with it
    "outage",  # driver: Redis answers nobody from now on
    "outage_over",  # driver: Redis answers again
    "fault",  # driver: ``text`` says what was done
]


class Note(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the ledger. ``run`` is the same for all notes of one attempt in one process."""

    what: What
    at_ms: float
    job: str = ""
    kind: str = ""
    salt: int = 0
    mode: str = ""
    run: str = ""
    step: str = ""
    key: str = ""
    attempt: int = 0
    is_first: bool = False
    worker: str = ""
    pid: int = 0
    text: str = ""


class Ledger:
    """The notes and the outside world, in one directory that every process of a round knows."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._file = home / "ledger.jsonl"

    def create(self) -> None:
        """Make the directory."""
        (self.home / "keys").mkdir(parents=True, exist_ok=True)

    def write(self, note: Note) -> None:
        """Append a note; it survives whatever happens to this process next."""
        file = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, msgspec.json.encode(note) + b"\n")
        finally:
            os.close(file)

    def notes(self) -> list[Note]:
        """Everything so far, in the order of writing."""
        if not self._file.exists():
            return []
        return [_LINE.decode(line) for line in self._file.read_bytes().splitlines()]

    def is_first(self, key: str) -> bool:
        """Whether nobody has asked with this key before: how an outside API tells a repeated call from a new one."""
        try:
            file = os.open(self.home / "keys" / sha256(key.encode()).hexdigest(), os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        os.close(file)
        return True

    def gate(self, job: str) -> Path:
        """The file whose existence lets a job pass that waits at its gate."""
        return self.home / f"{job}.open"


def now_ms() -> float:
    """Milliseconds since 1970, by the clock that Redis on the same machine has too."""
    return time.time_ns() / 1_000_000


_LINE = msgspec.json.Decoder(Note)
