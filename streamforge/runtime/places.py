"""Where an error happened, in a form that strangers may see: no server's directories, no source text, no values.

Imported by every pool child, so free of other imports of the package.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

_INSTALLED = ("site-packages/", "dist-packages/")
_ROOT = str(Path(__file__).parents[2])
"""What holds the package, where it is not installed."""


def where(error: BaseException, depth: int = 4) -> list[str]:
    """The innermost frames as ``file:line function``; files as ``relative`` has them."""
    frames = traceback.extract_tb(error.__traceback__)[-depth:]
    return [f"{relative(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def relative(filename: str) -> str:
    """A module's file below the directory that it was imported from; of any other file only the name."""
    for mark in _INSTALLED:
        if mark in filename:
            return filename.rpartition(mark)[2]
    roots = [root for root in (_ROOT, *sys.path) if root.strip("/") and filename.startswith(f"{root.rstrip('/')}/")]
    if roots:
        return filename[len(max(roots, key=len).rstrip("/")) + 1 :]
    return Path(filename).name if filename.startswith("/") else filename
