"""What Redis said a moment ago, remembered: a question that has just been asked costs it nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, Generic, NamedTuple, TypeVar

FRESH_S: Final = 1.0
"""How long an answer is believed: what has changed elsewhere is known everywhere within that time."""
MOST: Final = 4096
"""Answers that are remembered, also to questions about what never was: a flood of those must not fill the memory."""

T = TypeVar("T")


class _Answer(NamedTuple, Generic[T]):
    value: T
    at_s: float


class Lately(Generic[T]):
    """The answers to ``ask``, each at most ``fresh_s`` old, the ``MOST`` that were wanted last."""

    def __init__(
        self, ask: Callable[[str], Awaitable[T]], fresh_s: float = FRESH_S, clock: Callable[[], float] = monotonic
    ) -> None:
        self._ask = ask
        self._fresh_s = fresh_s
        self.clock = clock
        self._answers: dict[str, _Answer[T]] = {}

    async def of(self, name: str) -> T:
        """The answer about that name; raises what ``ask`` raises."""
        answer = self._answers.pop(name, None)
        if answer is None or self.clock() - answer.at_s >= self._fresh_s:
            asked_s = self.clock()
            answer = _Answer(await self._ask(name), asked_s)
            if (meanwhile := self._answers.get(name)) is not None and meanwhile.at_s > asked_s:
                answer = meanwhile
        self._remember(name, answer)
        return answer.value

    def put(self, name: str, value: T) -> None:
        """Take this for the answer: this process has just made it so."""
        self._remember(name, _Answer(value, self.clock()))

    def forget(self, name: str) -> None:
        """Ask the next time: this process has just changed it."""
        self._answers.pop(name, None)

    def _remember(self, name: str, answer: _Answer[T]) -> None:
        self._answers.pop(name, None)  # to the end: the first in the dictionary is the one wanted longest ago
        self._answers[name] = answer
        if len(self._answers) > MOST:
            del self._answers[next(iter(self._answers))]
