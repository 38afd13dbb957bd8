"""The times of a cron schedule, the same in every process: they depend on the schedule and its zone alone.

Daylight saving is handled as Debian's cron does. A schedule that names hours and minutes (``30 2 * * *``) means the
clock on the wall: a time that is skipped in spring comes at the end of the gap, one that is repeated in autumn comes
the first time only. A schedule with a ``*`` in its minute or hour field (``*/15 * * * *``), or with seconds, means
intervals: it goes on through the repeated hour, and has nothing in the skipped one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

LOOK_BACK_S = 60
"""Where the search for the latest time begins; it doubles until one is found."""


class Timetable:
    """The times of a schedule in a zone, as whole seconds since 1970; both were checked with the settings."""

    def __init__(self, schedule: str, timezone: str = "UTC") -> None:
        self._schedule = schedule
        self._zone = UTC if timezone == "UTC" else ZoneInfo(timezone)

    def after(self, moment: int) -> Iterator[int]:
        """Every time after a moment, in order, each once; ends where none comes within 50 years."""
        last = moment
        for found in CronSim(self._schedule, datetime.fromtimestamp(moment, self._zone)):
            at = int(found.timestamp())
            if at > last:  # several times in a gap all come at its end, and a repeated hour is walked from its start
                last = at
                yield at

    def latest(self, after: int, until: int) -> int | None:
        """The latest time after the one moment and not after the other; None where there is none.

        Looks at the end first, so that a long absence from a dense schedule costs no more than a short one.
        """
        look_back_s = LOOK_BACK_S
        while True:
            start = max(after, until - look_back_s)
            found = None
            for at in self.after(start):
                if at > until:
                    break
                found = at
            if found is not None or start == after:
                return found
            look_back_s *= 2
