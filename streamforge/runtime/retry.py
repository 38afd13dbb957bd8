"""What follows an error: one table of classes, and pure functions of (error, attempt, policy, chance)."""

from __future__ import annotations

import traceback
from collections.abc import Callable

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
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        return Retry(job_error, delay_ms=round(error.retry_after_s * 1000))
    return Retry(job_error, delay_ms=backoff_ms(attempt, policy, chance()))


def describe(error: Exception) -> JobError:
    """An error in the form that a job's owner may see.

    The text of an unexpected exception may hold anything, so only its class and place are told.
    """
    if not isinstance(error, StreamForgeError):
        return JobError(code="internal", message=f"unexpected {type(error).__name__}", details=where(error))
    details: tuple[str, ...] = ()
    if isinstance(error, LayoutInfeasible):
        details = error.conflicts
    if isinstance(error, VerificationFailed):
        details = error.violations
    return JobError(code=error.code, message=error.message, field=error.field, hint=error.hint, details=list(details))


def where(error: BaseException, depth: int = 4) -> list[str]:
    """The innermost frames as ``file:line function``, without source text or values."""
    frames = traceback.extract_tb(error.__traceback__)[-depth:]
    return [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
