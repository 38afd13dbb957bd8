"""A line of callers for a few things: who asks first is served first, and who leaves the line loses nothing of it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from streamforge.errors import TransientError

T = TypeVar("T")


class Line(Generic[T]):
    """Things to take and give back.

    A thing given back goes straight to the first in line. ``asyncio.Queue`` only wakes that one: a newcomer can be
    quicker, and sends it to the end.
    """

    def __init__(self) -> None:
        self.idle: list[T] = []
        self._waiting: deque[asyncio.Future[T]] = deque()
        self._is_closed = False

    async def take(self, *, is_first: bool = False) -> T:
        """The thing last used, when the caller's turn has come; ``is_first`` goes before all who wait.

        Raises TransientError once the line is closed.
        """
        if self._is_closed:
            raise _closed()
        if self.idle:  # then nobody waits
            return self.idle.pop()
        turn = asyncio.get_running_loop().create_future()
        if is_first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            self._leave(turn)
            raise

    def give(self, thing: T) -> None:
        """Give back, to the first in line."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn.set_result(thing)
        return self.idle.append(thing)

    def close(self) -> None:
        """Send everybody home."""
        self._is_closed = True
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(_closed())

    def _leave(self, turn: asyncio.Future[T]) -> None:
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif not turn.cancelled() and turn.exception() is None:  # the thing came as its caller left
            self.give(turn.result())


def _closed() -> TransientError:
    return TransientError("the pool has stopped")
