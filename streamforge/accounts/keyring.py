"""Whose key a request carries, told from memory: a request costs Redis nothing while its key has just been seen.

What is remembered is at most ``FRESH_S`` old, so a revoked key is refused everywhere within that time.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time_ns
from typing import Final

from msgspec import Struct

from streamforge.accounts.keys import ApiKeys
from streamforge.accounts.model import ApiKey, Digest, fingerprint_of, parts_of

FRESH_S: Final = 1.0
"""How long a key is believed without asking Redis."""
NOTED_S: Final = 60.0
"""How often a key's use is written down."""
MOST: Final = 4096
"""Ids that are remembered, also those that no key has: a flood of made-up ones must not fill the memory."""

_NOBODY: Final = ApiKey(id="", tenant="", scopes=(), digests=(Digest("0" * 64, 1),), created_ms=0)
"""Stands in for a key that does not exist, so that its absence takes as long to tell."""


class Holder(Struct, frozen=True):
    """A good key, and which of its secrets was shown."""

    key: ApiKey
    fingerprint: str


class _Seen(Struct):
    key: ApiKey | None
    at_s: float
    noted_s: float


class Keyring:
    """The keys that one process has seen lately. Raises BrokerUnavailable where it has to ask and Redis is away."""

    def __init__(
        self,
        keys: ApiKeys,
        clock: Callable[[], float] = monotonic,
        now_ms: Callable[[], int] = lambda: time_ns() // 1_000_000,
    ) -> None:
        self.keys = keys
        self._clock = clock
        self._now_ms = now_ms
        self._seen: dict[str, _Seen] = {}

    async def holder_of(self, token: str) -> Holder | None:
        """Who sends this key; None where it is none, or is not good now."""
        parts = parts_of(token)
        if parts is None:
            return None
        key_id, secret = parts
        key = await self._key(key_id)
        digest = (key or _NOBODY).digest_of(secret, self._now_ms())
        if key is None or digest is None:
            return None
        await self._note(key_id)
        return Holder(key, fingerprint_of(digest))

    async def holder_by(self, key_id: str, fingerprint: str) -> Holder | None:
        """Who showed that key before, with the secret of that fingerprint; None where it is not good any more."""
        key = await self._key(key_id)
        if key is None or not key.holds(fingerprint, self._now_ms()):
            return None
        await self._note(key_id)
        return Holder(key, fingerprint)

    async def is_good(self, key_id: str) -> bool:
        """Whether the key of that id is good now, whatever its secret."""
        key = await self._key(key_id)
        return key is not None and key.is_live(self._now_ms())

    def forget(self, key_id: str) -> None:
        """Ask Redis the next time: this process has just changed the key."""
        self._seen.pop(key_id, None)

    async def _key(self, key_id: str) -> ApiKey | None:
        seen = self._seen.get(key_id)
        if seen is not None and self._clock() - seen.at_s < FRESH_S:
            return seen.key
        asked_s = self._clock()
        key = await self.keys.find(key_id)
        self._seen.pop(key_id, None)  # to the end: the first in the dictionary is the one asked about longest ago
        self._seen[key_id] = _Seen(key, asked_s, seen.noted_s if seen else float("-inf"))
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        return key

    async def _note(self, key_id: str) -> None:
        seen = self._seen.get(key_id)
        if seen is None or self._clock() - seen.noted_s < NOTED_S:
            return
        seen.noted_s = self._clock()
        await self.keys.note_use(key_id)
