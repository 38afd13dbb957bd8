"""Tells of a Redis that is away without filling the log: at once, then ever more rarely, and of its return."""

from __future__ import annotations

from streamforge.errors import BrokerUnavailable
from streamforge.ops.logs import get_logger

log = get_logger(__name__)


class Outage:
    """Counts what one part of the daemon misses. A log line comes with the 1st, 2nd, 4th, 8th … failure in a row."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._failures = 0

    def missed(self, error: BrokerUnavailable) -> None:
        """Redis did not answer."""
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:
            log.warning("redis_away", operation=self._operation, attempt=self._failures, error=error.message)

    def over(self) -> None:
        """Redis answered."""
        if self._failures:
            log.info("redis_back", operation=self._operation, attempts=self._failures)
        self._failures = 0
