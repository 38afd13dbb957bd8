"""What the scripts take and answer, as types: orders, settlements, records, claims."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec
from msgspec import Struct

from streamforge.jobs.model import Claim, Priority
from streamforge.jobs.outcome import Charge

TakeMode = Literal["new", "lost", "crashed", "expired"]


class Order(Struct, kw_only=True, omit_defaults=True):
    """A submission as submit.lua takes it: texts and numbers alone, for Lua's msgpack knows no bytes."""

    id: str
    kind: str
    input: str
    queue: str
    priority: str
    tenant: str
    source: str
    fingerprint: str
    title: str = ""
    not_before_ms: int = 0
    expires_ms: int = 0
    idempotency_key: str = ""
    parent: str = ""
    callback_url: str = ""
    traceparent: str = ""
    named: str = ""
    wanted: str = ""
    names: str = ""
    upload_ttl_ms: int = 0


class Settlement(Struct, frozen=True):
    """How one attempt ended, as settle.lua takes it. ``body`` is JSON: the result or the error."""

    id: str
    token: int
    stream: bytes
    entry: bytes
    outcome: str
    body: bytes = b""
    reason: str = ""
    delay_ms: int = 0
    charge: Charge = "attempt"
    awaits: str = ""
    parked_for: str = ""
    signal: str = ""
    peak_rss_kb: int = 0

    def extra(self) -> bytes:
        """What few ends need, as JSON; nothing for the others."""
        facts = {
            "awaits": self.awaits,
            "parked_for": self.parked_for,
            "signal": self.signal,
            "peak_rss_kb": self.peak_rss_kb,
        }
        given: dict[str, object] = {name: value for name, value in facts.items() if value}
        if self.charge != "attempt":
            given["charge"] = self.charge
        return msgspec.json.encode(given) if given else b""


class Record(Struct, frozen=True, kw_only=True):
    """Something a running attempt writes down, as record.lua takes it. ``data`` is a JSON object.

    ``serial`` is the number of the write within its attempt, by which a repeated call is recognised. ``object`` is the
    key of an object that was put for the value, of ``size`` bytes, in the place of that ``number``; ``named`` are the
    keys of others that the value names.
    """

    id: str
    token: int
    serial: int
    event: str
    data: bytes = b"{}"
    target: str = ""
    field: str = ""
    value: bytes = b""
    step: str = ""
    progress: float | None = None
    version: str = ""
    object: str = ""
    number: int = 0
    size: int = 0
    named: Collection[str] = ()


class Take(Struct, frozen=True, kw_only=True):
    """What a worker asks of take.lua.

    ``first`` is the priority that is served before the others. ``cause`` is what ended this worker's earlier process,
    for the jobs that it held. ``tenants`` is JSON: weights and limits, as take.lua takes them. ``has_suspect`` says
    that the worker runs a job already that may have crashed others.
    """

    queue: str
    worker: str
    count: int
    max_crashes: int
    mode: TakeMode = "new"
    first: Priority = Priority.HIGH
    lease_ms: int = 15_000
    cause: str = ""
    tenants: bytes = b""
    has_suspect: bool = False
    held: tuple[str, ...] = ()


class Taken(Struct, frozen=True):
    """What take.lua gave: claims, and where to wait for more (the last id of the queue's bell)."""

    claims: list[Claim]
    cursor: bytes


class Promoted(Struct, frozen=True):
    """What promote.lua did: jobs moved to their lines and jobs expired; ms until the next is due (-1: none waits)."""

    moved: int
    expired: int
    next_ms: int


class LineDepth(Struct, frozen=True):
    """One line of a queue: jobs that wait in it, and that workers hold; the oldest waiting one's entry id."""

    queue: str
    priority: str
    tenant: str
    waiting: int
    claimed: int
    first: str


class UploadRecord(Struct, frozen=True, kw_only=True):
    """What upload.lua writes: ``record`` is JSON with ``key`` and ``size``, or empty to remove it.

    ``number`` is of the place in which the object was put.
    """

    id: str
    name: str
    record: bytes
    ttl_ms: int
    max_total_bytes: int
    event: str
    data: bytes
    number: int = 0


class Refused(Struct, frozen=True, kw_only=True):
    """The dead letter of a message: whose it is (empty: nobody knows), its own fields as JSON, and what lists tell."""

    tenant: str
    given: bytes
    facts: dict[str, str | bytes]


class Room(Struct, frozen=True):
    """Whether there was room for a request, for how many more there is; ms until all of it is free, until one is."""

    is_there: bool
    left: int
    full_ms: int
    wait_ms: int
