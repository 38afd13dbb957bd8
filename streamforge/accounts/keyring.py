"""Whose key a request carries, told from memory: a request costs Redis nothing while its key has just been seen.

What is remembered is at most ``FRESH_S`` old (``lately.py``), so a revoked key is refused everywhere within that time.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time_ns
from typing import Final

from msgspec import Struct

from streamforge.accounts.keys import ApiKeys
from streamforge.accounts.lately import Lately
from streamforge.accounts.model import ApiKey, Digest, fingerprint_of, parts_of

NOTED_S: Final = 60.0
"""How often a key's use is written down."""

_NOBODY: Final = ApiKey(id="", tenant="", scopes=(), digests=(Digest("0" * 64, 1),), created_ms=0)
"""Stands in for a key that does not exist, so that its absence takes as long to tell."""


class Holder(Struct, frozen=True):
    """A good key, and which of its secrets was shown."""

    key: ApiKey
    fingerprint: str


class Keyring:
    """The keys that one process has seen lately. Raises BrokerUnavailable where it has to ask and Redis is away."""

    def __init__(
        self,
        keys: ApiKeys,
        clock: Callable[[], float] = monotonic,
        now_ms: Callable[[], int] = lambda: time_ns() // 1_000_000,
    ) -> None:
        self.keys = keys
        self.seen = Lately(keys.find, clock=clock)
        self._noted = Lately(keys.note_use, NOTED_S, clock)
        self._now_ms = now_ms

    async def holder_of(self, token: str) -> Holder | None:
        """Who sends this key; None where it is none, or is not good now."""
        parts = parts_of(token)
        if parts is None:
            return None
        key_id, secret = parts
        key = await self.seen.of(key_id)
        digest = (key or _NOBODY).digest_of(secret, self._now_ms())
        if key is None or digest is None:
            return None
        await self._noted.of(key_id)
        return Holder(key, fingerprint_of(digest))

    async def holder_by(self, key_id: str, fingerprint: str) -> Holder | None:
        """Who showed that key before, with the secret of that fingerprint; None where it is not good any more."""
        key = await self.seen.of(key_id)
        if key is None or not key.holds(fingerprint, self._now_ms()):
            return None
        await self._noted.of(key_id)
        return Holder(key, fingerprint)

    async def is_good(self, key_id: str) -> bool:
        """Whether the key of that id is good now, whatever its secret."""
        key = await self.seen.of(key_id)
        return key is not None and key.is_live(self._now_ms())

    def forget(self, key_id: str) -> None:
        """Ask Redis the next time: this process has just changed the key."""
        self.seen.forget(key_id)
