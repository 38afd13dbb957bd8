"""A provider that refuses for a while: its jobs leave their slots, other work goes on, and in the end all are done."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings
from streamforge.jobs.model import JobState
from streamforge.providers.text import TextModel
from streamforge.runtime import scheduler
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from streamforge.testing.model_script import Answer, Fault, Seen, Step
from streamforge.testing.model_server import ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.ledger import Books
from streamforge.traffic.rules import Rules
from tests.integration.engine import Engine, Text, pipeline
from tests.integration.traffic.desk import Desk
from tests.integration.traffic.road import FIRST, KEYS, RULES, WIDE, Road, day_of, question, route

COOLDOWN_S = 0.2
PAUSES = 4
LETTERS = 12
PATIENCE_S = 50.0
"""The first call of a process loads its provider's SDK, which takes its time on a busy machine."""


class Refusing:
    """Says 429 until every key has been asked so often; notes when each was asked."""

    def __init__(self, pauses: int = PAUSES, retry_after_s: float | None = COOLDOWN_S) -> None:
        self.pauses = pauses
        self.retry_after_s = retry_after_s
        self.asked: defaultdict[str, list[float]] = defaultdict(list)

    def __call__(self, seen: Seen) -> Step:
        """The next step."""
        if self.is_over:
            return Answer("fine")
        self.asked[seen.key].append(time.monotonic())
        return Fault("rate_limited", retry_after_s=self.retry_after_s)

    @property
    def is_over(self) -> bool:
        """Whether it answers by now."""
        return len(self.asked) == len(KEYS[FIRST]) and all(len(times) >= self.pauses for times in self.asked.values())


async def write(ctx: Context, letter: Text) -> str:
    """A plan that is kept, then a call."""

    async def plan() -> str:
        return letter.text.upper()

    async def ask() -> str:
        model = ctx.use(cast("Any", TextModel))
        return (await model.complete(question(letter.text))).text

    await ctx.step("plan", plan, returns=str)
    return await ctx.step("ask", ask, returns=str)


async def echo(_: Context, given: Text) -> str:
    """Work without a model."""
    return given.text


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server that refuses at first."""
    async with ModelServer(Refusing(), limits=WIDE) as server:
        yield server


@pytest.fixture
async def road(broker: Broker, server: ModelServer, request: pytest.FixtureRequest) -> AsyncIterator[Road]:
    """A gateway that waits for nothing in a step, with these rules if there are any."""
    rules: Rules = getattr(request, "param", replace(RULES, cooldown_least_ms=20, park_least_ms=50))
    road = Road(broker.client, [route(FIRST, server.url)], rules=rules, patience_s=0.0)
    yield road
    await road.aclose()


@pytest.fixture
async def engine(shared_server: TestServer, road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A worker with a single slot."""
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_S", 0.01)
    return Engine(
        shared_server.url,
        [pipeline(write, "letter", steps=("plan", "ask")), pipeline(echo, "echo")],
        objects=Objects.open("", tmp_path),
        resources={TextModel: road.text},
        jobs=JobsSettings(),
        concurrency=1,
    )


async def test_a_refusing_provider_holds_nobody_else_up(engine: Engine, server: ModelServer, broker: Broker) -> None:
    """A key is asked once in each pause; the one slot is free for other work meanwhile; in the end all is written.

    Parked jobs are charged no attempt, and pay for one call each.
    """
    script = cast("Refusing", server.script)
    async with engine:
        letters = [await engine.submit("letter", f"letter {number}") for number in range(LETTERS)]
        await until(lambda: script.asked, "the provider has refused", PATIENCE_S)
        echoes = 0
        while not script.is_over:
            assert (await engine.ended(await engine.submit("echo", "on it goes"))).state is JobState.SUCCEEDED
            echoes += not script.is_over
        jobs = [await engine.ended(name, PATIENCE_S) for name in letters]
        events = [await engine.events(name) for name in letters]
    assert echoes > 0
    assert {(job.state, job.attempt) for job in jobs} == {(JobState.SUCCEEDED, 1)}
    assert sum("job.snoozed" in kinds for kinds in events) > 0
    for times in script.asked.values():
        assert min(later - sooner for sooner, later in pairwise(times)) >= COOLDOWN_S
    assert (await day_of(Books(broker.client, broker.keys))).calls == LETTERS


HOUR_MS = 3_600_000
LONG = replace(RULES, cooldown_ms=HOUR_MS, cooldown_longest_ms=HOUR_MS, park_least_ms=24 * HOUR_MS)


@pytest.mark.parametrize("road", [LONG], indirect=True)
async def test_jobs_that_were_parked_for_a_day_end_when_the_provider_recovers(
    engine: Engine, server: ModelServer, broker: Broker
) -> None:
    """One more job finds the provider recovered, and calls the others: each ends, in its first attempt, by one call.

    Nobody has said how long the refusals would last, and by the clock nobody would come back today.
    """
    script = server.script = Refusing(pauses=1, retry_after_s=None)
    async with engine:
        names = [await engine.submit("letter", f"letter {number}") for number in range(LETTERS)]
        for name in names:
            await until(lambda name=name: _is_parked(engine, name), "it is parked", PATIENCE_S)
        assert (len(server.requests), script.is_over) == (len(KEYS[FIRST]), True)
        await Desk(broker.client).pass_time(HOUR_MS)
        names.append(await engine.submit("letter", "one more"))
        jobs = [await engine.ended(name, PATIENCE_S) for name in names]
    assert {(job.state, job.attempt) for job in jobs} == {(JobState.SUCCEEDED, 1)}
    assert len(server.requests) == len(KEYS[FIRST]) + len(names)


async def _is_parked(engine: Engine, name: str) -> bool:
    return (await engine.store.get(name)).state is JobState.SCHEDULED
