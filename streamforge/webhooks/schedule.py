"""When a delivery that failed is tried again: pure, by the settings' list of pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

JITTER: Final = 0.2
"""A pause is up to this share longer, so that what failed together is not tried together."""

RETRY_AFTER_MAX_S: Final = 24 * 3600.0


def next_pause_s(
    pauses_s: Sequence[float], failures: int, rng: Callable[[], float], retry_after_s: float | None = None
) -> float | None:
    """The pause after the ``failures``-th failure (from 1); None where there is to be no other try.

    ``rng`` gives numbers from 0 up to 1. Where the receiver named a longer pause, that holds, up to a day.
    """
    if failures > len(pauses_s):
        return None
    pause_s = pauses_s[failures - 1] * (1 + JITTER * rng())
    return max(pause_s, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))
