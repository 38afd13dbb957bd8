"""Random lives of many jobs: after every move all of Redis fits together, and nothing outlives its owner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Take, TakeMode
from streamforge.jobs.model import TERMINAL, TRANSITIONS, Claim, JobState, Priority
from streamforge.jobs.store import JobStore
from tests.integration.moves import ERROR, ended, raw, settle, submit
from tests.integration.picture import Picture, look

FAR_MS = 4_102_444_800_000  # 2100-01-01
LIMITS = {"a": 1, "b": 2, "c": 0}
TENANTS = msgspec.json.encode({"max_running": 0, "weights": {"a": 3.0, "b": 0.5}, "limits": LIMITS})
QUEUES, WORKERS, PRIORITIES = ("one", "two"), ("w1", "w2"), tuple(Priority)
MAX_CRASHES = 2

STATE_AFTER = {
    "job.queued": "queued",
    "job.scheduled": "scheduled",
    "job.started": "running",
    "job.recovered": "running",
    "job.retrying": "scheduled",
    "job.snoozed": "scheduled",
    "job.released": "queued",
    **{f"job.{state}": str(state) for state in TERMINAL},
}
"""Each event that tells of a change of state."""


def assert_whole(picture: Picture) -> None:
    """Every job is where its state says; every count and every index is of what exists."""
    in_lines = Counter(job for stream in picture.streams.values() for job in stream["jobs"].values())
    assert in_lines == Counter(id_ for id_, job in picture.jobs.items() if job["state"] in ("queued", "running"))
    for job_id, job in picture.jobs.items():
        _assert_in_place(picture, job_id, job)
    running = picture.running()
    assert picture.keys.get("running", {}) == {tenant: str(jobs) for tenant, jobs in running.items()}
    assert set(picture.keys.get("scheduled", [])) == {
        job_id for job_id, job in picture.jobs.items() if job["state"] == "scheduled"
    }
    assert set(picture.keys.get("expiring", [])) == {
        job_id
        for job_id, job in picture.jobs.items()
        if "expires_ms" in job and "token" not in job and job["state"] in ("queued", "scheduled")
    }
    lines = {f"{queue}:{line}" for queue, members in picture.named("lines:").items() for line in members}
    assert lines == set(picture.streams)
    rings = picture.named("ring:")
    assert set(picture.keys.get("clock", {})) <= set(rings)
    assert set(picture.named("past:")) <= set(rings)
    for (queue, priority, tenant), jobs in picture.waiting().items():
        assert tenant in rings.get(f"{queue}:{priority}", []), f"{jobs} wait and {tenant} has no turn"
    assert set(picture.named("capped:")) <= set(running)


def _assert_in_place(picture: Picture, job_id: str, job: dict[str, str]) -> None:
    stream = picture.streams.get(f"{job['queue']}:{job['priority']}:{job['tenant']}")
    if job["state"] == "queued":
        assert stream is not None
        assert stream["jobs"][job["entry"]] == job_id
        assert job["entry"] in stream["waiting"] or stream["holders"][job["entry"]] == "released"
    if job["state"] == "running":
        assert stream is not None
        (entry,) = (entry for entry, job_in in stream["jobs"].items() if job_in == job_id)
        is_suspect = int(job.get("crashes", 0)) > int(job.get("spared", 0))  # one that may wait for its next worker
        assert stream["holders"][entry] in (job["owner"], "released" if is_suspect else job["owner"])
    if job["state"] == "scheduled" and "awaits" in job:
        assert JobState(picture.jobs[job["awaits"]]["state"]) not in TERMINAL, "its child has ended"


def assert_lawful(picture: Picture, logs: dict[str, list[str]]) -> None:
    """Each life, as its events tell it, makes only the moves of the table, and ends in the state of its record."""
    for job_id, job in picture.jobs.items():
        states = [STATE_AFTER[event] for event in logs[job_id] if event in STATE_AFTER]
        assert states[-1] == job["state"]
        for before, after in pairwise(states):
            assert JobState(after) in TRANSITIONS[JobState(before)], f"{job_id}: {states}"


class Life:
    """The moves, and what was handed out: a worker's claims, and where a fruitless take told it to wait."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.store = JobStore(broker)
        self.claims: list[Claim] = []
        self.jobs: list[str] = []
        self.waits: dict[tuple[str, str], str] = {}

    async def submit(self, number: int) -> None:
        """A job of any tenant, priority and queue; some for later, some overdue, some with a parent."""
        n = Digits(number)
        more: dict[str, Any] = {"tenant": n.of("abc"), "priority": n.of(PRIORITIES), "queue": n.of(QUEUES)}
        more["not_before_ms"] = n.of((0, 0, 0, FAR_MS))
        more["expires_at_ms"] = n.of((0, 0, 1, FAR_MS))
        job_id = f"job-{len(self.jobs)}"
        await submit(self.broker, job_id, **more)
        self.jobs.append(job_id)

    async def take(self, number: int) -> None:
        """Any worker asks any queue in any mode."""
        n = Digits(number)
        worker, queue, count = n.of(WORKERS), n.of(QUEUES), n.of((1, 2, 64))
        mode: TakeMode = n.of(("new", "new", "new", "expired", "expired", "crashed", "lost"))
        held = tuple(claim.id for claim in self.claims) if mode == "lost" and n.of((True, False)) else ()
        lease_ms, first = n.of((0, 15_000)), n.of(tuple(Priority))
        facts: dict[str, Any] = {"mode": mode, "held": held, "lease_ms": lease_ms, "first": first}
        facts["has_suspect"] = n.of((False, False, True))
        found = await self.broker.take(
            Take(queue=queue, worker=worker, count=count, max_crashes=MAX_CRASHES, tenants=TENANTS, **facts)
        )
        assert len(found.claims) <= count
        self.claims += found.claims
        if mode == "new" and not found.claims:
            self.waits[worker, queue] = found.cursor.decode()

    async def settle(self, number: int) -> None:
        """One of the newest claims ends in any way; it may be stale."""
        if not self.claims:
            return
        n = Digits(number)
        claim = self.claims.pop(-1 - n.below(min(5, len(self.claims))))
        outcome = n.of(("succeeded", "failed", "cancelled", "retry", "retry", "snooze", "snooze", "released"))
        more: dict[str, Any] = {"delay_ms": n.of((0, 0, FAR_MS // 1000))}
        more["charge"] = n.of(("attempt", "crash", "soft_limit"))
        if outcome == "snooze" and n.of((True, False)):
            more["awaits"] = await self._child(claim, n)
        code = await settle(self.broker, claim, outcome, reason="x", **more)
        if n.of((True, False, False)):
            assert await settle(self.broker, claim, "failed", reason="again") == (2 if code else 0)

    async def _child(self, parent: Claim, n: Digits) -> str:
        job_id = f"job-{len(self.jobs)}"
        more: dict[str, Any] = {"tenant": parent.tenant, "queue": parent.queue, "priority": n.of(PRIORITIES)}
        await submit(self.broker, job_id, parent=parent.id, expires_at_ms=n.of((0, 1)), **more)
        self.jobs.append(job_id)
        return job_id

    async def cancel(self, number: int) -> None:
        """Somebody asks for the end of a job."""
        if self.jobs:
            await self.store.cancel(self.jobs[number % len(self.jobs)])

    async def promote(self, _: int) -> None:
        """Time passes."""
        await self.broker.promote()

    async def pause(self, number: int) -> None:
        """A queue stands still."""
        await self.store.pause(Digits(number).of(QUEUES))

    async def resume(self, number: int) -> None:
        """A queue goes on."""
        await self.store.resume(Digits(number).of(QUEUES))

    async def requeue(self, number: int) -> None:
        """An operator starts a dead job anew."""
        letters = await self.store.letters.list()
        if letters:
            await self.broker.requeue(letters[number % len(letters)].id, fresh=number % 2 == 0)

    def assert_awake(self, picture: Picture) -> None:
        """Who found nothing and waits has heard the bell, where there is something for him now."""
        paused, running = cast("list[str]", picture.keys.get("paused", [])), picture.running()
        for (worker, queue), here in self.waits.items():
            bell = picture.keys.get(f"bell:{queue}")
            if bell and bell[-1][0] != here:
                continue
            for line_queue, priority, tenant in picture.waiting():
                has_room = not LIMITS[tenant] or running[tenant] < LIMITS[tenant]
                assert line_queue != queue or queue in paused or not has_room, f"{worker} sleeps: {priority} {tenant}"

    async def drain(self) -> None:
        """Everything ends: what waits is run, what waits for a far time is cancelled."""
        for queue in QUEUES:
            await self.store.resume(queue)
        for _ in range(3 * len(self.jobs) + 3):
            await self.broker.promote()
            for queue in QUEUES:
                for mode in ("expired", "new"):
                    facts: dict[str, Any] = {"mode": mode, "lease_ms": 0, "tenants": TENANTS}
                    found = await self.broker.take(Take(queue=queue, worker="w3", count=64, max_crashes=99, **facts))
                    if found.claims:
                        await self.broker.settle([ended(claim) for claim in found.claims])
        for job_id in self.jobs:
            await self.store.cancel(job_id)


class Digits:
    """Choices out of one number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def below(self, count: int) -> int:
        """The next choice."""
        self._number, choice = divmod(self._number, count)
        return choice

    def of(self, options: Any) -> Any:  # noqa: ANN401 - one of them
        """One of these."""
        return options[self.below(len(options))]


OFTEN, SELDOM = ("submit", "take", "settle"), ("cancel", "promote", "promote", "pause", "resume", "resume", "requeue")
MOVES = (*(4 * OFTEN), "take", "settle", *SELDOM)
STEPS = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 10**7)), min_size=15, max_size=60)


async def logs_of(broker: Broker, picture: Picture) -> dict[str, list[str]]:
    """The types of each job's events."""
    store, found = JobStore(broker), defaultdict[str, list[str]](list)
    for job_id in picture.jobs:
        found[job_id] = [event.type for event in await store.events_since(job_id)]
    return found


@settings(max_examples=70, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_happens_everything_fits_together(broker: Broker, steps: list[tuple[str, int]]) -> None:
    """Any moves in any order: ``assert_whole``, ``assert_awake``, ``assert_lawful`` hold, and at last all is gone."""
    await raw(broker).flushall()
    life = Life(broker)
    for name, number in steps:
        move: Callable[[int], Awaitable[None]] = getattr(life, name)
        await move(number)
        picture = await look(broker)
        assert_whole(picture)
        life.assert_awake(picture)
    await life.drain()
    picture = await look(broker)
    assert_whole(picture)
    assert_lawful(picture, await logs_of(broker, picture))
    assert {job["state"] for job in picture.jobs.values()} <= TERMINAL
    await assert_nothing_left(broker)


async def assert_nothing_left(broker: Broker) -> None:
    """Only what is kept for ever has no end: the feed, the dead letters, a bell for each queue; and the janitor's."""
    keys = broker.keys
    for_ever = {keys.feed, keys.dead, keys.given, keys.tenants, *(keys.bell(queue) for queue in (*QUEUES, "default"))}
    indexes = (keys.index(""), keys.letters(""))
    endless = {key.decode() for key in await raw(broker).keys("*") if await raw(broker).ttl(key) < 0}
    assert {key for key in endless if not key.startswith(indexes)} <= for_ever


async def _cancelled_queued(broker: Broker, _: Claim) -> None:
    await settle(broker, _, "retry")
    await broker.promote()
    await broker.cancel("job-1", ERROR)


async def _cancelled_scheduled(broker: Broker, claim: Claim) -> None:
    await settle(broker, claim, "retry", delay_ms=60_000)
    await broker.cancel("job-1", ERROR)


async def _cancelled_running(broker: Broker, claim: Claim) -> None:
    await broker.cancel("job-1", ERROR)
    await settle(broker, claim, "retry")


async def _cancelled_released(broker: Broker, claim: Claim) -> None:
    await settle(broker, claim, "released")
    await broker.cancel("job-1", ERROR)


async def _poisoned(broker: Broker, _: Claim) -> None:
    await broker.take(Take(queue="default", worker="w1", count=1, max_crashes=0, mode="crashed"))


async def _dropped(broker: Broker, claim: Claim) -> None:
    """The record went, and with it its log and its place among the running; the next look drops the entry."""
    await settle(broker, claim, "retry")
    await broker.promote()
    await raw(broker).delete(broker.keys.job("job-1"), broker.keys.log("job-1"))
    await broker.take(Take(queue="default", worker="w1", count=1, max_crashes=0))


def _settled(outcome: str) -> Callable[[Broker, Claim], Awaitable[None]]:
    async def end(broker: Broker, claim: Claim) -> None:
        await settle(broker, claim, outcome, reason="x")

    return end


@pytest.mark.parametrize(
    "end",
    [
        _settled("succeeded"),
        _settled("failed"),
        _settled("cancelled"),
        _cancelled_queued,
        _cancelled_scheduled,
        _cancelled_running,
        _cancelled_released,
        _poisoned,
        _dropped,
    ],
)
async def test_the_last_job_takes_its_line_along(
    broker: Broker, end: Callable[[Broker, Claim], Awaitable[None]]
) -> None:
    """In whatever way a tenant's only job ends, line, ring, past, clock, counts and limits are gone with it."""
    await submit(broker)
    limit = msgspec.json.encode({"max_running": 1, "weights": {}, "limits": {}})
    take = Take(queue="default", worker="w1", count=2, max_crashes=3, tenants=limit)
    (claim,) = (await broker.take(take)).claims
    await broker.take(take)
    await end(broker, claim)
    await assert_nothing_left(broker)


async def test_a_tenant_leaves_the_others_their_places(broker: Broker) -> None:
    """Who has nothing left is in no ring; what he had counts until the others have had as much, and then is gone."""
    for number in range(6):
        await submit(broker, f"a-{number}", tenant="a", queue="one")
    await submit(broker, "b", tenant="b", queue="one")
    one = Take(queue="one", worker="w1", count=1, max_crashes=3)
    for _ in range(3):
        await broker.settle([ended(claim) for claim in (await broker.take(one)).claims])
    picture = await look(broker)
    assert picture.keys["ring:one:normal"] == ["a"]
    for _ in range(2):
        await submit(broker, f"c-{_}", tenant="c", queue="one")
        for _ in range(2):
            await broker.settle([ended(claim) for claim in (await broker.take(one)).claims])
    assert "b" not in (await look(broker)).keys.get("past:one:normal", [])
