"""What people do, and programs with keys: the audit log's entries, on their way through the outbox.

Who acts is known where the request comes in and needed where the change is written; it goes there beside the call.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec
from msgspec import Raw, Struct

SYSTEM: Final = "system"
"""Who acts where nobody is named: the daemon of its own accord."""

_ACTOR: ContextVar[str] = ContextVar("actor", default=SYSTEM)

ACTIONS: Final[dict[str, str]] = {
    "archive.claimed": "A database took this Redis for its own; data: database.",
    "key.created": "An API key was made; data: the key, with hashes of its secrets.",
    "key.rotated": "An API key got another secret; data: the same.",
    "key.revoked": "An API key is good no more.",
    "key.found": "An API key was there when the archive came; data: the same.",
    "webhook.created": "An endpoint is told of events; data: the endpoint, without its secret.",
    "webhook.changed": "An endpoint was changed, enabled, or got another secret; data: the same.",
    "webhook.removed": "An endpoint is told no more.",
    "webhook.found": "An endpoint was there when the archive came; data: the same.",
    "kit.put": "A brand kit was kept under a name; data: bytes.",
    "kit.deleted": "A brand kit is gone.",
    "credits.moved": "A tenant's balance was moved by a person; data: entry, amount_uusd.",
    "credits.found": "A tenant had a balance when the archive came.",
    "queue.paused": "No more jobs of a queue are begun.",
    "queue.resumed": "They are again.",
    "worker.drained": "A worker was asked to take no more jobs, and to end.",
    "job.cancelled": "A job's end was asked for; data: reason.",
    "job.retried": "A job that had ended was started anew; data: fresh.",
    "letter.requeued": "A dead letter's job was started anew, or its message sent again; data: fresh, letter.",
    "letter.forgotten": "Dead letters were thrown away; data: letters (how many).",
    "job.erased": "A job was erased, with its files.",
    "tenant.erased": "A tenant was erased, with all that was his.",
}
"""Every action, with what its data holds."""


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that somebody did to a subject (a key, a job, a queue). ``data`` is JSON, and holds no secret.

    ``tenant`` is whom it concerns, where that is known to who writes it; a script may know better.
    """

    action: str
    actor: str = SYSTEM
    tenant: str = ""
    subject: str = ""
    data: Raw = Raw(b"{}")


@contextmanager
def acting(actor: str) -> Generator[None]:
    """Name who does what is done inside."""
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)


def act(action: str, subject: str, tenant: str = "", data: object = None) -> bytes:
    """An act of whoever acts now, as the scripts take it. ``data`` is anything that msgspec can encode."""
    facts: Mapping[str, object] | object = {} if data is None else data
    raw = Raw(msgspec.json.encode(facts))
    return msgspec.json.encode(Act(action=action, actor=_ACTOR.get(), tenant=tenant, subject=subject, data=raw))


def act_from(entry: bytes) -> Act:
    """An entry of the outbox, read; raises msgspec.DecodeError."""
    return msgspec.json.decode(entry, type=Act)
