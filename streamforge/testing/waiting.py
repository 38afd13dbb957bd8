"""Waiting for a named condition, in place of sleeping and hoping."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import anyio

T = TypeVar("T")

PAUSE_S = 0.005
"""Between two looks: short against what is waited for, long against what a look costs."""


async def until(condition: Callable[[], T | Awaitable[T]], description: str, timeout_s: float = 10.0) -> T:
    """The first true answer of ``condition``, a function or a coroutine function.

    Raises AssertionError that names what never came, after ``timeout_s``.
    """
    with anyio.move_on_after(timeout_s):
        while True:
            answer = condition()
            found = cast("T", await answer if inspect.isawaitable(answer) else answer)
            if found:
                return found
            await anyio.sleep(PAUSE_S)
    raise AssertionError(f"after {timeout_s:g} s still not so: {description}")
