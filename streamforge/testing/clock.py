"""Time that stands still until a test moves it.

    clock = FakeClock(datetime(2026, 3, 1, 2, 29, 30, tzinfo=UTC))
    cron = Cron(store, kinds, crons, marks, clock=clock.now, sleep=clock.sleep)
    …
    await clock.asleep()        # the cron waits for its time
    clock.advance(60)           # which comes

It is a ``streamforge.clock.Clock``, so a recipe can be lent one: ``resources={Clock: clock}``, ``ctx.use(Clock)``. The
time limits of steps, leases and Redis' own time are the machine's and do not follow it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from streamforge.testing.waiting import until

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A clock, and a ``sleep`` that ends when ``advance`` has brought its time."""

    def __init__(self, start: datetime = START) -> None:
        """Raises ValueError for a time without a zone."""
        if start.tzinfo is None:
            raise ValueError("give the time a zone, such as datetime.UTC")
        self._start = start
        self._passed_s = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    def now(self) -> datetime:
        """The time, in the zone it was started in."""
        return self._start + timedelta(seconds=self._passed_s)

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return round(self.now().timestamp() * 1000)

    def monotonic(self) -> float:
        """Seconds since the clock's start."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Return once that much time has passed; at once, but for a turn of the event loop, for 0 or less."""
        if seconds <= 0:
            return await asyncio.sleep(0)
        wake = asyncio.Event()
        sleeper = (self._passed_s + seconds, next(self._order), wake)
        heappush(self._sleepers, sleeper)
        try:
            await wake.wait()
        finally:
            if sleeper in self._sleepers:  # cancelled: it sleeps no more
                self._sleepers.remove(sleeper)
                self._sleepers.sort()

    def advance(self, seconds: float) -> None:
        """Move the time forward and wake, in their order, all whose time has come by then; they run after this.

        What wakes sees the new time, as after a machine's suspend. Whoever must see each step on the way is given it
        step by step, with ``asleep`` between. Raises ValueError for less than 0.
        """
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._passed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._passed_s:
            heappop(self._sleepers)[2].set()

    async def asleep(self, sleepers: int = 1) -> None:
        """Return once at least so many sleep; raises AssertionError where they do not come to that."""
        await until(lambda: len(self._sleepers) >= sleepers, f"{sleepers} asleep under the fake clock")
