"""Budgets and credits: no number of calls at once exceeds them, and nothing stays held."""

from __future__ import annotations

import random

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.errors import Billing, ConfigError
from streamforge.jobs.outcome import Failed
from streamforge.runtime.retry import Past, RetryPolicy, decide
from streamforge.traffic.budgets import Allowance
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, Limits, Parked, Wait
from streamforge.traffic.money import UNLIMITED, Hold, Refused
from streamforge.traffic.prices import MICROS
from tests.integration.traffic.till import SCOPE, Till


@pytest.fixture
def till(broker: Broker) -> Till:
    """Tenants with a budget of a cent a day, or of credits alone, or of nothing."""
    allowances = {
        "frugal": Allowance(day_usd=0.01),
        "prepaid": Allowance(is_prepaid=True),
        "barred": Allowance(day_usd=0.0),
    }
    return Till(broker, allowances)


async def test_a_tenant_without_a_budget_is_counted_and_not_limited(till: Till) -> None:
    """Any amount is held, also where nobody knows the price."""
    await till.take("free", 10**12)
    await till.take("free", None)
    assert await till.held("free") == 10**12


async def test_what_is_held_is_not_there_for_others(till: Till) -> None:
    """Until the call has ended; then what it did not cost is."""
    first = await till.take("frugal", 9000)
    with pytest.raises(Parked, match="calls under way"):
        await till.take("frugal", 2000)
    await till.write(await till.charge(tenant="frugal", hold=first, cost=5000))
    last = await till.take("frugal", 5000)
    await till.write(await till.charge(tenant="frugal", hold=last, cost=4000, id="job-1.step.2"))
    with pytest.raises(Billing, match=r"0\.0010 dollars.*0\.0020"):
        await till.take("frugal", 2000)


@pytest.mark.parametrize("tenant", ["frugal", "prepaid"])
async def test_what_others_hold_is_waited_for(till: Till, tenant: str) -> None:
    """Only what is spent is gone: while calls under way hold the rest the job is parked, and nobody is alarmed."""
    await till.credits.grant("prepaid", 10_000, "payment-1")
    first = await till.take(tenant, 9000)
    with capture_logs() as lines, pytest.raises(Parked) as caught:
        await till.take(tenant, 9000)
    assert (caught.value.why, caught.value.for_s > 0) == ("money", True)
    assert lines == []
    await till.write(await till.charge(tenant=tenant, hold=first, cost=10, is_prepaid=tenant == "prepaid"))
    await till.take(tenant, 9000)


async def test_who_waits_for_money_keeps_nobody_else(till: Till) -> None:
    """A tenant without a limit gets the only slot while another one's calls wait for his own money."""
    key = (Candidate("aaaaaaaa", Limits(concurrent=2)),)
    hold = till.budgets.hold(SCOPE, "frugal", 9000, 1.0)

    async def ask(name: str, hold: Hold | None = None) -> Go | Wait | Refused | None:
        who = Caller(id=name, tenant=name if hold is None else hold.tenant)
        return await till.scripts.admit(SCOPE, key, Estimate(), who, patience_ms=10_000, nonce=name, hold=hold)

    assert isinstance(await ask("first", hold), Go)
    for name in ("second", "third"):
        wait = await ask(name, hold)
        assert isinstance(wait, Wait)
        assert (wait.why, wait.is_parked) == ("money", False)
    assert isinstance(await ask("other"), Go)


async def test_billing_fails_the_job_at_once(till: Till) -> None:
    """It is permanent: waiting does not bring money, and no attempt is wasted."""
    with pytest.raises(Billing) as caught:
        await till.take("barred", 1)
    outcome = decide(caught.value, Past(attempt=1, crashes=0, is_boosted=False), RetryPolicy(), lambda: 0.5)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "billing"


async def test_operators_are_told_once_a_day_and_loudly(till: Till) -> None:
    """The first refusal is an error in the log, with the tenant; the others do not drown it."""
    with capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(Billing):
                await till.take("barred", 1)
    told = [line for line in lines if line["event"] == "budget_exhausted"]
    assert [(line["log_level"], line["tenant"]) for line in told] == [
        ("error", "barred"),
        ("info", "barred"),
        ("info", "barred"),
    ]


async def test_budget_and_credits_are_each_told_of(till: Till) -> None:
    """The day's alarm for one is not used up by the other."""
    with capture_logs() as lines:
        for limit in (0, UNLIMITED):
            with pytest.raises(Billing):
                await till.hold(1, tenant="poor", limit=limit, prepaid=True)
    assert [(line["limit"], line["log_level"]) for line in lines] == [("budget", "error"), ("credits", "error")]


async def test_a_budget_can_be_raised_while_calls_are_made(till: Till) -> None:
    """What was spent stays spent."""
    first = await till.take("frugal", 10_000)
    await till.write(await till.charge(tenant="frugal", hold=first, cost=10_000))
    with pytest.raises(Billing):
        await till.take("frugal", 5000)
    till.budgets.reload(own={"frugal": Allowance(day_usd=0.015)})
    await till.take("frugal", 5000)
    with pytest.raises(Billing):
        await till.take("frugal", 5001)


async def test_a_budget_needs_prices(till: Till) -> None:
    """A call whose cost nobody knows cannot be within a budget."""
    with pytest.raises(ConfigError, match=r"models\.\"acme/large-1\""):
        await till.take("frugal", None)


async def test_a_dead_workers_hold_comes_back_and_is_counted(till: Till) -> None:
    """When its lease has ended the money is there again, and the day tells what the call can have cost at most."""
    await till.take("frugal", 10_000)
    await till.lapse("frugal")
    await till.take("frugal", 10_000)
    sums = await till.sums("frugal")
    assert (sums.unaccounted_calls, sums.unaccounted_uusd) == (1, 10_000)
    assert await till.held("frugal") == 10_000


async def test_a_call_that_outlived_its_hold_is_accounted_for(till: Till) -> None:
    """Its worker was slow, not dead: what it used is known after all."""
    late = await till.take("frugal", 4000)
    await till.lapse("frugal")
    other = await till.take("frugal", 1000)
    await till.write(await till.charge(tenant="frugal", hold=late, cost=4000))
    sums = await till.sums("frugal")
    assert (sums.unaccounted_calls, sums.unaccounted_uusd, sums.cost_uusd) == (0, 0, 4000)
    assert await till.held("frugal") == 1000
    assert other.endswith(":1000")


async def test_a_call_that_tells_more_than_was_held_is_charged_in_full(till: Till) -> None:
    """A hold is no cap: the books equal the provider's, and the next call pays for it by being refused."""
    hold = await till.take("frugal", 1000)
    await till.write(await till.charge(tenant="frugal", hold=hold, cost=50_000))
    assert (await till.sums("frugal")).charged_uusd == 50_000
    with pytest.raises(Billing):
        await till.take("frugal", 1)


@pytest.mark.parametrize("seed", range(5))
async def test_many_calls_at_once_never_exceed_the_budget(till: Till, seed: int) -> None:
    """At every moment what was spent and what is held are together within the budget, and it is nearly used up.

    A hundred jobs of one tenant call at once; calls cost what they may or less, break, are repeated, or are lost.
    """
    chance = random.Random(seed)  # noqa: S311 - chance to be repeated
    limit = 10_000
    seen: list[int] = []
    refused: list[Billing | Parked] = []

    async def job(number: int) -> None:
        for call in range(5):
            most = chance.randrange(1, 600)
            try:
                hold = await till.take("frugal", most)
            except (Billing, Parked) as error:
                refused.append(error)
                return
            seen.append(await till.committed("frugal"))
            fate = chance.random()
            if fate < 0.1:
                continue
            done = await till.charge(
                tenant="frugal",
                hold=hold,
                cost=chance.randrange(most + 1),
                id=f"job-{number}.s.{call}",
                job_id=f"job-{number}",
                is_answered=fate < 0.8,
            )
            for _ in range(chance.randrange(1, 3)):
                await till.write(done)

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(job, number)
    assert refused
    assert limit * 0.9 < max(seen) <= limit
    assert await till.committed("frugal") <= limit


async def test_credits_are_granted_and_spent_once_for_each_entry(till: Till) -> None:
    """A payment that is told of twice counts once; one of another amount under its name is an error."""
    assert (await till.credits.grant("prepaid", 5000, "payment-1")).is_new
    assert not (await till.credits.grant("prepaid", 5000, "payment-1")).is_new
    with pytest.raises(ConfigError, match="another amount"):
        await till.credits.grant("prepaid", 6000, "payment-1")
    assert (await till.credits.spend("prepaid", 2000, "export-1")).balance == 3000
    balance = await till.credits.balance("prepaid")
    assert (balance.left, balance.granted, balance.spent, balance.held) == (3000, 5000, 2000, 0)
    with pytest.raises(Billing, match=r"0\.0030"):
        await till.credits.spend("prepaid", 3001, "export-2")


async def test_a_prepaid_tenant_pays_for_answers_once(till: Till) -> None:
    """The balance covers what is held, and pays for the first answer of each charge alone."""
    await till.credits.grant("prepaid", 1000, "payment-1")
    with pytest.raises(Billing, match="credits"):
        await till.take("prepaid", 1001)
    hold = await till.take("prepaid", 1000)
    with pytest.raises(Parked):
        await till.take("prepaid", 1)
    await till.write(await till.charge(tenant="prepaid", hold=hold, cost=600, is_prepaid=True))
    again = await till.take("prepaid", 400)
    await till.write(await till.charge(tenant="prepaid", hold=again, cost=400, is_prepaid=True))
    balance = await till.credits.balance("prepaid")
    assert (balance.left, balance.spent, balance.held) == (400, 600, 0)


@pytest.mark.parametrize("cost", [0, None])
async def test_a_prepaid_tenants_free_answer_is_written_down(till: Till, cost: int | None) -> None:
    """Of a model that costs nothing, or whose price nobody knows: the call counts, the balance stays."""
    await till.credits.grant("prepaid", 1000, "payment-1")
    await till.write(await till.charge(tenant="prepaid", cost=cost, is_prepaid=True))
    assert (await till.sums("prepaid")).calls == 1
    assert (await till.credits.balance("prepaid")).left == 1000


async def test_spending_at_once_never_overdraws(till: Till) -> None:
    """Of fifty who want a tenth each, ten get it."""
    await till.credits.grant("prepaid", MICROS, "payment-1")
    made: list[int] = []

    async def spend(number: int) -> None:
        try:
            made.append((await till.credits.spend("prepaid", MICROS // 10, f"use-{number}")).balance)
        except Billing:
            return

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(spend, number)
    assert len(made) == 10
    assert min(made) == 0


def test_an_allowance_is_an_amount() -> None:
    """Less than nothing, or no number, is an error where it is said."""
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError):
            Allowance(day_usd=wrong)
