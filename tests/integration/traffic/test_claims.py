"""A call that waits for its tenant's money gets it, however many smaller ones come after it."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import Priority
from streamforge.traffic.model import Go, Wait
from streamforge.traffic.money import Hold, Refused
from streamforge.traffic.prices import Used
from tests.integration.traffic.desk import Desk, candidates
from tests.integration.traffic.till import Till

BUDGET, LARGE, SMALL = 10_000, 8_000, 3_000
KEYS = candidates(1)


class Purse:
    """A tenant's calls, some of which are under way."""

    def __init__(self, broker: Broker) -> None:
        self.desk = Desk(broker.client)
        self.till = Till(broker)
        self.keys = KEYS
        self.running: list[Go] = []

        self.went = 0

    async def ask(self, name: str, amount: int, tenant: str = "frugal", **ask: Any) -> Any:  # noqa: ANN401 - ``Desk.ask``'s
        """A call that costs at most that."""
        lot = Hold(tenant=tenant, amount=amount, lease_ms=60_000, day_limit=BUDGET, job_id=name)
        answer = await self.desk.ask(self.keys, name, hold=lot, tenant=tenant, **ask)
        if isinstance(answer, Go):
            self.running.append(answer)
            self.went += 1
        return answer

    async def claimant(self) -> str:
        """Who has the claim; an empty string for nobody."""
        claim: bytes = await self.desk.client.get(f"{self.desk.keys.base}:claim:frugal") or b""
        return claim.decode().rpartition(" ")[2]

    async def end(self, cost: int = 0) -> None:
        """The oldest call under way ends, and has cost so much."""
        done = self.running.pop(0)
        charge = await self.till.charge(tenant="frugal", hold=done.hold, used=Used(output_tokens=1), cost=cost)
        await self.desk.end(KEYS, done, charge=charge)

    async def fill(self) -> None:
        """Small calls hold nearly all of the budget."""
        for number in range(BUDGET // SMALL):
            assert isinstance(await self.ask(f"early-{number}", SMALL), Go)
        self.went = 0


@pytest.fixture
async def purse(broker: Broker) -> Purse:
    """A tenant whose small calls hold nearly all of its budget."""
    purse = Purse(broker)
    await purse.fill()
    return purse


async def test_a_large_call_gets_its_money_though_small_ones_keep_coming(purse: Purse) -> None:
    """It waits for those that were under way when it asked again, and for none that came later."""
    assert isinstance(await purse.ask("large", LARGE), Wait)
    for number in range(BUDGET // SMALL):
        assert isinstance(await purse.ask("large", LARGE), Wait)
        assert (await purse.ask(f"late-{number}", SMALL)).why == "money"
        await purse.end()
    assert isinstance(await purse.ask("large", LARGE), Go)
    await purse.end()
    assert isinstance(await purse.ask("late-0", SMALL), Go)


async def test_a_large_call_gets_its_money_though_small_ones_come_back(purse: Purse) -> None:
    """Those that lacked money before it go before it; of those that came later none, however often they ask."""
    smalls = [f"small-{number}" for number in range(4)]
    for name in smalls:
        await purse.ask(name, SMALL)
    for rounds in range(20):
        for name in list(smalls):
            if isinstance(await purse.ask(name, SMALL), Go):
                smalls.remove(name)
                smalls.append(f"later-{rounds}")
        if isinstance(await purse.ask("large", LARGE), Go):
            break
        await purse.end()
    assert {name for name in smalls if name.startswith("later")} == set(smalls)
    assert purse.went == 4 + 1


async def test_an_urgent_call_has_the_claim_before_one_that_has_time(purse: Purse) -> None:
    """It counts as having come two minutes sooner; one of equal priority that came later does not."""
    for _ in range(2):
        await purse.ask("low", LARGE, priority=Priority.LOW)
    for name, priority in (("late", Priority.LOW), ("high", Priority.HIGH)):
        for _ in range(2):
            await purse.ask(name, LARGE, priority=priority)
        assert (await purse.claimant() == name) is (name == "high")


async def test_who_waited_for_room_alone_claims_nothing(purse: Purse) -> None:
    """Only a call that has come back for money keeps others from it."""
    purse.keys = candidates(1, concurrent=3)
    assert (await purse.ask("large", LARGE)).why == "concurrent"
    await purse.end()
    assert (await purse.ask("large", LARGE)).why == "money"
    assert await purse.claimant() == ""
    assert (await purse.ask("large", LARGE)).why == "money"
    assert await purse.claimant() == "large"


async def test_what_is_left_beside_a_claim_is_for_all(purse: Purse) -> None:
    """Small calls go as long as they take nothing that the large one waits for; other tenants do not notice."""
    for _ in range(2):
        await purse.ask("large", 6_000)
    for _ in range(2):
        await purse.end()
    assert isinstance(await purse.ask("small", 1_000), Go)
    assert isinstance(await purse.ask("late", SMALL), Wait)
    assert isinstance(await purse.ask("other", BUDGET, "rich"), Go)


async def test_who_gives_up_at_once_claims_nothing(purse: Purse) -> None:
    """Only a call that has come back keeps others from the money."""
    await purse.ask("large", LARGE, patience_ms=0)
    await purse.end()
    assert isinstance(await purse.ask("late", SMALL), Go)


async def test_a_claim_ends_with_its_caller(purse: Purse, broker: Broker) -> None:
    """It lapses where nobody comes back, and a call that cannot be paid for any more has none."""
    client: Any = broker.client
    name = f"{broker.keys.base}:claim:frugal"
    for _ in range(2):
        await purse.ask("large", LARGE)
    assert 0 < await client.pttl(name) <= purse.desk.rules.park_least_ms + purse.desk.rules.turn_ms
    await purse.end(cost=SMALL)
    assert isinstance(await purse.ask("large", LARGE), Refused)
    assert not await client.exists(name)
