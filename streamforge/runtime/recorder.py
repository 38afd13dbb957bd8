"""What running attempts write down, recorded together."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Record
from streamforge.errors import BrokerUnavailable
from streamforge.runtime.batcher import UNANSWERED, Batcher


class Recorder(Batcher[Record]):
    """A service that batches the records of different jobs. A job's own come one after the other; see ``Journal``."""

    def __init__(self, broker: Broker) -> None:
        super().__init__("recorder", broker.record_all)
        self._broker = broker

    async def record(self, record: Record) -> int:
        """See ``Records.record``; what is written is in Redis.

        Raises BrokerUnavailable where this process stops and Redis stays away, or the recorder has broken down.
        """
        code = await self.hand_in(record)
        if code == UNANSWERED:
            raise BrokerUnavailable("Redis stayed away until this process had to end")
        return code

    async def checkpoints(self, job_id: str) -> dict[str, bytes]:
        """See ``Broker.checkpoints``."""
        return await self._broker.checkpoints(job_id)
