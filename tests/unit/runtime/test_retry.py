"""What follows an error: properties of the pause, the table of classes, and what is told of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge import errors
from streamforge.errors import (
    InputError,
    InvalidInput,
    LayoutInfeasible,
    PermanentError,
    ProviderUnavailable,
    RateLimited,
    StreamForgeError,
    VerificationFailed,
)
from streamforge.jobs.outcome import Failed, Retry
from streamforge.runtime import retry
from streamforge.runtime.places import relative
from streamforge.runtime.retry import LONGEST_PAUSE_S, RetryPolicy, backoff_ms, decide, describe

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
    outcome = decide(RateLimited(retry_after_s=retry_after_s), attempt, POLICY, lambda: chance)
    if isinstance(outcome, Retry):
        assert 0 <= outcome.delay_ms <= 1000 * LONGEST_PAUSE_S
    else:
        assert isinstance(outcome, Failed)
        assert attempt >= POLICY.max_attempts


def test_the_pause_that_was_asked_for_is_kept() -> None:
    """RateLimited with a time waits just that; without one it backs off."""
    assert decide(RateLimited(retry_after_s=7.5), 1, POLICY, lambda: 0.5) == Retry(describe(RateLimited()), 7500)
    backed_off = decide(RateLimited(), 2, POLICY, lambda: 0.5)
    assert isinstance(backed_off, Retry)
    assert backed_off.delay_ms == 1000


@pytest.mark.parametrize("kind", [*kinds(InputError), *kinds(PermanentError)])
def test_what_the_same_call_cannot_mend_is_not_repeated(kind: type[StreamForgeError]) -> None:
    """Wrong input and permanent errors end the job at once, under their own code."""
    outcome = decide(kind("x"), 1, POLICY, lambda: 0.5)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.error.code) == (kind.code, kind.code)


@pytest.mark.parametrize("error", [*(kind("x") for kind in kinds(errors.TransientError)), OSError(), KeyError("x")])
def test_everything_else_uses_up_the_attempts(error: Exception) -> None:
    """A retry while there are attempts left, then the end."""
    assert isinstance(decide(error, 2, POLICY, lambda: 0.5), Retry)
    last = decide(error, 3, POLICY, lambda: 0.5)
    assert isinstance(last, Failed)
    assert last.reason == "attempts_exhausted"


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
