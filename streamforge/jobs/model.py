"""What a job is: its states, the record people read, and what a submission holds."""

from __future__ import annotations

import os
import time
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct


class JobState(StrEnum):
    """Where a job stands. ``TRANSITIONS`` says which moves exist."""

    CREATED = "created"
    """Known by id; its files are not here yet."""
    UPLOADING = "uploading"
    """Files are arriving."""
    UPLOAD_FAILED = "upload_failed"
    """The files never became complete; nothing was run."""
    QUEUED = "queued"
    """In a stream, waiting for a free slot."""
    SCHEDULED = "scheduled"
    """Waiting for a time: not yet due, or to be retried."""
    RUNNING = "running"
    """Claimed by a worker under the current fencing token."""
    SUCCEEDED = "succeeded"
    """Ended with a result."""
    FAILED = "failed"
    """Ended with an error; a dead letter holds the cause."""
    CANCELLED = "cancelled"
    """Ended because somebody asked for it."""
    EXPIRED = "expired"
    """Not started before its time ran out."""


_S = JobState

TERMINAL = frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELLED, _S.EXPIRED, _S.UPLOAD_FAILED})
"""States that a worker never leaves; a requeue by an operator starts FAILED and CANCELLED anew."""

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    _S.CREATED: frozenset({_S.UPLOADING, _S.QUEUED, _S.SCHEDULED, _S.CANCELLED, _S.EXPIRED}),
    _S.UPLOADING: frozenset({_S.UPLOAD_FAILED, _S.QUEUED, _S.SCHEDULED, _S.CANCELLED, _S.EXPIRED}),
    _S.QUEUED: frozenset({_S.RUNNING, _S.CANCELLED, _S.EXPIRED}),
    _S.SCHEDULED: frozenset({_S.QUEUED, _S.CANCELLED, _S.EXPIRED}),
    _S.RUNNING: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.SCHEDULED, _S.QUEUED, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.QUEUED}),
    _S.CANCELLED: frozenset({_S.QUEUED}),
    _S.SUCCEEDED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.UPLOAD_FAILED: frozenset(),
}
"""Every move a job can make. RUNNING → RUNNING is a takeover: a new token, the same job."""


class Priority(StrEnum):
    """Order within a queue; each is a stream of its own."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}\Z", description="a-z, 0-9, _ . - (at most 64)")]
JobId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z", description="A-Z, a-z, 0-9, _ - (at most 64)")
]
Tenant = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z")]

IdempotencyKey = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z")]

Traceparent = Annotated[
    str,
    Meta(
        pattern=r"^(00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})?\Z",
        description="W3C Trace Context, as 00-<32 hex digits>-<16 hex digits>-<2 hex digits>",
    ),
]
"""Which trace of its sender's a job belongs to (W3C Trace Context, version 00)."""

Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since 1970 UTC, up to the end of the year 9999."""


FileName = Annotated[
    str,
    Meta(
        max_length=120,
        pattern=r"^[^\x00-\x1f\x7f/\\\ud800-\udfff.][^\x00-\x1f\x7f/\\\ud800-\udfff]*\Z",
        description="no path: without / and \\, not beginning with a dot, at most 120 characters",
    ),
]


class FileWanted(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that is to come before its job can begin. What is not given here is not checked when it comes."""

    name: FileName
    media_type: Annotated[str, Meta(max_length=100)] = ""
    size: Annotated[int, Meta(ge=0, le=2**40, description="Bytes.")] | None = None
    sha256: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z", description="64 hex digits")] = ""


class Submission(Struct, frozen=True, kw_only=True):
    """A job as it is handed in, already checked against its kind.

    ``input`` is the normalised JSON. ``idempotency_key`` makes a second submission with the same input return the first
    job, for as long as the key is kept. A job that nobody has begun at ``expires_at_ms`` (0: never) is not done any
    more. ``parent`` is the job that waits for this one's end. ``traceparent`` is passed on as it came. With ``files``
    the job waits for these, and ``upload_ttl_s`` at most, before it is queued.
    """

    id: JobId
    kind: Name
    input: bytes
    queue: Name = "default"
    priority: Priority = Priority.NORMAL
    tenant: Tenant = "default"
    idempotency_key: IdempotencyKey = ""
    not_before_ms: Moment = 0
    expires_at_ms: Moment = 0
    source: str = "client"
    parent: str = ""
    callback_url: str = ""
    traceparent: Traceparent = ""
    files: tuple[FileWanted, ...] = ()
    upload_ttl_s: float = 86_400.0


class Submitted(Struct, frozen=True):
    """The answer to a submission: which job it is, and whether this call made it."""

    id: str
    is_new: bool


class JobError(Struct, frozen=True, kw_only=True):
    """Why a job or an attempt ended badly, in a form that may be shown to its owner."""

    code: str
    message: str
    field: str | None = None
    hint: str | None = None
    details: list[str] = msgspec.field(default_factory=list[str])


class Artifact(Struct, frozen=True, kw_only=True):
    """A file that a job made; ``key`` is its content address (SHA-256, hex)."""

    name: str
    key: str
    media_type: str
    size: int


class Job(Struct, frozen=True, kw_only=True):
    """A job's record as it stands. Times are milliseconds since 1970 UTC; 0 where it has not happened.

    ``version`` is the recipe's that wrote its checkpoints; ``awaits`` is the child job that it waits for;
    ``is_cancel_asked`` says that somebody has asked for its end while it runs; ``wanted`` are the files that it began
    with as promises.
    """

    id: str
    kind: str
    state: JobState
    queue: str
    priority: Priority
    tenant: str
    created_ms: int
    title: str = ""
    source: str = "client"
    started_ms: int = 0
    finished_ms: int = 0
    due_ms: int = 0
    attempt: int = 0
    crashes: int = 0
    expires_ms: int = 0
    token: int = 0
    owner: str = ""
    version: str = ""
    parent: str = ""
    awaits: str = ""
    is_cancel_asked: bool = False
    callback_url: str = ""
    traceparent: str = ""
    wanted: tuple[FileWanted, ...] = ()
    step: str = ""
    progress: float = 0.0
    result: msgspec.Raw | None = None
    error: JobError | None = None
    artifacts: dict[str, Artifact] = msgspec.field(default_factory=dict[str, Artifact])

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.state in TERMINAL


class Claim(Struct, frozen=True, kw_only=True):
    """A job that this worker may run, under a fencing token that every write must carry.

    ``is_fresh`` says that nobody ever held the job before, so that no checkpoint can exist. ``version`` is the
    version of the recipe that wrote its checkpoints, nothing where there are none. ``is_boosted`` says that it ran
    into a soft limit before, and was given a higher priority for that. ``crashes`` counts those since its last
    checkpoint.
    """

    id: str
    kind: str
    input: bytes
    stream: bytes
    entry: bytes
    token: int
    attempt: int
    crashes: int
    tenant: str
    created_ms: int
    waited_ms: int
    queue: str = "default"
    version: str = ""
    is_boosted: bool = False
    traceparent: str = ""

    @property
    def trace_id(self) -> str:
        """The trace that the job belongs to (32 hex digits); empty without one."""
        return self.traceparent[3:35]

    @property
    def is_fresh(self) -> bool:
        """No earlier attempt, retry or takeover: there is nothing to replay."""
        return self.token == 1


def new_job_id() -> str:
    """A UUID, version 7 (RFC 9562 §5.7): sorts by the millisecond it was made in."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
