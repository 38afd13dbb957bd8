"""The error table is complete over the SDK, and says nothing it must not."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import anthropic
import httpx2
import pytest
from anthropic._error_classes import make_status_error
from anthropic.types.shared.error_type import ErrorType

from streamforge.errors import (
    ConfigError,
    PermanentError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    TransientError,
)
from streamforge.providers.anthropic_errors import BY_CLASS, BY_TYPE, outcome_of, translate, translate_event
from streamforge.providers.refusals import KeyRefused
from streamforge.testing.clock import FakeClock

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages", headers={"authorization": "Bearer sk-very-secret-key"})
UNDECIDED = {"AnthropicError", "APIError", "APIStatusError"}
"""Bases the SDK raises only as one of their subclasses, or (APIStatusError) decided by the body's type."""


@pytest.fixture(scope="module")
def classes() -> set[type[BaseException]]:
    """Every exception class of the SDK and of its transport, also those it defines only when they are needed."""
    root = Path(str(anthropic.__file__)).parent
    for path in root.rglob("*.py"):
        if re.search(r"^class \w+\([^)]*(?:Error|Exception)\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            name = ".".join(("anthropic", *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    bases = (anthropic.AnthropicError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)
    return {kind for base in bases for kind in family(base) if kind.__module__.startswith(("anthropic", "httpx2"))}


def family(base: type[BaseException]) -> Iterator[type[BaseException]]:
    """The class and everything derived from it."""
    yield base
    for child in base.__subclasses__():
        yield from family(child)


def listed(kind: type[BaseException]) -> bool:
    """Whether the class or an ancestor has a row of its own."""
    return any(ancestor.__name__ in BY_CLASS for ancestor in kind.__mro__)


def status_error(status: int, kind: str, message: str = "no", **headers: str) -> anthropic.APIStatusError:
    """The error the SDK itself makes of such a response."""
    body = {"type": "error", "error": {"type": kind, "message": message}}
    response = httpx2.Response(status, headers=headers, content=json.dumps(body), request=REQUEST)
    return make_status_error(message, body=body, response=response)


def test_every_sdk_exception_has_a_row(classes: set[type[BaseException]]) -> None:
    """Each exception class of the installed SDK, and of its transport, is decided by the table."""
    assert len(classes) > 100
    assert {kind.__name__ for kind in classes if not listed(kind)} == UNDECIDED


def test_every_row_names_a_class_that_exists(classes: set[type[BaseException]]) -> None:
    """A row for a class the SDK no longer has would be dead."""
    assert {kind.__name__ for kind in classes} >= BY_CLASS.keys()


def test_every_error_type_of_the_wire_has_a_row() -> None:
    """The types an error event inside a stream may carry are exactly those of the table."""
    assert set(BY_TYPE) == set(get_args(ErrorType))


@pytest.mark.parametrize(
    ("status", "kind", "ours"),
    [
        (400, "invalid_request_error", ProviderRefused),
        (401, "authentication_error", KeyRefused),
        (402, "billing_error", KeyRefused),
        (403, "permission_error", KeyRefused),
        (404, "not_found_error", ProviderRefused),
        (408, "timeout_error", ProviderUnavailable),
        (409, "conflict_error", ProviderUnavailable),
        (413, "invalid_request_error", ProviderRefused),
        (418, "invalid_request_error", ProviderRefused),
        (418, "a_new_type", ProviderRefused),
        (429, "rate_limit_error", RateLimited),
        (500, "api_error", ProviderUnavailable),
        (503, "api_error", ProviderUnavailable),
        (529, "overloaded_error", ProviderUnavailable),
        (200, "overloaded_error", ProviderUnavailable),
        (200, "rate_limit_error", RateLimited),
        (200, "invalid_request_error", ProviderRefused),
        (200, "a_new_type", ProviderUnavailable),
    ],
)
def test_statuses_become_our_errors(status: int, kind: str, ours: type[Exception]) -> None:
    """Status, and inside a stream the type, decide between wait and give up."""
    assert outcome_of(status_error(status, kind)) is ours


def test_waiting_and_giving_up_are_told_apart() -> None:
    """Every outcome is transient, permanent or a setting; nothing else can come out of the table."""
    for outcome in {*BY_CLASS.values(), *BY_TYPE.values()}:
        assert issubclass(outcome, TransientError | PermanentError | ConfigError)


def test_rate_limits_carry_the_pause() -> None:
    """``retry-after`` arrives in seconds on the error."""
    error = translate(status_error(429, "rate_limit_error", **{"retry-after": "12.5"}))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 12.5


def test_a_pause_until_a_date_is_counted_by_the_clock() -> None:
    """HTTP's other form; "now" is the clock's, which a test may hold still."""
    limited = status_error(429, "rate_limit_error", **{"retry-after": "Thu, 01 Jan 2026 12:01:00 GMT"})
    error = translate(limited, FakeClock(datetime(2026, 1, 1, 12, tzinfo=UTC)))
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 60


ECHOES = (
    "bad: sk-very-secret-key said 'our secret new product'",
    "Incorrect key sk-very-sec..., prompt our secr...",
    "OUR SECRET NEW PRODUCT",
    "our\u00a0secret\u00a0new",
)


@pytest.mark.parametrize("words", ECHOES)
def test_messages_hold_nothing_of_the_providers_words(words: str) -> None:
    """A provider that quotes key and prompt, in part or in other letters, does not get them into our error."""
    error = translate(status_error(400, "invalid_request_error", words, **{"request-id": "req_1"}))
    assert str(error.message) == "BadRequestError, status 400, type invalid_request_error, request req_1"
    assert "provider" in str(error.hint)
    odd = translate(status_error(418, words, words, **{"request-id": words.encode("ascii", "replace").decode()}))
    assert odd.message == "APIStatusError, status 418"
    assert translate_event({"type": words, "message": words}, words).message == "an error inside the stream"


def test_a_complaint_names_its_part_of_the_request() -> None:
    """Where the provider begins with one that every request has; no other word is repeated."""
    for words, at in (
        ("max_tokens: 9 > 8", ", at max_tokens"),
        ("messages.0.content: secret", ", at messages"),
        ("secret: no", ""),
    ):
        error = translate(status_error(400, "invalid_request_error", words))
        assert error.message == f"BadRequestError, status 400, type invalid_request_error{at}"
