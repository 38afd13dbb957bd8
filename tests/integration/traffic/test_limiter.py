"""The limiter as recipes use it: waiting, parking, settling whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.connection import connect
from streamforge.broker.keys import Keys
from streamforge.config import RedisSettings
from streamforge.errors import BrokerUnavailable, ProviderRefused, ProviderUnavailable, RateLimited
from streamforge.jobs.outcome import Snooze
from streamforge.ops import metrics
from streamforge.runtime.retry import Past, RetryPolicy, decide
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Candidate, Estimate, NoUsableKey, Parked
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts
from tests.integration.traffic.desk import KEYS, SCOPE, admitted, candidates


def trips() -> float:
    """Round trips of this process so far."""
    return metrics.REGISTRY.get_sample_value("streamforge_redis_traffic_trips_total") or 0.0


QUICK = Rules(burst=0.0001, headroom=0.0001)
"""One call at a time, and the next after 60 s / the limit."""


@pytest.fixture
def limiter(broker: Broker) -> Limiter:
    """A limiter over the emptied server."""
    return Limiter(Scripts(broker.client, broker.keys, QUICK))


def ask(name: str = "me", tokens: int = 0) -> tuple[Estimate, Caller]:
    """What the limiter is told of a call."""
    return Estimate(tokens, tokens), Caller(id=name)


def slots(broker: Broker, key: str = KEYS[0]) -> Callable[[], Any]:
    """How many calls are under way with a key."""
    client: Any = broker.client
    return lambda: client.zcard(broker.keys.slots(SCOPE.name, key))


def waiting(broker: Broker) -> Callable[[], Any]:
    """How many wait."""
    client: Any = broker.client
    return lambda: client.zcard(broker.keys.waiting(SCOPE.name))


async def test_a_short_wait_is_waited_for(limiter: Limiter) -> None:
    """Five calls with room for one every 50 ms are all made, in this step."""
    keys = candidates(1, requests=1200)
    made: list[int] = []
    for number in range(5):
        async with admitted(limiter, SCOPE, keys, *ask(f"call-{number}")):
            made.append(number)
    assert made == [0, 1, 2, 3, 4]


async def test_a_long_wait_parks_the_job(limiter: Limiter) -> None:
    """No attempt is charged; the time is the limit's, and the reason may be shown."""
    keys = candidates(1, requests=1)
    await limiter.admit(SCOPE, keys, *ask("first"))
    with pytest.raises(Parked, match=r"acme/large-1: requests a minute") as caught:
        await limiter.admit(SCOPE, keys, *ask("second"))
    assert (caught.value.scope, caught.value.why) == (SCOPE, "requests")
    assert 55 < caught.value.for_s < 65
    outcome = decide(caught.value, Past(attempt=1, crashes=0, is_boosted=False), RetryPolicy(), lambda: 0.5)
    assert isinstance(outcome, Snooze)
    assert outcome.delay_ms == pytest.approx(caught.value.for_s * 1000, abs=2)


async def test_an_open_circuit_is_told_from_a_limit(limiter: Limiter) -> None:
    """A chain of models goes on to the next one where the first is broken, and waits where it is busy."""
    keys = candidates(1)
    call = await limiter.admit(SCOPE, keys, *ask("first"))
    call.hear(529, {"retry-after": "30"})
    await limiter.settle(call, ProviderUnavailable("overloaded"))
    with pytest.raises(Parked) as caught:
        await limiter.admit(SCOPE, keys, *ask("second"))
    assert caught.value.why == "breaker"


async def test_waiting_is_not_longer_than_patience(limiter: Limiter) -> None:
    """A slot that never comes free parks the job in the end, however often it was asked for."""
    keys = candidates(1, concurrent=1)
    await limiter.admit(SCOPE, keys, *ask("holder"))
    with pytest.raises(Parked, match="calls at once"):
        await limiter.admit(SCOPE, keys, *ask("second"), patience_s=0.05)


async def test_an_end_wakes_who_waits(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that waits for a slot goes when one in the same process comes free, however late it was to ask again."""
    monkeypatch.setattr("streamforge.traffic.limiter.LONGEST_NAP_S", 1e6)
    limiter = Limiter(Scripts(broker.client, broker.keys, Rules(recheck_ms=10**8)))
    keys = candidates(1, concurrent=1)
    client: Any = broker.client
    await client.hset(broker.keys.limit(SCOPE.name, KEYS[0]), "mean_ms", 10**8)
    went = anyio.Event()

    async def second() -> None:
        async with admitted(limiter, SCOPE, keys, *ask("second"), patience_s=1e6):
            went.set()

    async with anyio.create_task_group() as tasks:
        async with admitted(limiter, SCOPE, keys, *ask("first")):
            tasks.start_soon(second)
            await until(waiting(broker), "the second waits")
            assert not went.is_set()
        await went.wait()
    assert await slots(broker)() == 0


async def test_who_is_cancelled_while_it_waits_leaves_the_queue(limiter: Limiter, broker: Broker) -> None:
    """Its place is free at once."""
    keys = candidates(1, concurrent=1)
    await limiter.admit(SCOPE, keys, *ask("holder"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: limiter.admit(SCOPE, keys, *ask("second"), patience_s=30.0))
        await until(waiting(broker), "the second waits")
        tasks.cancel_scope.cancel()
    assert await waiting(broker)() == 0


async def test_a_cancelled_call_is_settled(limiter: Limiter, broker: Broker) -> None:
    """Its slot is free at once, not when its lease ends."""
    keys = candidates(1)

    async def call() -> None:
        async with admitted(limiter, SCOPE, keys, *ask()):
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await until(slots(broker), "the call is under way")
        tasks.cancel_scope.cancel()
    assert await slots(broker)() == 0


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), RateLimited("slow", retry_after_s=9), KeyError("x")])
async def test_an_error_passes_and_is_settled(limiter: Limiter, broker: Broker, error: Exception) -> None:
    """What the body raises is what comes out; a refusal cools the key."""
    keys = candidates(1)
    with pytest.raises(type(error)):
        async with admitted(limiter, SCOPE, keys, *ask()):
            raise error
    assert await slots(broker)() == 0
    client: Any = broker.client
    cool = int(await client.hget(broker.keys.limit(SCOPE.name, KEYS[0]), "cool"))
    assert bool(cool) is isinstance(error, RateLimited)


async def test_a_refused_key_is_told_of_once_and_the_last_one_is_the_end(limiter: Limiter) -> None:
    """401 is an error in the log, with the key's fingerprint; where no key is left the call cannot be made."""
    keys = candidates(1)
    with capture_logs() as lines:
        for name in ("first", "second"):
            call = await limiter.admit(SCOPE, keys, *ask(name)) if name == "first" else None
            if call is not None:
                call.hear(401, {})
                await limiter.settle(call, ProviderRefused("no"))
    told = [line for line in lines if line["event"] == "key_benched"]
    assert [(line["log_level"], line["fingerprint"], line["reason"]) for line in told] == [
        ("error", KEYS[0], "unauthorized")
    ]
    with pytest.raises(NoUsableKey, match=r"acme/large-1"):
        await limiter.admit(SCOPE, keys, *ask("third"))


async def test_one_round_trip_before_and_one_after(limiter: Limiter) -> None:
    """And for many calls in the same moment one for all of them."""
    keys = candidates(3, requests=10**9)

    async def call(number: int) -> None:
        async with admitted(limiter, SCOPE, keys, *ask(f"call-{number}")):
            await anyio.lowlevel.checkpoint()

    before = trips()
    await call(0)
    assert trips() - before == 2
    before = trips()
    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(call, number)
    assert trips() - before <= 10


async def test_more_than_a_batch_at_once(limiter: Limiter, broker: Broker) -> None:
    """Two hundred questions in one moment are all answered."""
    keys = candidates(3)
    calls = await asyncio.gather(*(limiter.admit(SCOPE, keys, *ask(f"call-{n}")) for n in range(200)))
    assert len({call.reservation for call in calls}) == 200
    assert sum([await slots(broker, key)() for key in KEYS]) == 200


async def test_leases_of_calls_that_run_are_renewed(broker: Broker) -> None:
    """As a service it keeps them, until it is stopped; a call that has ended is not renewed."""
    limiter = Limiter(Scripts(broker.client, broker.keys, Rules(renew_ms=5)))
    call = await limiter.admit(SCOPE, candidates(1), *ask())
    client, name = broker.client, broker.keys.slots(SCOPE.name, KEYS[0])
    first: Any = await client.zscore(name, call.reservation)

    async def is_renewed() -> bool:
        score: Any = await client.zscore(name, call.reservation)
        return score > first

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(limiter.run)
        await until(is_renewed, "the lease is renewed")
        limiter.stop()
    await limiter.settle(call)
    assert await slots(broker)() == 0


async def test_without_redis_nothing_goes_and_nothing_hangs(own_server: TestServer) -> None:
    """Asking raises; settling does not: what a call has brought must not be lost for its limits."""
    client = connect(RedisSettings(socket_timeout_s=0.5), own_server.url)
    limiter = Limiter(Scripts(client, Keys()))
    async with admitted(limiter, SCOPE, candidates(1), *ask()):
        own_server.kill()
    with pytest.raises(BrokerUnavailable):
        await limiter.admit(SCOPE, candidates(1), *ask())
    own_server.start()
    await limiter.admit(SCOPE, candidates(1), *ask())
    await client.aclose()


async def test_an_asker_that_is_gone_does_not_stop_the_others(limiter: Limiter) -> None:
    """Whoever sends for all sends for all, also when it is cancelled itself."""
    keys = candidates(1)
    tasks = [asyncio.create_task(limiter.admit(SCOPE, keys, *ask(f"call-{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one).__name__ for one in found[1:]] in (["AdmittedCall"] * 2, ["BrokerUnavailable"] * 2)


async def test_the_keys_of_one_ask_are_named_by_fingerprint(limiter: Limiter) -> None:
    """A call knows its key by name only, and does not show more."""
    call = await limiter.admit(SCOPE, (Candidate(KEYS[1]),), *ask())
    assert (call.fingerprint, KEYS[1] in repr(call)) == (KEYS[1], True)
