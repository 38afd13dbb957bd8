"""Jobs whose calls are turned away by a desk, and that are parked for it."""

from __future__ import annotations

from random import random
from typing import Any

from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.jobs import outcome as outcomes
from streamforge.jobs.model import Claim
from streamforge.runtime.executor import settlement
from streamforge.runtime.retry import Past, RetryPolicy, decide
from streamforge.traffic.limiter import paused
from streamforge.traffic.model import Wait
from streamforge.traffic.money import Hold
from tests.integration.moves import field, raw, submit, take_one
from tests.integration.traffic.desk import SCOPE, Desk


class Jobs:
    """Jobs whose calls the desk turns away."""

    def __init__(self, desk: Desk, broker: Broker) -> None:
        self.desk = desk
        self.broker = broker
        self.claims: dict[str, Claim] = {}

    async def begin(self, name: str) -> None:
        """A job in a worker's hands."""
        await submit(self.broker, name)
        self.claims[name] = await take_one(self.broker)

    async def ask(self, keys: Any, name: str, **ask: Any) -> Any:  # noqa: ANN401 - as ``Desk.ask``
        """The job's call."""
        hold = Hold(tenant="default", amount=0, lease_ms=60_000, job_id=name)
        return await self.desk.ask(keys, f"{name}.step.1", hold=hold, patience_ms=0, **ask)

    async def snooze(self, name: str, delay_ms: float = 0) -> None:
        """What the executor makes of ``Parked``."""
        parked = decide(paused(SCOPE, None), Past(), RetryPolicy(), random)
        assert isinstance(parked, outcomes.Snooze)
        end = settlement(self.claims[name], replace(parked, delay_ms=round(delay_ms)))
        assert await self.broker.settle([end]) == [1]

    async def park(self, keys: Any, *names: str, **ask: Any) -> None:  # noqa: ANN401 - as ``Desk.ask``
        """Jobs that are turned away, one after the other."""
        for name in names:
            await self.begin(name)
            told = await self.ask(keys, name, **ask)
            assert isinstance(told, Wait), told
            assert told.is_parked
            await self.snooze(name, delay_ms=told.wait_ms)

    async def due_s(self, name: str) -> float:
        """How long the job's pause lasts yet; its record and the schedule agree."""
        at = await raw(self.broker).zscore(self.broker.keys.scheduled, name)
        if not self.desk.passed_ms:
            assert int(await field(self.broker, name, "due_ms")) == at
        seconds, micros = await raw(self.broker).time()
        return at / 1000 - seconds - micros / 1e6

    async def called(self, *names: str) -> list[str]:
        """Those of them that are due."""
        return [name for name in names if await self.due_s(name) <= 0]
