"""A repeated call goes on with the key that it was begun with: its provider knows it by that key, and is paid once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.errors import ProviderUnavailable
from streamforge.testing.model_script import Answer, Fault
from streamforge.testing.model_server import ModelServer
from streamforge.traffic.ledger import Books
from streamforge.traffic.model import Go, Wait
from streamforge.traffic.money import Charge, Hold, Keeping, Refused
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.prices import Used
from tests.integration.traffic.desk import KEYS, SCOPE, Desk, candidates
from tests.integration.traffic.road import FIRST, WIDE, Road, attempt, day_of, route

TWO = candidates(2, requests=600)
UNANSWERED = (Outcome.REFUSED, Outcome.LIMITED, Outcome.BAD_KEY, Outcome.UNSENT)
HOLD = Hold(tenant="t", amount=5, lease_ms=60_000, job_id="job-1", is_repeatable=True)


async def begin(desk: Desk, hold: Hold = HOLD) -> Go:
    """A call with some key, which has less room than the other from then on."""
    return await desk.go(TWO, "me", hold=hold)


def charge(go: Go) -> Charge:
    """What the call came to."""
    return Charge(
        id="me",
        call="call-1",
        hold=go.hold,
        job_id="job-1",
        tenant="t",
        step="s",
        scope=SCOPE,
        fingerprint=go.fingerprint,
        used=Used(),
        cost=0,
        is_answered=False,
    )


async def test_a_dead_workers_call_goes_on_with_its_key(desk: Desk) -> None:
    """Nobody has settled it; the other key has more room."""
    begun = (await begin(desk)).fingerprint
    for _ in range(3):
        assert (await begin(desk)).fingerprint == begun
    assert (await begin(desk, replace(HOLD, is_repeatable=False))).fingerprint != begun
    assert (await begin(desk, replace(HOLD, job_id="job-2"))).fingerprint != begun


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_what_the_provider_refused_may_go_another_way(desk: Desk, outcome: Outcome) -> None:
    """Of everything else it may have the answer: of what broke, and of what a step lost after it had come."""
    go = await begin(desk)
    await desk.end(TWO, go, outcome, charge=charge(go))
    fields = await desk.client.hkeys(desk.keys.ledger("job-1"))
    assert any(field.startswith(b"begun:") for field in fields) is (outcome not in UNANSWERED)


@pytest.mark.parametrize(("outcome", "report"), [(Outcome.LIMITED, {"retry_after_s": 600.0}), (Outcome.BAD_KEY, {})])
async def test_it_does_not_wait_long_for_its_key(desk: Desk, outcome: Outcome, report: Any) -> None:  # noqa: ANN401
    """Where that key has to pause, or is benched, another one is paid."""
    begun = (await begin(desk)).fingerprint
    other = await desk.go(tuple(key for key in TWO if key.fingerprint == begun))
    await desk.end(TWO, other, outcome, bench_ms=60_000, bench_reason="forbidden", **report)
    assert {begun, (await begin(desk)).fingerprint} == set(KEYS[:2])


async def test_the_repetition_tells_what_was_used(desk: Desk, broker: Broker) -> None:
    """Its tries before are not of unknown usage: their holds end with the next try; what a late one says is no news."""
    books = Books(broker.client, broker.keys)
    dead, lapsed, last = [await begin(desk) for _ in range(3)]
    assert await desk.client.zrange(desk.keys.holds("t"), 0, -1) == [last.hold.encode()]
    await desk.end(TWO, last, charge=replace(charge(last), used=Used(output_tokens=3), cost=9, is_answered=True))
    await desk.end(TWO, dead, charge=replace(charge(dead), used=Used(output_tokens=3), cost=9, is_answered=True))
    assert await desk.scripts.charge(charge(lapsed)) == 0
    sums = await books.day("t", await books.today())
    assert (sums.calls, sums.charged_uusd, sums.unaccounted_calls) == (1, 9, 0)


async def test_a_try_before_does_not_stand_in_the_way(desk: Desk, broker: Broker) -> None:
    """With money for one call the repetition has that of its dead try; refused, it leaves that to its lease."""
    books, poor = Books(broker.client, broker.keys), replace(HOLD, day_limit=5)
    begun = await begin(desk, poor)
    again = await begin(desk, poor)
    assert again.fingerprint == begun.fingerprint
    assert isinstance(await desk.ask(TWO, "me", hold=replace(HOLD, day_limit=4)), Refused)
    assert await desk.client.zrange(desk.keys.holds("t"), 0, -1) == [again.hold.encode()]
    assert (await books.day("t", await books.today())).unaccounted_calls == 0


async def test_without_idempotency_keys_a_dead_try_makes_room_and_is_counted(desk: Desk, broker: Broker) -> None:
    """Its repetition is another call: the dead one may have cost what was held for it, until a late word of it."""
    books, poor = Books(broker.client, broker.keys), replace(HOLD, day_limit=5, is_repeatable=False)
    dead = await desk.go(TWO, "me", hold=poor)
    assert isinstance(await desk.ask(TWO, "somebody", hold=replace(poor, job_id="job-2")), Wait)
    again = await desk.go(TWO, "me", hold=poor)
    assert await desk.client.zrange(desk.keys.holds("t"), 0, -1) == [again.hold.encode()]
    sums = await books.day("t", await books.today())
    assert (sums.unaccounted_calls, sums.unaccounted_uusd) == (1, 5)
    await desk.end(TWO, dead, charge=replace(charge(dead), call="call-0", cost=3, used=Used(output_tokens=1)))
    await desk.end(TWO, again, charge=charge(again))
    sums = await books.day("t", await books.today())
    assert (sums.unaccounted_calls, sums.unaccounted_uusd, sums.cost_uusd) == (0, 0, 3)
    assert await desk.client.exists(desk.keys.held("t")) == 0


async def test_a_lapsed_try_is_known_once_it_is_repeated(desk: Desk, broker: Broker) -> None:
    """Until then it counts as a call that may have cost something."""
    books = Books(broker.client, broker.keys)
    lost = await begin(desk)
    await desk.client.zadd(desk.keys.holds("t"), {lost.hold: 1})
    await desk.go(TWO, "another", hold=HOLD)
    assert (await books.day("t", await books.today())).unaccounted_calls == 1
    await begin(desk)
    assert (await books.day("t", await books.today())).unaccounted_calls == 0


async def test_it_waits_a_while_for_its_key(desk: Desk) -> None:
    """A pause of that key's parks the job, although another key is free."""
    begun = (await begin(desk)).fingerprint
    other = await desk.go(tuple(key for key in TWO if key.fingerprint == begun))
    await desk.end(TWO, other, Outcome.LIMITED, retry_after_s=60)
    wait = await desk.wait(TWO, "me", hold=HOLD, patience_ms=3_000)
    assert (wait.why, wait.is_parked) == ("cooldown", True)
    await desk.pass_time(61_000)
    assert (await begin(desk)).fingerprint == begun


async def test_what_is_begun_is_forgotten_in_the_end(desk: Desk) -> None:
    """A job that never comes back leaves nothing for good."""
    await begin(desk)
    assert 0 < await desk.client.pttl(desk.keys.ledger("job-1")) <= Keeping().job_ms


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server that gives a repeated call its answer again, for free."""
    async with ModelServer([Answer("fine")], limits=WIDE, replays=True) as server:
        yield server


async def test_attempts_of_a_job_meet_the_same_key(broker: Broker, server: ModelServer) -> None:
    """With two keys, two broken attempts, one that succeeds and one that repeats it are one call to the provider."""
    road = Road(broker.client, [route(FIRST, server.url, takes_idempotency_keys=True)])
    for number in range(8):
        server.script = [Fault("truncated")]
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                await attempt(road, f"job-{number}", calls=1)
        server.script = [Answer("fine")]
        for _ in range(2):
            await attempt(road, f"job-{number}", calls=1)
    by_call: dict[str, set[str]] = {}
    for seen in server.requests:
        by_call.setdefault(seen.headers["idempotency-key"], set()).add(seen.key)
    assert len(by_call) == 8
    assert {len(keys) for keys in by_call.values()} == {1}
    sums = await day_of(Books(broker.client, broker.keys))
    assert sums.calls == 8
    await road.aclose()
