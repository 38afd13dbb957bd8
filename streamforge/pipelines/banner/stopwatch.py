"""How long the stages of a call took."""

from __future__ import annotations

import time
from collections.abc import Callable

clock: Callable[[], float] = time.perf_counter
"""Seconds; a benchmark puts the processor's clock in its place."""


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = clock()

    def lap(self, name: str) -> None:
        """What went since the last lap is the time of ``name``."""
        now = clock()
        self.laps[name] = round((now - self._last) * 1000, 2)
        self._last = now
