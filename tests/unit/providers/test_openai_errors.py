"""The error table of the images API: complete over the transport, and decided by code, type, status in this order."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest

from streamforge.errors import (
    ConfigError,
    PermanentError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    StreamForgeError,
)
from streamforge.providers.openai_errors import (
    BY_CLASS,
    BY_CODE,
    BY_STATUS,
    BY_TYPE,
    BadAnswer,
    Service,
    outcome_of,
    translate,
    translate_transport,
)
from streamforge.providers.refusals import ContentRefused, KeyRefused

IMAGES = Service(
    noun="image service", key="images.key", base_url="images.base", model="images.model", reword="give a hero picture"
)


def family(base: type[BaseException]) -> Iterator[type[BaseException]]:
    """The class and everything derived from it."""
    yield base
    for child in base.__subclasses__():
        yield from family(child)


def test_every_transport_error_has_a_row() -> None:
    """Each exception class of the HTTP client is decided by the table, its address errors as settings to mend."""
    classes = {kind for kind in family(aiohttp.ClientError) if kind.__module__.startswith("aiohttp")}
    assert len(classes) > 20
    for kind in classes:
        assert any(ancestor.__name__ in BY_CLASS for ancestor in kind.__mro__), kind
    assert isinstance(translate_transport(aiohttp.InvalidURL("http://["), IMAGES), ConfigError)
    assert isinstance(translate_transport(aiohttp.ServerDisconnectedError(), IMAGES), ProviderUnavailable)
    assert isinstance(translate_transport(ConnectionResetError(), IMAGES), ProviderUnavailable)


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_an_outcome(status: int) -> None:
    """No status is left over: the client's are refusals but for those that a pause mends, all others unavailability."""
    outcome = outcome_of(status, {})
    permanent = issubclass(outcome, PermanentError)
    assert permanent == (400 <= status < 500 and status not in {408, 409, 425, 429})
    assert (outcome is RateLimited) == (status == 429)
    assert BY_STATUS.get(status, outcome) is outcome


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, KeyRefused),
        (429, {"type": "insufficient_quota"}, KeyRefused),
        (429, {"type": "invalid_request_error"}, RateLimited),
        (429, {"code": None, "type": "tokens"}, RateLimited),
        (400, {"code": "content_policy_violation", "type": "image_generation_user_error"}, ContentRefused),
        (400, {"code": "moderation_blocked"}, ContentRefused),
        (400, {"type": "server_error"}, ProviderUnavailable),
        (500, {"type": "invalid_request_error"}, ProviderUnavailable),
        (503, {"code": "slow_down"}, RateLimited),
        (418, {"code": 7, "type": ["x"]}, ProviderRefused),
    ],
)
def test_code_then_type_then_status_decide(
    status: int, error: dict[str, object], expected: type[StreamForgeError]
) -> None:
    """A spend limit that comes as 429 is no pause; a body of odd types is passed over."""
    assert outcome_of(status, error) is expected


def test_each_row_is_one_of_ours() -> None:
    """Tables hold error classes of ours alone."""
    for table in (BY_CODE, BY_TYPE, BY_STATUS, BY_CLASS):
        assert all(issubclass(kind, StreamForgeError) for kind in table.values())


def test_the_message_holds_what_helps_and_nothing_secret() -> None:
    """Status, type, code, the part of the request and its id are there; of the service's own words nothing is."""
    error: dict[str, object] = {
        "message": "key sk-very-sec...: 'THE SECRET LAUNCH' was blocked",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
        "param": "prompt",
    }
    made = translate(BadAnswer(400, error, {"x-request-id": "req_1"}), IMAGES)
    assert isinstance(made, ContentRefused)
    assert made.message == (
        "the image service answered with 400, type image_generation_user_error, code moderation_blocked, at prompt, "
        "request req_1"
    )
    assert "hero picture" in str(made.hint)


def test_no_field_of_a_bad_answer_is_repeated_as_it_is() -> None:
    """Type, code, parameter and request id are a server's to fill in too."""
    error: dict[str, object] = dict.fromkeys(("message", "type", "code", "param"), "the secret launch of Xyzzy")
    made = translate(BadAnswer(400, error, {"x-request-id": "the secret launch"}), IMAGES)
    assert made.message == "the image service answered with 400"


def test_hints_name_the_setting_to_mend() -> None:
    """A key, a model and an address that do not work are each led back to their setting."""
    for status, error, setting in (
        (401, {}, "images.key"),
        (404, {"code": "model_not_found"}, "images.model"),
    ):
        assert setting in str(translate(BadAnswer(status, error, {}), IMAGES).hint)
    assert "images.base" in str(translate_transport(aiohttp.ServerDisconnectedError(), IMAGES).hint)
