"""What follows an error: properties of the pause, the table of classes, and what is told of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge import errors
from streamforge.errors import (
    FencedError,
    InputError,
    InvalidInput,
    LayoutInfeasible,
    PermanentError,
    ProviderUnavailable,
    RateLimited,
    SlotCrashed,
    Snooze,
    StepTimeout,
    StreamForgeError,
    VerificationFailed,
)
from streamforge.jobs import outcome as ends
from streamforge.jobs.outcome import Failed, Retry
from streamforge.runtime import retry
from streamforge.runtime.children import POLL_S, WaitsForChild
from streamforge.runtime.places import relative
from streamforge.runtime.retry import (
    LONGEST_PAUSE_S,
    LONGEST_SNOOZE_S,
    Past,
    RetryPolicy,
    backoff_ms,
    decide,
    describe,
    gravest,
)

POLICIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 50),
    base_s=st.floats(0.001, 1e6),
    cap_s=st.floats(0.001, 1e6),
)
ATTEMPTS = st.integers(1, 10**9)
CHANCES = st.floats(0, 1, exclude_max=True)
POLICY = RetryPolicy(max_attempts=3, base_s=1.0, cap_s=60.0)


def kinds(base: type[StreamForgeError]) -> Iterator[type[StreamForgeError]]:
    """Every class under ``base`` in the tree of errors."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, base):
            yield kind


@given(ATTEMPTS, POLICIES, CHANCES)
def test_a_pause_is_never_over_the_cap(attempt: int, policy: RetryPolicy, chance: float) -> None:
    """Whatever the attempt and the dice: between nothing and the cap."""
    assert 0 <= backoff_ms(attempt, policy, chance) <= math.ceil(1000 * policy.cap_s)


@given(st.integers(1, 10**6), POLICIES, CHANCES)
def test_pauses_grow(attempt: int, policy: RetryPolicy, chance: float) -> None:
    """With the same dice, a later attempt waits at least as long."""
    assert backoff_ms(attempt + 1, policy, chance) >= backoff_ms(attempt, policy, chance)


def test_the_ceiling_doubles() -> None:
    """1, 2, 4 s … up to the cap: the documented formula."""
    almost = math.nextafter(1, 0)
    assert [backoff_ms(attempt, POLICY, almost) for attempt in (1, 2, 3, 6, 7, 99)] == [
        1000,
        2000,
        4000,
        32_000,
        60_000,
        60_000,
    ]
    assert backoff_ms(5, POLICY, 0.0) == 0


@given(st.floats(allow_nan=True, allow_infinity=True), ATTEMPTS, CHANCES)
def test_a_provider_may_ask_for_anything(retry_after_s: float, attempt: int, chance: float) -> None:
    """No number that a provider sends breaks the decision or parks a job for longer than a day."""
    outcome = decide(RateLimited(retry_after_s=retry_after_s), Past(attempt=attempt), POLICY, lambda: chance)
    if isinstance(outcome, Retry):
        assert 0 <= outcome.delay_ms <= 1000 * LONGEST_PAUSE_S
    else:
        assert isinstance(outcome, Failed)
        assert attempt >= POLICY.max_attempts


def test_the_pause_that_was_asked_for_is_kept() -> None:
    """RateLimited with a time waits just that; without one it backs off."""
    assert decide(RateLimited(retry_after_s=7.5), Past(), POLICY, lambda: 0.5) == Retry(describe(RateLimited()), 7500)
    backed_off = decide(RateLimited(), Past(attempt=2), POLICY, lambda: 0.5)
    assert isinstance(backed_off, Retry)
    assert backed_off.delay_ms == 1000


@pytest.mark.parametrize("kind", [*kinds(InputError), *kinds(PermanentError)])
def test_what_the_same_call_cannot_mend_is_not_repeated(kind: type[StreamForgeError]) -> None:
    """Wrong input and permanent errors end the job at once, under their own code."""
    outcome = decide(kind("x"), Past(), POLICY, lambda: 0.5)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.error.code) == (kind.code, kind.code)


CHARGED = [kind("x") for kind in kinds(errors.TransientError) if kind is not SlotCrashed]


@pytest.mark.parametrize("error", [*CHARGED, OSError(), KeyError("x")], ids=lambda error: type(error).__name__)
def test_everything_else_uses_up_the_attempts(error: Exception) -> None:
    """A retry while there are attempts left, then the end."""
    assert isinstance(decide(error, Past(attempt=2), POLICY, lambda: 0.5), Retry)
    last = decide(error, Past(attempt=3), POLICY, lambda: 0.5)
    assert isinstance(last, Failed)
    assert last.reason == "attempts_exhausted"


PASTS = st.builds(Past, attempt=ATTEMPTS, crashes=st.integers(0, 10**6), is_boosted=st.booleans())


@given(PASTS, POLICIES, CHANCES)
def test_a_crash_charges_no_attempt(past: Past, policy: RetryPolicy, chance: float) -> None:
    """However many attempts there were: the script that settles it counts crashes, by a count of their own."""
    outcome = decide(SlotCrashed(signal="SIGSEGV"), past, policy, lambda: chance)
    assert isinstance(outcome, Retry)
    assert (outcome.charge, outcome.delay_ms) == ("crash", backoff_ms(past.crashes + 1, policy, chance))


@given(PASTS, POLICIES, CHANCES)
def test_a_soft_limit_is_forgiven_once(past: Past, policy: RetryPolicy, chance: float) -> None:
    """Once, another attempt follows, if one is left, and more urgent than before; the second time it is the end."""
    outcome = decide(StepTimeout(), past, policy, lambda: chance)
    if past.is_boosted:
        assert outcome == Failed(describe(StepTimeout()), "soft_limit")
    elif past.attempt >= policy.max_attempts:
        assert outcome == Failed(describe(StepTimeout()), "attempts_exhausted")
    else:
        assert isinstance(outcome, Retry)
        assert outcome.charge == "soft_limit"


@given(st.floats(allow_nan=True, allow_infinity=True), PASTS, POLICIES)
def test_a_snooze_is_never_a_failure(for_s: float, past: Past, policy: RetryPolicy) -> None:
    """Whatever the job has been through, it is parked, for a length of time that Redis can hold."""
    outcome = decide(Snooze("later", for_s=for_s), past, policy, lambda: 0.5)
    assert isinstance(outcome, ends.Snooze)
    assert (outcome.reason, outcome.awaits) == ("later", "")
    assert 0 <= outcome.delay_ms <= 1000 * LONGEST_SNOOZE_S


def test_a_job_that_waits_for_another_names_it() -> None:
    """So that the other's end can wake it; the pause is for the case that it does not."""
    outcome = decide(WaitsForChild("job-2"), Past(), POLICY, lambda: 0.5)
    assert outcome == ends.Snooze("waits for job-2", round(1000 * POLL_S), awaits="job-2")


LEAVES = st.sampled_from(
    [FencedError(), PermanentError(), InvalidInput(), OSError(), StepTimeout(), SlotCrashed(), RateLimited(), Snooze()]
)
GROUPS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda e: ExceptionGroup("", e))
)


def leaves(error: Exception) -> list[Exception]:
    """What a group holds, however deep."""
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for inner in cast("ExceptionGroup[Exception]", error).exceptions for leaf in leaves(inner)]


@given(GROUPS)
def test_a_group_counts_as_one_of_its_errors(error: Exception) -> None:
    """The gravest: a lost job before a permanent error, that before what may be tried again, and a snooze the least."""
    found, held = gravest(error), leaves(error)
    assert found in held
    for grave in (FencedError, PermanentError | InputError, OSError):
        if any(isinstance(leaf, grave) for leaf in held):
            assert isinstance(found, grave)
            return
    assert isinstance(found, Snooze) == all(isinstance(leaf, Snooze) for leaf in held)


@given(LEAVES, PASTS)
def test_a_group_of_one_is_that_one(error: Exception, past: Past) -> None:
    """A task group around a single failing call changes nothing about what follows."""
    wrapped = ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("", [error])])
    assert decide(wrapped, past, POLICY, lambda: 0.5) == decide(error, past, POLICY, lambda: 0.5)
    assert describe(wrapped) == describe(error)


@given(st.text(min_size=4))
def test_an_unknown_exceptions_text_is_told_to_nobody(text: str) -> None:
    """Only its class and the places it came through."""
    hidden = f"<{text}>"
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is the question
        int(hidden)
    told = describe(caught.value)
    assert (told.code, told.message) == ("internal", "unexpected ValueError")
    assert hidden in str(caught.value) or repr(hidden) in str(caught.value)
    assert hidden not in str(told)
    assert "test_retry.py" in told.details[-1]


@given(st.text(st.characters(codec=None), max_size=20))
def test_every_description_can_be_written_down(text: str) -> None:
    """Whatever text an error carries, half a surrogate pair too, its description is valid JSON."""
    for error in (
        InvalidInput(text, field=text, hint=text),
        LayoutInfeasible(text, conflicts=(text,)),
        VerificationFailed(text, violations=(text, text)),
    ):
        assert msgspec.json.decode(msgspec.json.encode(describe(error)))


def test_our_own_errors_are_told_whole() -> None:
    """Code, message, field, hint and the details that belong to the class."""
    told = describe(LayoutInfeasible("no room", conflicts=("a over b",), field="headline", hint="shorten it"))
    assert (told.code, told.message, told.field, told.hint) == (
        "layout_infeasible",
        "no room",
        "headline",
        "shorten it",
    )
    assert told.details == ["a over b"]
    assert describe(VerificationFailed("x", violations=("c",))).details == ["c"]
    assert describe(ProviderUnavailable()).message == "An outside model failed on its side."


def test_places_hold_no_directory_of_the_server() -> None:
    """A frame of the package, of an installed one, of the standard library or of a stranger: a relative file each."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    places = describe(caught.value).details
    assert not [place for place in places if place.startswith("/")]
    assert places[0].startswith("tests/unit/runtime/test_retry.py:")
    assert places[-1].startswith("json/decoder.py:")


@pytest.mark.parametrize(
    ("filename", "told"),
    [
        (str(Path(retry.__file__)), "streamforge/runtime/retry.py"),
        ("/srv/app/.venv/lib/python3.11/site-packages/redis/client.py", "redis/client.py"),
        ("/usr/lib/python3/dist-packages/yaml/nodes.py", "yaml/nodes.py"),
        ("/home/somebody/secret project/steps.py", "steps.py"),
        ("<frozen runpy>", "<frozen runpy>"),
    ],
)
def test_a_file_is_told_below_where_it_was_imported_from(filename: str, told: str) -> None:
    """Enough to find it, nothing of where the server keeps it."""
    assert relative(filename) == told
