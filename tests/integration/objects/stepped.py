"""A collector that stops before each of its steps, so that a test can do something between any two of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

from streamforge.broker.broker import Broker
from streamforge.collector.collector import Collector, Round
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import Archived, References
from streamforge.storage.objects import Objects


class Gate:
    """Where a collection waits until it may take its next step."""

    def __init__(self) -> None:
        self._is_waiting = asyncio.Event()
        self._may_pass = asyncio.Event()

    async def wait(self) -> None:
        """Called by the collection before each step."""
        self._is_waiting.set()
        await self._may_pass.wait()
        self._may_pass.clear()

    async def let_pass(self, task: asyncio.Task[Round]) -> None:
        """Called by the test: one step, up to the next gate or the end."""
        self._is_waiting.clear()
        self._may_pass.set()
        next_gate = asyncio.ensure_future(self._is_waiting.wait())
        await asyncio.wait({task, next_gate}, return_when=asyncio.FIRST_COMPLETED)
        next_gate.cancel()


class SteppedGarbage(Garbage):
    """Stops before each script."""

    def __init__(self, broker: Broker, gate: Gate) -> None:
        super().__init__(broker)
        self._gate = gate

    async def condemn(self, keys: Sequence[str]) -> int:
        """See ``Garbage``."""
        await self._gate.wait()
        return await super().condemn(keys)

    async def doom(self, number: int, keys: Sequence[str]) -> list[str]:
        """See ``Garbage``."""
        await self._gate.wait()
        return await super().doom(number, keys)


class SteppedReferences(References):
    """Stops before each job that it reads, before the letters, and before it asks the archive."""

    def __init__(self, broker: Broker, archive: Archived, gate: Gate) -> None:
        super().__init__(broker, archive)
        self._gate = gate

    async def archived(self, keys: Sequence[str]) -> set[str]:
        """See ``References``."""
        await self._gate.wait()
        return await super().archived(keys)

    async def _in_letters(self) -> AsyncGenerator[set[str]]:
        await self._gate.wait()
        async for keys in super()._in_letters():
            yield keys

    async def _read(self, ids: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for job_id in ids:
            await self._gate.wait()
            found += await super()._read([job_id])
        return found


class SteppedObjects:
    """The store, stopping before each deletion; ``late`` are those under way when the collector was killed."""

    def __init__(self, objects: Objects, gate: Gate) -> None:
        self._objects = objects
        self._gate = gate
        self.late: list[str] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all the rest is the store's own
        return getattr(self._objects, name)

    async def delete(self, paths: Sequence[str]) -> None:
        """See ``Objects``."""
        self.late += paths
        for path in paths:
            await self._gate.wait()
            await self._objects.delete([path])
            self.late.remove(path)

    async def delete_now(self, path: str) -> None:
        """Without stopping."""
        await self._objects.delete([path])


class SteppedCollector:
    """One collector, by hand: ``step`` it, ``kill`` it, or let a deletion of its take effect when it is long dead."""

    def __init__(self, objects: Objects, broker: Broker, archive: Archived) -> None:
        self._gate = Gate()
        self._objects: Any = SteppedObjects(objects, self._gate)
        self._collector = Collector(
            self._objects, SteppedReferences(broker, archive, self._gate), SteppedGarbage(broker, self._gate)
        )
        self._task: asyncio.Task[Round] | None = None

    async def step(self) -> bool:
        """Begin a collection, or take the next step of the one that is under way; whether it is over.

        Raises what it raised.
        """
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._collector.collect(-1.0))
        await self._gate.let_pass(self._task)
        if not self._task.done():
            return False
        self._task.result()
        self._task = None
        return True

    async def kill(self) -> None:
        """End it where it stands."""
        if self._task is None:
            return
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    async def delete_late(self) -> None:
        """A deletion that a killed collector had sent off takes effect."""
        if self._task is None and self._objects.late:
            await self._objects.delete_now(self._objects.late.pop())
