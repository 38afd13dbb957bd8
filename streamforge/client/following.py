"""What both clients share of following events: what an event means for the stream, and how to go on after a break."""

from __future__ import annotations

import math
from http import HTTPStatus
from time import monotonic
from typing import Final

import httpx2
import msgspec

from streamforge.client.calls import events_path
from streamforge.client.trying import Streamed, Trying
from streamforge.client.types import Event

LIVED_S: Final = 10.0
"""A stream that has been open so long did not fail at once: a quiet one is not given up after some breaks in a week."""


class Following(Streamed):
    """Where a stream of events stands: what was seen last, and whether there is more to come."""

    def __init__(self, job_id: str | None, last_id: str, trying: Trying) -> None:
        super().__init__(events_path(job_id), trying)
        self.last_id = last_id
        self._began_s = math.inf

    @property
    def headers(self) -> dict[str, str]:
        """What asks for all that came after the last event."""
        resume = {"Last-Event-ID": self.last_id} if self.last_id else {}
        return {"Accept": "text/event-stream", **resume}

    def begins(self, response: httpx2.Response) -> bool:
        """Whether events follow; where not, the answer, whose body has been read, says whether to come back.

        One without content says that no events will ever come. Raises ApiError where it stays a refusal.
        """
        self.is_over = response.status_code == HTTPStatus.NO_CONTENT
        self._began_s = monotonic()
        return self._trying.is_answered(response) and not self.is_over

    def lost(self, error: httpx2.TransportError) -> None:
        """Count a connection that broke; one that had lived for a while, though nothing happened, is the first."""
        if monotonic() - self._began_s > LIVED_S:
            self._trying.begin_anew()
        self._began_s = math.inf
        super().lost(error)

    def read(self, told: httpx2.ServerSentEvent) -> Event | None:
        """The event; None for the stream's own words."""
        self._trying.begin_anew()
        if told.event == "end":
            self.is_over = b'"job_ended"' in told.data.encode()
            return None
        if not told.data:
            return None
        event = msgspec.json.decode(told.data, type=Event)
        self.last_id = event.id or self.last_id
        return event
