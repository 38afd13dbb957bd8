"""Endpoints and deliveries as the API knows them: made, listed, changed, tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time_ns
from typing import Any, NamedTuple, TypeVar, cast

import msgspec
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.config import WebhookSettings
from streamforge.errors import BrokerUnavailable, ConfigError, InvalidInput, NotFound, TooLarge
from streamforge.jobs.feed import FeedEvent
from streamforge.providers.outbound import Hosts, entries_of
from streamforge.webhooks.model import (
    DEFAULT_EVENTS,
    EVERYBODY,
    PING,
    Delivery,
    Endpoint,
    Health,
    New,
    Try,
    callback_id,
    message_id,
    new_endpoint_id,
)
from streamforge.webhooks.payload import payload_of
from streamforge.webhooks.scripts import Scripts
from streamforge.webhooks.sender import Sender
from streamforge.webhooks.signing import new_secret

T = TypeVar("T")

SCAN = 100
"""Deliveries that are looked at in one round trip, while a page is put together."""

TRIES_MAX = 3
"""How often a change is tried that another one came before."""


class Known(NamedTuple):
    """An endpoint and how it does."""

    endpoint: Endpoint
    health: Health


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of deliveries goes on: after this one, made or given up at that moment."""

    at_ms: int
    id: str


class Webhooks:
    """Webhooks over a broker. Raises BrokerUnavailable where Redis is away."""

    def __init__(self, broker: Broker, settings: WebhookSettings, feed_max: int) -> None:
        self.settings = settings
        self.scripts = Scripts(broker, settings, feed_max)
        self.sender = Sender(hosts_of(settings), settings.timeout_s)
        self._broker = broker
        self._base = broker.keys.hooks

    def check_url(self, url: str, field: str = "callback_url") -> None:
        """Raise InvalidInput, for that field, where this address would never be told anything."""
        self.sender.check(url, field)

    # ---- endpoints ----

    async def endpoints(self, tenant: str = EVERYBODY) -> list[Known]:
        """A tenant's endpoints, or all, oldest first."""
        client = cast("Any", self._broker.client)
        found: dict[bytes, bytes] = await self._read(lambda: client.hgetall(f"{self._base}:endpoints"))
        endpoints = [msgspec.json.decode(value, type=Endpoint) for value in found.values()]
        own = [one for one in endpoints if tenant in (EVERYBODY, one.tenant)]
        return await self._with_health(sorted(own, key=lambda one: (one.created_ms, one.id)))

    async def endpoint(self, endpoint_id: str, tenant: str = EVERYBODY) -> Known:
        """One of a tenant's endpoints; raises NotFound."""
        endpoint, _ = await self._stored(endpoint_id, tenant)
        return (await self._with_health([endpoint]))[0]

    async def create(self, tenant: str, url: str, events: Sequence[str] = (), description: str = "") -> Endpoint:
        """A new endpoint, told of what happens from now on. Raises InvalidInput, and TooLarge beyond the limit."""
        self.sender.check(url)
        endpoint = Endpoint(
            id=new_endpoint_id(),
            tenant=tenant,
            url=url,
            events=tuple(events) or DEFAULT_EVENTS,
            secret=new_secret(),
            created_ms=_now_ms(),
            description=description,
        )
        most = self.settings.max_endpoints
        if not await self.scripts.add_endpoint(endpoint, most):
            hint = "delete one, or raise webhooks.max_endpoints"
            raise TooLarge(f"{most} endpoints are there already", field="url", hint=hint)
        return endpoint

    async def callback_endpoint(self, tenant: str) -> Endpoint:
        """What stands for the addresses that a tenant's jobs bring along; made where it is not there yet."""
        endpoint = Endpoint(
            id=callback_id(tenant),
            tenant=tenant,
            url="",
            events=DEFAULT_EVENTS,
            secret=new_secret(),
            created_ms=_now_ms(),
            description="the callback_url of jobs",
        )
        if await self.scripts.put(endpoint):
            return endpoint
        return (await self._stored(endpoint.id, tenant))[0]

    async def rotate(self, endpoint_id: str, tenant: str = EVERYBODY) -> Endpoint:
        """The endpoint with a new secret; the old one signs along for ``secret_overlap_s``. Raises NotFound."""
        for _ in range(TRIES_MAX):
            endpoint, raw = await self._stored(endpoint_id, tenant)
            until_ms = _now_ms() + round(self.settings.secret_overlap_s * 1000)
            new = replace(endpoint, secret=new_secret(), previous_secret=endpoint.secret, previous_until_ms=until_ms)
            if await self.scripts.put(new, raw):
                return new
        raise BrokerUnavailable("the endpoint is being changed by others", hint="try again")

    async def enable(self, endpoint_id: str, tenant: str = EVERYBODY) -> Known:
        """Tell a disabled endpoint again, of what happens from now on; raises NotFound."""
        endpoint, _ = await self._stored(endpoint_id, tenant)
        await self.scripts.enable(endpoint)
        return Known(endpoint, Health())

    async def delete(self, endpoint_id: str, tenant: str = EVERYBODY) -> None:
        """Forget an endpoint, and what was to be delivered to it; raises NotFound."""
        endpoint, _ = await self._stored(endpoint_id, tenant)
        await self.scripts.drop(endpoint)

    async def delete_all(self, tenant: str) -> None:
        """Forget every endpoint of a tenant."""
        for known in await self.endpoints(tenant):
            await self.delete(known.endpoint.id)

    async def ping(self, endpoint_id: str, tenant: str = EVERYBODY) -> str:
        """Send something to try an endpoint; the delivery's id. Raises NotFound, InvalidInput for one of callbacks."""
        endpoint, _ = await self._stored(endpoint_id, tenant)
        if endpoint.is_callback:
            raise InvalidInput(
                "it has no address of its own", field="endpoint_id", hint="submit a job with callback_url"
            )
        event = FeedEvent(
            id=f"{_now_ms()}-0",
            type=PING,
            job_id="",
            tenant=endpoint.tenant,
            kind="",
            at_ms=_now_ms(),
            attempt=0,
            data="{}",
        )
        new = delivery_of(endpoint, event, "", payload_of(event))
        await self.scripts.add(new)
        return new.id

    # ---- deliveries ----

    async def deliveries(
        self, endpoint_id: str, tenant: str = EVERYBODY, *, limit: int = 50, after: Place | None = None
    ) -> tuple[list[Delivery], Place | None]:
        """An endpoint's deliveries, newest first, and where to go on; raises NotFound."""
        await self._stored(endpoint_id, tenant)
        return await self._page(f"{self._base}:log:{endpoint_id}", tenant, limit, after)

    async def dead(
        self, tenant: str = EVERYBODY, *, limit: int = 50, after: Place | None = None
    ) -> tuple[list[Delivery], Place | None]:
        """The deliveries that were given up, newest first, and where to go on."""
        return await self._page(f"{self._base}:dead", tenant, limit, after)

    async def delivery(self, delivery_id: str, tenant: str = EVERYBODY) -> Delivery:
        """A delivery with its body; raises NotFound."""
        (found,) = await self._deliveries([delivery_id])
        if found is None or tenant not in (EVERYBODY, found.tenant):
            raise _no_delivery(delivery_id)
        return found

    async def replay(self, endpoint_id: str, delivery_id: str, tenant: str = EVERYBODY) -> None:
        """Make a delivery once more, under its id, whatever became of it; raises NotFound."""
        found = await self.delivery(delivery_id, tenant)
        if found.endpoint != endpoint_id or not await self.scripts.replay(delivery_id):
            raise _no_delivery(delivery_id)

    async def _page(
        self, key: str, tenant: str, limit: int, after: Place | None
    ) -> tuple[list[Delivery], Place | None]:
        """Members whose delivery has expired, or is another tenant's, are passed over."""
        page: list[Delivery] = []
        while True:
            places = await self._places(key, after)
            found = await self._deliveries([place.id for place in places])
            for place, delivery in zip(places, found, strict=True):
                if delivery is not None and tenant in (EVERYBODY, delivery.tenant):
                    page.append(delivery)
                if len(page) == limit:
                    return page, place
            if len(places) < SCAN:
                return page, None
            after = places[-1]

    async def _places(self, key: str, after: Place | None) -> list[Place]:
        """Those after a place; of the same moment the rest, by id, which is how Redis sorts them."""
        client = cast("Any", self._broker.client)
        top = "+inf" if after is None else after.at_ms
        skipped = 0
        if after is not None:
            same: list[bytes] = await self._read(lambda: client.zrange(key, top, top, byscore=True))
            skipped = sum(member.decode() >= after.id for member in same)
        rows: list[tuple[bytes, float]] = await self._read(
            lambda: client.zrange(key, top, "-inf", desc=True, byscore=True, offset=skipped, num=SCAN, withscores=True)
        )
        return [Place(int(score), member.decode()) for member, score in rows]

    async def _deliveries(self, ids: Sequence[str]) -> list[Delivery | None]:
        async def read() -> list[dict[bytes, bytes]]:
            async with self._broker.client.pipeline(transaction=False) as pipe:
                for delivery_id in ids:
                    pipe.hgetall(f"{self._base}:sent:{delivery_id}")
                return await pipe.execute()

        records: list[dict[bytes, bytes]] = await self._read(read) if ids else []
        return [_delivery(one, record) if record else None for one, record in zip(ids, records, strict=True)]

    async def _stored(self, endpoint_id: str, tenant: str) -> tuple[Endpoint, bytes]:
        client = cast("Any", self._broker.client)
        raw: bytes | None = await self._read(lambda: client.hget(f"{self._base}:endpoints", endpoint_id))
        endpoint = msgspec.json.decode(raw, type=Endpoint) if raw else None
        if raw is None or endpoint is None or tenant not in (EVERYBODY, endpoint.tenant):
            raise NotFound(f"no endpoint {endpoint_id[:80]!r} is known", field="endpoint_id")
        return endpoint, raw

    async def _with_health(self, endpoints: Sequence[Endpoint]) -> list[Known]:
        async def read() -> list[dict[bytes, bytes]]:
            async with self._broker.client.pipeline(transaction=False) as pipe:
                for endpoint in endpoints:
                    pipe.hgetall(f"{self._base}:health:{endpoint.id}")
                return await pipe.execute()

        records: list[dict[bytes, bytes]] = await self._read(read) if endpoints else []
        return [Known(one, _health(record)) for one, record in zip(endpoints, records, strict=True)]

    async def _read(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - a reply of Redis
        return await self._broker.call("webhooks", call)


def hosts_of(settings: WebhookSettings) -> Hosts:
    """Who may be told; raises ConfigError for an entry that can fit nothing."""
    try:
        return Hosts(entries_of(settings.hosts), entries_of(settings.private_hosts))
    except ValueError as error:
        raise ConfigError(str(error), field="webhooks.hosts") from error


def delivery_of(endpoint: Endpoint, event: FeedEvent, url: str, body: bytes) -> New:
    """The delivery that follows from an event for an endpoint."""
    return New(
        id=message_id(f"{endpoint.id} {url}", event.id),
        endpoint=endpoint.id,
        tenant=endpoint.tenant,
        url=url,
        type=event.type,
        event_id=event.id,
        job_id=event.job_id,
        body=body,
        traceparent=event.traceparent,
    )


def _delivery(delivery_id: str, record: Mapping[bytes, bytes]) -> Delivery:
    def text(name: str) -> str:
        return record.get(name.encode(), b"").decode()

    tries = [msgspec.json.decode(value, type=Try) for name, value in record.items() if name.startswith(b"attempt:")]
    return Delivery(
        id=delivery_id,
        endpoint=text("endpoint"),
        tenant=text("tenant"),
        url=text("url"),
        type=text("type"),
        event_id=text("event"),
        job_id=text("job"),
        state=cast("Any", text("state")),
        created_ms=int(text("created_ms") or 0),
        due_ms=int(text("due_ms") or 0),
        ended_ms=int(text("ended_ms") or 0),
        failures=int(text("failures") or 0),
        tries=tuple(sorted(tries, key=lambda one: one.number)),
        body=record.get(b"body", b""),
    )


def _health(record: Mapping[bytes, bytes]) -> Health:
    return Health(
        failing_ms=int(record.get(b"failing_ms", 0)),
        disabled_ms=int(record.get(b"disabled_ms", 0)),
        why=record.get(b"why", b"").decode(),
    )


def _no_delivery(delivery_id: str) -> NotFound:
    return NotFound(f"no delivery {delivery_id[:80]!r} is kept", field="delivery_id")


def _now_ms() -> int:
    return time_ns() // 1_000_000
