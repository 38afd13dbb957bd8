"""How an attempt ends. Expected ends are values; exceptions are surprises."""

from __future__ import annotations

from msgspec import Struct

from streamforge.jobs.model import JobError


class Succeeded(Struct, frozen=True):
    """The recipe returned; ``result`` is its value as JSON."""

    result: bytes
    name = "succeeded"


class Retry(Struct, frozen=True):
    """The attempt failed, another follows after ``delay_ms``; its checkpoints stay."""

    error: JobError
    delay_ms: int
    name = "retry"


class Snooze(Struct, frozen=True):
    """Parked for ``delay_ms`` without an attempt being charged; its checkpoints stay."""

    reason: str
    delay_ms: int
    name = "snooze"


class Released(Struct, frozen=True):
    """Handed back at once because this worker stops; no attempt is charged."""

    name = "released"


class Cancelled(Struct, frozen=True):
    """Somebody asked for the end."""

    error: JobError
    name = "cancelled"


class Failed(Struct, frozen=True):
    """The end: the error is permanent, or the attempts are used up. A dead letter records it."""

    error: JobError
    reason: str
    name = "failed"


Outcome = Succeeded | Retry | Snooze | Released | Cancelled | Failed
