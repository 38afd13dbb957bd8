"""What the API answers, as a client sees it. Times are milliseconds since 1970 UTC; 0 where it has not happened.

A server may say more than is named here, or less where it is older: what is unknown is passed over, what is missing has
its default.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

ENDED = frozenset({"succeeded", "failed", "cancelled", "expired", "upload_failed"})
"""States that a job stays in, unless somebody starts it anew."""


class Reason(Struct, frozen=True, kw_only=True):
    """Why a job or an attempt failed. ``friendly`` is a sentence for whoever waits for the result."""

    code: str = ""
    message: str = ""
    friendly: str = ""
    field: str | None = None
    hint: str | None = None
    details: list[str] = []


class File(Struct, frozen=True, kw_only=True):
    """A finished file; ``url`` is a path of the API."""

    name: str
    url: str = ""
    media_type: str = ""
    size: int = 0


class Counted(Struct, frozen=True, kw_only=True):
    """How many steps are done, and of how many; None where the recipe cannot tell."""

    completed: int = 0
    total: int | None = None


class Step(Struct, frozen=True, kw_only=True):
    """A step on the job's time line."""

    name: str
    state: str = ""
    attempt: int = 0
    started_ms: int = 0
    seconds: float | None = None
    progress: float = 0.0


class Attempt(Struct, frozen=True, kw_only=True):
    """One worker's try at the job."""

    attempt: int = 0
    worker: str = ""
    started_ms: int = 0
    ended_ms: int = 0
    outcome: str = ""
    error: Reason | None = None


class Submitted(Struct, frozen=True, kw_only=True):
    """A job that was handed in; ``is_new`` is false where it had been before."""

    job_id: str
    state: str = ""
    is_new: bool = True
    status_url: str = ""


class Job(Struct, frozen=True, kw_only=True):
    """A job as it stands. ``progress`` is percent; ``status`` is one of the four words of task queues."""

    id: str
    kind: str = ""
    state: str = ""
    status: str = ""
    queue: str = ""
    priority: str = ""
    tenant: str = ""
    created_ms: int = 0
    started_ms: int = 0
    finished_ms: int = 0
    due_ms: int = 0
    step: str = ""
    progress: float = 0.0
    attempt: int = 0
    steps: Counted = Counted()
    attempts: list[Attempt] = []
    timeline: list[Step] = []
    artifacts: list[File] = []
    cost: dict[str, Any] | None = None
    result: Any = None
    error: Reason | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it goes on no more."""
        return self.state in ENDED

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended with a result."""
        return self.state == "succeeded"


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened. ``id`` is what to go on from; empty for what is never stored, such as model text."""

    id: str = ""
    type: str = ""
    job_id: str = ""
    kind: str = ""
    tenant: str = ""
    at_ms: int = 0
    attempt: int = 0
    data: dict[str, Any] = {}


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list; ``next_cursor`` asks for the next one, empty at its end."""

    items: list[T] = msgspec.field(default_factory=list[T])
    next_cursor: str = ""


class Letter(Struct, frozen=True, kw_only=True):
    """A dead letter: what could not be done, and why. ``fields`` and ``input`` are told of a single one."""

    id: str
    source: str = ""
    reason: str = ""
    error: Reason = Reason()
    at_ms: int = 0
    job_id: str = ""
    kind: str = ""
    queue: str = ""
    tenant: str = ""
    attempts: int = 0
    crashes: int = 0
    signal: str = ""
    peak_rss_kb: int = 0
    fields: dict[str, str] = {}
    input: Any = None


class Line(Struct, frozen=True, kw_only=True):
    """One tenant's jobs of one priority in a queue."""

    tenant: str = ""
    priority: str = ""
    waiting: int = 0
    running: int = 0


class Queue(Struct, frozen=True, kw_only=True):
    """What waits and runs in a queue."""

    queue: str
    paused: bool = False
    waiting: int = 0
    running: int = 0
    oldest_age_s: float = 0.0
    lines: list[Line] = []


class Worker(Struct, frozen=True, kw_only=True):
    """A worker that is alive, and how many jobs it holds in which queue."""

    name: str
    busy: int = 0
    queues: dict[str, int] = {}


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of job. ``input_schema`` (JSON Schema) and ``example`` are told of a single one."""

    kind: str
    queue: str = ""
    steps: list[str] = []
    description: str = ""
    input_schema: dict[str, Any] = {}
    example: Any = None


class Upload(Struct, frozen=True, kw_only=True):
    """A file that a job waits for; ``received`` is how much of it has come in parts."""

    name: str = ""
    url: str = ""
    media_type: str = ""
    size: int | None = None
    sha256: str = ""
    is_here: bool = False
    received: int | None = None


class Key(Struct, frozen=True, kw_only=True):
    """An API key without its secret; of tenant ``*`` it is an operator's."""

    id: str
    tenant: str = ""
    scopes: list[str] = []
    note: str = ""
    created_ms: int = 0
    expires_ms: int | None = None
    last_used_ms: int | None = None
    is_expired: bool = False


class IssuedKey(Struct, frozen=True, kw_only=True):
    """An API key with its secret, ``key``, which is told once."""

    id: str
    key: str
    tenant: str = ""
    scopes: list[str] = []


class Webhook(Struct, frozen=True, kw_only=True):
    """An address that is told what happens; ``secret`` is there where it has just been made."""

    id: str
    url: str = ""
    tenant: str = ""
    events: list[str] = []
    description: str = ""
    created_ms: int = 0
    failing_since_ms: int | None = None
    disabled_ms: int | None = None
    disabled_why: str = ""
    secret: str = ""
    previous_until_ms: int | None = None


class Try(Struct, frozen=True, kw_only=True):
    """One try to deliver; ``status`` is the answer's, None where none came."""

    number: int = 0
    at_ms: int = 0
    seconds: float = 0.0
    status: int | None = None
    error: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """An event on its way to a webhook: ``state`` is pending, delivered or dead."""

    id: str
    endpoint_id: str = ""
    tenant: str = ""
    type: str = ""
    state: str = ""
    event_id: str = ""
    job_id: str = ""
    url: str = ""
    created_ms: int = 0
    due_ms: int | None = None
    ended_ms: int | None = None
    tries: list[Try] = []


class Cost(Struct, frozen=True, kw_only=True):
    """What calls to models came to; those without a price, ``unpriced_calls``, cost nothing here."""

    usd: float = 0.0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    images: int = 0
    audio_ms: int = 0
    unpriced_calls: int = 0


class Account(Struct, frozen=True, kw_only=True):
    """A tenant's money today. Without ``budget_usd`` there is no limit, without ``balance_usd`` no credits."""

    tenant: str
    spent_today_usd: float = 0.0
    calls_today: int = 0
    held_usd: float = 0.0
    resets_ms: int = 0
    is_prepaid: bool = False
    budget_usd: float | None = None
    left_today_usd: float | None = None
    balance_usd: float | None = None
    models: dict[str, Cost] = {}


class Day(Struct, frozen=True, kw_only=True):
    """What a tenant's calls came to on a day of UTC (``2026-11-30``), in all and by ``provider/model``."""

    tenant: str
    day: str = ""
    total: Cost = Cost()
    models: dict[str, Cost] = {}


class Credits(Struct, frozen=True, kw_only=True):
    """A tenant's credits; ``held_usd``, for calls under way, is part of ``left_usd``."""

    tenant: str
    left_usd: float = 0.0
    granted_usd: float = 0.0
    spent_usd: float = 0.0
    held_usd: float = 0.0


class Circuit(Struct, frozen=True, kw_only=True):
    """An outside model; while it is open, for ``open_ms`` more, it is not asked."""

    model: str
    state: str = ""
    open_ms: int = 0


class RefusedKey(Struct, frozen=True, kw_only=True):
    """A provider's key that was refused, for one model or (empty) for all; ``lifted``: it may be tried again."""

    provider: str
    fingerprint: str = ""
    model: str = ""
    reason: str = ""
    lifted: bool = False


class Models(Struct, frozen=True, kw_only=True):
    """How the outside models stand."""

    circuits: list[Circuit] = []
    keys: list[RefusedKey] = []
