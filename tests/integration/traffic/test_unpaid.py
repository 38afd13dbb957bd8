"""Who is parked for a tenant's money: they come one after the other, and are called when it frees."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.traffic.model import Go, Wait
from streamforge.traffic.money import Hold
from streamforge.traffic.prices import Used
from tests.integration.traffic.parking import Jobs
from tests.integration.traffic.test_claims import BUDGET, KEYS, LARGE, SMALL, Purse


class Poor:
    """A tenant whose budget calls under way hold, and whose jobs are parked for it."""

    def __init__(self, broker: Broker) -> None:
        self.purse = Purse(broker)
        self.jobs = Jobs(self.purse.desk, broker)

    async def park(self, name: str, amount: int) -> Wait:
        """A job is turned away; what it is told."""
        await self.jobs.begin(name)
        told = await self.purse.ask(name, amount, patience_ms=0)
        assert (told.why, told.is_parked) == ("money", True)
        await self.jobs.snooze(name, delay_ms=told.wait_ms)
        return told


@pytest.fixture
async def poor(broker: Broker) -> Poor:
    """With nearly all of the budget held."""
    poor = Poor(broker)
    await poor.purse.fill()
    return poor


async def test_they_come_back_one_after_the_other(poor: Poor) -> None:
    """By the clock, however many were turned away in the same moment."""
    told = [(await poor.park(f"job-{number}", SMALL)).wait_ms for number in range(5)]
    assert all(later - sooner == poor.purse.desk.rules.park_gap_ms for sooner, later in pairwise(told))


async def test_money_that_is_given_back_calls_them(poor: Poor) -> None:
    """As many as it covers, in the order in which they lacked it; who is called and has not asked yet has his part."""
    for name in ("one", "two", "three"):
        await poor.park(name, SMALL)
    await poor.purse.end()
    assert await poor.jobs.called("one", "two", "three") == ["one"]
    await poor.purse.end(cost=SMALL)
    assert await poor.jobs.called("one", "two", "three") == ["one"]
    await poor.purse.end()
    assert await poor.jobs.called("one", "two", "three") == ["one", "two"]
    assert isinstance(await poor.purse.ask("one", SMALL), Go)


async def test_nobody_is_called_past_one_that_needs_more(poor: Poor) -> None:
    """A large call at the head of the line is called as soon as all that it needs is there."""
    await poor.park("large", LARGE)
    await poor.park("small", SMALL)
    for _ in range(2):
        await poor.purse.end()
        assert await poor.jobs.called("large", "small") == []
    await poor.purse.end()
    assert await poor.jobs.called("large", "small") == ["large"]


async def test_nobody_is_called_for_what_another_claims(poor: Poor) -> None:
    """What a call that has come back waits for is kept for it; what is left beside it is not."""
    for _ in range(2):
        await poor.purse.ask("claims", 6_000)
    await poor.park("one", SMALL)
    for expected in ([], [], ["one"]):
        await poor.purse.end()
        assert await poor.jobs.called("one") == expected


async def test_who_has_the_claim_is_counted_once(poor: Poor) -> None:
    """A call that is called by its claim leaves the rest for those behind it."""
    await poor.purse.ask("claims", 6_000)
    await poor.park("claims", 6_000)
    await poor.park("one", SMALL)
    for _ in range(3):
        await poor.purse.end()
    assert await poor.jobs.called("claims", "one") == ["claims", "one"]


async def test_a_charge_that_is_written_alone_calls_them(poor: Poor) -> None:
    """Redis was away when the call ended."""
    await poor.park("one", SMALL)
    late = await poor.purse.till.charge(tenant="frugal", hold=poor.purse.running[0].hold, used=Used(), cost=0)
    await poor.purse.desk.scripts.charge(replace(late, is_answered=False))
    assert await poor.jobs.called("one") == ["one"]


async def test_new_credits_call_them(broker: Broker) -> None:
    """A tenant that pays goes on at once."""
    poor = Poor(broker)
    desk, scripts = poor.purse.desk, poor.purse.desk.scripts
    prepaid = Hold(tenant="frugal", amount=SMALL, lease_ms=60_000, is_prepaid=True, job_id="one")
    await scripts.credit("frugal", "first", BUDGET // 2)
    await desk.go(KEYS, "early", hold=replace(prepaid, job_id="early"))
    await poor.jobs.begin("one")
    told = await desk.wait(KEYS, "one", hold=prepaid, patience_ms=0)
    await poor.jobs.snooze("one", delay_ms=told.wait_ms)
    await scripts.credit("frugal", "second", SMALL)
    assert await poor.jobs.called("one") == ["one"]
