"""What an attempt writes down, in order.

A context's steps may run side by side, but a write is recognised, when it is repeated, by not being newer than the
newest of its attempt: so there is one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec
from msgspec import Struct

from streamforge.broker.messages import Record
from streamforge.errors import FencedError, RecipeMisused
from streamforge.ops import metrics
from streamforge.runtime.run import Run

WRITTEN = 1
"""record.lua's code."""


class Put(Struct, frozen=True):
    """An object that was put for a value, in the place of that number; ``named`` are others that the value names."""

    key: str = ""
    size: int = 0
    number: int = 0
    named: Collection[str] = ()


NOTHING = Put()


class Records(Protocol):
    """Where records go, and are read back: the recorder, with those of other jobs; or a broker, one by one."""

    async def record(self, record: Record) -> int:
        """1 where it is written, 0 where the attempt does not hold the job any more.

        Or, above 1, the number of the place in which the record's object has to be put again first.
        """
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
        put: Put = NOTHING,
        step: str = "",
        progress: float | None = None,
    ) -> int:
        """Write once; raises FencedError where another attempt holds the job. ``what`` names the write in metrics.

        Gives 0; or the number of the place in which the object has to be put again: nothing is written then.
        """
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
                object=put.key,
                number=put.number,
                size=put.size,
                named=put.named,
            )
            code = await self._records.record(record)
        if not code:
            metrics.fenced_writes_total(what).inc()
            raise FencedError
        if code > WRITTEN:
            return code
        self._run.has_got_on |= target == "steps"
        return 0
