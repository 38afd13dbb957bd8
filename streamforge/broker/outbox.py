"""The outbox: what must outlive Redis, on its way to the archive.

Scripts append to it together with the change that they make, so nothing is changed without being told, and nothing
told that was not changed. It exists where a database has claimed this Redis; without one nothing is kept for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Raw, Struct

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.broker.scripts import Arg
from streamforge.jobs.acts import act
from streamforge.jobs.feed import order_of

START: Final = "0-0"
"""Before the first entry."""

ENLIST: Final = 500
"""Jobs that are enlisted in one call."""


class Places(Struct, frozen=True):
    """How far the outbox and the stream of charges were read: the last entry of each."""

    outbox: str = START
    charges: str = START


class Claim(Struct, frozen=True):
    """Which database this Redis belongs to (``is_ours``: to who asks), and the name under which it knows this Redis."""

    database: str
    source: str
    is_ours: bool = True
    is_enlisted: bool = True


class Entry(Struct, frozen=True):
    """An entry of the outbox: the id of a job that has ended, or an act as JSON, with the tenant whom it concerns."""

    place: str
    job_id: str = ""
    act: bytes = b""
    tenant: str = ""


class Snapshot(Struct, frozen=True):
    """An ended job as it lies in Redis. ``steps`` has the size of each checkpoint (bytes)."""

    id: str
    record: dict[bytes, bytes]
    log: list[bytes]
    files: dict[bytes, bytes]
    steps: dict[bytes, int]
    uploads: dict[bytes, bytes]

    @property
    def order(self) -> tuple[int, int, int]:
        """By which the ends of one id come one after the other: created, token, finished."""
        return tuple(int(self.record.get(name) or 0) for name in (b"created_ms", b"token", b"finished_ms"))  # type: ignore[return-value]


class ChargeEntry(Struct, frozen=True):
    """A call to a model, as the ledger tells it."""

    place: str
    fields: dict[bytes, bytes]


class Account(Struct, frozen=True):
    """A tenant's prepaid balance as it stands (micro-dollars)."""

    tenant: str
    balance: int
    granted: int
    spent: int


class Load(Struct, frozen=True):
    """What the archive is to have next: everything after ``before``, up to ``after``."""

    before: Places
    after: Places
    entries: list[Entry]
    jobs: list[Snapshot]
    charges: list[ChargeEntry]
    accounts: list[Account]

    def __len__(self) -> int:
        """Entries of both streams."""
        return len(self.entries) + len(self.charges)

    def halves(self) -> tuple[Load, Load]:
        """The first half of each stream, and the rest; a job goes with its first entry."""
        cut, charged = (len(self.entries) + 1) // 2, len(self.charges) // 2
        entries, charges = self.entries[:cut], self.charges[:charged]
        named = {entry.job_id for entry in entries}
        jobs = [job for job in self.jobs if job.id in named]
        rest = [job for job in self.jobs if job.id not in named]
        between = Places(
            entries[-1].place if self.entries[cut:] else self.after.outbox,
            charges[-1].place if charges else self.before.charges,
        )
        return (
            Load(self.before, between, entries, jobs, charges, self.accounts),
            Load(between, self.after, self.entries[cut:], rest, self.charges[charged:], self.accounts),
        )

    def repeated(self, places: Places) -> Load:
        """What of it is not after these places, to be written once more: they stay where they are."""
        entries = [entry for entry in self.entries if order_of(entry.place) <= order_of(places.outbox)]
        charges = [charge for charge in self.charges if order_of(charge.place) <= order_of(places.charges)]
        named = {entry.job_id for entry in entries}
        jobs = [job for job in self.jobs if job.id in named]
        return Load(places, places, entries, jobs, charges, self.accounts)


class Backlog(Struct, frozen=True):
    """Entries that are not archived yet, and the age of the oldest (seconds, by Redis's clock)."""

    entries: int
    age_s: float


class ClaimLost(Exception):
    """This Redis does not belong to the database any more, or its outbox is gone."""


class Outbox:
    """The outbox over a broker. Raises BrokerUnavailable; every call may be repeated."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = cast("Any", broker.client)

    async def claim(self, database: str, source: str, asked: bytes) -> Claim:
        """Claim this Redis for a database, under a new name unless it has one; whose it is now."""
        code, owner, name, enlisted = await self._broker.script("claim_archive", database, source, asked)
        return Claim(owner.decode(), name.decode(), bool(code), bool(enlisted))

    async def claimed(self) -> Claim | None:
        """Whose this Redis is."""
        read = self._client.hmget
        names = ("database", "source", "enlisted")
        found = await self._broker.call("archive", lambda: read(self._keys.archive, names))
        return Claim(found[0].decode(), found[1].decode(), is_enlisted=bool(found[2])) if found[0] else None

    async def enlist(self) -> int:
        """Put what is there already into the outbox: ended jobs, API keys, endpoints, balances; how many jobs.

        Once it is done it need not be repeated.
        """
        for found in await self._found():
            await self._broker.note("archive", found)
        read, told = self._client.zrevrange, 0
        tenants = await self._broker.call("archive", lambda: self._client.smembers(self._keys.tenants))
        for tenant in sorted(name.decode() for name in tenants):
            index, first = self._keys.index(tenant), 0
            while ids := await self._broker.call("archive", lambda i=index, n=first: read(i, n, n + ENLIST - 1)):
                told += int(await self._broker.script("enlist", "", *ids))
                first += len(ids)
        await self._broker.script("enlist", "1")
        return told

    async def _found(self) -> list[bytes]:
        """The acts that those who made them would have left."""
        keys, base = self._keys, self._keys.base
        read = self._client.hgetall
        made = await self._broker.call("archive", lambda: read(keys.api_keys))
        hooks = await self._broker.call("archive", lambda: read(f"{keys.hooks}:endpoints"))
        purses = await self._broker.call("archive", lambda: _all(self._client.scan_iter(f"{base}:credits:*")))
        tenants = [purse.decode().removeprefix(f"{base}:credits:") for purse in purses]
        endpoints = [msgspec.json.decode(value, type=_Endpoint) for value in hooks.values()]
        return [
            *(act("key.found", _named(key).id, _named(key).tenant, Raw(key)) for key in made.values()),
            *(act("webhook.found", endpoint.id, endpoint.tenant, endpoint) for endpoint in endpoints),
            *(act("credits.found", tenant, tenant) for tenant in tenants),
        ]

    async def wait_after(self, places: Places) -> None:
        """Return when there is something after these places, or after ``BLOCK_S``."""
        streams = {self._keys.outbox: places.outbox, self._keys.charges: places.charges}
        await self._broker.read_streams(streams, count=1, block_s=BLOCK_S)

    async def unload(self, claim: Claim, places: Places, *, count: int, max_bytes: int) -> Load:
        """What comes after these places; raises ClaimLost."""
        args = (claim.database, claim.source, places.outbox, places.charges, count, max_bytes)
        reply = await self._broker.script("unload", *args)
        if not reply:
            raise ClaimLost
        entries, jobs, charges, accounts = reply
        return Load(
            places,
            Places(_last(entries, places.outbox), _last(charges, places.charges)),
            [_entry(*row) for row in entries],
            [_snapshot(*row) for row in jobs],
            [ChargeEntry(place.decode(), _pairs(fields)) for place, fields in charges],
            [Account(tenant.decode(), *(int(amount) for amount in amounts)) for tenant, *amounts in accounts],
        )

    async def archived(self, claim: Claim, places: Places, jobs: Iterable[Snapshot], ttl_s: float) -> int:
        """Let go of what is archived up to these places, and of these jobs once their time is over; how many."""
        args: list[Arg] = [claim.database, claim.source, places.outbox, places.charges, round(ttl_s)]
        for job in jobs:
            args += (job.id, job.record.get(b"token", b"0"), job.record[b"finished_ms"])
        return int(await self._broker.script("archived", *args))

    async def backlog(self) -> Backlog:
        """How much is not archived yet."""

        async def read() -> Sequence[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                for stream in (self._keys.outbox, self._keys.charges):
                    pipe.xlen(stream)
                    pipe.xrange(stream, count=1)
                pipe.time()
                return await pipe.execute()

        *found, (now_s, now_us) = await self._broker.call("archive", read)
        first = [int(rows[0][0].split(b"-")[0]) for rows in found[1::2] if rows]
        now_ms = now_s * 1000 + now_us // 1000
        return Backlog(found[0] + found[2], max(0, now_ms - min(first)) / 1000 if first else 0.0)

    async def release(self, ttl_s: float) -> int:
        """Have no archive from now on: what was not archived expires as without one; how many entries that were.

        For operators: the records that were not archived yet are in Redis alone then, until ``ttl_s`` after their end.
        """
        claim, places, gone = await self.claimed(), Places(), 0
        if claim is None:
            return 0
        while load := await self.unload(claim, places, count=ENLIST, max_bytes=2**27):
            places, gone = load.after, gone + len(load.entries)
            await self.archived(claim, Places(places.outbox, START), load.jobs, ttl_s)
            if not load.entries:
                break
        await self._broker.call("archive", lambda: self._client.delete(self._keys.archive, self._keys.outbox))
        return gone

    async def take_over(self, database: str) -> Claim | None:
        """Give this Redis, with what is in its outbox, to another database; whose it was."""
        before = await self.claimed()
        if before is not None:
            await self._broker.call("archive", lambda: self._client.hset(self._keys.archive, "database", database))
        return before


class _Owned(Struct):
    id: str
    tenant: str


class _Endpoint(Struct):
    """What of an endpoint is for the archive: not its secrets."""

    id: str
    tenant: str
    url: str = ""
    events: tuple[str, ...] = ()
    description: str = ""
    created_ms: int = 0


def _named(record: bytes) -> _Owned:
    return msgspec.json.decode(record, type=_Owned)


async def _all(names: AsyncIterable[bytes]) -> list[bytes]:
    return [name async for name in names]


def _last(rows: list[Any], before: str) -> str:
    return rows[-1][0].decode() if rows else before


def _entry(place: bytes, field: bytes, value: bytes, tenant: bytes) -> Entry:
    if field == b"job":
        return Entry(place.decode(), job_id=value.decode())
    return Entry(place.decode(), act=value, tenant=tenant.decode())


def _snapshot(job_id: bytes, record: Any, log: list[bytes], files: Any, steps: Any, uploads: Any) -> Snapshot:  # noqa: ANN401 - lists of Redis
    return Snapshot(job_id.decode(), _pairs(record), log, _pairs(files), _pairs(steps), _pairs(uploads))


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
