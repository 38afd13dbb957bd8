"""Ends of attempts, settled together."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Settlement
from streamforge.runtime.batcher import UNANSWERED, Batcher

UNSETTLED = UNANSWERED
"""Redis stayed away until this process had to end: the entry is pending, and the next process of this name goes on."""


class Settler(Batcher[Settlement]):
    """A service that batches settlements. While Redis is away they wait here; their jobs' slots stay taken."""

    def __init__(self, broker: Broker) -> None:
        super().__init__("settler", broker.settle)

    async def settle(self, settlement: Settlement) -> int:
        """Hand in an end; returns settle.lua's code once Redis has it: 1 settled, 2 settled before, 0 fenced.

        Or UNSETTLED, where this process stops and Redis stays away, or the settler itself has broken down.
        """
        return await self.hand_in(settlement)
