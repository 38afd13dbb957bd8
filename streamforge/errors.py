"""Everything that can go wrong, ordered by what the caller can do about it.

    StreamForgeError
    ├── InputError            fix the input: what, where, how
    │   ├── InvalidInput          a field does not fit its schema
    │   ├── UnknownKind           no pipeline of that name is registered
    │   ├── UnknownJob            no job has that id (or its record has expired)
    │   ├── IdempotencyConflict   the key was used for another input
    │   ├── NotAuthenticated      nobody knows who asks: no key, or one that is not good
    │   ├── NotAllowed            it is known who asks, and that he may not
    │   ├── NotFound              nothing has that name
    │   ├── WrongState            the job stands where this cannot be done
    │   ├── TooLarge              over a limit on bytes or on how many
    │   ├── UnsupportedMedia      a file of a type that is not taken
    │   ├── UploadRefused         the check of uploads does not let a job have the file
    │   ├── InvalidSignature      a webhook was not signed with this secret, or too long ago
    │   └── ConfigError           a setting is unknown, malformed or contradicts another
    ├── TransientError        wait, then try again
    │   ├── UploadUnchecked       the check of uploads could not be made
    │   ├── BrokerUnavailable     Redis did not answer
    │   ├── RateLimited           a provider asked for a pause; ``retry_after_s`` says how long
    │   ├── ProviderUnavailable   an outside model failed on its side
    │   ├── StepTimeout           a step, or the attempt, reached its soft limit; a recipe may catch it
    │   └── SlotCrashed           a pool child died while it worked for this job; ``signal``, ``peak_rss_kb``
    ├── PermanentError        give up: the same call will fail again
    │   ├── LayoutInfeasible      the constraints contradict each other; ``conflicts`` names them
    │   ├── VerificationFailed    the result does not hold what it must; ``violations`` names where
    │   ├── AssetRejected         a file given with the job is not what it says, or is dangerous
    │   ├── ProviderRefused       an outside model declined the request or its key
    │   ├── Billing               the tenant's budget, or its credits, do not cover the call
    │   ├── QuotaExceeded         the tenant's files take all the room that it may have
    │   ├── UnsupportedRecord     a stored record has a form this version cannot read
    │   ├── ResultTooLarge        a step's value is over the limit
    │   ├── HardTimeout           a step, or the attempt, reached its hard limit; nobody can catch it
    │   ├── RecipeMisused         a step's name was used twice, or a step outside its run
    │   ├── VersionMismatch       the checkpoints are of another version of the recipe
    │   └── ChildFailed           a job that this one waited for did not succeed
    ├── Snooze                no error: park the job until a time, with its checkpoints
    └── FencedError           stop at once: another attempt owns the job now

A class's docstring is its default message; ``code`` is its stable name in events, results and the API.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar


class StreamForgeError(Exception):
    """Something went wrong in StreamForge."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", *, field: str | None = None, hint: str | None = None) -> None:
        self.message = message or re.sub(r"\s+", " ", type(self).__doc__ or "").strip()
        self.field = field
        self.hint = hint
        super().__init__(self.message)

    def __init_subclass__(cls) -> None:
        """Derive ``code`` from the class name: ``SlotCrashed`` → ``slot_crashed``."""
        cls.code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary with every attribute."""
        return _rebuild, (type(self), dict(self.__dict__))

    def __str__(self) -> str:
        """One line: where, what, how to fix."""
        where = f"{self.field}: " if self.field else ""
        how = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{how}"


def _rebuild(cls: type[StreamForgeError], attributes: dict[str, object]) -> StreamForgeError:
    error = cls(str(attributes.get("message", "")))
    error.__dict__.update(attributes)
    return error


class InputError(StreamForgeError):
    """The input cannot be used as it is."""


class InvalidInput(InputError):
    """A field does not fit its schema."""


class UnknownKind(InputError):
    """No pipeline of that kind is registered."""


class UnknownJob(InputError):
    """No job has that id, or its record has expired."""


class IdempotencyConflict(InputError):
    """The idempotency key was already used for a different input."""


class NotAuthenticated(InputError):
    """The request needs an API key."""


class NotAllowed(InputError):
    """The API key does not allow this."""


class NotFound(InputError):
    """Nothing has that name."""


class WrongState(InputError):
    """The job stands where this cannot be done."""


class TooLarge(InputError):
    """It is over a limit."""


class UnsupportedMedia(InputError):
    """A file of this type is not taken."""


class UploadRefused(InputError):
    """The check of uploads refused the file."""


class InvalidSignature(InputError):
    """The webhook was not signed with this secret."""


class ConfigError(InputError):
    """A setting cannot be used as it is."""


class TransientError(StreamForgeError):
    """The call may succeed when tried again."""


class UploadUnchecked(TransientError):
    """The file could not be checked: send it again later."""


class BrokerUnavailable(TransientError):
    """Redis did not answer."""


class RateLimited(TransientError):
    """A provider asked for a pause."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_s: float | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.retry_after_s = retry_after_s


class ProviderUnavailable(TransientError):
    """An outside model failed on its side."""


class StepTimeout(TransientError):
    """A step took longer than its soft limit."""


class SlotCrashed(TransientError):
    """A pool child died while it worked for this job."""

    def __init__(
        self,
        message: str = "",
        *,
        signal: str = "",
        peak_rss_kb: int = 0,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        """``signal`` names what killed it (``SIGSEGV``), ``peak_rss_kb`` the most memory it was seen to hold (KiB).

        Each is empty or 0 where it is not known, or the child ended by itself.
        """
        super().__init__(message, field=field, hint=hint)
        self.signal = signal
        self.peak_rss_kb = peak_rss_kb


class PermanentError(StreamForgeError):
    """The same call will fail again."""


class LayoutInfeasible(PermanentError):
    """The layout constraints contradict each other."""

    def __init__(
        self,
        message: str = "",
        *,
        conflicts: tuple[str, ...] = (),
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.conflicts = conflicts


class VerificationFailed(PermanentError):
    """The result does not hold what it must."""

    def __init__(
        self,
        message: str = "",
        *,
        violations: tuple[str, ...] = (),
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, field=field, hint=hint)
        self.violations = violations


class AssetRejected(PermanentError):
    """A file given with the job cannot be used."""


class ProviderRefused(PermanentError):
    """An outside model declined the request."""


class Billing(PermanentError):
    """The budget does not cover the call."""


class QuotaExceeded(PermanentError):
    """There is no room for the tenant's files."""


class UnsupportedRecord(PermanentError):
    """A stored record has a form this version cannot read."""


class ResultTooLarge(PermanentError):
    """A step's value is over the limit."""


class HardTimeout(PermanentError):
    """The job took longer than its hard limit."""


class RecipeMisused(PermanentError):
    """A recipe uses its context in a way that cannot work."""


class VersionMismatch(PermanentError):
    """The job's checkpoints were written by another version of its recipe."""


class ChildFailed(PermanentError):
    """A job that this one waited for did not succeed."""


class Snooze(StreamForgeError):
    """The job is parked."""

    parked_for = ""
    """What may wake the job sooner, by having room for it again: a model's name."""

    def __init__(
        self, message: str = "", *, for_s: float = 0.0, field: str | None = None, hint: str | None = None
    ) -> None:
        """For a recipe to raise: no slot is held for ``for_s`` seconds, no attempt charged, and checkpoints stay.

        The message may be shown to the job's owner.
        """
        super().__init__(message, field=field, hint=hint)
        self.for_s = for_s

    @classmethod
    def until(cls, moment: datetime, message: str = "") -> Snooze:
        """Park the job until then; raises ValueError for a time without a zone."""
        if moment.tzinfo is None:
            raise ValueError("give the time a zone, such as datetime.UTC")
        return cls(message, for_s=max(0.0, (moment - datetime.now(UTC)).total_seconds()))


class FencedError(StreamForgeError):
    """Another attempt owns the job now; this one may change nothing."""
