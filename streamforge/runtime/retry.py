"""What follows an error: one table of classes, and pure functions of (error, past, policy, chance).

    raised by the recipe            what follows
    ------------------------------  ----------------------------------------------------------------------------------
    Snooze                          parked for the time it names; nothing is charged
    InputError, PermanentError      failed, under the error's code
    SlotCrashed                     again after a pause that grows with the crashes; a crash is charged, no attempt
    StepTimeout                     again, once, with a higher priority; the second time failed, ``soft_limit``
    RateLimited                     again after the time that it names; an attempt is charged
    anything else                   again after a pause that grows with the attempts; an attempt is charged

Where an attempt is charged and none is left, the job fails: ``attempts_exhausted``. The last crash that a job may cause
fails it too: ``crashed``; the script that settles it knows how many that is. A group of errors counts as its gravest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeGuard, cast

from msgspec import Struct

from streamforge.errors import (
    FencedError,
    InputError,
    LayoutInfeasible,
    PermanentError,
    RateLimited,
    SlotCrashed,
    Snooze,
    StepTimeout,
    StreamForgeError,
    TransientError,
    VerificationFailed,
)
from streamforge.jobs import outcome
from streamforge.jobs.model import JobError
from streamforge.jobs.outcome import Failed, Outcome, Retry
from streamforge.runtime.children import WaitsForChild
from streamforge.runtime.places import where
from streamforge.runtime.pool_child import RemoteFault

LONGEST_PAUSE_S = 86_400.0
"""A provider that asks for more gets no more."""

LONGEST_SNOOZE_S = 315_360_000.0
"""Ten years."""


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how patiently. ``max_attempts`` counts the first one."""

    max_attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0


class Past(Struct, frozen=True, kw_only=True):
    """What the job has been through: ``attempt`` is the one that ends now, counted from 1; ``crashes`` came before."""

    attempt: int = 1
    crashes: int = 0
    is_boosted: bool = False


def backoff_ms(attempt: int, policy: RetryPolicy, chance: float) -> int:
    """The pause after a failed attempt, in milliseconds.

    Full jitter: ``chance``, in [0, 1), of min(cap, base · 2^(attempt-1)), with ``attempt`` counted from 1. It spreads a
    herd best: see "Exponential Backoff And Jitter", M. Brooker, AWS Architecture Blog, 2015.
    """
    ceiling_s = min(policy.cap_s, policy.base_s * 2.0 ** min(attempt - 1, 62))
    return round(1000 * ceiling_s * chance)


def decide(error: Exception, past: Past, policy: RetryPolicy, chance: Callable[[], float]) -> Outcome:
    """The outcome of an attempt that raised ``error``: the table on top of this file."""
    error = gravest(error)
    if isinstance(error, Snooze):
        return _parked(error)
    if isinstance(error, InputError | PermanentError):
        return Failed(describe(error), reason=error.code)
    return _again(error, past, policy, chance)


def _again(error: Exception, past: Past, policy: RetryPolicy, chance: Callable[[], float]) -> Outcome:
    told = describe(error)
    if isinstance(error, SlotCrashed):
        return Retry(told, delay_ms=backoff_ms(past.crashes + 1, policy, chance()), charge="crash")
    if isinstance(error, StepTimeout) and past.is_boosted:
        return Failed(told, reason="soft_limit")
    if past.attempt >= policy.max_attempts:
        return Failed(told, reason="attempts_exhausted")
    if isinstance(error, RateLimited) and _is_a_pause(error.retry_after_s):
        return Retry(told, delay_ms=_milliseconds(error.retry_after_s, LONGEST_PAUSE_S))
    delay_ms = backoff_ms(past.attempt, policy, chance())
    return Retry(told, delay_ms, charge="soft_limit" if isinstance(error, StepTimeout) else "attempt")


def _parked(snooze: Snooze) -> outcome.Snooze:
    delay_ms = _milliseconds(snooze.for_s, LONGEST_SNOOZE_S) if _is_a_pause(snooze.for_s) else 0
    awaits = snooze.child if isinstance(snooze, WaitsForChild) else ""
    return outcome.Snooze(writable(snooze.message)[:300], delay_ms, awaits, snooze.parked_for)


def _is_a_pause(seconds: float | None) -> TypeGuard[float]:
    """A provider may ask for anything; what is no length of time is not heeded."""
    return seconds is not None and seconds >= 0


def _milliseconds(seconds: float, longest_s: float) -> int:
    return round(1000 * min(seconds, longest_s))


_UNEXPECTED = 5
_GRAVITY: tuple[tuple[type[Exception], int], ...] = (
    (FencedError, 7),
    (PermanentError, 6),
    (InputError, 6),
    (StepTimeout, 4),
    (SlotCrashed, 3),
    (RateLimited, 1),
    (TransientError, 2),
    (Snooze, 0),
)
"""How grave each class is; the first that fits counts."""


def gravest(error: Exception) -> Exception:
    """The error that a group of errors counts as, and any other error itself.

    One that ends the job comes before one that is tried again, and an unexpected one before those that have a rule of
    their own; among equals the first. Of a group that holds a single error it is that one.
    """
    return max(_leaves(error), key=_gravity)


def _leaves(error: Exception) -> Iterator[Exception]:
    if not isinstance(error, ExceptionGroup):
        yield error
        return
    for inner in cast("ExceptionGroup[Exception]", error).exceptions:
        yield from _leaves(inner)


def _gravity(error: Exception) -> int:
    return next((gravity for kind, gravity in _GRAVITY if isinstance(error, kind)), _UNEXPECTED)


def describe(error: Exception) -> JobError:
    """An error in the form that a job's owner may see.

    The text of an unexpected exception may hold anything, so only its class and place are told.
    """
    error = gravest(error)
    if isinstance(error, RemoteFault):
        return JobError(code="internal", message=f"unexpected {error.kind}", details=list(error.places))
    if not isinstance(error, StreamForgeError):
        return JobError(code="internal", message=f"unexpected {type(error).__name__}", details=where(error))
    details: tuple[str, ...] = ()
    if isinstance(error, LayoutInfeasible):
        details = error.conflicts
    if isinstance(error, VerificationFailed):
        details = error.violations
    return JobError(
        code=error.code,
        message=writable(error.message),
        field=writable(error.field) if error.field else None,
        hint=writable(error.hint) if error.hint else None,
        details=[writable(detail) for detail in details],
    )


def writable(text: str) -> str:
    """Text that UTF-8 can hold: half a surrogate pair would make the error itself impossible to write down."""
    return text.encode(errors="replace").decode()
