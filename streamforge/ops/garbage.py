"""Python's garbage collector, set for a process that holds thousands of jobs."""

from __future__ import annotations

import gc

ALLOCATIONS = 10_000
"""New containers between two looks at the youngest ones; Python's own 700 is meant for small programs."""


def collect_seldom() -> None:
    """Look for garbage less often: for the whole process, so only its entry point may call this.

    Each waiting job is some fifty objects that a look goes through in vain. With 10,000 of them that was a fifth of the
    daemon's work, in pauses in which nothing else ran.
    """
    gc.set_threshold(ALLOCATIONS)
