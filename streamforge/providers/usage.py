"""Figures of usage as a provider tells them: a server of one's own may tell anything."""

from __future__ import annotations

LARGEST = 10**9
"""No call uses more of anything; what says so is nonsense, and books and limits must outlive it."""


def counted(figure: int | None) -> int:
    """The figure, from 0 to ``LARGEST``; 0 for none."""
    return min(max(figure or 0, 0), LARGEST)


def timed_s(seconds: float | None) -> float:
    """A recording's length, with the same bounds in milliseconds."""
    return min(max(seconds or 0.0, 0.0), LARGEST / 1000)
