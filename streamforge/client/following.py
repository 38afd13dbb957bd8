"""What both clients share of following events: what an event means for the stream, and how to go on after a break."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import httpx2
import msgspec

from streamforge.client.calls import events_path
from streamforge.client.trying import Trying
from streamforge.client.types import Event

PATIENCE: Final = httpx2.Timeout(60.0, connect=10.0)
"""The longest silence of a stream that lives: the server says something every 15 s."""

_ENDINGS: Final = frozenset({"job.succeeded", "job.failed", "job.cancelled", "job.expired", "job.upload_failed"})


class Following:
    """Where a stream of events stands: what was seen last, and whether there is more to come."""

    def __init__(self, job_id: str | None, last_id: str, trying: Trying) -> None:
        self.path = events_path(job_id)
        self.last_id = last_id
        self.is_over = False
        self.trying = trying

    @property
    def headers(self) -> dict[str, str]:
        """What asks for all that came after the last event."""
        resume = {"Last-Event-ID": self.last_id} if self.last_id else {}
        return {"Accept": "text/event-stream", **resume}

    def begins(self, response: httpx2.Response) -> bool:
        """Whether events follow; an answer without content says that none ever will."""
        self.is_over = response.status_code == HTTPStatus.NO_CONTENT
        return not self.is_over

    def read(self, told: httpx2.ServerSentEvent) -> Event | None:
        """The event; None for the stream's own words."""
        self.trying.begin_anew()
        if told.event == "end":
            self.is_over = b'"job_ended"' in told.data.encode()
            return None
        if not told.data:
            return None
        event = msgspec.json.decode(told.data, type=Event)
        self.last_id = event.id or self.last_id
        return event


def ends(event: Event) -> bool:
    """Whether a job goes on no more after this event."""
    return event.type in _ENDINGS
