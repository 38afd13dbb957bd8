"""What the archive answers, as plain values: light to import, where the readers themselves take SQLAlchemy along."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Raw, Struct

from streamforge.jobs.events import Event
from streamforge.jobs.model import Job

By = Literal["day", "kind", "tenant", "queue"]
"""What figures are grouped by."""

DAY_MS: Final = 86_400_000


class Story(Struct, frozen=True):
    """A job with its input, as JSON, and its events, oldest first."""

    job: Job
    given: bytes | None
    events: list[Event]


class Spent(Struct, frozen=True, kw_only=True):
    """What calls to models came to; micro-dollars."""

    calls: int
    unpriced_calls: int
    cost_uusd: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    images: int
    audio_ms: int


class ActPlace(NamedTuple):
    """Where a page of acts ended."""

    at_ms: int
    place: str
    source: str


class ActFilter(Struct, frozen=True, kw_only=True):
    """Which acts: each condition that is given must hold."""

    action: str = ""
    actor: str = ""
    subject: str = ""
    since_ms: int = 0
    until_ms: int = 0


class ActRow(Struct, frozen=True, kw_only=True):
    """Something that somebody did; ``data`` is a JSON object."""

    at_ms: int
    actor: str
    action: str
    tenant: str
    subject: str
    data: Raw


class Span(Struct, frozen=True):
    """Lengths of time (ms): half of them, and 19 of 20, were not over these."""

    p50_ms: int
    p95_ms: int


class Group(Struct, frozen=True, kw_only=True):
    """Jobs that have something in common. ``ran`` is from a job's first start to its end, ``waited`` until that start.

    ``key`` is the kind, the tenant, the queue, or the day's first moment (ms). Jobs that were never begun are in no
    length of time.
    """

    key: str | int
    states: dict[str, int]
    ran: Span | None
    waited: Span | None
    cost_uusd: int
    charged_uusd: int
