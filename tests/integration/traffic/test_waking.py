"""The parked: whoever makes room calls them, in their order, and nobody is called who waits for something else."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from streamforge.traffic.model import Wait
from streamforge.traffic.money import Hold
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from tests.integration.moves import raw, scheduled, settle, take_one
from tests.integration.traffic.desk import SCOPE, Desk, candidates
from tests.integration.traffic.parking import Jobs

APART = Rules(park_gap_ms=60_000)
"""The clock lets one come a minute."""
LONG_S = 600.0


@pytest.fixture
def desk(broker: Broker) -> Desk:
    """A desk where the parked come back far apart."""
    return Desk(broker.client, APART)


@pytest.fixture
def jobs(desk: Desk, broker: Broker) -> Jobs:
    """Jobs over the same server."""
    return Jobs(desk, broker)


async def cool(desk: Desk, keys: Any) -> None:  # noqa: ANN401 - candidates
    """The one key is refused, for long."""
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=LONG_S)


async def recover(desk: Desk, keys: Any) -> None:  # noqa: ANN401 - candidates
    """The pause ends, and a probe is answered."""
    await desk.pass_time(round(LONG_S * 1000))
    probe = await desk.go(keys)
    assert probe.is_probe
    await desk.end(keys, probe)


NAMES = ("one", "two", "three", "four")


async def test_a_probe_that_is_answered_calls_the_parked(desk: Desk, jobs: Jobs, broker: Broker) -> None:
    """All at once where nothing limits the key; they are queued, and a worker takes them under new tokens."""
    keys = candidates(1)
    await cool(desk, keys)
    await jobs.park(keys, *NAMES)
    await recover(desk, keys)
    assert await jobs.called(*NAMES) == list(NAMES)
    assert (await broker.promote()).moved == len(NAMES)
    assert await settle(broker, jobs.claims["one"]) == 2, "what the attempt before settles is settled"


async def test_they_come_as_fast_as_the_key_has_room(desk: Desk, jobs: Jobs) -> None:
    """The first two fit in the bucket, or nearly; then one a second, and no longer one a minute."""
    keys = candidates(1, requests=60)
    await cool(desk, keys)
    await jobs.park(keys, *NAMES)
    await recover(desk, keys)
    dues = [await jobs.due_s(name) for name in NAMES]
    assert dues == sorted(dues)
    assert dues[-1] - dues[1] == pytest.approx(2 / 0.95, abs=0.1)


async def test_an_end_calls_the_next(desk: Desk, jobs: Jobs) -> None:
    """Where one may call at once, each end lets one come, and those who are called already are not passed over."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, *NAMES)
    await desk.end(keys, running)
    assert await jobs.called(*NAMES) == ["one"]
    other = await desk.go(keys)
    await desk.end(keys, other)
    assert await jobs.called(*NAMES) == ["one"]
    await desk.end(keys, await jobs.ask(keys, "one"))
    assert await jobs.called(*NAMES) == ["one", "two"]


async def test_what_estimates_give_back_calls_them(broker: Broker) -> None:
    """A call that used less than was reserved for it has made room for those who were sent away."""
    desk = Desk(broker.client, Rules(burst=0.5, park_least_ms=60_000))
    jobs, keys = Jobs(desk, broker), candidates(1, output_tokens=10_000)
    running = await desk.go(keys, output_tokens=5_000)
    await jobs.park(keys, "one", output_tokens=4_000)
    await desk.end(keys, running, output_tokens=10)
    assert await jobs.called("one") == ["one"]


async def test_nobody_is_called_past_those_who_wait(desk: Desk, jobs: Jobs) -> None:
    """Room that somebody in the queue needs is his."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one")
    await desk.wait(keys, "waits")
    await desk.end(keys, running)
    assert await jobs.called("one") == []


@pytest.mark.parametrize("outcome", [Outcome.LIMITED, Outcome.BAD_KEY, Outcome.OVERLOADED])
async def test_an_end_that_makes_no_room_calls_nobody(desk: Desk, jobs: Jobs, outcome: Outcome) -> None:
    """A key that begins to cool, or is refused, and a circuit that opens."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one")
    await desk.end(keys, running, outcome, retry_after_s=30, bench_ms=60_000)
    assert await jobs.called("one") == []


async def test_a_circuit_that_closes_calls_them(desk: Desk, jobs: Jobs) -> None:
    """They had been parked because it was open."""
    keys = candidates(1)
    await desk.end(keys, await desk.go(keys), Outcome.OVERLOADED, retry_after_s=LONG_S)
    await jobs.park(keys, *NAMES)
    await recover(desk, keys)
    assert await jobs.called(*NAMES) == list(NAMES)


async def test_who_was_cancelled_stays_so(desk: Desk, jobs: Jobs, broker: Broker, store: JobStore) -> None:
    """He is not scheduled anew, and the next one is called in his place."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one", "two")
    await store.cancel("one")
    await desk.end(keys, running)
    assert (await store.get("one")).state is JobState.CANCELLED
    assert await scheduled(broker) == ["two"]
    assert await jobs.called("two") == ["two"]


async def test_who_runs_is_let_alone(desk: Desk, jobs: Jobs, broker: Broker, store: JobStore) -> None:
    """A job that was begun anew meanwhile asks by itself, if it comes this way: nothing is kept for it."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one", "two")
    await raw(broker).zadd(broker.keys.scheduled, {"one": 1})
    await broker.promote()
    claim = await take_one(broker)
    await desk.end(keys, running)
    assert await jobs.called("two") == ["two"]
    assert (await store.get("one")).state is JobState.RUNNING
    assert await settle(broker, claim) == 1
    assert (await store.get("one")).state is JobState.SUCCEEDED


@pytest.mark.parametrize("how", ["retry", "snooze"])
async def test_who_pauses_for_something_else_is_not_called(desk: Desk, jobs: Jobs, broker: Broker, how: str) -> None:
    """A job whose call went another way, and that then asked for a time of its own, or is to be tried again later."""
    keys = candidates(1)
    await cool(desk, keys)
    await jobs.park(keys, "two")
    await jobs.begin("one")
    assert isinstance(await jobs.ask(keys, "one"), Wait)
    await settle(broker, jobs.claims["one"], how, reason="until tomorrow", delay_ms=86_400_000)
    await jobs.park(keys, "three")
    await recover(desk, keys)
    assert await jobs.called("one", "two", "three") == ["two", "three"]


async def test_who_is_called_has_its_room_until_it_asks(desk: Desk, jobs: Jobs, broker: Broker) -> None:
    """Also while its worker is on the way to the call; not once it is to be tried again later."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one", "two")
    await desk.end(keys, running)
    await broker.promote()
    claim = await take_one(broker)
    await desk.end(keys, await desk.go(keys))
    assert await jobs.called("two") == []
    await settle(broker, claim, "retry", delay_ms=60_000)
    await desk.end(keys, await desk.go(keys))
    assert await jobs.called("one", "two") == ["two"]


async def test_who_was_called_in_vain_is_parked_again(desk: Desk, jobs: Jobs, broker: Broker) -> None:
    """Somebody else was faster: no harm is done, its place is kept, and there is one note of it."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one")
    await desk.end(keys, running)
    faster = await desk.go(keys)
    await broker.promote()
    jobs.claims["one"] = await take_one(broker)
    told = await jobs.ask(keys, "one", input_tokens=7)
    assert told.is_parked
    await jobs.snooze("one", delay_ms=told.wait_ms)
    assert await raw(broker).zcard(f"{desk.keys.base}:parked:{SCOPE.name}") == 1
    await desk.end(keys, faster)
    assert await jobs.called("one") == ["one"]


async def test_many_are_called_by_those_before_them(desk: Desk, jobs: Jobs) -> None:
    """A call's end calls a few; whenever one of those has asked, and its call has ended, another is called."""
    keys, names = candidates(1), [f"job-{n:02}" for n in range(70)]
    await cool(desk, keys)
    await jobs.park(keys, *names)
    await recover(desk, keys)
    called = await jobs.called(*names)
    assert called == names[: desk.rules.woken_max]
    for name in called:
        await desk.end(keys, await jobs.ask(keys, name))
    assert len(await jobs.called(*names)) == 2 * desk.rules.woken_max


async def test_a_note_that_nobody_comes_for_is_forgotten(desk: Desk, jobs: Jobs, broker: Broker) -> None:
    """A caller without a job, and one whose turn has lapsed, hold nobody up and leave nothing."""
    keys, notes = candidates(1, concurrent=1), f"{desk.keys.base}:parked:{SCOPE.name}"
    running = await desk.go(keys)
    assert (await desk.wait(keys, "nobody", patience_ms=0)).is_parked
    await jobs.park(keys, "one")
    assert await raw(broker).pttl(notes) > 0
    await desk.end(keys, running)
    assert await jobs.called("one") == ["one"]
    assert len(await raw(broker).zrange(notes, 0, -1)) == 1
    await desk.pass_time(2 * APART.turn_ms)
    await desk.end(keys, await desk.go(keys))
    assert await raw(broker).exists(notes) == 0


async def test_the_urgent_are_called_first(desk: Desk, jobs: Jobs) -> None:
    """Of those who are parked the lowest tag is next, as of those who wait: by priority, and tenant by tenant."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "low-1", "low-2", tenant="crowd", priority=Priority.LOW)
    await jobs.park(keys, "other", tenant="single", priority=Priority.LOW)
    await jobs.park(keys, "high", tenant="crowd", priority=Priority.HIGH)
    order: list[str] = []
    for _ in range(4):
        await desk.end(keys, running)
        (name,) = await jobs.called(*(set(jobs.claims) - set(order)))
        running = await jobs.ask(keys, name)
        order.append(name)
        await raw(jobs.broker).zadd(jobs.broker.keys.scheduled, {name: 2**50})
    assert (order[0], order[3]) == ("high", "low-2")


async def test_room_that_comes_before_the_job_is_parked_is_not_lost(desk: Desk, jobs: Jobs) -> None:
    """Between its being sent away and its snooze the job still runs: the snooze is over at once."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.begin("one")
    told = await jobs.ask(keys, "one")
    await desk.end(keys, running)
    await jobs.snooze("one", delay_ms=told.wait_ms)
    assert await jobs.called("one") == ["one"]


@pytest.mark.parametrize("awaited", ["another/model", ""])
async def test_only_the_model_that_had_room_ends_the_snooze(
    desk: Desk, jobs: Jobs, broker: Broker, awaited: str
) -> None:
    """A job that went on, and is parked for something else by then, has its time."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.begin("one")
    await jobs.ask(keys, "one")
    await desk.end(keys, running)
    await settle(broker, jobs.claims["one"], "snooze", reason="later", delay_ms=60_000, parked_for=awaited)
    assert await jobs.called("one") == []


async def test_who_is_bound_to_a_key_is_called_for_its_room_alone(desk: Desk, jobs: Jobs) -> None:
    """Room of another key would be of no use, and calls who stands behind."""
    keys = candidates(2, requests=6_000)
    bound = Hold(tenant="default", amount=0, lease_ms=60_000, job_id="one", is_repeatable=True)
    await jobs.begin("one")
    begun = (await desk.go(keys, "one.step.1", hold=bound)).fingerprint
    mine, other = (tuple(key for key in keys if (key.fingerprint == begun) is is_it) for is_it in (True, False))
    await desk.end(mine, await desk.go(mine), Outcome.LIMITED, retry_after_s=100)
    told = await desk.wait(keys, "one.step.1", hold=bound, patience_ms=0)
    await jobs.snooze("one", delay_ms=told.wait_ms)
    under_way = await desk.go(other)
    await desk.end(other, await desk.go(other), Outcome.LIMITED, retry_after_s=1)
    await jobs.park(keys, "two")
    await desk.pass_time(1_001)
    await desk.end(other, await desk.go(other))
    assert await jobs.called("one", "two") == ["two"]
    await desk.end(other, under_way)
    assert await jobs.called("one", "two") == ["two"]
    await desk.pass_time(99_000)
    await desk.end(mine, await desk.go(mine))
    assert await jobs.called("one", "two") == ["one", "two"]


async def test_who_went_another_way_is_in_nobodys(desk: Desk, jobs: Jobs) -> None:
    """However many jobs run on with another model, those who are parked for this one are called past them."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    for number in range(desk.rules.woken_max + 1):
        await jobs.begin(f"away-{number}")
        await jobs.ask(keys, f"away-{number}")
    await jobs.park(keys, "one")
    await desk.end(keys, running)
    assert await jobs.called("one") == ["one"]


async def test_a_waiter_that_vanished_mutes_nobody(desk: Desk, jobs: Jobs) -> None:
    """It is forgotten by the end of a call, too, and not by the next question alone."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    gone = await desk.wait(keys, "gone")
    await jobs.park(keys, "one")
    await desk.client.zadd(f"{desk.keys.base}:asking:{SCOPE.name}", {"gone|0|0": await desk.now_s() * 1000 - 1})
    assert gone.wait_ms > 0
    await desk.end(keys, running)
    assert await jobs.called("one") == ["one"]
