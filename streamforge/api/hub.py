"""The hub: one reader of the feed for all who listen to this daemon.

    Redis feed --XREAD--> Hub --> Subscription --> a browser tab
    Redis channels -----> Hub --> Subscription --> a script
                              ...

It reads while somebody listens, over two connections: one for the feed, one for model text. A subscription that is not
emptied as fast as it fills is ended with a reason, and its listener comes back with the last id that it has seen.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from functools import cached_property
from typing import Final, Literal

import anyio

from streamforge.api.seats import Seat, Seats
from streamforge.broker.broker import Broker
from streamforge.broker.deltas import DeltaEars
from streamforge.broker.feed import Feed
from streamforge.errors import BrokerUnavailable, StreamForgeError
from streamforge.jobs.feed import DELTA, FeedEvent, is_wanted, order_of
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

BATCH = 1000
"""Events in one read."""

READY_S = 10.0
"""How long a listener waits for the hub to read; it does so at once unless Redis is away."""

AWAY_PAUSE_S = 0.2

EVERYBODY: Final = "*"

Reason = Literal["job_ended", "slow_consumer", "interrupted", "stopping", "revoked"]
"""Why a stream ends. After ``job_ended`` there is nothing to come back for, after ``revoked`` no way; otherwise whoever
comes back with the last id that he has seen misses nothing, or is told what is gone."""

Topic = tuple[Literal["job", "tenant"], str]

log = get_logger(__name__)


class Frame:
    """What is sent of an event, made once for all who get it. ``id`` is empty for what cannot be asked for again."""

    def __init__(self, event_id: str, event_type: str, document: bytes, *, is_ending: bool = False) -> None:
        self.id = event_id
        self.type = event_type
        self.document = document
        self.is_ending = is_ending

    @classmethod
    def of(cls, event: FeedEvent) -> Frame:
        """An event's."""
        return cls(event.id, event.type, event.document(), is_ending=event.is_ending)

    @cached_property
    def order(self) -> tuple[int, int]:
        """What frames with an id are sorted by."""
        return order_of(self.id)

    @cached_property
    def sse(self) -> bytes:
        """As a server-sent event."""
        head = f"id: {self.id}\nevent: {self.type}\ndata: " if self.id else f"event: {self.type}\ndata: "
        return head.encode() + self.document + b"\n\n"


class Subscription:
    """What one listener has not been sent yet, in order, up to ``max_bytes``.

    Beyond that ``end`` is ``slow_consumer``; model text is left out before it comes to that.
    """

    def __init__(self, topic: Topic, max_bytes: int, types: Collection[str] = ()) -> None:
        self.topic = topic
        self.end: Reason | None = None
        self._types = frozenset(types)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames: list[Frame] = []
        self._wake = asyncio.Event()

    def wants(self, event_type: str) -> bool:
        """Whether its listener asked for this type. The job's end is always told, for it ends the stream."""
        return is_wanted(event_type, self._types)

    def push(self, frame: Frame) -> None:
        """Add a frame, or end where there is no room."""
        size = len(frame.document)
        if self.end is not None or (frame.type == DELTA and self._bytes + size > self._max_bytes // 2):
            return
        if self._bytes + size > self._max_bytes:
            self._frames.clear()
            self.finish("slow_consumer")
            return
        self._bytes += size
        self._frames.append(frame)
        self._wake.set()

    def finish(self, reason: Reason) -> None:
        """Nothing more comes; the first reason stands."""
        self.end = self.end or reason
        self._wake.set()

    async def take(self, patience_s: float) -> list[Frame]:
        """Everything that is there; nothing after ``patience_s``, or where it has ended."""
        if not self._frames and self.end is None:
            self._wake.clear()
            with anyio.move_on_after(patience_s):
                await self._wake.wait()
        frames, self._frames, self._bytes = self._frames, [], 0
        return frames


class Hub(Service):
    """A service that reads for all listeners; ``open`` and ``close`` are theirs."""

    name = "hub"

    def __init__(self, broker: Broker, *, buffer_bytes: int) -> None:
        self.feed = Feed(broker)
        self.seats = Seats()
        self._ears = DeltaEars(broker, self._jobs, self._hear)
        self._buffer_bytes = buffer_bytes
        self._topics: defaultdict[Topic, set[Subscription]] = defaultdict(set)
        self._wanted = asyncio.Event()
        self._live = asyncio.Event()
        self._cursor = ""
        self._scope = anyio.CancelScope()
        self._is_stopping = False

    # ---- for listeners ----

    def listeners(self) -> int:
        """How many subscriptions stand now."""
        return sum(len(members) for members in self._topics.values())

    async def open(self, topic: Topic, seat: Seat, types: Collection[str] = ()) -> Subscription:
        """A subscription to what happens from now on, for who has that place; ``close`` it in any case.

        Raises BrokerUnavailable where the feed cannot be read.
        """
        seat.subscription = subscription = Subscription(topic, self._buffer_bytes, types)
        self._enter(subscription)
        is_live = False
        try:
            with anyio.move_on_after(READY_S):
                await self._live.wait()
                is_live = True
        finally:
            if not is_live:
                self.close(subscription)
        if not is_live:
            raise BrokerUnavailable("the events cannot be read now", hint="try again in a moment")
        return subscription

    def close(self, subscription: Subscription) -> None:
        """The listener has gone; idempotent."""
        members = self._topics.get(subscription.topic)
        if members is None or subscription not in members:
            return
        members.remove(subscription)
        if not members:
            del self._topics[subscription.topic]
            self._ears.tune()

    def _enter(self, subscription: Subscription) -> None:
        if self._is_stopping:
            subscription.finish("stopping")
            self._live.set()
        is_first = subscription.topic not in self._topics
        self._topics[subscription.topic].add(subscription)
        self._wanted.set()
        if is_first:
            self._ears.tune()

    def _jobs(self) -> set[str]:
        """Those that somebody listens to."""
        return {name for kind, name in self._topics if kind == "job"}

    # ---- the service ----

    def stop(self) -> None:
        """End every stream; listeners are told to come back, be it to another daemon."""
        self._is_stopping = True
        self._finish_all("stopping")
        self._live.set()  # whoever waits for it may go
        self._scope.cancel()

    async def run(self) -> None:
        """Read while somebody listens, until ``stop``; through every absence of Redis."""
        with self._scope:
            if not self._is_stopping:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._again_and_again, self._follow, name="hub:feed")
                    tasks.start_soon(self._again_and_again, self._ears.run, name="hub:deltas")
                    tasks.start_soon(self.seats.watch, name="hub:seats")

    async def _again_and_again(self, call: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await call()
            except* StreamForgeError as errors:
                log.debug("hub_waits", error=str(errors.exceptions[0]))
                await anyio.sleep(AWAY_PAUSE_S)

    async def _follow(self) -> None:
        await self._wanted.wait()
        await self._find_place()
        self._live.set()
        while self._topics:
            events = await self.feed.wait_after(self._cursor, BATCH)
            for event in events:
                self._tell(event)
            if events:
                self._cursor = events[-1].id
        self._cursor = ""
        self._live.clear()
        self._wanted.clear()

    async def _find_place(self) -> None:
        """Begin with what comes; after an interruption go on, or send all away where events were lost meanwhile."""
        span = await self.feed.span()
        if self._cursor:
            if span.reaches_back_to(self._cursor) and order_of(self._cursor) <= order_of(span.newest):
                return
            self._finish_all("interrupted")
        self._cursor = span.newest

    def _tell(self, event: FeedEvent) -> None:
        topics: tuple[Topic, ...] = (("job", event.job_id), ("tenant", event.tenant), ("tenant", EVERYBODY))
        groups = [members for topic in topics if (members := self._topics.get(topic))]
        if not groups:
            return
        frame = Frame.of(event)
        for members in groups:
            for subscription in members:
                is_last = event.is_ending and subscription.topic[0] == "job"
                if is_last or subscription.wants(event.type):
                    subscription.push(frame)

    def _hear(self, job_id: str, message: bytes) -> None:
        frame = Frame("", DELTA, message)
        for subscription in self._topics.get(("job", job_id), ()):
            if subscription.wants(DELTA):
                subscription.push(frame)

    def _finish_all(self, reason: Reason) -> None:
        for members in self._topics.values():
            for subscription in members:
                subscription.finish(reason)
