"""Login sessions: on from login to logout, or until their time is over; told from memory for a moment, as keys are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, cast

from streamforge.accounts.lately import Lately
from streamforge.accounts.model import sha256_of
from streamforge.broker.broker import Broker

ID_BYTES: Final = 16


class Sessions:
    """The sessions of an installation, in Redis under their hash. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker, clock: Callable[[], float] = monotonic) -> None:
        self._broker = broker
        self._client = cast("Any", broker.client)
        self._seen = Lately(self._look, clock=clock)

    async def begin(self, ttl_s: int) -> str:
        """A new session's id."""
        session = secrets.token_urlsafe(ID_BYTES)
        await self._broker.call("sessions", lambda: self._client.set(self._key(session), b"1", ex=max(1, ttl_s)))
        return session

    async def is_on(self, session: str) -> bool:
        """Whether nobody has ended it, and its time is not over."""
        return await self._seen.of(session)

    async def end(self, session: str) -> None:
        """It is good no more: here at once, and on every daemon within ``FRESH_S``."""
        await self._broker.call("sessions", lambda: self._client.delete(self._key(session)))
        self._seen.put(session, False)

    async def _look(self, session: str) -> bool:
        return bool(await self._broker.call("sessions", lambda: self._client.exists(self._key(session))))

    def _key(self, session: str) -> str:
        return f"{self._broker.keys.api_keys}:session:{sha256_of(session)}"
