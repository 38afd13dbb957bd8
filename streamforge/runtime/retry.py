"""What follows an error: one table of classes, and pure functions of (error, attempt, policy, chance)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from msgspec import Struct

from streamforge.errors import (
    InputError,
    LayoutInfeasible,
    PermanentError,
    RateLimited,
    StreamForgeError,
    VerificationFailed,
)
from streamforge.jobs.model import JobError
from streamforge.jobs.outcome import Failed, Outcome, Retry
from streamforge.runtime.places import where
from streamforge.runtime.pool_child import RemoteFault

LONGEST_PAUSE_S = 86_400.0
"""A provider that asks for more gets no more."""


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often and how patiently. ``max_attempts`` counts the first one."""

    max_attempts: int = 3
    base_s: float = 1.0
    cap_s: float = 60.0


def backoff_ms(attempt: int, policy: RetryPolicy, chance: float) -> int:
    """The pause after a failed attempt, in milliseconds.

    Full jitter: ``chance``, in [0, 1), of min(cap, base · 2^(attempt-1)), with ``attempt`` counted from 1. It spreads a
    herd best: see "Exponential Backoff And Jitter", M. Brooker, AWS Architecture Blog, 2015.
    """
    ceiling_s = min(policy.cap_s, policy.base_s * 2.0 ** min(attempt - 1, 62))
    return round(1000 * ceiling_s * chance)


def decide(error: Exception, attempt: int, policy: RetryPolicy, chance: Callable[[], float]) -> Outcome:
    """The outcome of an attempt that raised ``error``; ``attempt`` counts from 1."""
    job_error = describe(error)
    if isinstance(error, InputError | PermanentError):
        return Failed(job_error, reason=error.code)
    if attempt >= policy.max_attempts:
        return Failed(job_error, reason="attempts_exhausted")
    if isinstance(error, RateLimited) and _is_a_pause(error.retry_after_s):
        return Retry(job_error, delay_ms=round(1000 * min(error.retry_after_s, LONGEST_PAUSE_S)))
    return Retry(job_error, delay_ms=backoff_ms(attempt, policy, chance()))


def _is_a_pause(seconds: float | None) -> TypeGuard[float]:
    """A provider may ask for anything; what is no length of time is not heeded."""
    return seconds is not None and seconds >= 0


def describe(error: Exception) -> JobError:
    """An error in the form that a job's owner may see.

    The text of an unexpected exception may hold anything, so only its class and place are told.
    """
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
        message=_writable(error.message),
        field=_writable(error.field) if error.field else None,
        hint=_writable(error.hint) if error.hint else None,
        details=[_writable(detail) for detail in details],
    )


def _writable(text: str) -> str:
    """Text that UTF-8 can hold: half a surrogate pair would make the error itself impossible to write down."""
    return text.encode(errors="replace").decode()
