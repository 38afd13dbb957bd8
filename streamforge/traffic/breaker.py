"""The circuit breaker of each provider's model, shared by all workers: looked at and closed by hand here.

Its state changes are in the limiter's own scripts, which every call passes anyway: ``admit.lua`` lets nobody through
while it is open and one probe at a time when it is half-open, ``settle.lua`` counts results and opens or closes it.
(The pattern is M. Nygard's, "Release It!", 2007.)
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

import redis.asyncio as aioredis
from msgspec import Struct
from redis.exceptions import RedisError

from streamforge.broker.connection import translate
from streamforge.broker.keys import Keys
from streamforge.traffic.model import Scope


class State(StrEnum):
    """Where a circuit stands."""

    CLOSED = "closed"
    """Calls go."""
    OPEN = "open"
    """No call goes until a time."""
    HALF_OPEN = "half_open"
    """One call goes at a time, until one succeeds."""


class Circuit(Struct, frozen=True):
    """A circuit as it stands: for ``open_ms`` more nobody is let through; ``openings`` in a row have not helped."""

    state: State
    open_ms: int = 0
    openings: int = 0


class Breaker:
    """Every model's circuit. Raises BrokerUnavailable."""

    def __init__(self, client: aioredis.Redis, keys: Keys) -> None:
        self._client = cast("Any", client)
        self._keys = keys

    async def look(self, scope: Scope) -> Circuit:
        """The circuit as it stands."""
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.hmget(self._keys.model(scope.name), "open_until", "opens")
                (seconds, micros), (until, opens) = await pipe.execute()
        except (RedisError, OSError) as error:
            raise translate(error) from error
        left_ms = int(until or 0) - (seconds * 1000 + micros // 1000)
        if not int(until or 0):
            return Circuit(State.CLOSED)
        return Circuit(State.OPEN if left_ms > 0 else State.HALF_OPEN, max(0, left_ms), int(opens or 0))

    async def close(self, scope: Scope) -> None:
        """Let calls go again at once: somebody knows that the provider is well."""
        try:
            await self._client.hdel(self._keys.model(scope.name), "open_until", "opens", "probe")
        except (RedisError, OSError) as error:
            raise translate(error) from error
