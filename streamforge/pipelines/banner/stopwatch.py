"""How long the stages of a call took."""

from __future__ import annotations

import time


class Stopwatch:
    """Milliseconds by stage, on the monotonic clock."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """What went since the last lap is the time of ``name``."""
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 2)
        self._last = now
