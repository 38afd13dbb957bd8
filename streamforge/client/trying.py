"""Whether a request that went wrong is sent again, and after which pause: the same with and without an event loop."""

from __future__ import annotations

from typing import Final

import httpx2

from streamforge.client.problems import away, refusal

REPEATED: Final = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may go well a little later."""


class Trying:
    """The tries of one request. ``pause_s`` is how long to wait before the next."""

    def __init__(self, tries: int, url: str) -> None:
        self.pause_s = 0.0
        self._tries = tries
        self._url = url
        self._failures = 0

    def lost(self, error: httpx2.TransportError) -> None:
        """Count a connection that failed. Raises ServerAway after the last try."""
        if self._is_last():
            raise away(error, self._url) from error
        self.pause_s = _pause_s("", self._failures)

    def is_answered(self, response: httpx2.Response) -> bool:
        """Whether the response, whose body has been read, is the answer. Raises ApiError where it stays a refusal."""
        if response.is_success:
            return True
        if self._is_last() or response.status_code not in REPEATED:
            raise refusal(response)
        self.pause_s = _pause_s(response.headers.get("Retry-After", ""), self._failures)
        return False

    def begin_anew(self) -> None:
        """Forget the failures: something has come."""
        self._failures = 0

    def _is_last(self) -> bool:
        self._failures += 1
        return self._failures >= self._tries


def _pause_s(asked: str, failures: int) -> float:
    """What the server asks for, at most 30 s; else 0.2 s doubled with each failure, at most 5 s."""
    if asked.isdecimal():
        return min(30.0, float(asked))
    return min(5.0, 0.2 * 2.0**failures)
