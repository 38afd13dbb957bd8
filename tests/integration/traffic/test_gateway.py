"""Calls on their whole way: admitted, paid for, made, written down, led on to the next model."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.config import LogsSettings
from streamforge.errors import Billing, ConfigError, ProviderRefused, ProviderUnavailable, StreamForgeError
from streamforge.jobs.caller import ANONYMOUS, JobCaller, calling
from streamforge.ops import logs, metrics
from streamforge.providers.failover import MovesOn
from streamforge.providers.refusals import ContentRefused
from streamforge.providers.text import TextModel, Usage
from streamforge.testing.model_script import Answer, Fault, RandomFaults, Seen, Slow, Step
from streamforge.testing.model_server import ModelServer
from streamforge.traffic.budgets import Allowance
from streamforge.traffic.gateway import GatewayText, Route
from streamforge.traffic.keys import fingerprint
from streamforge.traffic.ledger import Books, total
from streamforge.traffic.model import NoUsableKey, Parked, Scope
from streamforge.traffic.rules import Rules
from tests.integration.traffic.road import (
    FIRST,
    KEYS,
    RULES,
    SECOND,
    WIDE,
    Road,
    attempt,
    counted_by,
    day_of,
    each,
    entries_of,
    finish,
    question,
    route,
)
from tests.integration.traffic.test_secrets import everything_in


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server whose script the test writes."""
    async with ModelServer([Answer("fine")], limits=WIDE) as server:
        yield server


Build = Callable[..., Road]


@pytest.fixture
async def build(broker: Broker) -> AsyncIterator[Build]:
    """Makes a gateway over these routes, and closes it in the end."""
    made: list[Road] = []

    def make(*routes: Route[TextModel], **other: Any) -> Road:  # noqa: ANN401 - any of Road's
        made.append(Road(broker.client, routes, **other))
        return made[-1]

    yield make
    for road in made:
        await road.aclose()


@pytest.fixture
def books(broker: Broker) -> Books:
    """The ledger, to read."""
    return Books(broker.client, broker.keys)


def only(step: Step, path: str = "/v1/messages") -> Callable[[Seen], Step]:
    """A script that treats one dialect so, and answers the other."""
    return lambda seen: step if seen.path == path else Answer("fine")


async def test_the_ledger_equals_the_servers_count(
    broker: Broker, build: Build, server: ModelServer, books: Books
) -> None:
    """Two hundred jobs with faults of every kind, retries and failover: the same tokens, and no charge twice."""
    refusals = each(0.03, "rate_limited", "overloaded", "server_error", "gateway")
    broken = each(0.03, "truncated", "dropped", "mid_stream", "garbled", "refusal", "max_tokens", "empty")
    script = RandomFaults(refusals | broken, seed=5, answer=lambda seen: Answer(seen.last_turn * 2), retry_after_s=None)
    server.script = script
    road = build(route(FIRST, server.url), route(SECOND, server.url), patience_s=30.0)
    jobs = [f"job-{number}" for number in range(200)]
    async with anyio.create_task_group() as tasks:
        for job in jobs:
            tasks.start_soon(finish, road, job)
    entries, sums = await entries_of(broker, books), await day_of(books)
    assert total(entries) == counted_by(server) == sums.used
    assert {entry.provider for entry in entries if entry.is_answered} == {"anthropic", "openai"}
    assert sum(account.tally.broken for account in server.accounts.values()) > 10
    client: Any = broker.client
    ledgers = [await client.hgetall(broker.keys.ledger(job)) for job in jobs]
    paid = {name: int(rows[name]) for rows in ledgers for name in rows if name.startswith(b"paid:")}
    assert {name.decode() for name in paid} == {f"paid:{entry.charge}" for entry in entries if entry.is_answered}
    assert sum(paid.values()) == sums.charged_uusd
    assert sum(entry.cost for entry in entries) == sums.cost_uusd > sums.charged_uusd
    assert await client.keys("*:holds:*") == []


async def test_what_a_broken_stream_told_is_counted(build: Build, server: ModelServer, books: Books) -> None:
    """The input of a stream that was cut is real usage; nobody is charged for it."""
    server.script = [Fault("truncated")]
    road = build(route(FIRST, server.url))
    with pytest.raises(ProviderUnavailable):
        await attempt(road, "job-1", calls=1)
    (entry,) = await books.job("job-1")
    sums = await day_of(books)
    assert (entry.is_answered, entry.is_unaccounted, sums.charged_uusd) == (False, False, 0)
    assert sums.used == counted_by(server)
    assert sums.used
    assert sums.cost_uusd == entry.cost > 0


async def test_a_call_that_was_broken_off_is_settled(
    broker: Broker, build: Build, server: ModelServer, books: Books
) -> None:
    """A job that is cancelled in the middle of an answer leaves what it was told, and holds nothing."""
    server.script = [Slow("never")]
    road = build(route(FIRST, server.url))
    told = anyio.Event()

    class Told:
        def hear(self, *_: object) -> None: ...
        def bill(self, _: Usage) -> None: ...
        def use(self, **_: object) -> None:
            told.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: road.text.complete(question(listener=Told())))
        await told.wait()
        tasks.cancel_scope.cancel()
    sums = await day_of(books, ANONYMOUS)
    assert (sums.calls, sums.charged_uusd) == (1, 0)
    client: Any = broker.client
    assert await client.keys("*:holds:*") == []


async def test_a_call_of_which_nothing_was_told_may_have_cost(build: Build, server: ModelServer, books: Books) -> None:
    """A model that does not answer in time may bill what it did: it is counted, with the most that it can be."""
    server.script = [Fault("stalled")]
    road = build(route(SECOND, server.url))
    with pytest.raises(StreamForgeError):
        await road.text.complete(question(timeout_s=0.2))
    sums = await day_of(books, ANONYMOUS)
    assert (sums.calls, sums.unaccounted_calls, sums.cost_uusd) == (1, 1, 0)
    assert sums.unaccounted_uusd > 0


@pytest.mark.parametrize("kind", ["overloaded", "server_error", "truncated", "unauthorised", "spend_limit"])
async def test_what_cannot_answer_is_passed_over(build: Build, server: ModelServer, books: Books, kind: Any) -> None:  # noqa: ANN401
    """The next model answers; the response says who was asked, and the ledger who is paid."""
    server.script = only(Fault(kind))
    road = build(route(FIRST, server.url), route(SECOND, server.url))
    (answer,) = await attempt(road, "job-1", calls=1)
    assert answer.tried == ("anthropic:claude-sonnet-5-5", "openai:gpt-test")
    assert [entry.provider for entry in await books.job("job-1") if entry.is_answered] == ["openai"]


async def test_an_open_circuit_is_passed_over_without_a_call(build: Build, server: ModelServer) -> None:
    """Once it is open for all workers, nobody asks the broken model."""
    server.script = only(Fault("overloaded", retry_after_s=60))
    rules = replace(RULES, park_least_ms=5000)
    road = build(route(FIRST, server.url), route(SECOND, server.url), rules=rules)
    for _ in range(5):
        assert (await road.text.complete(question())).tried[-1] == "openai:gpt-test"
    assert sum(seen.path == "/v1/messages" for seen in server.requests) == 1


async def test_a_job_is_parked_where_all_are_broken(build: Build, server: ModelServer) -> None:
    """Until the soonest of the circuits may close: no attempt is charged for it."""
    server.script = [Fault("overloaded", retry_after_s=60)]
    road = build(route(FIRST, server.url), route(SECOND, server.url), rules=Rules())
    with pytest.raises(ProviderUnavailable):
        await road.text.complete(question())
    with pytest.raises(Parked) as caught:
        await road.text.complete(question())
    assert caught.value.why == "breaker"


async def test_another_key_is_used_where_one_is_refused(build: Build, server: ModelServer) -> None:
    """Within the same call; the refused one is left alone from then on."""
    bad = KEYS[FIRST][0]

    def script(seen: Seen) -> Step:
        return Fault("unauthorised") if seen.key == bad else Answer("fine")

    server.script = script
    road = build(route(FIRST, server.url))
    for _ in range(6):
        assert (await road.text.complete(question())).text == "fine"
    assert server.tally(bad).requests <= 1


async def test_a_key_that_cannot_be_sent_is_passed_over(build: Build, server: ModelServer) -> None:
    """It is benched for all models with an alert, and no call fails; where it is the only one, the next way is gone."""
    bad, good = "sk ant with spaces 000111", KEYS[FIRST][0]
    with capture_logs() as lines:
        road = build(route(FIRST, server.url, [bad, good]))
        for _ in range(6):
            assert (await road.text.complete(question())).text == "fine"
    assert {seen.key for seen in server.requests} == {good}
    told = [line for line in lines if line["event"] == "key_benched"]
    assert [(line["log_level"], line["reason"], line["fingerprint"]) for line in told] == [
        ("error", "malformed", fingerprint(bad))
    ]
    road = build(route(FIRST, server.url, [bad]), route(SECOND, server.url))
    assert (await road.text.complete(question())).tried[-1] == f"openai:{SECOND.model}"


async def test_an_answer_without_usage_is_not_free_in_silence(build: Build, books: Books) -> None:
    """A server counts nothing: the most that its calls can have cost is unaccounted, and the log says so once."""
    async with ModelServer([Answer("fine")], unknown=("stream_options",)) as server:
        road = build(route(SECOND, server.url))
        with capture_logs() as lines:
            await attempt(road, "job-1", calls=2)
    sums = await day_of(books)
    assert (sums.calls, sums.cost_uusd, sums.unaccounted_calls) == (2, 0, 2)
    assert sums.unaccounted_uusd > 0
    assert [line["log_level"] for line in lines if line["event"] == "model_without_usage"] == ["warning"]


async def test_a_model_without_a_price_is_no_way_for_who_has_a_budget(build: Build, server: ModelServer) -> None:
    """It is passed over, and where the others are broken at the moment the job is tried again."""
    unpriced = Scope("openai", "nobody-knows-1")
    own = {"frugal": Allowance(day_usd=1.0)}
    road = build(route(FIRST, server.url), route(unpriced, server.url, KEYS[SECOND]), own=own)
    server.script = [Fault("server_error")]
    with pytest.raises(ProviderUnavailable):
        await attempt(road, "job-1", "frugal", calls=1)
    assert {seen.path for seen in server.requests} == {"/v1/messages"}
    road = build(route(unpriced, server.url, KEYS[SECOND]), own=own)
    with pytest.raises(ConfigError, match="has no price"):
        await attempt(road, "job-2", "frugal", calls=1)


async def test_no_key_left_is_the_end(build: Build, server: ModelServer) -> None:
    """Where every key is refused and nobody else is there, the call fails for good."""
    server.script = [Fault("no_money")]
    road = build(route(FIRST, server.url))
    with pytest.raises((NoUsableKey, ProviderRefused)):
        await road.text.complete(question())
    with pytest.raises(NoUsableKey):
        await road.text.complete(question())
    assert len(server.requests) == 2


async def test_a_long_pause_of_all_keys_parks_the_job(build: Build, server: ModelServer) -> None:
    """429 costs no attempt: each key is asked once, then the job leaves its slot until the pause is over."""
    server.script = [Fault("rate_limited", retry_after_s=60)]
    road = build(route(FIRST, server.url), route(SECOND, server.url))
    with pytest.raises(Parked) as caught:
        await road.text.complete(question())
    assert (caught.value.why, caught.value.scope) == ("cooldown", FIRST)
    assert len(server.requests) == 2


async def test_what_every_key_is_refused_parks_the_job(build: Build, server: ModelServer) -> None:
    """Also where the pauses are so short that keys are free again at once: a refusal never costs an attempt."""
    server.script = [Fault("rate_limited", retry_after_s=0.0)]
    road = build(route(FIRST, server.url))
    with pytest.raises(Parked) as caught:
        await road.text.complete(question())
    assert (caught.value.why, len(server.requests)) == ("cooldown", 3)


async def test_a_busy_model_is_passed_over_where_configured(build: Build, server: ModelServer) -> None:
    """Both by the one who hears the refusal and by those who come while its keys pause."""
    server.script = only(Fault("rate_limited", retry_after_s=60))
    road = build(route(FIRST, server.url))
    text = GatewayText(
        [route(FIRST, server.url), route(SECOND, server.url)], road.gate, moves_on=MovesOn(rate_limits=True)
    )
    for _ in range(3):
        assert (await text.complete(question())).tried[-1] == "openai:gpt-test"
    assert sum(seen.path == "/v1/messages" for seen in server.requests) == 2


async def test_content_that_is_refused_is_the_authors_to_change(
    build: Build, server: ModelServer, books: Books
) -> None:
    """It is not taken elsewhere unless one says so; what the refusal cost is counted."""
    server.script = [Fault("refusal")]
    road = build(route(FIRST, server.url), route(SECOND, server.url))
    with pytest.raises(ContentRefused):
        await road.text.complete(question())
    assert len(server.requests) == 1
    sums = await day_of(books, ANONYMOUS)
    assert sums.cost_uusd > sums.charged_uusd == 0


async def test_over_budget_nothing_is_sent(broker: Broker, build: Build, server: ModelServer) -> None:
    """The call fails before it is made, and the limiter has its reservation back."""
    road = build(route(FIRST, server.url), own={"poor": Allowance(day_usd=0.000001)})
    with pytest.raises(Billing):
        await attempt(road, "job-1", "poor")
    assert server.requests == []
    client: Any = broker.client
    assert await client.keys("*:slots:*") == []


async def test_calls_at_once_keep_within_the_budget(build: Build, server: ModelServer, books: Books) -> None:
    """Sixty jobs of one tenant with money for some: together they keep within it, and other tenants go on."""
    server.script = RandomFaults({"dropped": 0.1}, seed=3, answer=Answer("x" * 300))
    budget = Allowance(day_usd=0.02)
    road = build(route(FIRST, server.url), own={"frugal": budget})
    ends: list[str] = []

    async def job(number: int, tenant: str) -> None:
        try:
            await finish(road, f"job-{tenant}-{number}", tenant)  # waits, parked, for what others hold
        except Billing:
            ends.append(tenant)

    async with anyio.create_task_group() as tasks:
        for number in range(60):
            tasks.start_soon(job, number, "frugal")
        tasks.start_soon(job, 0, "other")
    sums = await day_of(books, "frugal")
    assert 0 < sums.cost_uusd <= 20_000
    assert set(ends) == {"frugal"}
    assert (await day_of(books, "other")).calls >= 2


async def test_a_repeated_call_has_its_key_and_another_has_not(build: Build, server: ModelServer) -> None:
    """An idempotency key is a call's place in its job and what is asked: the same in each attempt."""
    road = build(route(FIRST, server.url))
    await attempt(road, "job-1")
    await attempt(road, "job-1")
    with calling(JobCaller("job-1")):
        await road.text.complete(question("other words"))
    keys = [seen.headers["idempotency-key"] for seen in server.requests]
    assert keys[:2] == keys[2:4]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("scope", [FIRST, SECOND])
async def test_a_call_belongs_to_its_jobs_trace(build: Build, server: ModelServer, scope: Scope) -> None:
    """The trace that a job was handed in with goes to every provider; without one there is no such header."""
    road = build(route(scope, server.url))
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for caller in (JobCaller("job-1", traceparent=trace), JobCaller("job-2")):
        with calling(caller):
            await road.text.complete(question())
    assert [seen.headers.get("traceparent") for seen in server.requests] == [trace, None]


async def test_a_repeated_call_is_one_where_the_provider_knows_it(build: Build, books: Books) -> None:
    """A whole second attempt costs nothing more, here and there."""
    async with ModelServer([Answer("fine")], limits=WIDE, replays=True) as server:
        way = route(FIRST, server.url, KEYS[FIRST][:1], takes_idempotency_keys=True)
        road = build(way)
        first, second = await attempt(road, "job-1"), await attempt(road, "job-1")
        assert [answer.text for answer in first] == [answer.text for answer in second]
        sums = await day_of(books)
        assert (sums.calls, sums.used) == (2, counted_by(server))
        assert sums.cost_uusd == sums.charged_uusd


PLANTED = "planted words of a customer 4711"


async def test_planted_secrets_are_nowhere(broker: Broker, build: Build, server: ModelServer) -> None:
    """After calls of every kind no key, prompt or answer is in Redis, logs, metrics or errors."""
    written = io.StringIO()
    logs.configure(LogsSettings(level="debug", format="json"), written)
    shares = each(0.1, "rate_limited", "server_error", "dropped", "mid_stream", "refusal", "max_tokens", "bad_request")
    server.script = RandomFaults(shares, seed=1, answer=Answer(f"answer: {PLANTED}"), retry_after_s=0.0)
    poor = {"poor": Allowance(day_usd=0.000001)}
    road = build(route(FIRST, server.url), route(SECOND, server.url), own=poor)
    told: list[str] = []
    for number in range(40):
        with calling(JobCaller(f"job-{number}", "poor" if number % 10 == 0 else "rich")):
            try:
                await road.text.complete(question(PLANTED))
            except StreamForgeError as error:
                told.append(f"{error!r} {error} {error.hint}")
    seen = {
        "redis": await everything_in(broker.client),
        "logs": written.getvalue(),
        "metrics": metrics.render().decode(),
        "errors": "\n".join(told) + repr(road.text),
    }
    assert "budget_exhausted" in seen["logs"]
    assert "Billing" in seen["errors"]
    assert ":ledger:job-" in seen["redis"]
    secrets = [PLANTED, *KEYS[FIRST], *KEYS[SECOND]]
    assert {where: word for where, text in seen.items() for word in secrets if word in text} == {}
