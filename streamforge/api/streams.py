"""What one listener is sent, from after the last event that he has seen: first what is kept, then what happens.

A subscription is opened before the past is read, and what both hold is sent once, by its id: so there is neither a gap
nor a repetition. Where a part of the past is not kept any more, a ``gap`` says so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from time import time_ns
from typing import Protocol

import msgspec

from streamforge.api.hub import EVERYBODY, Frame, Hub, Reason, Subscription
from streamforge.api.seats import Seat
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.events import ENDINGS, Event
from streamforge.jobs.feed import EventDocument, FeedEvent, from_log, is_wanted, order_of
from streamforge.jobs.model import Job

ReadLog = Callable[[Job], Awaitable[Sequence[Event]]]

PAGE = 1000
"""Events of the feed in one read."""


class Stream(Protocol):
    """A listener's way through events."""

    end: Reason | None

    async def batch(self, patience_s: float) -> list[Frame]:
        """What comes next; nothing after ``patience_s``. Once ``end`` is set this was the last."""
        ...

    async def close(self) -> None:
        """The listener has gone; idempotent."""
        ...


class JobStream:
    """One job's events, to its end; made by ``open_job``. With ``is_ended`` nothing comes after the past."""

    def __init__(
        self,
        hub: Hub,
        subscription: Subscription,
        past: Sequence[Frame],
        last_id: str,
        *,
        is_ended: bool,
    ) -> None:
        self.end: Reason | None = None
        self.is_ended = is_ended
        self.is_over = is_ended and not past
        self._hub = hub
        self._subscription = subscription
        self._past = list(past)
        self._last = order_of(last_id or "0")

    async def batch(self, patience_s: float) -> list[Frame]:
        """See ``Stream``."""
        frames, self._past = self._past, []
        if self.is_ended:
            self.end = "job_ended"
            return frames
        frames = frames or await self._subscription.take(patience_s)
        new = [frame for frame in frames if not frame.id or frame.order > self._last]
        self._note(new)
        return new

    async def close(self) -> None:
        """See ``Stream``."""
        self._hub.close(self._subscription)

    def _note(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame.id:
                self._last = frame.order
        if frames and frames[-1].is_ending:
            self.end = "job_ended"
        else:
            self.end = self._subscription.end


async def open_job(
    hub: Hub, read: ReadLog, job: Job, seat: Seat, *, last_id: str = "", types: Collection[str] = ()
) -> JobStream:
    """A job's events after ``last_id`` (empty: from the first). The caller closes it.

    ``read`` gives what is kept of them, oldest first. Raises what it does, and BrokerUnavailable.
    """
    subscription = await hub.open(("job", job.id), seat, types)
    try:
        log = await read(job)
    except BaseException:
        hub.close(subscription)
        raise
    past = _past(job, log, last_id, subscription)
    is_ended = log[-1].type in ENDINGS if log else job.is_terminal
    return JobStream(hub, subscription, past, last_id, is_ended=is_ended)


async def is_over_after(read: ReadLog, job: Job, last_id: str) -> bool:
    """Whether the job has ended, and nothing came after that event."""
    log = await read(job)
    if not log:
        return job.is_terminal
    return log[-1].type in ENDINGS and order_of(log[-1].id) <= order_of(last_id)


def _past(job: Job, log: Sequence[Event], last_id: str, subscription: Subscription) -> list[Frame]:
    last = order_of(last_id or "0")
    named = (from_log(event, job_id=job.id, tenant=job.tenant, kind=job.kind) for event in log)
    new = [event for event in named if order_of(event.id) > last]
    frames = [Frame.of(event) for event in new if event.is_ending or subscription.wants(event.type)]
    is_cut = bool(log) and log[0].at_ms > job.created_ms and order_of(log[0].id) > last
    return [gap(last_id, log[0].id, job), *frames] if is_cut else frames


class FeedStream:
    """A tenant's events, or everybody's, without an end. ``last_id`` empty: only what happens from now on."""

    def __init__(self, hub: Hub, tenant: str, seat: Seat, *, last_id: str = "", types: Collection[str] = ()) -> None:
        self.end: Reason | None = None
        self._hub = hub
        self._tenant = tenant
        self._seat = seat
        self._types = types
        self._cursor = last_id
        self._past = self._pages()
        self._subscription: Subscription | None = None

    async def batch(self, patience_s: float) -> list[Frame]:
        """See ``Stream``."""
        async for page in self._past:
            if page:
                return page
        subscription = await self._subscribed()
        frames = await subscription.take(patience_s)
        self.end = subscription.end
        return [frame for frame in frames if frame.order > order_of(self._cursor or "0")]

    async def close(self) -> None:
        """See ``Stream``."""
        await self._past.aclose()
        if self._subscription is not None:
            self._hub.close(self._subscription)

    async def _pages(self) -> AsyncGenerator[list[Frame]]:
        """What is kept. The subscription is opened near its end, so that a long past does not fill it meanwhile."""
        if self._cursor:
            span = await self._hub.feed.span()
            if not span.reaches_back_to(self._cursor):
                yield [gap(self._cursor, span.first)]
            while len(page := await self._next_page()) == PAGE:
                yield self._told(page)
            yield self._told(page)
        await self._subscribed()
        while self._cursor and (page := await self._next_page()):  # what came in between
            yield self._told(page)

    async def _next_page(self) -> list[FeedEvent]:
        events = await self._hub.feed.after(self._cursor, PAGE)
        if events:
            self._cursor = events[-1].id
        return events

    async def _subscribed(self) -> Subscription:
        if self._subscription is None:
            self._subscription = await self._hub.open(("tenant", self._tenant), self._seat, self._types)
        return self._subscription

    def _told(self, events: Sequence[FeedEvent]) -> list[Frame]:
        return [Frame.of(event) for event in events if self._concerns(event)]

    def _concerns(self, event: FeedEvent) -> bool:
        return self._tenant in (EVERYBODY, event.tenant) and is_wanted(event.type, self._types)


class Pulse:
    """What keeps a stream alive: a sign of life after ``beat_s`` of silence, for as long as its listener may listen."""

    def __init__(self, beat_s: float, seat: Seat) -> None:
        self.beat_s = beat_s
        self._seat = seat

    async def batch(self, stream: Stream) -> list[Frame]:
        """The stream's next batch; it ends where its listener may not listen any more, or Redis is needed and away."""
        frames: list[Frame] = []
        try:
            if not self._seat.is_revoked:
                frames = await stream.batch(self.beat_s)
        except BrokerUnavailable:
            stream.end = "interrupted"
        if self._seat.is_revoked:
            stream.end = "revoked"
            return []
        return frames


def gap(after: str, before: str, job: Job | None = None) -> Frame:
    """What says that the events between those two are not kept any more."""
    return _told("gap", {"after": after, "before": before}, job)


def end(reason: Reason) -> Frame:
    """What says that the stream ends here, and whether to come back."""
    return _told("end", {"reason": reason})


def _told(event_type: str, data: dict[str, str], job: Job | None = None) -> Frame:
    """A frame of the stream's own, which stands for no event."""
    document = EventDocument(
        id="",
        type=event_type,
        job_id=job.id if job else "",
        tenant=job.tenant if job else "",
        kind=job.kind if job else "",
        at_ms=time_ns() // 1_000_000,
        attempt=job.attempt if job else 0,
        data=dict(data),
    )
    return Frame("", event_type, msgspec.json.encode(document))
