"""What an attempt writes down, in order.

A context's steps may run side by side, but a write is recognised, when it is repeated, by not being newer than the
newest of its attempt: so there is one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import msgspec

from streamforge.broker.scripts import Record
from streamforge.errors import FencedError, RecipeMisused
from streamforge.ops import metrics
from streamforge.runtime.run import Run


class Records(Protocol):
    """Where records go, and are read back: the recorder, with those of other jobs; or a broker, one by one."""

    async def record(self, record: Record) -> bool:
        """Whether the attempt still holds the job, and so the record is written."""
        ...

    async def checkpoints(self, job_id: str) -> dict[str, bytes]:
        """The job's checkpoints by step name."""
        ...


class Journal:
    """The writes of one attempt, each under its fencing token, and none after its recipe has ended.

    ``version`` is the recipe's, kept beside every checkpoint.
    """

    def __init__(self, records: Records, run: Run, version: str) -> None:
        self._records = records
        self._run = run
        self._version = version
        self._written = 0
        self._turn = asyncio.Lock()

    def require_open(self, what: str) -> None:
        """Raise RecipeMisused after the recipe's end; ``what`` says what was tried."""
        if self._run.is_over:
            raise RecipeMisused(
                f"{what} came after the recipe had ended", hint="await all that uses the context before you return"
            )

    async def write(
        self,
        what: str,
        event: str,
        facts: Mapping[str, object],
        *,
        target: str = "",
        field: str = "",
        value: bytes = b"",
        step: str = "",
        progress: float | None = None,
    ) -> None:
        """Write once; raises FencedError where another attempt holds the job. ``what`` names the write in metrics."""
        self.require_open(event)
        data = msgspec.json.encode(facts)
        async with self._turn:
            self._written += 1
            record = Record(
                id=self._run.claim.id,
                token=self._run.claim.token,
                serial=self._written,
                event=event,
                data=data,
                target=target,
                field=field,
                value=value,
                step=step,
                progress=progress,
                version=self._version if target == "steps" else "",
            )
            is_written = await self._records.record(record)
        if not is_written:
            metrics.fenced_writes_total(what).inc()
            raise FencedError
        self._run.has_got_on |= target == "steps"
