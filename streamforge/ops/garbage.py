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


def set_apart() -> None:
    """Leave what is there now out of every later look: for a process whose imports are done.

    An SDK brings some 100,000 objects that stay; a full look through them holds the event loop for a fifth of a second.
    """
    gc.collect()
    gc.freeze()
