"""The line of callers: order, and nothing lost."""

from __future__ import annotations

import asyncio

import pytest

from streamforge.errors import TransientError
from streamforge.runtime.pool_line import Line


async def in_line(line: Line[str], count: int) -> list[asyncio.Task[str]]:
    """Callers who wait."""
    callers = [asyncio.ensure_future(line.take()) for _ in range(count)]
    await asyncio.sleep(0)
    return callers


async def test_the_thing_last_used_is_taken_first() -> None:
    """Of idle things the warm one goes first."""
    line: Line[str] = Line()
    line.give("a")
    line.give("b")
    assert [await line.take(), await line.take()] == ["b", "a"]


async def test_a_thing_goes_to_the_first_in_line() -> None:
    """Callers are served in order, and a newcomer cannot take what was just given to one of them."""
    line: Line[str] = Line()
    first, second = await in_line(line, 2)
    line.give("a")
    newcomer = (await in_line(line, 1))[0]
    assert (await first, second.done(), newcomer.done()) == ("a", False, False)
    line.give("b")
    line.give("c")
    assert [await second, await newcomer] == ["b", "c"]


async def test_who_had_a_turn_comes_first() -> None:
    """``is_first`` goes before all who wait."""
    line: Line[str] = Line()
    waiting = (await in_line(line, 1))[0]
    again = asyncio.ensure_future(line.take(is_first=True))
    await asyncio.sleep(0)
    line.give("a")
    assert await again == "a"
    line.give("b")
    assert await waiting == "b"


async def test_who_leaves_is_passed_over() -> None:
    """A caller cancelled in line is not served, whether it noticed or not."""
    line: Line[str] = Line()
    gone, unaware, last = await in_line(line, 3)
    gone.cancel()
    await asyncio.wait([gone])
    unaware.cancel()
    line.give("a")
    assert await last == "a"


async def test_who_leaves_with_the_thing_gives_it_back() -> None:
    """A caller cancelled after the thing was given to it passes it on; with nobody in line it is idle."""
    line: Line[str] = Line()
    leaving, last = await in_line(line, 2)
    line.give("a")
    leaving.cancel()
    assert await last == "a"
    leaving = (await in_line(line, 1))[0]
    line.give("b")
    leaving.cancel()
    await asyncio.wait([leaving])
    assert line.idle == ["b"]


async def test_a_closed_line_sends_everybody_home() -> None:
    """Who waits, and who comes later, gets an error; who leaves as it closes takes nothing along."""
    line: Line[str] = Line()
    waiting, leaving = await in_line(line, 2)
    line.close()
    leaving.cancel()
    for caller in (waiting, asyncio.ensure_future(line.take())):
        with pytest.raises(TransientError, match="stopped"):
            await caller
    await asyncio.wait([leaving])
    assert leaving.cancelled()
