"""Jobs of a running worker that call models: what each step used stands under its name, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings
from streamforge.errors import TransientError
from streamforge.jobs.model import Job, JobState, Priority
from streamforge.providers.text import TextModel
from streamforge.runtime import scheduler
from streamforge.runtime.context import Context
from streamforge.runtime.retry import RetryPolicy
from streamforge.storage.objects import Objects
from streamforge.testing.model_script import Answer, Fault, RandomFaults
from streamforge.testing.model_server import ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.budgets import Allowance
from streamforge.traffic.ledger import Books, total
from tests.integration.engine import Engine, Text, pipeline
from tests.integration.traffic.road import (
    FIRST,
    SECOND,
    WIDE,
    Road,
    counted_by,
    day_of,
    each,
    entries_of,
    question,
    route,
)

PATIENT = RetryPolicy(max_attempts=50, base_s=0.001, cap_s=0.01)
PAGES = ("one", "two", "three")


async def write_book(ctx: Context, book: Text) -> str:
    """A call for the plan, and one for each page; the first attempt stumbles over the plan after it was paid for.

    Pages come one after the other: a page that fails breaks the calls of those beside it off, and what a server counts
    of such a call nobody hears.
    """
    model: Any = ctx.use(TextModel)

    async def plan() -> str:
        answer = await model.complete(question(f"plan {book.text}"))
        if ctx.attempt == 1 and book.text == "clumsy":
            raise TransientError("the plan got lost")
        return answer.text

    async def page(name: str) -> str:
        return (await model.complete(question(f"{book.text}, page {name}"))).text

    await ctx.step("plan", plan, returns=str)
    written = await ctx.map("page", PAGES, page, returns=str, key=str, concurrency=1)
    return " ".join(written.values)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server whose script the test writes."""
    async with ModelServer([Answer("fine")], limits=WIDE) as server:
        yield server


@pytest.fixture
async def road(broker: Broker, server: ModelServer) -> AsyncIterator[Road]:
    """A gateway in which one tenant has no money."""
    road = Road(broker.client, [route(FIRST, server.url), route(SECOND, server.url)], {"poor": Allowance(day_usd=0.0)})
    yield road
    await road.aclose()


@pytest.fixture
async def engine(shared_server: TestServer, road: Road, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A worker that lends the gateway to its recipes; not yet running."""
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_S", 0.01)
    resources = {TextModel: road.text}
    objects = Objects.open("", tmp_path)
    return Engine(
        shared_server.url,
        [pipeline(write_book, "book", steps=("plan", "page"))],
        objects=objects,
        resources=resources,
        jobs=JobsSettings(),
        policy=PATIENT,
        concurrency=32,
    )


async def test_every_step_has_its_calls(engine: Engine, broker: Broker, road: Road) -> None:
    """Under the step's name, an item's with its key; the tenant and the priority are the job's."""
    books = Books(broker.client, broker.keys)
    async with engine:
        job = await engine.ended(await engine.submit("book", "plain", tenant="acme", priority=Priority.HIGH))
    assert job.state is JobState.SUCCEEDED
    entries = await books.job(job.id)
    assert sorted(entry.step for entry in entries) == ["page[one]", "page[three]", "page[two]", "plan"]
    assert (await day_of(books, "acme")).calls == 4
    assert road.text.name == "anthropic:claude-sonnet-5-5"


async def test_a_step_that_fails_after_its_call_is_charged_once(engine: Engine, broker: Broker) -> None:
    """The second attempt calls again, which costs, and the tenant pays for one plan."""
    books = Books(broker.client, broker.keys)
    async with engine:
        job = await engine.ended(await engine.submit("book", "clumsy"))
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    plans = [entry for entry in await books.job(job.id) if entry.step == "plan"]
    assert len(plans) == 2
    assert len({entry.charge for entry in plans}) == 1
    sums = await day_of(books)
    assert sums.cost_uusd - sums.charged_uusd in {entry.cost for entry in plans}


async def test_a_tenant_without_money_fails_at_once(engine: Engine, server: ModelServer) -> None:
    """With a code that says why; nothing is called, nothing is tried again."""
    async with engine:
        job = await engine.ended(await engine.submit("book", "plain", tenant="poor"))
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert job.error is not None
    assert (job.error.code, server.requests) == ("billing", [])


async def test_a_pause_of_the_provider_parks_jobs(engine: Engine, server: ModelServer) -> None:
    """They charge no attempt and hold no slot; each key is asked once, and not again by those who come later."""
    server.script = [Fault("rate_limited", retry_after_s=600)]

    async def parked(name: str) -> Job | None:
        job = await engine.store.get(name)
        return job if job.state is JobState.SCHEDULED else None

    async with engine:
        first = await engine.submit("book", "plain")
        await until(lambda: parked(first), "the first is parked")
        assert len(server.requests) == 2
        others = [await engine.submit("book", "plain") for _ in range(40)]
        jobs = [await until(lambda name=name: parked(name), "it is parked") for name in (first, *others)]
    assert {job.attempt if job else None for job in jobs} == {0}
    assert len(server.requests) == 2


async def test_the_ledger_equals_the_servers_count_over_jobs(
    engine: Engine, server: ModelServer, broker: Broker
) -> None:
    """A hundred books with faults, retries and failover: four charges each, and the tokens that the server counts."""
    shares = each(0.03, "rate_limited", "overloaded", "server_error", "truncated", "dropped", "mid_stream", "garbled")
    server.script = RandomFaults(shares, seed=11, answer=lambda seen: Answer(seen.last_turn * 3), retry_after_s=None)
    books = Books(broker.client, broker.keys)
    async with engine:
        names = [await engine.submit("book", "clumsy" if number % 5 == 0 else "plain") for number in range(100)]
        jobs = [await engine.ended(name, 100.0) for name in names]
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}
    entries, sums = await entries_of(broker, books), await day_of(books)
    answered = [entry for entry in entries if entry.is_answered]
    assert total(entries) == counted_by(server) == sums.used
    assert len({entry.charge for entry in answered}) == 4 * len(jobs)
    assert len(answered) > 4 * len(jobs)
    rows: Any = broker.client
    paid = [name for job in jobs for name in await rows.hkeys(broker.keys.ledger(job.id)) if name.startswith(b"paid:")]
    assert len(paid) == len(set(paid)) == 4 * len(jobs)
