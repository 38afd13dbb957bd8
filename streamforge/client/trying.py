"""Whether a request that went wrong is sent again, and after which pause: the same with and without an event loop."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

import httpx2

from streamforge.client.problems import away, refusal

REPEATED: Final = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may go well a little later."""

PATIENCE: Final = httpx2.Timeout(60.0, connect=10.0)
"""The longest silence of a stream that lives: one of events says something every 15 s."""
SHORTEST_S: Final = 0.1
"""Before a stream is opened again."""


class Trying:
    """The tries of one request. ``pause_s`` is how long to wait before the next.

    ``chance`` is a number from 0 to 1 that makes pauses up to half as long again: many that lost the same server come
    back one after the other.
    """

    def __init__(self, tries: int, url: str, chance: Callable[[], float] = random.random) -> None:
        self.pause_s = 0.0
        self._tries = tries
        self._url = url
        self._chance = chance
        self._failures = 0

    def lost(self, error: httpx2.TransportError) -> None:
        """Count a connection that failed. Raises ServerAway after the last try."""
        if self._is_last():
            raise away(error, self._url) from error
        self._rest("")

    def is_answered(self, response: httpx2.Response) -> bool:
        """Whether the response, whose body has been read, is the answer. Raises ApiError where it stays a refusal."""
        if response.is_success:
            return True
        if self._is_last() or response.status_code not in REPEATED:
            raise refusal(response)
        self._rest(response.headers.get("Retry-After", ""))
        return False

    def begin_anew(self) -> None:
        """Forget the failures: something has come."""
        self._failures = 0
        self.pause_s = 0.0

    def _is_last(self) -> bool:
        self._failures += 1
        return self._failures >= self._tries

    def _rest(self, asked: str) -> None:
        """What the server asks for, at most 30 s; else 0.2 s doubled with each failure, at most 5 s."""
        pause_s = min(30.0, float(asked)) if asked.isdecimal() else min(5.0, 0.2 * 2.0**self._failures)
        self.pause_s = pause_s * (1 + self._chance() / 2)


class Streamed(ABC):
    """A stream that is opened again where it breaks, until ``is_over``."""

    def __init__(self, path: str, trying: Trying) -> None:
        self.path = path
        self.is_over = False
        self._trying = trying

    @property
    @abstractmethod
    def headers(self) -> dict[str, str]:
        """What asks for all that has not come yet."""

    @property
    def pause_s(self) -> float:
        """How long to wait before it is opened again: a moment even where it ended in good order."""
        return 0.0 if self.is_over else max(SHORTEST_S, self._trying.pause_s)

    def lost(self, error: httpx2.TransportError) -> None:
        """Count a connection that broke. Raises ServerAway after the last try."""
        self._trying.lost(error)
