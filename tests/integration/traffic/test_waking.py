"""The parked: whoever makes room calls them, in their order, and nobody is called who waits for something else."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import Claim, JobState
from streamforge.jobs.store import JobStore
from streamforge.traffic.limiter import paused
from streamforge.traffic.model import Wait
from streamforge.traffic.money import Hold
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from tests.integration.moves import field, raw, scheduled, settle, submit, take_one
from tests.integration.traffic.desk import SCOPE, Desk, candidates

APART = Rules(park_gap_ms=60_000)
"""The clock lets one come a minute."""
LONG_S = 600.0


@pytest.fixture
def desk(broker: Broker) -> Desk:
    """A desk where the parked come back far apart."""
    return Desk(broker.client, APART)


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

    async def snooze(self, name: str, reason: str = "", delay_ms: float = 0) -> None:
        """What the executor makes of ``Parked``."""
        words = reason or paused(SCOPE, None).message
        await settle(self.broker, self.claims[name], "snooze", reason=words, delay_ms=round(delay_ms))

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
    """A job that was begun anew meanwhile has its room kept for it, and its record as it is."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    await jobs.park(keys, "one", "two")
    await raw(broker).zadd(broker.keys.scheduled, {"one": 1})
    await broker.promote()
    claim = await take_one(broker)
    before = await raw(broker).hgetall(broker.keys.job("one"))
    await desk.end(keys, running)
    assert await raw(broker).hgetall(broker.keys.job("one")) == before
    assert await jobs.called("two") == []
    assert await settle(broker, claim) == 1
    assert (await store.get("one")).state is JobState.SUCCEEDED


@pytest.mark.parametrize("how", ["retry", "snooze"])
async def test_who_pauses_for_something_else_is_not_called(desk: Desk, jobs: Jobs, broker: Broker, how: str) -> None:
    """A job whose call went another way, and that then asked for a time of its own, or is to be tried again later."""
    keys = candidates(1)
    await cool(desk, keys)
    await jobs.begin("one")
    assert isinstance(await jobs.ask(keys, "one"), Wait)
    await settle(broker, jobs.claims["one"], how, reason="until tomorrow", delay_ms=86_400_000)
    await jobs.park(keys, "two")
    await recover(desk, keys)
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
