"""Who of those that wait goes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import Priority
from streamforge.traffic.model import Go, Wait
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from tests.integration.traffic.desk import SCOPE, Desk, candidates

Waiter = dict[str, Any]


async def serve(desk: Desk, keys: Any, waiters: Sequence[Waiter], rounds: int, ms: int = 1000) -> list[str]:  # noqa: ANN401
    """Everybody asks again after each span of time; who was let go, in order."""
    left, served = list(waiters), list[str]()
    for _ in range(rounds):
        for waiter in tuple(left):
            if isinstance(await desk.ask(keys, **waiter), Go):
                served.append(waiter["caller"])
                left.remove(waiter)
        await desk.pass_time(ms)
    return served


async def drain(desk: Desk, keys: Any) -> None:  # noqa: ANN401 - candidates
    """Use up what is there."""
    await desk.grants(keys)


def of(tenant: str, number: int, **ask: Any) -> list[Waiter]:  # noqa: ANN401 - ``Desk.ask``'s
    """A tenant's calls."""
    names = [f"{tenant}-{i}" for i in range(number)]
    return [dict[str, Any](ask, caller=name, tenant=tenant) for name in names]


def tenants(served: Sequence[str]) -> Counter[str]:
    """How many calls of each tenant."""
    return Counter(name.split("-")[0] for name in served)


async def test_tenants_take_turns(desk: Desk) -> None:
    """One who came first with thirty calls does not hold up another with five."""
    keys = candidates(1, requests=60)
    await drain(desk, keys)
    served = await serve(desk, keys, [*of("crowd", 30), *of("single", 5)], rounds=12)
    assert tenants(served)["single"] == 5


async def test_tenants_are_served_by_weight(desk: Desk) -> None:
    """A tenant of weight three gets three times as much while both wait."""
    keys = candidates(1, requests=60)
    await drain(desk, keys)
    served = await serve(desk, keys, [*of("light", 40), *of("heavy", 40, weight=3.0)], rounds=24)
    shares = tenants(served)
    assert shares["heavy"] / shares["light"] == pytest.approx(3.0, abs=0.8)


async def test_who_comes_late_has_saved_up_nothing(desk: Desk) -> None:
    """A tenant that joins others who have waited and been served for a while takes turns with them from then on."""
    keys = candidates(1, requests=60)
    await drain(desk, keys)
    early = of("early", 60)
    served = await serve(desk, keys, early[:30], rounds=20)
    early = [waiter for waiter in early if waiter["caller"] not in served]
    served = await serve(desk, keys, [*early, *of("late", 30)], rounds=12)
    assert abs(tenants(served)["early"] - tenants(served)["late"]) <= 3


async def test_the_urgent_go_first_and_the_others_in_the_end(desk: Desk) -> None:
    """Calls of high priority that come last go first; a low one that waits is served though they keep coming."""
    keys = candidates(1, requests=60)
    await drain(desk, keys)
    low, high = of("low", 1, priority=Priority.LOW), of("high", 6, priority=Priority.HIGH)
    served = await serve(desk, keys, [*low, *high], rounds=5)
    assert tenants(served) == {"high": len(served)}
    served = await serve(desk, keys, [*low, *of("normal", 30)], rounds=18)
    assert served.index("low-0") > 4
    assert len(served) > served.index("low-0") + 1


async def test_a_large_call_is_not_starved(desk: Desk) -> None:
    """It waits for a full bucket, which small calls that keep coming would never let it have."""
    keys = candidates(2, input_tokens=60_000)
    await desk.grants(keys, input_tokens=200)
    large: Waiter = {"caller": "large", "tenant": "slow", "input_tokens": 20_000}
    small: list[Waiter] = of("small", 400, input_tokens=200)
    served = list[str]()
    while "large" not in served:
        assert small, "small calls only, all the time"
        asking: list[Waiter] = [*small[:6], large]
        served += await serve(desk, keys, asking, rounds=1, ms=250)
        small = [waiter for waiter in small if waiter["caller"] not in served]
    assert len(served) > 5


async def test_who_vanished_holds_nobody_up(desk: Desk) -> None:
    """A waiting caller that does not ask again when it should is forgotten."""
    keys = candidates(1, concurrent=1)
    call = await desk.go(keys)
    gone = await desk.wait(keys, "gone")
    await desk.pass_time(gone.wait_ms + desk.rules.vanish_ms + 1)
    await desk.end(keys, call)
    await desk.go(keys, "next")
    assert await desk.client.zcard(desk.keys.waiting(SCOPE.name)) == 0


async def test_who_wakes_late_holds_nobody_up(broker: Broker) -> None:
    """Where there is room for those before it as well, a caller goes before they have asked again."""
    desk = Desk(broker.client, Rules(burst=0.2))
    keys = candidates(1, requests=60)
    await drain(desk, keys)
    waits = [await desk.wait(keys, f"w{i}") for i in range(4)]
    assert waits == sorted(waits, key=lambda wait: wait.wait_ms)
    assert len({wait.wait_ms for wait in waits}) == 4
    await desk.pass_time(waits[1].wait_ms)
    assert isinstance(await desk.ask(keys, "w2"), Wait)
    await desk.go(keys, "w1")
    await desk.go(keys, "w0")


async def test_leaving_makes_room(desk: Desk) -> None:
    """A caller that gives up is not waited for."""
    keys = candidates(1, concurrent=1)
    call = await desk.go(keys)
    await desk.wait(keys, "leaver")
    await desk.scripts.renew(SCOPE, [], ["leaver|0|0"])
    await desk.end(keys, call)
    await desk.go(keys, "next")
    assert await desk.client.zcard(desk.keys.waiting(SCOPE.name)) == 0


async def test_a_parked_caller_keeps_its_place(desk: Desk) -> None:
    """Who comes back at its time goes before those who came meanwhile; while it is away it holds nobody up."""
    keys = candidates(1, concurrent=1)
    first = await desk.go(keys)
    parked = await desk.wait(keys, "early", patience_ms=0)
    assert parked.is_parked
    assert await desk.client.zcard(desk.keys.waiting(SCOPE.name)) == 0
    await desk.wait(keys, "late", tenant="default")
    await desk.wait(keys, "early")
    await desk.end(keys, first)
    assert isinstance(await desk.ask(keys, "late"), Wait)
    await desk.go(keys, "early")


async def test_the_parked_come_back_one_after_the_other(desk: Desk) -> None:
    """A hundred calls that are sent away during a pause come back spread over the time that the key needs for them."""
    keys = candidates(1, requests=60)
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=90)
    told = [await desk.wait(keys, patience_ms=3_000) for _ in range(100)]
    assert all(wait.is_parked for wait in told)
    backs = [wait.wait_ms for wait in told]
    assert min(backs) == pytest.approx(90_000, abs=5_000)
    assert backs == sorted(backs)
    assert backs[-1] - backs[0] == pytest.approx(99 * 1000 / 2, rel=0.1)


async def test_the_urgent_are_told_to_come_back_first(desk: Desk) -> None:
    """However many of less priority are parked already, and however many of another tenant."""
    keys = candidates(1, requests=60)
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=30)
    crowd = [await desk.wait(keys, tenant="crowd", priority=Priority.LOW, patience_ms=3_000) for _ in range(100)]
    high = await desk.wait(keys, tenant="single", priority=Priority.HIGH, patience_ms=3_000)
    low = await desk.wait(keys, tenant="single", priority=Priority.LOW, patience_ms=3_000)
    assert crowd[-1].wait_ms > 70_000
    assert high.wait_ms == pytest.approx(30_000, abs=500)
    assert low.wait_ms == pytest.approx(31_000, abs=1_000)


async def test_who_comes_later_stands_behind_those_of_its_tenant_who_are_parked(desk: Desk) -> None:
    """Also after a moment in which nobody waited."""
    keys = candidates(1, concurrent=1)
    running = await desk.go(keys)
    for _ in range(3):
        await desk.wait(keys, tenant="crowd", patience_ms=0)
    await desk.wait(keys, "other", tenant="other")
    await desk.end(keys, running)
    await desk.go(keys, "other", tenant="other")
    await desk.wait(keys, "late", tenant="crowd")
    line = await desk.client.zrange(f"{desk.keys.base}:parked:{SCOPE.name}", 0, -1, withscores=True)
    assert await desk.client.zscore(desk.keys.waiting(SCOPE.name), "late|0|0") > max(tag for _, tag in line)


async def parked_at_a_late_hour(desk: Desk, keys: Any) -> None:  # noqa: ANN401 - candidates
    """A call of one tenant is parked for two hours, after the key has been in full use for ten."""
    await desk.client.hset(f"{desk.keys.base}:passes:{SCOPE.name}", "virtual", "75.0")
    await desk.end(keys, await desk.go(keys), Outcome.LIMITED, retry_after_s=7_200)
    assert (await desk.wait(keys, "old", tenant="early", patience_ms=3_000)).is_parked


async def test_virtual_time_lives_as_long_as_its_tags(desk: Desk) -> None:
    """While somebody is parked it is not forgotten, nor begun anew by a call that finds nobody waiting."""
    keys, passes = candidates(1, requests=60), f"{desk.keys.base}:passes:{SCOPE.name}"
    await parked_at_a_late_hour(desk, keys)
    await desk.pass_time(3_600_000)
    assert await desk.client.pttl(passes) >= await desk.client.pttl(f"{desk.keys.base}:turn:{SCOPE.name}:old") > 0
    await desk.pass_time(3_600_000)
    await desk.end(keys, await desk.go(keys, tenant="late"))
    assert float(await desk.client.hget(passes, "virtual")) >= 75.0


async def test_a_tag_that_outlives_its_clock_is_worth_a_new_one(desk: Desk) -> None:
    """Where virtual time was lost all the same, who was parked does not wait until it is as late again."""
    keys = candidates(1, requests=60)
    await parked_at_a_late_hour(desk, keys)
    await desk.pass_time(7_200_000)
    await desk.client.delete(f"{desk.keys.base}:passes:{SCOPE.name}")
    await desk.end(keys, await desk.go(keys, tenant="late"))
    await desk.grants(keys, tenant="late")
    old: list[Waiter] = [{"caller": "old", "tenant": "early"}]
    served = await serve(desk, keys, [*of("late", 30), *old], rounds=6)
    assert "old" in served
