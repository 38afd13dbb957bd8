"""Waiting in tests: for a named condition, never for a time."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar, cast

import anyio

T = TypeVar("T")

POLL_S = 0.01


async def until(condition: Callable[[], T | Awaitable[T]], description: str, timeout_s: float = 10.0) -> T:
    """The first true value of ``condition``, plain or awaitable; AssertionError with ``description`` after ``timeout_s``."""
    deadline = monotonic() + timeout_s
    while True:
        found = condition()
        value = await cast("Awaitable[T]", found) if inspect.isawaitable(found) else found
        if value:
            return cast("T", value)
        if monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for: {description}; last seen: {value!r}")
        await anyio.sleep(POLL_S)
