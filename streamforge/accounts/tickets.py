"""Tickets: what a browser may put into an address where it cannot send a header, good for one use within seconds."""

from __future__ import annotations

import secrets
from typing import Any, Final, cast

from streamforge.accounts.model import sha256_of
from streamforge.broker.broker import Broker

TICKET_S: Final = 30
"""How long a ticket may wait for its use."""


class Tickets:
    """What tickets stand for, in Redis under their hash. Raises BrokerUnavailable."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client = cast("Any", broker.client)

    async def issue(self, stands_for: bytes) -> str:
        """A new ticket."""
        ticket = secrets.token_urlsafe(32)
        key = self._broker.keys.ticket(sha256_of(ticket))
        await self._broker.call("tickets", lambda: self._client.set(key, stands_for, ex=TICKET_S))
        return ticket

    async def redeem(self, ticket: str) -> bytes | None:
        """What a ticket stands for, once; None where it has been used, is too old, or never was."""
        if not ticket.isascii():
            return None
        key = self._broker.keys.ticket(sha256_of(ticket))
        return await self._broker.call("tickets", lambda: self._client.getdel(key))
