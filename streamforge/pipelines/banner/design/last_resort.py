"""A designer behind a designer: rules take over where no model can answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from streamforge.errors import StreamForgeError
from streamforge.pipelines.banner.design.brief import Attempt, Brief, Designer, Patch, Written
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.strategy import Strategy

T = TypeVar("T")


class LastResort:
    """A ``Designer`` that asks ``first``, and ``last`` where ``first`` fails in a way that ``leads_on`` knows.

    Each question begins with ``first`` again. The graph names the designer that drew it.
    """

    def __init__(self, first: Designer, last: Designer, leads_on: Callable[[StreamForgeError], bool]) -> None:
        self._first = first
        self._last = last
        self._leads_on = leads_on

    @property
    def name(self) -> str:
        """The first one's."""
        return self._first.name

    async def strategise(self, brief: Brief) -> Written[Strategy]:
        """One strategy for every size of the brief."""
        return await self._asked(lambda designer: designer.strategise(brief))

    async def draw(self, brief: Brief, strategy: Strategy) -> Written[Design]:
        """The graph for ``brief.size``."""
        return await self._asked(lambda designer: designer.draw(brief, strategy))

    async def mend(self, brief: Brief, design: Design, history: list[Attempt]) -> Written[Patch]:
        """A patch for what the last attempt's violations name."""
        return await self._asked(lambda designer: designer.mend(brief, design, history))

    async def _asked(self, question: Callable[[Designer], Awaitable[Written[T]]]) -> Written[T]:
        try:
            return await question(self._first)
        except StreamForgeError as error:
            if not self._leads_on(error):
                raise
        return await question(self._last)
