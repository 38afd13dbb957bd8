"""Reading the feed: every event of every job, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import ResponseError

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.jobs.feed import FeedEvent, from_entry, order_of

START = "0-0"
"""Before the first event."""


class Span(Struct, frozen=True):
    """The newest id that there ever was, and where the feed begins: ``START`` unless older events were dropped."""

    newest: str
    first: str

    def reaches_back_to(self, event_id: str) -> bool:
        """Whether everything after that event is kept."""
        return order_of(self.first) <= order_of(event_id) or self.first == START


class Feed:
    """The feed over a broker. Raises BrokerUnavailable; reading changes nothing."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._key = broker.keys.feed

    async def span(self) -> Span:
        """What the feed holds now."""
        info = await self._info()
        if not info or not info["first-entry"]:
            return Span(info["last-generated-id"].decode() if info else START, START)
        has_dropped = info["entries-added"] > info["length"]
        return Span(info["last-generated-id"].decode(), info["first-entry"][0].decode() if has_dropped else START)

    async def after(self, event_id: str, count: int) -> list[FeedEvent]:
        """Up to ``count`` events that came after that one, of those that are kept."""
        client = cast("Any", self._broker.client)
        rows = await self._broker.call("feed", lambda: client.xrange(self._key, min=f"({event_id}", count=count))
        return await self._told(rows)

    async def wait_after(self, event_id: str, count: int, block_s: float = BLOCK_S) -> list[FeedEvent]:
        """The same, waiting up to ``block_s`` (at most ``BLOCK_S``) for the first of them."""
        reply = await self._broker.read_streams({self._key: event_id}, count=count, block_s=block_s)
        return await self._told(reply[0][1]) if reply else []

    async def _info(self) -> dict[str, Any]:
        async def read() -> dict[str, Any]:
            try:
                return await cast("Any", self._broker.client).xinfo_stream(self._key)
            except ResponseError as error:
                if "no such key" in str(error):
                    return {}
                raise

        return await self._broker.call("feed", read)

    async def _told(self, rows: Sequence[tuple[bytes, dict[bytes, bytes] | None]]) -> list[FeedEvent]:
        events = [from_entry(entry, fields) for entry, fields in rows if fields]
        nameless = {event.job_id for event in events if not event.tenant}
        return await self._named(events, sorted(nameless)) if nameless else events

    async def _named(self, events: Sequence[FeedEvent], job_ids: Sequence[str]) -> list[FeedEvent]:
        """With tenant and kind out of the jobs' records, for entries that an earlier version wrote."""

        async def read() -> list[list[bytes | None]]:
            async with self._broker.client.pipeline(transaction=False) as pipe:
                for job_id in job_ids:
                    pipe.hmget(self._broker.keys.job(job_id), ["tenant", "kind"])
                return await pipe.execute()

        rows = await self._broker.call("feed", read)
        known = {job_id: [(part or b"").decode() for part in row] for job_id, row in zip(job_ids, rows, strict=True)}
        return [
            event if event.tenant else replace(event, tenant=known[event.job_id][0], kind=known[event.job_id][1])
            for event in events
        ]
