"""Single attempts, run by an executor over a real server, with what they would settle told instead of settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import anyio.lowlevel
import msgspec
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Record, Settlement
from streamforge.config import JobsSettings, PoolSettings
from streamforge.jobs.events import Event
from streamforge.jobs.model import Claim, JobError
from streamforge.jobs.store import JobStore
from streamforge.runtime.children import Children
from streamforge.runtime.context import Lent
from streamforge.runtime.executor import Executor
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.run import Run
from streamforge.runtime.settler import Settler
from streamforge.storage.objects import Objects
from tests.integration.engine import QUICK, pipeline
from tests.integration.moves import raw, submit, take_one


class Told:
    """A settler that settles nothing."""

    def __init__(self) -> None:
        self.ends: list[Settlement] = []

    async def settle(self, settlement: Settlement) -> int:
        """As if Redis had it."""
        self.ends.append(settlement)
        return 1


class Attempts:
    """One job, and as many attempts at it as a test makes; its checkpoints stay between them."""

    def __init__(self, broker: Broker, objects: Objects, recipe: Any, **more: Any) -> None:  # noqa: ANN401
        self.broker = broker
        self.store = JobStore(broker)
        self.records: list[Record] = []
        self._pipeline: Pipeline[Any] = recipe if isinstance(recipe, Pipeline) else pipeline(recipe)
        self._objects = objects
        self._limits: JobsSettings = more.get("jobs", JobsSettings())
        self._children: Children | None = more.get("children")
        self._watch()

    def _watch(self) -> None:
        really = self.broker.record

        async def watched(record: Record) -> int:
            self.records.append(record)
            return await really(record)

        self.broker.record = watched

    async def claim(self) -> Claim:
        """Take the job, which is handed in where it is not there; a second time as if its worker had vanished."""
        await submit(self.broker, kind=self._pipeline.kind.name)
        state = await raw(self.broker).hget(self.broker.keys.job("job-1"), "state")
        return await take_one(self.broker, mode="new" if state == b"queued" else "lost")

    async def run(self, *, during: Callable[[Run], object] | None = None, **claim: Any) -> Settlement | None:  # noqa: ANN401
        """How one attempt ends, None where it was fenced; ``claim`` changes what the worker knows of the job."""
        run = Run(replace(await self.claim(), **claim))
        told = Told()
        lent = Lent(self.broker, self._objects, Rack(PoolSettings(slots=1)), self._limits, {Run: run}, self._children)
        executor = Executor(
            {self._pipeline.kind.name: self._pipeline}, lent, cast("Settler", told), QUICK, self._limits
        )
        if during is not None:
            during(run)
        await executor.run(run)
        return told.ends[0] if told.ends else None

    async def events(self, kind: str) -> list[Event]:
        """The job's events of that type."""
        return [event for event in await self.store.events_since("job-1") if event.type == kind]


class Work:
    """What is done for an item: counted, and failing where a test says so."""

    def __init__(self) -> None:
        self.ran: Counter[int] = Counter()
        self.raises: dict[int, BaseException] = {}

    async def __call__(self, item: int) -> int:
        """Ten times the item."""
        self.ran[item] += 1
        await anyio.lowlevel.checkpoint()
        if item in self.raises:
            raise self.raises[item]
        return item * 10


def error_of(settlement: Settlement | None) -> JobError:
    """The error that an attempt ended with."""
    assert settlement is not None
    return msgspec.json.decode(settlement.body, type=JobError)
