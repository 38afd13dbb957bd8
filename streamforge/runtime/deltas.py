"""Model text as it is written, for those who watch: gathered for a moment, told, and kept by nobody.

Text of a job that nobody listens to is counted and dropped; once a second it is told all the same, to find out whether
somebody does by now.
"""

from __future__ import annotations

import asyncio
from time import monotonic, time_ns

import anyio
import msgspec

from streamforge.broker.deltas import DeltaVoice
from streamforge.errors import StreamForgeError
from streamforge.jobs.feed import DELTA, EventDocument
from streamforge.jobs.model import Claim
from streamforge.ops.service import Service
from streamforge.runtime.retry import writable

GATHER_S = 0.05
"""What is written within this time is told together."""

QUIET_S = 1.0
"""How long nobody is told of a text that nobody heard."""

PIECE_MAX = 16_384
"""Characters in one message; of more, the last."""


class Speech:
    """The text of one step of an attempt. ``end`` is how long it is so far."""

    __slots__ = ("claim", "end", "parts", "quiet_until", "start", "step")

    def __init__(self, claim: Claim, step: str) -> None:
        self.claim = claim
        self.step = step
        self.parts: list[str] = []
        self.start = self.end = 0
        self.quiet_until = 0.0

    def add(self, text: str, at: int | None) -> bool:
        """Go on with this text, or with ``at`` from there. Whether it has to be told."""
        start = self.end if at is None else at
        if start != self.end:
            self.parts.clear()
        if not self.parts:
            self.start = start
        self.end = start + len(text)
        if monotonic() < self.quiet_until:
            return False
        self.parts.append(text)
        return True

    def message(self) -> bytes:
        """What has been gathered, as the document of an event; nothing is left of it here."""
        text, start = "".join(self.parts), self.start
        self.parts.clear()
        self.start = self.end
        document = EventDocument(
            id="",
            type=DELTA,
            job_id=self.claim.id,
            tenant=self.claim.tenant,
            kind=self.claim.kind,
            at_ms=time_ns() // 1_000_000,
            attempt=self.claim.attempt,
            data={
                "step": self.step,
                "offset": start + max(0, len(text) - PIECE_MAX),
                "text": writable(text[-PIECE_MAX:]),
            },
        )
        return msgspec.json.encode(document)


class Deltas(Service):
    """A service that tells what the recipes of this daemon have their models write."""

    name = "deltas"

    def __init__(self, voice: DeltaVoice) -> None:
        self._voice = voice
        self._due: set[Speech] = set()
        self._wake = asyncio.Event()
        self._scope = anyio.CancelScope()
        self._is_stopping = False

    def say(self, speech: Speech, text: str, at: int | None = None) -> None:
        """Tell a piece, soon; never waits."""
        if speech.add(text, at):
            self._due.add(speech)
            self._wake.set()

    async def run(self) -> None:
        """Tell until ``stop``; what is left then is told to nobody."""
        with self._scope:
            while not self._is_stopping:
                await self._wake.wait()
                await anyio.sleep(GATHER_S)
                self._wake.clear()
                await self._tell()

    def stop(self) -> None:
        """Tell no more."""
        self._is_stopping = True
        self._scope.cancel()

    async def _tell(self) -> None:
        speeches, self._due = list(self._due), set()
        batch = [(speech.claim.id, speech.message()) for speech in speeches]
        try:
            heard = await self._voice.tell(batch)
        except StreamForgeError:  # nobody can hear it now
            heard = [0] * len(batch)
        for speech, ears in zip(speeches, heard, strict=True):
            if not ears:
                speech.quiet_until = monotonic() + QUIET_S
