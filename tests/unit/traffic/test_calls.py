"""How a call ended, by status, by error and by word; estimates; rules."""

from __future__ import annotations

import asyncio
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge import errors
from streamforge.errors import ConfigError, ProviderUnavailable, RateLimited, StreamForgeError
from streamforge.testing.clock import FakeClock
from streamforge.traffic import outcome as ends
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.estimate import Estimator
from streamforge.traffic.model import Candidate, Go, Scope
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def call(clock: FakeClock) -> AdmittedCall:
    """A call that has just been admitted."""
    return AdmittedCall(Scope("acme", "large-1"), Candidate("aaaaaaaa"), Go("aaaaaaaa", "n:1:2:3"), clock)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.OK) for status in (200, 201, 204)),
        *((status, Outcome.REFUSED) for status in (400, 404, 405, 409, 413, 422)),
        *((status, Outcome.BAD_KEY) for status in (401, 402, 403)),
        (429, Outcome.LIMITED),
        *((status, Outcome.FAILED) for status in (408, 500, 502, 504, 599)),
        *((status, Outcome.OVERLOADED) for status in (503, 529)),
    ],
)
def test_every_status_has_an_outcome(status: int, outcome: Outcome) -> None:
    """Ours, the key's, the provider's."""
    assert ends.of_status(status) is outcome


def test_every_error_has_an_outcome() -> None:
    """Each of the package's errors is in a row, or says nothing of the provider."""
    found = {
        kind.__name__: ends.of_error(kind("x"))
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, StreamForgeError)
    }
    told = {name: outcome for name, outcome in found.items() if outcome is not Outcome.ABANDONED}
    assert told.pop("RateLimited") is Outcome.LIMITED
    assert {told.pop(name) for name in ("ProviderUnavailable", "StepTimeout")} == {Outcome.FAILED}
    assert set(told.values()) == {Outcome.REFUSED}
    assert ends.of_error(asyncio.CancelledError()) is Outcome.ABANDONED
    assert ends.of_error(ZeroDivisionError()) is Outcome.ABANDONED


def test_a_bad_status_counts_before_the_error_it_led_to(call: AdmittedCall) -> None:
    """401 benches the key, whatever the adapter made of it; for all models, unlike 403."""
    call.hear(401, {})
    report = call.report(errors.ProviderRefused("x"), bench_ms=5)
    assert (report.outcome, report.bench_reason, report.is_whole_key) == (Outcome.BAD_KEY, "unauthorized", True)
    call.hear(403, {})
    assert not call.report(None, bench_ms=5).is_whole_key


def test_an_error_after_a_good_head_counts(call: AdmittedCall) -> None:
    """A stream that breaks off is a failure, though its status was 200."""
    call.hear(200, {})
    assert call.report(ProviderUnavailable("cut"), 0).outcome is Outcome.FAILED
    call.end(Outcome.OVERLOADED, retry_after_s=3)
    report = call.report(ProviderUnavailable("cut"), 0)
    assert (report.outcome, report.retry_after_s) == (Outcome.OVERLOADED, 3)


def test_a_pause_comes_from_the_header_or_the_error(call: AdmittedCall) -> None:
    """RateLimited carries it where the headers were not heard."""
    assert call.report(RateLimited("slow down", retry_after_s=7), 0).retry_after_s == 7
    call.hear(429, {"retry-after": "11"})
    assert call.report(RateLimited("slow down", retry_after_s=7), 0).retry_after_s == 11


def test_what_was_heard_grows_old(call: AdmittedCall, clock: FakeClock) -> None:
    """The report says how long ago the head came, and how long the call took."""
    clock.advance(2)
    call.hear(200, {"x-ratelimit-remaining-requests": "5"})
    clock.advance(3)
    report = call.report(None, 0)
    assert (report.told.remaining[0], report.told_age_ms, report.duration_ms) == (5, 3000, 5000)


def test_tokens_are_what_was_said_last(call: AdmittedCall) -> None:
    """A stream tells input first and output later; unknown is not zero."""
    assert (call.report(None, 0).input_tokens, call.report(None, 0).output_tokens) == (None, None)
    call.use(input_tokens=10)
    call.use(output_tokens=5)
    call.use(output_tokens=9)
    report = call.report(None, 0)
    assert (report.input_tokens, report.output_tokens) == (10, 9)


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=50), st.integers(1, 5000))
def test_no_guess_is_over_the_most(learned: list[int], at_most: int) -> None:
    """Nor below zero, whatever was learned."""
    estimator = Estimator()
    for tokens in learned:
        estimator.learn(tokens)
    assert 0 <= estimator.guess(300, at_most).output_tokens <= at_most


def test_guesses_come_near() -> None:
    """Without experience the most is reserved; with it, somewhat more than the mean."""
    estimator = Estimator()
    assert estimator.guess(3000, 16_000).output_tokens == 16_000
    written = [400, 600, 500, 450, 550] * 10
    for tokens in written:
        estimator.learn(tokens)
    assert statistics.mean(written) < estimator.guess(3000, 16_000).output_tokens < 1000
    assert estimator.guess(3000, 16_000).input_tokens == 1000


@pytest.mark.parametrize("wrong", [{"burst": 0.99}, {"burst": 0.0}, {"headroom": -0.1}, {"renew_ms": 30_000}])
def test_rules_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    """Before a script divides by them."""
    with pytest.raises(ConfigError):
        Rules(**wrong)  # pyright: ignore[reportArgumentType]
