"""From the feed to the lines of deliveries, by one daemon at a time.

Where it stands is kept in Redis and moves together with what follows from it: a daemon that dies in between has done
nothing, and another goes on from there. Daemons that are all down for so long that the feed drops what nobody has read
(``jobs.feed_max`` events) miss those events; that is counted and logged.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import anyio

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.feed import Feed
from streamforge.errors import StreamForgeError
from streamforge.jobs.feed import FeedEvent
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.webhooks.counts import webhook_fed_total, webhook_gaps_total
from streamforge.webhooks.model import Endpoint, New, callback_id
from streamforge.webhooks.payload import payload_of
from streamforge.webhooks.scripts import Lead
from streamforge.webhooks.store import Webhooks, delivery_of

BATCH = 500
"""Events in one read."""

LEASE_MS = 15_000
"""How long a daemon that dies keeps the others from reading the feed."""

AWAY_PAUSE_S = 0.5

log = get_logger(__name__)


class Feeder(Service):
    """A service that reads the feed for webhooks, or stands by while another daemon does."""

    name = "webhooks:feeder"

    def __init__(self, broker: Broker, webhooks: Webhooks, *, lease_ms: int = LEASE_MS) -> None:
        self._name = secrets.token_hex(8)
        self._broker = broker
        self._webhooks = webhooks
        self._feed = Feed(broker)
        self._lease_ms = lease_ms
        self._endpoints: dict[str, Endpoint] = {}
        self._version = -1
        self._checked = ""
        self._scope = anyio.CancelScope()
        self._is_stopping = False

    def stop(self) -> None:
        """Read no more; what is being written is repeated by whoever comes next."""
        self._is_stopping = True
        self._scope.cancel()

    async def run(self) -> None:
        """Read until ``stop``; through every absence of Redis."""
        with self._scope:
            while not self._is_stopping:
                try:
                    await self._turn()
                except StreamForgeError as error:
                    log.debug("webhooks_wait", error=error.message)
                    await anyio.sleep(AWAY_PAUSE_S)
        with anyio.move_on_after(AWAY_PAUSE_S, shield=True):
            await self._resign()

    async def _resign(self) -> None:
        try:
            await self._webhooks.scripts.resign(self._name)
        except StreamForgeError:
            return  # its lease ends by itself

    async def _turn(self) -> None:
        lead = await self._webhooks.scripts.lead(self._name, self._lease_ms)
        if not lead.is_leader or not lead.cursor:
            await self._stand_by(lead)
            return
        if lead.version != self._version:
            await self._learn(lead.version)
        await self._check_for_gap(lead.cursor)
        block_s = min(BLOCK_S, self._lease_ms / 3000)
        if events := await self._feed.wait_after(lead.cursor, BATCH, block_s):
            new = await self._webhooks.scripts.feed(lead, events[-1].id, await self._following(events))
            webhook_fed_total().inc(max(0, new))
            self._checked = events[-1].id if new >= 0 else self._checked

    async def _stand_by(self, lead: Lead) -> None:
        """Until it is time to look again; the bell rings when the feed is wanted for the first time."""
        wait_s = min(BLOCK_S, self._lease_ms / 3000)
        if lead.is_leader:
            await self._broker.read_streams({self._broker.keys.hooks_bell: lead.bell}, count=1, block_s=wait_s)
        else:
            await anyio.sleep(wait_s)

    async def _learn(self, version: int) -> None:
        known = await self._webhooks.endpoints()
        self._endpoints = {one.endpoint.id: one.endpoint for one in known if not one.health.disabled_ms}
        self._version = version

    async def _check_for_gap(self, cursor: str) -> None:
        """Where this daemon has not read up to here itself."""
        if cursor == self._checked:
            return
        self._checked = cursor
        span = await self._feed.span()
        if not span.reaches_back_to(cursor):
            webhook_gaps_total().inc()
            log.error("webhooks_missed", after=cursor, before=span.first)

    async def _following(self, events: Sequence[FeedEvent]) -> list[New]:
        found: list[New] = []
        for event in events:
            told = [endpoint for endpoint in self._endpoints.values() if endpoint.wants(event)]
            if not told and not event.callback:
                continue
            body = payload_of(event)
            found += [delivery_of(endpoint, event, "", body) for endpoint in told]
            if event.callback:
                found.append(delivery_of(await self._callbacks_of(event.tenant), event, event.callback, body))
        return found

    async def _callbacks_of(self, tenant: str) -> Endpoint:
        if callback_id(tenant) not in self._endpoints:
            endpoint = await self._webhooks.callback_endpoint(tenant)
            self._endpoints[endpoint.id] = endpoint
        return self._endpoints[callback_id(tenant)]
