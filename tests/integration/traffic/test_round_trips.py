"""A call asks Redis twice: once for its place and its money, once to end both. Neither question leaves a hole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.keys import Keys
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import Billing, BrokerUnavailable
from streamforge.ops import metrics
from streamforge.testing.model_script import Answer, Slow
from streamforge.testing.model_server import ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.budgets import Allowance
from streamforge.traffic.ledger import Books
from streamforge.traffic.model import Go, Wait
from streamforge.traffic.money import UNLIMITED, Charge, Hold, Refused
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.prices import Used
from streamforge.traffic.scripts import Report
from tests.integration.traffic.desk import KEYS, SCOPE, Desk, candidates
from tests.integration.traffic.road import FIRST, WIDE, Road, attempt, day_of, question, route

REPORT = Report(outcome=Outcome.OK, input_tokens=5, output_tokens=5)


def sample(name: str, **labels: str) -> float:
    """A metric of this process."""
    return metrics.REGISTRY.get_sample_value(f"streamforge_{name}", labels) or 0.0


def hold(amount: int = 500, limit: int = UNLIMITED) -> Hold:
    """Money for a call."""
    return Hold(tenant="t", amount=amount, lease_ms=60_000, day_limit=limit)


def charge(name: str, held: str) -> Charge:
    """What a call came to."""
    return Charge(
        id=f"job-1.s.{name}",
        call=name,
        hold=held,
        job_id="job-1",
        tenant="t",
        step="s",
        scope=SCOPE,
        fingerprint=KEYS[0],
        used=Used(input_tokens=5, output_tokens=5),
        cost=300,
        is_answered=True,
    )


async def kinds_of(client: Any) -> set[str]:  # noqa: ANN401 - redis-py's client
    """Which kinds of keys there are."""
    return {name.decode().split(":")[2] for name in await client.keys("*")}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server that answers."""
    async with ModelServer([Answer("fine")], limits=WIDE) as server:
        yield server


async def test_a_call_asks_redis_once_before_and_once_after(broker: Broker, server: ModelServer) -> None:
    """With a budget to be kept and a charge to be written: two round trips, for many calls at once hardly more."""
    road = Road(broker.client, [route(FIRST, server.url)])
    await attempt(road, "job-0", calls=1)
    before = sample("redis_traffic_trips_total")
    await attempt(road, "job-1", calls=1)
    assert sample("redis_traffic_trips_total") - before == 2
    assert (await day_of(Books(broker.client, broker.keys))).calls == 2
    await road.aclose()


async def test_a_hold_that_is_refused_takes_nothing_else(desk: Desk) -> None:
    """Neither a slot nor a token of the key's, nor a place among those who wait; the money stays as it was."""
    keys = candidates(1, output_tokens=10_000, concurrent=1)
    first = await desk.go(keys, output_tokens=100)
    level = await desk.level("output")
    await desk.end(keys, first)
    refused = await desk.ask(keys, "poor", output_tokens=100, hold=hold(limit=499))
    assert refused == Refused("budget", 499, is_first=True)
    assert await desk.level("output") >= level
    assert await kinds_of(desk.client) & {"slots", "holds", "held", "waiting", "turn"} == set()
    assert isinstance(await desk.ask(keys, "rich", hold=hold(limit=500)), Go)


async def test_who_waited_and_has_no_money_leaves_the_queue(desk: Desk) -> None:
    """The next one's turn comes at once."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    assert isinstance(await desk.ask(keys, "poor", hold=hold(limit=0)), Wait)
    assert isinstance(await desk.ask(keys, "rich", hold=hold()), Wait)
    await desk.end(keys, running)
    assert isinstance(await desk.ask(keys, "poor", hold=hold(limit=0)), Refused)
    assert isinstance(await desk.ask(keys, "rich", hold=hold()), Go)
    assert await desk.client.exists(desk.keys.waiting(SCOPE.name)) == 0


@pytest.mark.parametrize("patience_ms", [0, 100_000])
async def test_an_admission_that_is_refused_holds_nothing(desk: Desk, patience_ms: int) -> None:
    """Who waits, or is parked, has none of the tenant's money."""
    keys = candidates(1, concurrent=1)
    await desk.go(keys)
    assert isinstance(await desk.ask(keys, "me", patience_ms=patience_ms, hold=hold()), Wait)
    assert await kinds_of(desk.client) & {"holds", "held", "spent"} == set()


async def test_a_call_is_ended_and_written_down_at_once(desk: Desk) -> None:
    """One answer says what came of the limits and what the tenant pays; repeated, nothing is paid again."""
    keys = candidates(1, concurrent=1)
    go = await desk.go(keys, hold=hold())
    paid = charge("one", go.hold)
    settled = await desk.scripts.settle(SCOPE, keys[0], go.reservation, REPORT, paid)
    assert (settled.is_held, settled.charged) == (True, 300)
    assert await kinds_of(desk.client) & {"slots", "holds", "held"} == set()
    again = await desk.scripts.settle(SCOPE, keys[0], go.reservation, REPORT, paid)
    assert (again.is_held, again.charged, await desk.scripts.charge(paid)) == (False, 0, 0)


async def test_a_dead_worker_leaves_nothing_but_leases(desk: Desk) -> None:
    """Between its two questions it holds a slot and money; both come back when their leases have run out."""
    keys = candidates(1, concurrent=1)
    await desk.go(keys, hold=hold(limit=500))
    assert isinstance(await desk.ask(keys, "next", hold=hold(limit=500)), Wait)
    await desk.forget_waiting()
    await desk.pass_time(desk.rules.lease_ms + 1)
    assert (await desk.wait(keys, "next", hold=hold(limit=500))).why == "money"
    for name in await desk.client.zrange(desk.keys.holds("t"), 0, -1):
        await desk.client.zadd(desk.keys.holds("t"), {name: 1})
    assert isinstance(await desk.ask(keys, "next", hold=hold(limit=1000)), Go)
    assert int(await desk.client.get(desk.keys.held("t"))) == 500


async def test_an_answer_is_not_lost_for_a_redis_that_is_away(server: ModelServer, own_server: TestServer) -> None:
    """The call returns what it brought, and the charge is written once Redis is back."""
    broker = Broker(RedisSettings(socket_timeout_s=0.5), JobsSettings(), own_server.url)
    road, books = Road(broker.client, [route(FIRST, server.url)]), Books(broker.client, Keys())
    server.script = [Slow("late")]
    answers: list[str] = []

    async def ask() -> None:
        answers.extend(answer.text for answer in await attempt(road, "job-1", calls=1))

    with capture_logs() as lines:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await server.arrived.wait()
            own_server.kill()
            server.release.set()
    assert answers == ["late"]
    assert {"call_unsettled", "charge_waits"} <= {line["event"] for line in lines}
    own_server.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(road.ledger.run)
        await until(_written(books), "the charge is written")
        road.ledger.stop()
    assert (await day_of(books)).charged_uusd > 0
    await road.aclose()
    await broker.close()


def _written(books: Books) -> Callable[[], Any]:
    """Whether the job's call is in the ledger; asks again where Redis is not there yet."""

    async def look() -> bool:
        try:
            return bool(await books.job("job-1"))
        except BrokerUnavailable:
            return False

    return look


async def test_the_first_piece_of_an_answer_is_timed(broker: Broker, server: ModelServer) -> None:
    """By provider and model, for each whole answer; the wait for admission has a metric of its own."""
    road = Road(broker.client, [route(FIRST, server.url)])
    labels = {"provider": FIRST.provider, "model": FIRST.model}
    names = ("llm_first_token_seconds_count", "traffic_wait_seconds_count")
    before = [sample(name, **labels) for name in names]
    await road.text.complete(question())
    assert [sample(name, **labels) for name in names] == [count + 1 for count in before]
    await road.aclose()


async def test_a_refusal_for_money_is_told_as_such(broker: Broker, server: ModelServer) -> None:
    """It is no question of limits: the answer counts as ``money``."""
    road = Road(broker.client, [route(FIRST, server.url)], {"poor": Allowance(day_usd=0.0)})
    labels = {"provider": FIRST.provider, "model": FIRST.model, "answer": "money"}
    before = sample("traffic_asks_total", **labels)
    with pytest.raises(Billing):
        await attempt(road, "job-1", "poor")
    assert sample("traffic_asks_total", **labels) == before + 1
    await road.aclose()
