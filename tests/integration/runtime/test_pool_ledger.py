"""Many calls of every kind, with children killed at random: who pays is exactly who was hit."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamforge.errors import SlotCrashed
from streamforge.runtime.pool import Rack
from streamforge.runtime.pool_child import RemoteFault
from streamforge.testing.waiting import until
from tests.integration.runtime import children
from tests.integration.runtime.racks import pid_in, running

FATES = {"value": 130, "raise": 20, "shot": 20, "dies": 20, "cancelled": 10}
"""How many of 200 calls meet which: ``shot`` is killed from outside at work, ``dies`` kills its own child."""


class Ledger:
    """What was done in children, written by them, and how each call ended, as its caller saw it."""

    def __init__(self, rack: Rack, folder: Path, rng: random.Random) -> None:
        self.ends: dict[int, str] = {}
        self._rack = rack
        self._folder = folder
        self._rng = rng

    @property
    def done(self) -> list[str]:
        """The values that children made, one for each time."""
        return (self._folder / "ledger").read_text().split()

    async def work(self, plan: Iterator[tuple[int, str]]) -> None:
        """Make calls off the plan; before some, a child that rests is killed."""
        for number, fate in plan:
            if self._rng.random() < 0.15 and self._rack.line.idle:
                os.kill(self._rng.choice(self._rack.line.idle).pid, signal.SIGKILL)
            try:
                self.ends[number] = await self._call(number, fate)
            except SlotCrashed as crash:
                self.ends[number] = f"crashed {crash.signal}"
            except RemoteFault:
                self.ends[number] = "raised"

    async def _call(self, number: int, fate: str) -> str:
        pid = self._folder / f"{number}"
        match fate:
            case "value":
                return await self._rack.call(children.note, str(self._folder / "ledger"), f"value-{number}")
            case "raise":
                return str(await self._rack.call(children.raise_value_error))
            case "dies":
                return str(await self._rack.call(children.killed, signal.SIGSEGV))
            case _:
                call = asyncio.ensure_future(self._rack.call(children.announce_and_hang, str(pid)))
                if fate == "shot":
                    os.kill(await pid_in(pid), signal.SIGKILL)
                    return str(await call)
                await pid_in(pid)
                call.cancel()
                await asyncio.wait([call])
                return "cancelled"


@pytest.mark.parametrize("seed", [7])
async def test_exactly_those_pay_whose_own_child_was_killed(tmp_path: Path, seed: int) -> None:
    """Of 200 calls exactly those at work in a killed child crash, and no other's work is done twice or left out."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    fates = [fate for fate, count in FATES.items() for _ in range(count)]
    rng.shuffle(fates)
    async with running(slots=3, recycle_after=9) as rack:
        ledger, plan = Ledger(rack, tmp_path, rng), enumerate(fates)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(ledger.work(plan))
        wanted = {"raise": "raised", "shot": "crashed SIGKILL", "dies": "crashed SIGSEGV", "cancelled": "cancelled"}
        assert ledger.ends == {number: wanted.get(fate, f"value-{number}") for number, fate in enumerate(fates)}
        assert sorted(ledger.done) == sorted(end for end in ledger.ends.values() if end.startswith("value"))
        await until(lambda: len(rack.line.idle) == 3, "every slot is back")
