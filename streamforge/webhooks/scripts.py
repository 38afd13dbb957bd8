"""The scripts of webhooks, behind one typed function each. Raises BrokerUnavailable and ConfigError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from math import ceil
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct
from redis.exceptions import NoScriptError

from streamforge.broker.broker import Broker
from streamforge.config import WebhookSettings
from streamforge.jobs.acts import act
from streamforge.webhooks.model import Endpoint, New, Taken, Try

Arg = str | bytes | int
Outcome = Literal["delivered", "retry", "dead", "gone"]

LOG_MAX = 1000
"""Deliveries that are listed of an endpoint."""

DEAD_MAX = 10_000
"""Deliveries given up that are listed, of all endpoints."""


class Lead(Struct, frozen=True):
    """What lead.lua says: whether this daemon reads the feed, and from where (empty: nobody needs it)."""

    is_leader: bool
    cursor: str
    version: int
    bell: str


class Settled(Struct, frozen=True, kw_only=True):
    """How a try went, as settle.lua takes it. With ``disable_after_ms`` 0 the endpoint stays enabled."""

    taken: Taken
    outcome: Outcome
    attempt: Try
    delay_ms: int = 0
    disable_after_ms: int = 0


class Scripts:
    """The Lua scripts over a broker. Each may be repeated: a lost answer does no harm."""

    def __init__(self, broker: Broker, settings: WebhookSettings, feed_max: int) -> None:
        self._broker = broker
        self._keep_s = ceil(settings.keep_s)
        self._feed_max = feed_max
        self._sources = load_sources()
        self._shas: dict[str, str] = {}

    async def lead(self, name: str, lease_ms: int) -> Lead:
        """Ask to be the one who reads the feed."""
        is_leader, cursor, version, bell = await self._run("lead", name, lease_ms)
        return Lead(bool(is_leader), cursor.decode(), int(version), bell.decode())

    async def resign(self, name: str) -> None:
        """Let another daemon read the feed."""
        await self._run("resign", name)

    async def feed(self, before: Lead, after: str, deliveries: Sequence[New]) -> int:
        """Move the cursor, with what follows; how many deliveries are new.

        -1, and nothing is done, where another daemon has moved it, or the endpoints are not those of ``before``.
        """
        args: list[Arg] = [before.cursor, after, before.version, self._keep_s, LOG_MAX]
        for new in deliveries:
            args += _fields(new)
        return int(await self._run("feed", *args))

    async def add(self, new: New) -> bool:
        """Put one delivery into its line; whether there was none of its id."""
        return bool(await self._run("add", self._keep_s, LOG_MAX, *_fields(new)))

    async def take(
        self, count: int, *, per_endpoint: int, lease_ms: int, busy: Mapping[str, int]
    ) -> tuple[list[Taken], int]:
        """Up to ``count`` deliveries that are due, and the ms until the next one is (-1: none waits)."""
        pairs = [arg for pair in busy.items() for arg in pair]
        rows, next_ms = await self._run("take", count, per_endpoint, lease_ms, *pairs)
        return [_taken(row) for row in rows], int(next_ms)

    async def settle(self, settled: Settled) -> int:
        """1 written; 2 written, and the endpoint is disabled by it; 0 another try has been begun."""
        code = await self._run(
            "settle",
            settled.taken.id,
            settled.taken.endpoint,
            settled.taken.number,
            settled.outcome,
            msgspec.json.encode(settled.attempt),
            settled.delay_ms,
            self._keep_s,
            DEAD_MAX,
            settled.disable_after_ms,
            self._feed_max,
        )
        return int(code)

    async def replay(self, delivery_id: str) -> bool:
        """Deliver once more; whether it is still kept."""
        return bool(await self._run("replay", delivery_id, self._keep_s))

    async def put(self, endpoint: Endpoint, before: bytes = b"") -> bool:
        """Write an endpoint in place of what it was made from; whether that still stood there."""
        done = act("webhook.changed", endpoint.id, endpoint.tenant, _told(endpoint))
        return bool(await self._run("put", endpoint.id, msgspec.json.encode(endpoint), before, "", done))

    async def add_endpoint(self, endpoint: Endpoint, most: int) -> bool:
        """Write a new endpoint; whether its tenant had fewer than ``most``. A repeated call changes nothing."""
        done = act("webhook.created", endpoint.id, endpoint.tenant, _told(endpoint))
        return int(await self._run("put", endpoint.id, msgspec.json.encode(endpoint), "", most, done)) >= 0

    async def enable(self, endpoint: Endpoint) -> bool:
        """Let an endpoint be told again; whether it was disabled."""
        done = act("webhook.changed", endpoint.id, endpoint.tenant, _told(endpoint))
        return bool(await self._run("enable", endpoint.id, done))

    async def drop(self, endpoint: Endpoint) -> bool:
        """Forget an endpoint; whether there was one."""
        return bool(await self._run("drop", endpoint.id, act("webhook.removed", endpoint.id, endpoint.tenant)))

    async def _run(self, name: str, *args: Arg) -> Any:  # noqa: ANN401 - a script's reply
        async def call() -> Any:  # noqa: ANN401 - the same
            try:
                return await self._evaluate(self._shas.get(name) or await self._load(name), args)
            except NoScriptError:
                return await self._evaluate(await self._load(name), args)

        return await self._broker.call(f"webhooks_{name}", call)

    async def _evaluate(self, sha: str, args: Sequence[Arg]) -> Any:  # noqa: ANN401 - the same
        keys = self._broker.keys
        return await cast("Any", self._broker.client).evalsha(sha, 1, keys.feed, keys.base, *args)

    async def _load(self, name: str) -> str:
        sha = await cast("Any", self._broker.client).script_load(self._sources[name])
        self._shas[name] = sha.decode() if isinstance(sha, bytes) else sha
        return self._shas[name]


def load_sources() -> dict[str, str]:
    """Each script by name, with the shared prelude before it."""
    folder = files("streamforge.webhooks") / "lua"
    prelude = (folder / "lib.lua").read_text()
    return {
        path.name.removesuffix(".lua"): prelude + path.read_text()
        for path in folder.iterdir()
        if path.name.endswith(".lua") and path.name != "lib.lua"
    }


def _told(endpoint: Endpoint) -> dict[str, object]:
    """What of an endpoint is for the archive: not its secrets."""
    facts = msgspec.structs.asdict(endpoint)
    return {name: facts[name] for name in ("url", "events", "description", "created_ms")}


def _fields(new: New) -> tuple[Arg, ...]:
    return (new.id, new.endpoint, new.tenant, new.url, new.type, new.event_id, new.job_id, new.body, new.traceparent)


def _taken(row: Sequence[Any]) -> Taken:
    delivery_id, endpoint, number, url, event_type, body, failures, trace = row
    return Taken(
        id=delivery_id.decode(),
        endpoint=endpoint.decode(),
        number=int(number),
        url=url.decode(),
        type=event_type.decode(),
        body=body,
        failures=int(failures),
        traceparent=trace.decode(),
    )
