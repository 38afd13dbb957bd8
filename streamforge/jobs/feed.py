"""Events as those see them who follow many jobs: with the job, its tenant and its kind.

One document serves every way out: server-sent events, WebSockets and webhooks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from streamforge.jobs.events import ENDINGS, Event

EventId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,16}(-[0-9]{1,16})?\Z",
        description="an id that an event carried, or 0, which stands before everything; what came after it is sent",
    ),
]

TypeFilter = Annotated[str, Meta(pattern=r"^(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,40}))\Z")]
"""``job.succeeded``, ``job.*`` or ``*``."""

DELTA: Final = "step.delta"
"""A piece of model text, which nobody keeps; data: step, offset (its place in the step's text), text."""


class EventHead(Struct, frozen=True, kw_only=True):
    """Which event, and of which job.

    ``id`` orders events over all jobs and is empty where it cannot be asked for again; ``attempt`` tells a retried
    attempt's events apart.
    """

    id: str
    type: str
    job_id: str
    tenant: str
    kind: str
    at_ms: int
    attempt: int


class EventDocument(EventHead, frozen=True, kw_only=True):
    """What is sent of an event. What ``data`` holds goes by the type."""

    data: dict[str, object]


class _Written(EventHead, frozen=True, kw_only=True):
    """The same with data that is JSON already."""

    data: msgspec.Raw


class FeedEvent(EventHead, frozen=True, kw_only=True):
    """An event of some job; ``data`` is a JSON object as text. ``callback`` is the address to be told of its end."""

    data: str
    callback: str = ""
    traceparent: str = ""

    @property
    def is_ending(self) -> bool:
        """Whether the job's log ends with it."""
        return self.type in ENDINGS

    def document(self) -> bytes:
        """The event as JSON, in one line."""
        raw = self.data.replace("\n", " ").replace("\r", " ") or "{}"
        head = {name: getattr(self, name) for name in EventHead.__struct_fields__}
        return msgspec.json.encode(_Written(**head, data=msgspec.Raw(raw.encode())))


def from_entry(entry: bytes, fields: Mapping[bytes, bytes]) -> FeedEvent:
    """An entry of the feed. One that an earlier version wrote names neither tenant nor kind: they are empty."""

    def text(name: bytes) -> str:
        return fields.get(name, b"").decode()

    return FeedEvent(
        id=entry.decode(),
        type=text(b"type"),
        job_id=text(b"job"),
        tenant=text(b"tenant"),
        kind=text(b"kind"),
        at_ms=int(fields.get(b"at", b"0")),
        attempt=int(fields.get(b"attempt", b"0")),
        data=text(b"data"),
        callback=text(b"callback"),
        traceparent=text(b"trace"),
    )


def from_log(event: Event, *, job_id: str, tenant: str, kind: str) -> FeedEvent:
    """An event of a job's own log."""
    return FeedEvent(
        id=event.id,
        type=event.type,
        job_id=job_id,
        tenant=tenant,
        kind=kind,
        at_ms=event.at_ms,
        attempt=event.attempt,
        data=event.data,
    )


def is_wanted(event_type: str, filters: Collection[str]) -> bool:
    """Whether one of the filters lets the type through; no filters let everything through."""
    if not filters or event_type in filters or "*" in filters:
        return True
    return f"{event_type.partition('.')[0]}.*" in filters


def order_of(event_id: str) -> tuple[int, int]:
    """What ids are compared by."""
    ms, _, seq = event_id.partition("-")
    return int(ms), int(seq or 0)
