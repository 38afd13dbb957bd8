"""Hears what is asked of this worker from outside: the end of a job, a drain.

    {"cancel": "<job id>"}          {"drain": "<worker>"}

A cancel is a mark on the job (``cancel.lua``); the message is only a wake-up, so losing one delays the cancel by one
renewal of the job's lease, and does not lose it. A drain that nobody heard is said again by who asks for it.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

AWAY_PAUSE_S = 0.5

log = get_logger(__name__)


class Message(Struct, frozen=True, omit_defaults=True):
    """What is said on the control channel."""

    cancel: str = ""
    drain: str = ""


class Control(Service):
    """A service that listens on the control channel."""

    name = "control"

    def __init__(
        self, broker: Broker, worker: str, *, cancel: Callable[[str], None], drain: Callable[[], None]
    ) -> None:
        self._broker = broker
        self._worker = worker
        self._cancel = cancel
        self._drain = drain
        self._scope = anyio.CancelScope()
        self._is_stopping = False

    def stop(self) -> None:
        """Listen no more."""
        self._is_stopping = True
        self._scope.cancel()

    async def run(self) -> None:
        """Listen until ``stop``; a connection that is lost is made anew."""
        with self._scope:
            while not self._is_stopping:
                try:
                    await self._broker.listen(self._read)
                except BrokerUnavailable as error:
                    log.debug("control_waits", error=error.message)
                    await anyio.sleep(AWAY_PAUSE_S)

    def _read(self, raw: bytes) -> None:
        try:
            self.handle(msgspec.json.decode(raw, type=Message))
        except BROKEN_JSON:
            log.warning("control_message_unreadable")

    def handle(self, message: Message) -> None:
        """Do what the message asks, where it concerns this worker."""
        if message.cancel:
            self._cancel(message.cancel)
        if message.drain == self._worker:
            log.info("drain_asked")
            self._drain()
