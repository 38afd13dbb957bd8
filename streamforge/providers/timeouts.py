"""How long a call may take in each of its phases, and which of them it was that took too long.

Connecting lasts until the server's connection stands; the first token is awaited from the start of the call until the
answer's first piece; idle is the time between one piece and the next (a bare sign of life is none); the total is the
request's ``timeout_s``.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal, Self

from msgspec import Struct

from streamforge.errors import StepTimeout

Phase = Literal["connect", "first token", "idle", "total"]


class Timeouts(Struct, frozen=True, kw_only=True):
    """The limits of the phases, in seconds. A call's total is its request's."""

    connect_s: float = 5.0
    first_token_s: float = 60.0
    idle_s: float = 30.0


class Patience:
    """Bounds the body of an ``async with``: raises StepTimeout, saying for what it waited in vain.

    Waits for the first token until ``heard`` is called, then for each next piece. The alarm is not set anew with every
    piece, which thousands of streams would feel: it rings when it was first due, and then sees what has come since.
    """

    def __init__(self, name: str, timeouts: Timeouts, total_s: float) -> None:
        self._name = name
        self._timeouts = timeouts
        self._total_s = total_s
        self._phase: Phase = "total"
        self._timeout = asyncio.timeout(None)
        self._alarm: asyncio.TimerHandle | None = None
        self._started = self._end = self._until = 0.0
        self.first_token_s: float | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._end = self._started + self._total_s
        await self._timeout.__aenter__()
        self._wait("first token", self._started + self._timeouts.first_token_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, places: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        try:
            await self._timeout.__aexit__(kind, error, places)
        except TimeoutError:
            raise self.error(self._phase) from None

    def heard(self) -> None:
        """A piece of the answer came."""
        now = self._loop.time()
        if self.first_token_s is None:
            self.first_token_s = now - self._started
        self._wait("idle", now + self._timeouts.idle_s)

    def error(self, phase: Phase) -> StepTimeout:
        """The error for a phase that took too long."""
        return timed_out(self._name, phase, self._timeouts, self._total_s)

    def _wait(self, phase: Phase, until: float) -> None:
        self._phase = phase if until < self._end else "total"
        self._until = min(until, self._end)
        if self._alarm is None or self._until < self._alarm.when():
            self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._until, self._ring)

    def _ring(self) -> None:
        if self._loop.time() < self._until:
            self._set_alarm()
        else:
            self._timeout.reschedule(self._until)


def timed_out(name: str, phase: Phase, timeouts: Timeouts, total_s: float) -> StepTimeout:
    """The error for a phase of a call to ``name``."""
    limits = {
        "connect": timeouts.connect_s,
        "first token": timeouts.first_token_s,
        "idle": timeouts.idle_s,
        "total": total_s,
    }
    sentences: dict[Phase, str] = {
        "connect": "could not be connected to within",
        "first token": "sent no first token within",
        "idle": "sent nothing more for",
        "total": "took longer than",
    }
    return StepTimeout(f"{name} {sentences[phase]} {limits[phase]:g} s ({phase} timeout)")
