"""A local store's directory: what is written there is made to outlast a power cut, what is left over is swept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


class Disk:
    """The directory of a local store.

    The store writes a file beside its place and renames it. That keeps readers from half a file; but until the system
    has written it out, a power cut may leave an empty one, or none. ``keep`` returns when it is on the disk.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, path: str) -> None:
        """Write out a file that has been put, and the directories above it, which may be new. Raises OSError.

        Directories that have not changed cost next to nothing.
        """
        place = self.root / path
        _sync(place)
        for directory in place.parents:
            if directory.is_relative_to(self.root):
                _sync(directory)

    def tidy(self, paths: Iterable[str]) -> None:
        """Remove the directories that files which were deleted have left empty."""
        for directory in {(self.root / path).parent for path in paths}:
            above = directory
            while above != self.root and _is_removed(above):
                above = above.parent

    def sweep(self, folder: str, before: datetime) -> int:
        """Delete the files of a folder that were changed before then; how many. The store itself does not list them."""
        old = [path for path in (self.root / folder).glob("*") if _is_old(path, before)]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_removed(directory: Path) -> bool:
    with suppress(OSError):  # it is not empty, or somebody else has removed it
        directory.rmdir()
        return True
    return False


def _is_old(path: Path, before: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    except FileNotFoundError:  # somebody else has swept it
        return False
