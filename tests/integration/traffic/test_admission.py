"""What lets a call go, which key it gets, and what it is told to wait for."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.traffic.model import Go, Scope, Wait
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import load_sources
from tests.integration.traffic.desk import KEYS, SCOPE, Desk, candidates

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("limits", "tokens", "why"),
    [
        ({"requests": 100}, (0, 0), "requests"),
        ({"input_tokens": 10_000}, (100, 5), "input"),
        ({"output_tokens": 10_000}, (5, 100), "output"),
        ({"tokens": 10_000}, (50, 50), "tokens"),
        ({"concurrent": 3}, (0, 0), "concurrent"),
    ],
)
async def test_each_limit_lets_its_burst_through_and_then_names_itself(
    desk: Desk, limits: dict[str, int], tokens: tuple[int, int], why: str
) -> None:
    """Three calls are 3 % of the minute (or all slots); the next one waits, for that limit."""
    keys = candidates(1, **limits)
    ask: dict[str, Any] = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    for _ in range(3):
        await desk.go(keys, **ask)
    answer = await desk.wait(keys, **ask)
    assert (answer.why, answer.is_parked) == (why, False)
    assert answer.wait_ms > 0


@pytest.mark.parametrize("level", [None, -(10.0**15)])
async def test_a_figure_that_is_nonsense_shuts_no_key_for_good(desk: Desk, level: float | None) -> None:
    """A call that says it used a billion tokens costs a minute; a level below all reason is mended in ten or so."""
    keys = candidates(1, output_tokens=10_000)
    await desk.end(keys, await desk.go(keys, output_tokens=100), output_tokens=10**9)
    if level is not None:
        await desk.client.hset(desk.keys.limit(SCOPE.name, KEYS[0]), "output", level)
    await desk.pass_time(MINUTE_MS * (2 if level is None else 11))
    await desk.go(keys, output_tokens=100)


async def test_nothing_limits_a_key_without_limits(desk: Desk) -> None:
    """A provider that nobody has limits for is called at once."""
    assert len([await desk.go(candidates(1)) for _ in range(50)]) == 50


def in_each_minute(taken: list[tuple[float, int]]) -> list[int]:
    """What was taken in the minute after each time, for the first half of them."""
    starts = [at for at, _ in taken[: len(taken) // 2]]
    return [sum(amount for at, amount in taken if start <= at < start + 60) for start in starts]


async def test_no_minute_holds_more_than_the_limit(desk: Desk) -> None:
    """A taker that asks all the time for two minutes gets, in any minute, at most the limit, and most of it."""
    keys = candidates(1, requests=100)
    taken: list[tuple[float, int]] = []
    for _ in range(240):
        now = await desk.now_s()
        taken.append((now, len(await desk.grants(keys))))
        await desk.pass_time(500)
    assert max(in_each_minute(taken)) <= 100
    assert min(in_each_minute(taken)) >= 85


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_minute_holds_more_tokens_than_the_limit(desk: Desk, seed: int) -> None:
    """Calls of all sizes within the burst, whose estimates are too high or too low by a tenth, settled as they end."""
    keys, rng = candidates(1, input_tokens=20_000), random.Random(seed)  # noqa: S311 - repeatable
    taken: list[tuple[float, int]] = []
    size = rng.randint(50, 550)
    for _ in range(480):
        now, amount = await desk.now_s(), 0
        while isinstance(answer := await desk.ask(keys, "taker", input_tokens=size), Go):
            used = round(size * rng.uniform(0.9, 1.1))
            amount += used
            await desk.end(keys, answer, input_tokens=used)
            size = rng.randint(50, 550)
        taken.append((now, amount))
        await desk.pass_time(250)
        await desk.forget_waiting()
    assert max(in_each_minute(taken)) <= 20_000
    assert min(in_each_minute(taken)) >= 17_000


async def test_a_wait_is_as_long_as_told(desk: Desk) -> None:
    """After the time that was told the call goes; shortly before that it does not."""
    keys = candidates(1, requests=10)
    await desk.go(keys)
    told = await desk.wait(keys, "me")
    await desk.pass_time(told.wait_ms - 3_000)
    assert isinstance(await desk.ask(keys, "me"), Wait)
    await desk.pass_time(3_000)
    await desk.go(keys, "me")


async def test_the_key_with_the_most_room_is_taken(desk: Desk) -> None:
    """Calls go round the keys, and to a key with ten times the limits most of them."""
    keys = candidates(3, requests=100)
    first = [(await desk.go(keys)).fingerprint for _ in range(3)]
    assert sorted(first) == sorted(KEYS)
    await desk.client.flushall()
    uneven = (*candidates(1, input_tokens=100_000), *candidates(2, input_tokens=1_000_000)[1:])
    taken = [(await desk.go(uneven, input_tokens=300)).fingerprint for _ in range(60)]
    assert taken.count(KEYS[1]) > 50


async def test_a_large_call_is_paid_for_afterwards(desk: Desk) -> None:
    """A call over the burst goes when the bucket is full, and the next one waits until it is paid for."""
    keys = candidates(1, input_tokens=60_000)
    await desk.go(keys, input_tokens=30_000)
    told = await desk.wait(keys, input_tokens=100)
    refill_s = (30_000 - 1_800 + 100) / 950
    assert told.wait_ms == pytest.approx(refill_s * 1000, abs=2_000)


async def test_a_call_larger_than_the_limit_is_charged_the_limit(desk: Desk) -> None:
    """It can be tried: the estimate may be too high, and no wait would make room for it."""
    keys = candidates(1, output_tokens=1_000)
    call = await desk.go(keys, output_tokens=50_000)
    assert await desk.level("output") == pytest.approx(30 - 1_000, abs=1)
    await desk.end(keys, call, output_tokens=600)
    assert await desk.level("output") == pytest.approx(30 - 600, abs=50)


@pytest.mark.parametrize(
    ("outcome", "used", "left"),
    [
        (Outcome.OK, {"input_tokens": 100, "output_tokens": 300}, (4, 900, 700)),
        (Outcome.OK, {"input_tokens": 700, "output_tokens": 800}, (4, 300, 200)),
        (Outcome.FAILED, {"input_tokens": 500, "output_tokens": 20}, (4, 500, 980)),
        (Outcome.FAILED, {}, (4, 500, 500)),
        (Outcome.ABANDONED, {}, (4, 500, 500)),
        (Outcome.LIMITED, {}, (4, 1000, 1000)),
        (Outcome.REFUSED, {}, (4, 1000, 1000)),
        (Outcome.UNSENT, {}, (5, 1000, 1000)),
    ],
)
async def test_the_difference_is_settled(
    broker: Broker, outcome: Outcome, used: dict[str, Any], left: tuple[float, float, float]
) -> None:
    """What was not used goes back, what was used beyond the estimate is charged, what nobody knows stays reserved."""
    desk = Desk(broker.client, Rules(burst=0.5))
    keys = candidates(1, requests=10, input_tokens=2000, output_tokens=2000)
    call = await desk.go(keys, input_tokens=500, output_tokens=500)
    await desk.end(keys, call, outcome, **used)
    assert await desk.level("requests") == pytest.approx(left[0], abs=0.4)
    assert await desk.level("input") == pytest.approx(left[1], abs=50)
    assert await desk.level("output") == pytest.approx(left[2], abs=50)


async def test_who_waits_is_told_of_room(broker: Broker) -> None:
    """A settlement says whether somebody waits who may go earlier than was told, for much of an estimate came back."""
    desk = Desk(broker.client, Rules(burst=0.5))
    keys = candidates(1, output_tokens=10_000)
    small, exact, large = [await desk.go(keys, output_tokens=tokens) for tokens in (100, 100, 4_000)]
    assert not (await desk.end(keys, small, output_tokens=10)).has_made_room
    await desk.wait(keys, "waits", output_tokens=3_000)
    assert not (await desk.end(keys, exact, output_tokens=90)).has_made_room
    assert (await desk.end(keys, large, output_tokens=10)).has_made_room


async def test_settling_twice_gives_nothing_back_twice(broker: Broker) -> None:
    """A second settlement finds the reservation gone, and can only charge."""
    desk = Desk(broker.client, Rules(burst=0.5))
    keys = candidates(1, output_tokens=2000)
    call = await desk.go(keys, output_tokens=900)
    assert (await desk.end(keys, call, output_tokens=100)).is_held
    once = await desk.level("output")
    assert not (await desk.end(keys, call, output_tokens=100)).is_held
    assert await desk.level("output") <= once


async def test_a_dead_workers_slot_comes_back(broker: Broker) -> None:
    """With its lease ends its slot, and its output is given back but for what it can have written; its input is not."""
    desk = Desk(broker.client, Rules(burst=0.5))
    keys = candidates(1, input_tokens=10_000, output_tokens=10_000, concurrent=1)
    await desk.go(keys, input_tokens=3_000, output_tokens=9_000)
    await desk.pass_time(desk.rules.lease_ms - 5_000)
    assert (await desk.wait(keys, "other")).why == "concurrent"
    await desk.pass_time(5_000)
    await desk.age_reservations(desk.rules.lease_ms)
    await desk.go(keys, "other")
    refilled, written = 2_400, desk.rules.renew_ms / 1000 * desk.rules.fastest_tokens_per_s
    assert await desk.level("output") == pytest.approx(5_000 - 9_000 + refilled + 9_000 - written, abs=400)
    assert await desk.level("input") == pytest.approx(5_000 - 3_000 + refilled, abs=400)


async def test_a_living_workers_slot_does_not(desk: Desk) -> None:
    """A renewed lease holds, and one that has run out cannot be had back."""
    keys = candidates(1, concurrent=1)
    call = await desk.go(keys)
    await desk.pass_time(desk.rules.lease_ms - 5_000)
    assert await desk.scripts.renew(SCOPE, [(call.fingerprint, call.reservation, False)]) == [True]
    await desk.pass_time(desk.rules.lease_ms - 5_000)
    assert isinstance(await desk.ask(keys), Wait)
    await desk.forget_waiting()
    await desk.pass_time(6_000)
    await desk.go(keys)
    assert await desk.scripts.renew(SCOPE, [(call.fingerprint, call.reservation, False)]) == [False]


async def test_limits_of_models_are_apart(desk: Desk) -> None:
    """One model's calls take nothing from another's."""
    keys = candidates(1, concurrent=1)
    await desk.go(keys)
    assert await desk.go(keys, scope=Scope("acme", "small-1"))


async def test_lua_and_python_name_keys_alike(desk: Desk) -> None:
    """Each name that Python looks at is the one that the scripts write to."""
    keys, prelude = desk.keys, load_sources(desk.rules)["renew"].split("-- KEYS OF A PROVIDER", 1)[0]
    expected = {
        "model_key()": keys.model(SCOPE.name),
        "limit_key('x')": keys.limit(SCOPE.name, "x"),
        "slots_key('x')": keys.slots(SCOPE.name, "x"),
        "waiting_key()": keys.waiting(SCOPE.name),
        "benched_key()": keys.benched(SCOPE.provider),
    }
    ask = msgspec.msgpack.encode({"scope": SCOPE.name, "provider": SCOPE.provider})
    script = f"{prelude}\nreturn {{{', '.join(expected)}}}"
    found = await desk.client.eval(script, 1, keys.model(SCOPE.name), keys.base, ask)
    assert [name.decode() for name in found] == list(expected.values())


async def test_a_restarted_server_is_taught_the_scripts_again(desk: Desk) -> None:
    """Scripts that the server has forgotten are loaded once more; the question is answered."""
    await desk.go(candidates(1))
    await desk.client.script_flush()
    await desk.go(candidates(1))


async def test_every_key_has_an_end(desk: Desk) -> None:
    """Whatever the limiter writes expires when nobody uses it."""
    keys = candidates(2, requests=3, concurrent=2)
    calls = [await desk.go(keys), await desk.go(keys)]
    await desk.wait(keys)
    await desk.wait(keys, patience_ms=0)
    await desk.end(keys, calls[0], Outcome.LIMITED, retry_after_s=10)
    await desk.end(keys, calls[1], Outcome.BAD_KEY, bench_ms=1000, bench_reason="forbidden")
    names = sorted([name async for name in desk.client.scan_iter("*")])
    kinds = {name.decode().split(":")[2] for name in names}
    assert kinds >= {"model", "limit", "waiting", "asking", "passes", "turn", "benched"}
    assert [name for name in names if await desk.client.pttl(name) < 0] == []
