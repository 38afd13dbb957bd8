"""Every call is written once, whatever is repeated; job, day and stream agree."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Outbox
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable
from streamforge.jobs.acts import act
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.ledger import total
from streamforge.traffic.money import Charge, Keeping
from streamforge.traffic.prices import Used
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts, load_sources
from tests.integration.traffic.till import USED, Till


@pytest.fixture
def till(broker: Broker) -> Till:
    """A ledger over the emptied server."""
    return Till(broker)


async def test_a_call_is_in_job_day_model_and_stream(till: Till) -> None:
    """The same numbers in all four, under names and a fingerprint; its hold has ended."""
    await till.write(await till.charge())
    (entry,) = await till.books.job("job-1")
    assert (entry.charge, entry.step, entry.provider, entry.model) == ("job-1.step.1", "design", "acme", "large-1")
    assert (entry.fingerprint, entry.cost, entry.used, entry.is_answered) == ("aaaaaaaa", 300, USED.row(), True)
    sums = await till.sums()
    assert (sums.calls, sums.cost_uusd, sums.charged_uusd, sums.used) == (1, 300, 300, USED)
    assert await till.books.day_by_model("t", await till.books.today()) == {"acme/large-1": sums}
    (row,) = await till.archived()
    assert {name: row[name] for name in ("job", "tenant", "input_tokens", "cost_uusd", "charged_uusd")} == {
        "job": "job-1",
        "tenant": "t",
        "input_tokens": "100",
        "cost_uusd": "300",
        "charged_uusd": "300",
    }
    assert await till.held() == 0


async def test_a_repeated_write_changes_nothing(till: Till) -> None:
    """A write whose answer was lost is sent again: one call, one charge, one row in the stream."""
    charge = await till.charge()
    assert [await till.scripts.charge(charge) for _ in range(3)] == [300, 0, 0]
    sums = await till.sums()
    assert (sums.calls, sums.used, sums.charged_uusd, sums.unaccounted_calls) == (1, USED, 300, 0)
    assert len(await till.archived()) == 1


async def test_a_second_real_call_is_counted_and_not_charged(till: Till) -> None:
    """An attempt that did not know of the first answer calls again: the cost is real, the tenant pays once."""
    await till.write(await till.charge())
    await till.write(await till.charge(cost=310))
    sums = await till.sums()
    assert (sums.calls, sums.cost_uusd, sums.charged_uusd) == (2, 610, 300)
    assert total(await till.books.job("job-1")) == sums.used


async def test_the_same_call_by_two_attempts_is_one(till: Till) -> None:
    """Where the provider takes idempotency keys, the repetition is the call that was counted already."""
    first = await till.charge()
    await till.write(first)
    await till.write(await till.again(first))
    sums = await till.sums()
    assert (sums.calls, sums.used, sums.cost_uusd, sums.charged_uusd) == (1, USED, 300, 300)
    assert await till.held() == 0


async def test_an_answer_adds_what_its_broken_try_had_not_used(till: Till) -> None:
    """The same call broke first: what it told then is part of what it told in the end."""
    broken = await till.charge(used=Used(input_tokens=100, output_tokens=1), cost=120, is_answered=False)
    await till.write(broken)
    assert (await till.sums()).charged_uusd == 0
    await till.write(await till.again(broken, used=USED, cost=300, is_answered=True))
    sums = await till.sums()
    assert (sums.calls, sums.used, sums.cost_uusd, sums.charged_uusd) == (1, USED, 300, 300)
    assert sum(int(row["output_tokens"]) for row in await till.archived()) == USED.output_tokens


async def test_a_broken_call_costs_and_is_not_charged(till: Till) -> None:
    """Another try of the step is the one that the tenant pays for."""
    await till.write(await till.charge(used=Used(input_tokens=100), cost=100, is_answered=False))
    await till.write(await till.charge())
    sums = await till.sums()
    assert (sums.calls, sums.cost_uusd, sums.charged_uusd) == (2, 400, 300)


async def test_a_refused_call_leaves_nothing_but_its_hold_back(till: Till) -> None:
    """429 and its kind are no usage."""
    await till.write(await till.charge(used=Used(), cost=0, is_answered=False))
    assert await till.books.job("job-1") == []
    assert (await till.sums()).calls == 0
    assert await till.held() == 0


async def test_a_call_of_which_nothing_is_known_is_counted_with_its_most(till: Till) -> None:
    """It may have cost what was held for it; once its repetition tells, it is known."""
    lost = await till.charge(used=Used(), cost=0, is_answered=False, is_unaccounted=True)
    await till.write(lost)
    sums = await till.sums()
    assert (sums.unaccounted_calls, sums.unaccounted_uusd, sums.cost_uusd) == (1, 500, 0)
    await till.write(await till.again(lost, used=USED, cost=300, is_answered=True, is_unaccounted=False))
    sums = await till.sums()
    assert (sums.calls, sums.unaccounted_calls, sums.unaccounted_uusd, sums.cost_uusd) == (1, 0, 0, 300)


async def test_a_call_without_a_price_is_counted_as_such(till: Till) -> None:
    """Its tokens count; its cost is unknown, which is not 0."""
    with capture_logs() as lines:
        await till.write(await till.charge(cost=None))
    sums = await till.sums()
    assert (sums.unpriced_calls, sums.cost_uusd, sums.used) == (1, 0, USED)
    assert [entry.cost for entry in await till.books.job("job-1")] == [-1]
    assert [line["event"] for line in lines] == ["model_without_price"]


async def test_everything_agrees_after_any_order_of_events(till: Till) -> None:
    """Over random calls, repeated, broken and answered, the job's, the day's and the stream's sums are one."""
    chance = random.Random(20261121)  # noqa: S311 - chance to be repeated
    known = [await till.charge(id=f"job-1.step.{n}", used=Used(), is_answered=False) for n in range(20)]
    writes: list[Charge] = []
    for _ in range(300):
        number = chance.randrange(len(known))
        used = Used(input_tokens=100, output_tokens=chance.randrange(1, 50))
        done = await till.again(known[number], used=used, cost=used.output_tokens, is_answered=chance.random() < 0.3)
        writes += [done] * chance.randrange(1, 4)
    chance.shuffle(writes)
    async with anyio.create_task_group() as tasks:
        for charge in writes:
            tasks.start_soon(till.write, charge)
    sums, entries, rows = await till.sums(), await till.books.job("job-1"), await till.archived()
    assert total(entries) == sums.used
    assert {name: sum(int(row[name]) for row in rows) for name in ("input_tokens", "output_tokens", "cost_uusd")} == {
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "cost_uusd": sums.cost_uusd,
    }
    paid = await till.client.hgetall(till.keys.ledger("job-1"))
    charged = {name: int(cost) for name, cost in paid.items() if name.startswith(b"paid:")}
    assert sum(charged.values()) == sums.charged_uusd > 0
    assert sum(int(row["charged_uusd"]) > 0 for row in rows) == len(charged) <= len(known)


@pytest.fixture
async def mortal(own_server: TestServer) -> AsyncIterator[Till]:
    """A ledger over a server that is this test's to kill."""
    broker = Broker(RedisSettings(), JobsSettings(), own_server.url)
    yield Till(broker)
    await broker.close()


async def test_what_redis_did_not_take_is_written_later(mortal: Till, own_server: TestServer) -> None:
    """The call's answer is not held up; the service writes it down when Redis is back."""
    charge = await mortal.charge()
    own_server.kill()
    with pytest.raises(BrokerUnavailable):
        await mortal.write(charge)
    with capture_logs() as lines:
        mortal.ledger.note(charge, None)
    assert [line["event"] for line in lines] == ["charge_waits"]
    own_server.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mortal.ledger.run)
        await until(lambda: mortal.books.job("job-1"), "the call is written")
        mortal.ledger.stop()
    assert (await mortal.sums()).charged_uusd == 300


async def test_a_charge_that_redis_rejects_stands_in_nobodys_way(till: Till) -> None:
    """It is told with its numbers, at once, and those after it are written."""
    await till.write(await till.charge(id="job-2.step.1", job_id="job-2", cost=9 * 10**18))
    absurd = await till.charge(id="job-1.step.9", cost=9 * 10**18)
    plain = await till.charge()
    for charge in (absurd, plain):
        till.ledger.note(charge, None)
    with capture_logs() as lines:
        await till.ledger.flush()
    lost = [(line["charge"], line["cost_uusd"]) for line in lines if line["event"] == "charge_lost"]
    assert lost == [("job-1.step.9", 9 * 10**18)]
    assert "job-1.step.1" in [entry.charge for entry in await till.books.job("job-1")]


async def test_what_cannot_be_written_is_told_with_its_numbers(mortal: Till, own_server: TestServer) -> None:
    """Where the process ends before Redis is back, the log has what the ledger lacks."""
    charge = await mortal.charge()
    own_server.kill()
    mortal.ledger.note(charge, None)
    mortal.ledger.stop()
    with capture_logs() as lines:
        await mortal.ledger.run()
    (lost,) = [line for line in lines if line["event"] == "charge_lost"]
    assert (lost["log_level"], lost["charge"], lost["used"], lost["cost_uusd"]) == (
        "error",
        "job-1.step.1",
        USED.row(),
        300,
    )


async def test_the_ledger_is_kept_for_its_time(till: Till) -> None:
    """Every key of it goes by itself but the stream, which is capped, and the credits, which are money."""
    await till.write(await till.charge())
    await till.hold()
    names = [name.decode() for name in await till.client.keys("*")]
    lasting = {name for name in names if await till.client.pttl(name) < 0}
    assert lasting == {till.keys.charges}
    kinds = {name.split(":")[2] for name in names}
    assert kinds - {"limit", "slots"} == {"ledger", "spent", "holds", "held", "charges"}


async def test_lua_and_python_name_keys_alike(till: Till) -> None:
    """The scripts build the names that ``Keys`` builds."""
    prelude = load_sources(Rules())["credit"].split("local today", 1)[0]
    made = "ledger_key('j'), spent_key('t', 7), holds_key('t'), held_key('t'), credits_key('t')"
    names = f"{{{made}, charges_key(), outbox_key()}}"
    keys = till.keys
    answer = await till.client.eval(f"{prelude}\nreturn {names}", 0, keys.base, msgspec.msgpack.encode({}))
    ours = [keys.ledger("j"), keys.spent("t", 7), keys.holds("t"), keys.held("t"), keys.credits("t"), keys.charges]
    ours.append(keys.outbox)
    assert [name.decode() for name in answer] == ours


@pytest.mark.parametrize("is_archived", [False, True])
async def test_the_stream_is_capped(broker: Broker, *, is_archived: bool) -> None:
    """It holds about as many calls as it may; with an archive all that this one has not read."""
    till = Till(broker)
    if is_archived:
        await Outbox(broker).claim("database", "source", act("archive.claimed", "database"))
    till.scripts = Scripts(broker.client, broker.keys, keeping=Keeping(stream_max=100))
    for number in range(400):
        await till.write(await till.charge(id=f"job-1.step.{number}"))
    kept = await till.client.xlen(till.keys.charges)
    assert kept == 400 if is_archived else 100 <= kept < 300
