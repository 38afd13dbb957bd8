"""Keys that their provider has refused: who they are, until when, and how to let one try again."""

from __future__ import annotations

from typing import Any, cast

import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys


class Benched(Struct, frozen=True):
    """A key out of use, for one model or (empty) for all, until a time of Redis's clock."""

    fingerprint: str
    model: str
    reason: str
    until_ms: int


class Benches:
    """The benched keys of every provider. Raises BrokerUnavailable."""

    def __init__(self, client: aioredis.Redis, keys: Keys) -> None:
        self._client = cast("Any", client)
        self._keys = keys

    async def look(self, provider: str) -> list[Benched]:
        """The keys that are out of use now, by fingerprint."""
        try:
            seconds, micros = await self._client.time()
            rows: dict[bytes, bytes] = await self._client.hgetall(self._keys.benched(provider))
        except (RedisError, OSError) as error:
            raise translate(error) from error
        now_ms = seconds * 1000 + micros // 1000
        found = [_benched(field.decode(), value.decode()) for field, value in sorted(rows.items())]
        return [benched for benched in found if benched.until_ms > now_ms]

    async def pardon(self, provider: str, fingerprint: str, model: str = "") -> bool:
        """Let a key try again, after its account was put right; whether it was benched."""
        field = f"{fingerprint}/{model}" if model else fingerprint
        try:
            return bool(await self._client.hdel(self._keys.benched(provider), field))
        except (RedisError, OSError) as error:
            raise translate(error) from error


def _benched(field: str, value: str) -> Benched:
    fingerprint, _, model = field.partition("/")
    until, _, reason = value.partition(" ")
    return Benched(fingerprint, model, reason, int(until))
