"""What webhooks are made of: endpoints, deliveries, and the tries to make them."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Literal

from msgspec import Struct

from streamforge.jobs.events import ENDINGS
from streamforge.jobs.feed import FeedEvent, is_wanted

EVERYBODY: Final = "*"
"""The tenant of an operator's endpoint, which is told of everybody's jobs."""

DEFAULT_EVENTS: Final = tuple(sorted(ENDINGS))
"""What an endpoint is told of where it names nothing: how jobs end."""

PING: Final = "webhook.ping"
"""The type of what is sent to try an endpoint."""

State = Literal["pending", "delivered", "dead"]


class Endpoint(Struct, frozen=True, kw_only=True):
    """Somebody who wants to be told.

    ``previous_secret`` signs along until ``previous_until_ms``. An endpoint without an address stands for the addresses
    that a tenant's jobs bring along (``callback_url``).
    """

    id: str
    tenant: str
    url: str
    events: tuple[str, ...]
    secret: str
    created_ms: int
    description: str = ""
    previous_secret: str = ""
    previous_until_ms: int = 0

    @property
    def is_callback(self) -> bool:
        """Whether it stands for the addresses of jobs."""
        return not self.url

    def wants(self, event: FeedEvent) -> bool:
        """Whether it is told of this event."""
        return not self.is_callback and self.tenant in (EVERYBODY, event.tenant) and is_wanted(event.type, self.events)

    def secrets_at(self, now_ms: int) -> tuple[str, ...]:
        """What a message is signed with now."""
        return (self.secret, self.previous_secret) if now_ms < self.previous_until_ms else (self.secret,)


class Health(Struct, frozen=True, kw_only=True):
    """How an endpoint does. Times are milliseconds since 1970, 0 where it is not so."""

    failing_ms: int = 0
    disabled_ms: int = 0
    why: str = ""


class Try(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt to deliver. ``status`` is the answer's, 0 where none came; ``error`` says why."""

    number: int
    at_ms: int
    seconds: float
    status: int = 0
    error: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """An event on its way to an endpoint; ``id`` is the header ``webhook-id``, the same at every try."""

    id: str
    endpoint: str
    tenant: str
    url: str
    type: str
    event_id: str
    job_id: str
    state: State
    created_ms: int
    due_ms: int
    ended_ms: int = 0
    failures: int = 0
    tries: tuple[Try, ...] = ()
    body: bytes = b""


class New(Struct, frozen=True, kw_only=True):
    """A delivery to be put into its line. ``url`` is empty where the endpoint's holds."""

    id: str
    endpoint: str
    tenant: str
    url: str
    type: str
    event_id: str
    job_id: str
    body: bytes
    traceparent: str = ""


class Taken(Struct, frozen=True):
    """A delivery that this daemon may make now; ``number`` of its try guards what is written of it."""

    id: str
    endpoint: str
    number: int
    url: str
    type: str
    body: bytes
    failures: int
    traceparent: str = ""


def new_endpoint_id() -> str:
    """An id that nobody guesses."""
    return f"ep_{secrets.token_hex(10)}"


def callback_id(tenant: str) -> str:
    """The id of the endpoint that stands for the addresses of a tenant's jobs."""
    return f"cb_{hashlib.sha256(tenant.encode()).hexdigest()[:20]}"


def message_id(endpoint_id: str, event_id: str) -> str:
    """The same for the same event and endpoint, so that reading the feed twice makes no second delivery."""
    return f"msg_{hashlib.sha256(f'{endpoint_id} {event_id}'.encode()).hexdigest()[:32]}"
