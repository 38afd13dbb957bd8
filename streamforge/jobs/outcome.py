"""How an attempt ends. Expected ends are values; exceptions are surprises."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from streamforge.jobs.model import JobError


class Succeeded(Struct, frozen=True):
    """The recipe returned; ``result`` is its value as JSON."""

    result: bytes
    name = "succeeded"


Charge = Literal["attempt", "crash", "soft_limit"]


class Retry(Struct, frozen=True):
    """The attempt failed, another follows after ``delay_ms``; its checkpoints stay.

    ``charge`` says what it costs: ``attempt`` one of the kind's attempts; ``crash`` no attempt, but one of the crashes
    that a job may cause (the last of them fails it); ``soft_limit`` an attempt, and the next one has a higher priority.
    """

    error: JobError
    delay_ms: int
    charge: Charge = "attempt"
    name = "retry"


class Snooze(Struct, frozen=True):
    """Parked for ``delay_ms`` without an attempt being charged; its checkpoints stay.

    ``awaits`` is the id of a job whose end wakes it before that; ``parked_for`` names what may wake it by having room
    for it again, such as a model.
    """

    reason: str
    delay_ms: int
    awaits: str = ""
    parked_for: str = ""
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
