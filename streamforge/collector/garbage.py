"""What the collector keeps in Redis: what is condemned and what was deleted, whose the store is, what tenants keep."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from time import time_ns
from typing import Any, Final, cast

from msgspec import Struct
from redis.exceptions import ResponseError

from streamforge.broker.broker import Broker

FORGET_S: Final = 7 * 86_400.0
"""How long it is known that an object was deleted. Nobody may be away for longer and then still write a reference."""
WRITTEN_OUT_MS: Final = 2000
"""How long to wait until Redis has what was doomed on its disk; one that writes none of it says so at once."""


class Owner(Struct, frozen=True):
    """A Redis, by the name that it gave itself; and since when it knows every reference (ms since 1970)."""

    id: str
    since_ms: int


class Garbage:
    """The collector's keys. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._keys = broker.keys
        self._client = cast("Any", broker.client)

    async def condemn(self, keys: Sequence[str]) -> int:
        """Have objects be deleted unless somebody names them before ``doom``; the number of this condemnation."""
        return int(await self._broker.script("condemn", *keys))

    async def doom(self, number: int, keys: Sequence[str]) -> list[str]:
        """Those that are still condemned under that number, and so are given up for good; on Redis's disk on return.

        Were it forgotten in a crash, a writer would not be told. Where an answer is lost, they wait for the next round.
        """
        codes = await self._broker.script("doom", number, *keys)
        doomed = [key for key, code in zip(keys, codes, strict=True) if code]
        if doomed:
            await self._broker.call("doom", self._written_out)
        return doomed

    async def _written_out(self) -> None:
        try:
            await self._client.execute_command("WAITAOF", 1, 0, WRITTEN_OUT_MS)
        except ResponseError:  # it keeps no such file, or is older than 7.2
            return

    async def spare(self, keys: Collection[str]) -> None:
        """Let off what was condemned."""
        if keys:
            await self._broker.call("spare", lambda: self._client.zrem(self._keys.condemned, *keys))

    async def forget(self) -> None:
        """Cut the list of deleted objects, by the clock that numbered them: Redis's."""
        now_s, _ = await self._broker.call("forget", self._client.time)
        until_ms = round((now_s - FORGET_S) * 1000)
        await self._broker.call("forget", lambda: self._client.zremrangebyscore(self._keys.deleted, "-inf", until_ms))

    async def unwant(self, tenant: str, keys: Collection[str]) -> None:
        """Have objects of an erased job looked at soon, whatever their age."""
        members = [f"{tenant}/{key}" for key in keys]
        if members:
            await self._broker.call("unwant", lambda: self._client.sadd(self._keys.unwanted, *members))

    async def unwanted(self, count: int) -> list[tuple[str, str]]:
        """Some of these, tenant and key."""
        found: list[bytes] = await self._broker.call(
            "unwanted", lambda: self._client.srandmember(self._keys.unwanted, count)
        )
        pairs = (member.decode().partition("/") for member in found)
        return [(tenant, key) for tenant, _, key in pairs]

    async def seen_to(self, pairs: Collection[tuple[str, str]]) -> None:
        """Look at these no more."""
        members = [f"{tenant}/{key}" for tenant, key in pairs]
        if members:
            await self._broker.call("unwanted", lambda: self._client.srem(self._keys.unwanted, *members))

    async def owner(self) -> Owner:
        """This Redis, which is given a name when it is first asked, and knows of no reference before that."""
        key, given = self._keys.objects, {"id": uuid.uuid4().hex, "since": str(time_ns() // 1_000_000)}

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=True) as pipe:
                for field, value in given.items():
                    pipe.hsetnx(key, field, value)
                pipe.hmget(key, *given)
                return await pipe.execute()

        name, since = (await self._broker.call("owner", read))[-1]
        return Owner(name.decode(), int(since))

    async def set_since(self, since_ms: int) -> None:
        """Say since when every reference is known."""
        await self._broker.call("owner", lambda: self._client.hset(self._keys.objects, "since", since_ms))

    async def archive(self) -> str:
        """Which database has claimed this Redis; nothing where none has."""
        found = await self._broker.call("owner", lambda: self._client.hget(self._keys.archive, "database"))
        return (found or b"").decode()

    async def take_turn(self, for_s: float) -> bool:
        """Whether this process is to collect now: one of all, once in that time."""
        lease_ms = max(1, round(for_s * 1000))
        return bool(
            await self._broker.call("turn", lambda: self._client.set(self._keys.collector, "x", nx=True, px=lease_ms))
        )

    async def stored(self) -> dict[str, int]:
        """Bytes that each tenant keeps, as they are counted."""
        found: dict[bytes, bytes] = await self._broker.call("stored", lambda: self._client.hgetall(self._keys.stored))
        return {tenant.decode(): int(size) for tenant, size in found.items()}

    async def correct(self, by: Mapping[str, int]) -> None:
        """Change the count of tenants by so many bytes."""

        async def change() -> None:
            async with self._client.pipeline(transaction=True) as pipe:
                for tenant, size in by.items():
                    pipe.hincrby(self._keys.stored, tenant, size)
                await pipe.execute()

        if by:
            await self._broker.call("stored", change)
