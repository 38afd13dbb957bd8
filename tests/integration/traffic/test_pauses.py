"""Refusals: keys that cool down, keys that are benched, and what headers correct."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.traffic.benches import Benched, Benches
from streamforge.traffic.headers import UNKNOWN, Told
from streamforge.traffic.model import Go, Scope, Wait
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from tests.integration.traffic.desk import KEYS, SCOPE, Desk, candidates


def told(limit: float = UNKNOWN, remaining: float = UNKNOWN) -> Told:
    """What a provider says of requests."""
    return Told((limit, UNKNOWN, UNKNOWN, UNKNOWN), (remaining, UNKNOWN, UNKNOWN, UNKNOWN))


async def test_a_refusal_cools_one_key(desk: Desk) -> None:
    """After a 429 with Retry-After the others go on, and nobody uses the key until the time has come."""
    keys = candidates(2)
    call = await desk.go(keys)
    settled = await desk.end(keys, call, Outcome.LIMITED, retry_after_s=30)
    assert settled.cooldown_ms == 30_000
    assert {(await desk.go(keys)).fingerprint for _ in range(5)} == set(KEYS[:2]) - {call.fingerprint}


async def test_nobody_piles_on_and_one_probes(desk: Desk) -> None:
    """While all keys cool down nobody goes; then one goes at a time, until its answer says that the pause is over."""
    keys = candidates(1)
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=30)
    answer = await desk.wait(keys, "first")
    assert (answer.why, answer.wait_ms) == ("cooldown", pytest.approx(30_000, abs=3_000))
    await desk.pass_time(31_000)
    probe = await desk.go(keys, "first")
    assert probe.is_probe
    assert {(await desk.wait(keys)).why for _ in range(5)} == {"probe"}
    await desk.forget_waiting()
    await desk.end(keys, probe)
    assert not any([(await desk.go(keys)).is_probe for _ in range(5)])


async def test_a_refused_probe_cools_the_key_again(desk: Desk) -> None:
    """One call per pause is what a provider sees that goes on refusing; pauses without a Retry-After double."""
    keys = candidates(1)
    pauses: list[int] = []
    for _ in range(4):
        settled = await desk.end(keys, await desk.go(keys), Outcome.LIMITED)
        pauses.append(round(settled.cooldown_ms / 1000))
        assert isinstance(await desk.ask(keys), Wait)
        await desk.forget_waiting()
        await desk.pass_time(settled.cooldown_ms + 1)
    assert pauses == [1, 2, 4, 8]


async def test_refusals_of_calls_under_way_count_once(desk: Desk) -> None:
    """Ten calls that are refused together double no pause ten times."""
    keys = candidates(1)
    calls = [await desk.go(keys) for _ in range(10)]
    cooldowns = [(await desk.end(keys, call, Outcome.LIMITED)).cooldown_ms for call in calls]
    assert max(cooldowns) <= 1_000


async def test_a_provider_that_refuses_for_long_sees_one_call_a_pause(desk: Desk) -> None:
    """Twenty callers over two keys, 90 s of refusals that ask for 10 s each: a call per key and pause, then all go."""
    keys, pauses = candidates(2, requests=600), 10
    due = {f"caller-{n}": 0 for n in range(20)}
    calls = 0
    for second in range(160):
        for name in [name for name, at in due.items() if at <= second]:
            answer = await desk.ask(keys, name, patience_ms=3_000)
            if isinstance(answer, Wait):
                due[name] = second + answer.wait_ms // 1000 + 1
            elif isinstance(answer, Go) and second < 90:
                calls += 1
                await desk.end(keys, answer, Outcome.LIMITED, retry_after_s=90 / (pauses - 1))
                due[name] = second + 1
            elif isinstance(answer, Go):
                await desk.end(keys, answer)
                del due[name]
        await desk.pass_time(1000)
    assert 2 <= calls <= 2 * pauses
    assert due == {}


async def test_a_dead_probe_is_replaced(desk: Desk) -> None:
    """The half-open key does not wait for a worker that will never answer."""
    keys = candidates(1)
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=1)
    await desk.pass_time(1_001)
    first = await desk.go(keys)
    await desk.pass_time(desk.rules.lease_ms + 1)
    second = await desk.go(keys)
    assert (second.is_probe, second.reservation) == (True, second.reservation)
    assert second.reservation != first.reservation


async def test_a_probe_that_is_being_answered_opens_the_key(desk: Desk) -> None:
    """A long stream need not end before the others may go."""
    keys = candidates(1)
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=1)
    await desk.pass_time(1_001)
    probe = await desk.go(keys)
    await desk.scripts.renew(SCOPE, [(probe.fingerprint, probe.reservation, True)])
    assert not (await desk.go(keys)).is_probe


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_refused_key_is_benched(desk: Desk, is_whole: bool) -> None:
    """Nobody uses it, for all models (401, 402) or this one (403), for its time; who finds out first is told."""
    keys, other = candidates(2), Scope("acme", "small-1")
    calls = [await desk.go(keys), await desk.go(keys)]
    bad = next(call for call in calls if call.fingerprint == KEYS[0])
    facts: dict[str, Any] = {"bench_ms": 60_000, "bench_reason": "forbidden", "is_whole_key": is_whole}
    assert (await desk.end(keys, bad, Outcome.BAD_KEY, **facts)).is_newly_benched
    assert not (await desk.end(keys, bad, Outcome.BAD_KEY, **facts)).is_newly_benched
    assert {(await desk.go(keys)).fingerprint for _ in range(5)} == {KEYS[1]}
    assert {(await desk.go(keys, scope=other)).fingerprint for _ in range(5)} == set(KEYS[is_whole:2])


async def test_all_keys_benched_is_no_wait(desk: Desk) -> None:
    """There is nothing to wait for; the list says who and why; a pardon lets the key try again."""
    keys = candidates(1)
    bad = await desk.go(keys)
    await desk.end(keys, bad, Outcome.BAD_KEY, bench_ms=60_000, bench_reason="unauthorized", is_whole_key=True)
    assert await desk.ask(keys) is None
    benches = Benches(desk.client, desk.keys)
    (found,) = await benches.look("acme")
    assert found == Benched(KEYS[0], "", "unauthorized", found.until_ms)
    assert await benches.pardon("acme", KEYS[0])
    assert await benches.look("acme") == []
    await desk.go(keys)


async def test_a_lower_limit_is_heeded(desk: Desk) -> None:
    """The provider's limit counts where it is lower than ours, and ours where theirs is higher."""
    keys = candidates(1, requests=1000)
    await desk.end(keys, await desk.go(keys), told=told(limit=100))
    assert 2 <= len(await desk.grants(keys)) < 6
    await desk.client.flushall()
    await desk.end(keys, await desk.go(keys), told=told(limit=100_000))
    assert 29 <= len(await desk.grants(keys)) < 60


async def test_what_was_used_under_a_higher_limit_counts(desk: Desk) -> None:
    """Where the limit turns out to be lower, the calls that went before that was known are paid for first."""
    keys = candidates(1, requests=1000)
    calls = [await desk.go(keys) for _ in range(25)]
    await desk.end(keys, calls.pop(), told=told(limit=500))
    assert await desk.level("requests") == pytest.approx(15 - 25, abs=5)
    await desk.end(keys, calls.pop(), told=told(limit=500))
    assert await desk.level("requests") == pytest.approx(15 - 25, abs=7)


async def test_a_limit_is_learned(desk: Desk) -> None:
    """Where nobody has configured one, the provider's applies as soon as it is known."""
    keys = candidates(1)
    await desk.end(keys, await desk.go(keys), told=told(limit=100))
    assert 3 <= len(await desk.grants(keys)) < 6


async def test_what_is_left_is_never_more_than_the_provider_says(desk: Desk) -> None:
    """A remainder below ours is taken over; one above ours changes nothing."""
    keys = candidates(1, requests=1000)
    await desk.end(keys, await desk.go(keys), told=told(1000, 5))
    assert 5 <= len(await desk.grants(keys)) < 20
    await desk.client.flushall()
    await desk.end(keys, await desk.go(keys), told=told(1000, 900))
    assert len(await desk.grants(keys)) >= 29


async def test_old_news_is_corrected_for_its_age(broker: Broker) -> None:
    """A remainder heard when a long stream began has been refilled since; and it does not undo what was heard later."""
    desk = Desk(broker.client, Rules(burst=0.5))
    keys = candidates(1, requests=60)
    calls = [await desk.go(keys) for _ in range(3)]
    await desk.pass_time(25_000)
    await desk.end(keys, calls[0], told=told(60, 1), told_age_ms=10_000)
    assert await desk.level("requests") == pytest.approx(11, abs=2)
    await desk.end(keys, calls[1], told=told(30))
    await desk.end(keys, calls[2], told=told(50), told_age_ms=10_000)
    assert await desk.client.hget(desk.keys.limit(SCOPE.name, KEYS[0]), "told_requests") == b"30"
