"""The circuit breaker: what opens it, what closes it, and who may try."""

from __future__ import annotations

import pytest

from streamforge.traffic.breaker import Breaker, State
from streamforge.traffic.model import Go, Scope
from streamforge.traffic.outcome import Outcome
from tests.integration.traffic.desk import SCOPE, Desk, candidates

KEYS = candidates(2)


async def results(desk: Desk, *outcomes: Outcome) -> list[str]:
    """Calls that end so; what each changed of the circuit."""
    changes: list[str] = []
    for outcome in outcomes:
        answer = await desk.ask(KEYS)
        if isinstance(answer, Go):
            changes.append((await desk.end(KEYS, answer, outcome)).breaker)
        await desk.forget_waiting()
    return changes


@pytest.fixture
def breaker(desk: Desk) -> Breaker:
    """The same Redis's circuits."""
    return Breaker(desk.client, desk.keys)


async def test_failures_open_it(desk: Desk, breaker: Breaker) -> None:
    """Ten results of which half are failures open the circuit; then nobody goes, and one is told how long."""
    changes = await results(desk, *[Outcome.OK, Outcome.FAILED] * 5)
    assert changes == [""] * 9 + ["opened"]
    assert (await breaker.look(SCOPE)).state is State.OPEN
    wait = await desk.wait(KEYS)
    assert (wait.why, wait.wait_ms) == ("breaker", pytest.approx(desk.rules.breaker_open_ms, abs=2_000))


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.REFUSED, Outcome.ABANDONED, Outcome.UNSENT, Outcome.BAD_KEY])
async def test_our_own_faults_do_not(desk: Desk, breaker: Breaker, outcome: Outcome) -> None:
    """Requests that are refused, keys that are bad and calls that we break off say nothing against the provider."""
    await results(desk, *[outcome] * 30)
    assert (await breaker.look(SCOPE)).state is State.CLOSED


async def test_few_failures_do_not(desk: Desk, breaker: Breaker) -> None:
    """Nine failures are too few to tell; so are old ones."""
    for _ in range(3):
        await results(desk, *[Outcome.FAILED] * 9)
        assert (await breaker.look(SCOPE)).state is State.CLOSED
        await desk.pass_time(desk.rules.breaker_window_ms)


async def test_another_model_goes_on(desk: Desk) -> None:
    """The circuit is the model's own."""
    await results(desk, *[Outcome.FAILED] * 10)
    await desk.go(KEYS, scope=Scope(SCOPE.provider, "small-1"))


async def test_one_probe_at_a_time_closes_it(desk: Desk, breaker: Breaker) -> None:
    """After its time one caller may try, with whichever key; its success lets everybody go."""
    await results(desk, *[Outcome.FAILED] * 10)
    await desk.pass_time(desk.rules.breaker_open_ms + 1)
    assert (await breaker.look(SCOPE)).state is State.HALF_OPEN
    probe = await desk.go(KEYS)
    assert probe.is_probe
    assert {(await desk.wait(KEYS)).why for _ in range(5)} == {"breaker"}
    await desk.forget_waiting()
    assert (await desk.end(KEYS, probe)).breaker == "closed"
    assert not (await desk.go(KEYS)).is_probe
    assert (await breaker.look(SCOPE)).state is State.CLOSED


async def test_a_failed_probe_opens_it_for_longer(desk: Desk, breaker: Breaker) -> None:
    """Each failed probe doubles the time, up to the longest."""
    await results(desk, *[Outcome.FAILED] * 10)
    lengths: list[float] = []
    for _ in range(7):
        circuit = await breaker.look(SCOPE)
        lengths.append(circuit.open_ms / 1000)
        await desk.pass_time(circuit.open_ms + 1)
        assert await results(desk, Outcome.FAILED) == ["opened"]
    assert lengths == pytest.approx([5, 10, 20, 40, 80, 120, 120], abs=2)


async def test_a_probe_that_dies_is_replaced(desk: Desk) -> None:
    """Its lease ends, and another may try."""
    await results(desk, *[Outcome.FAILED] * 10)
    await desk.pass_time(desk.rules.breaker_open_ms + 1)
    first = await desk.go(KEYS)
    await desk.pass_time(desk.rules.lease_ms + 1)
    second = await desk.go(KEYS)
    assert second.is_probe
    assert second != first


async def test_a_probe_that_was_not_sent_says_nothing(desk: Desk) -> None:
    """The circuit stays half-open for the next one."""
    await results(desk, *[Outcome.FAILED] * 10)
    await desk.pass_time(desk.rules.breaker_open_ms + 1)
    await desk.end(KEYS, await desk.go(KEYS), Outcome.UNSENT)
    assert (await desk.go(KEYS)).is_probe


async def test_calls_under_way_change_nothing_more(desk: Desk, breaker: Breaker) -> None:
    """What was sent before the circuit opened and fails after it neither opens it again nor closes it."""
    early = [await desk.go(KEYS) for _ in range(15)]
    await results(desk, *[Outcome.FAILED] * 10)
    before = await breaker.look(SCOPE)
    for call, outcome in zip(early, [*[Outcome.FAILED] * 13, Outcome.OK, Outcome.OK], strict=True):
        assert (await desk.end(KEYS, call, outcome)).breaker == ""
    after = await breaker.look(SCOPE)
    assert (after.state, after.openings) == (State.OPEN, before.openings)


async def test_an_overload_that_asks_for_a_pause_gets_it(desk: Desk, breaker: Breaker) -> None:
    """529 with Retry-After stops every key of the model for that long, at the first one."""
    assert (await desk.end(KEYS, await desk.go(KEYS), Outcome.OVERLOADED, retry_after_s=20)).breaker == "opened"
    assert (await breaker.look(SCOPE)).open_ms == pytest.approx(20_000, abs=3_000)


async def test_it_can_be_closed_by_hand(desk: Desk, breaker: Breaker) -> None:
    """Who knows that the provider is well again need not wait."""
    await results(desk, *[Outcome.FAILED] * 10)
    await breaker.close(SCOPE)
    assert not (await desk.go(KEYS)).is_probe
