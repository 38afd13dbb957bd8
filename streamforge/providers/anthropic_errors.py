"""The one table from the Anthropic SDK's errors to ours.

Rows are class names, so that the table needs no import of the SDK; an error takes the row of its nearest
listed ancestor. An ``error`` event inside a stream has no class, only the ``type`` in its body, which then decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import (
    ConfigError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    StreamForgeError,
)
from streamforge.providers.refusals import KeyRefused

Outcome = type[RateLimited] | type[ProviderUnavailable] | type[ProviderRefused] | type[ConfigError]

BY_CLASS: dict[str, Outcome] = {
    # statuses
    "BadRequestError": ProviderRefused,
    "BetaRequestBodyTimeoutError": ProviderUnavailable,
    "AuthenticationError": KeyRefused,
    "PaymentRequiredError": KeyRefused,
    "PermissionDeniedError": KeyRefused,
    "NotFoundError": ProviderRefused,
    "RequestTimeoutError": ProviderUnavailable,
    "ConflictError": ProviderUnavailable,
    "PreconditionFailedError": ProviderRefused,
    "ContentTooLargeError": ProviderRefused,
    "UnprocessableEntityError": ProviderRefused,
    "RateLimitError": RateLimited,
    "ContractSpendLimitReachedError": KeyRefused,
    "EnforcedSpendLimitReachedError": KeyRefused,
    "RequestHeaderFieldsTooLargeError": ProviderRefused,
    "ClientClosedRequestError": ProviderUnavailable,
    "InternalServerError": ProviderUnavailable,
    "HTTPNotImplementedError": ProviderRefused,
    # without an answer
    "APIConnectionError": ProviderUnavailable,
    "RetryableError": ProviderUnavailable,
    "WorkloadIdentityError": ProviderUnavailable,
    "CredentialsError": ConfigError,
    "MissingDependencyError": ConfigError,
    "MutuallyExclusiveAuthError": ConfigError,
    "ToolsetUsageError": ConfigError,
    # an answer that is not one
    "APIResponseValidationError": ProviderUnavailable,
    "APIWebhookValidationError": ProviderRefused,
    # the transport's own, which can pierce the SDK while a stream is read
    "HTTPError": ProviderUnavailable,
    "StreamError": ProviderUnavailable,
    "StreamAlreadyConsumed": ProviderUnavailable,
    "InvalidURL": ConfigError,
    "UnsupportedProtocol": ConfigError,
}
"""By class name; spend limits are 429 too, but no pause of a job's length lifts them."""

BY_TYPE: dict[str, Outcome] = {
    "invalid_request_error": ProviderRefused,
    "authentication_error": KeyRefused,
    "billing_error": KeyRefused,
    "permission_error": KeyRefused,
    "not_found_error": ProviderRefused,
    "rate_limit_error": RateLimited,
    "timeout_error": ProviderUnavailable,
    "api_error": ProviderUnavailable,
    "overloaded_error": ProviderUnavailable,
    "memory_precondition_failed_error": ProviderRefused,
    "memory_path_conflict_error": ProviderRefused,
    "conflict_error": ProviderUnavailable,
}
"""By the ``type`` in an error's body, where the class says nothing: stream events, unlisted statuses."""

_HINTS: dict[type[StreamForgeError], str] = {
    ConfigError: "check llm.anthropic_base_url and llm.anthropic_api_key",
    KeyRefused: "check llm.anthropic_api_key, and the billing of its account",
}
_UNREACHED = frozenset({"APIConnectionError", "TransportError"})
"""Without an answer: nobody was there, the network or the address is to blame."""
_UNREACHED_HINT = "check that llm.anthropic_base_url (empty: the provider's own) can be reached from this machine"
_MESSAGE_LIMIT = 200
_MIN_SECRET = 12


def outcome_of(error: BaseException) -> Outcome | None:
    """Our error class for one of the SDK's (or its transport's); None for an error of neither."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in BY_CLASS:
            return BY_CLASS[ancestor.__name__]
        if ancestor.__name__ == "APIStatusError":
            return _by_type(error)
    return None


def translate(error: BaseException, secrets: tuple[str, ...], clock: Clock = SYSTEM_CLOCK) -> StreamForgeError:
    """The error to raise instead; one that is in no row counts as the provider's failure.

    ``secrets`` (the key, the prompt) are cut out of the provider's message, which may echo them.
    """
    kind = outcome_of(error) or ProviderUnavailable
    message = _message(error, secrets)
    if kind is RateLimited:
        return RateLimited(message, retry_after_s=retry_after_s(_headers(error), clock))
    return kind(message, hint=_UNREACHED_HINT if _is_unreached(error) else _HINTS.get(kind))


def translate_event(error: Mapping[str, object], request_id: str, secrets: tuple[str, ...]) -> StreamForgeError:
    """The error to raise for an ``error`` event inside a stream, which comes with status 200: its ``type`` decides."""
    name, words = error.get("type"), error.get("message")
    kind = BY_TYPE.get(str(name), ProviderUnavailable)
    facts = f"an error inside the stream, type {name}" + (f", request {request_id}" if request_id else "")
    text = f"{facts}: {words}" if words else facts
    return kind(scrub(text, secrets)[: _MESSAGE_LIMIT * 2], hint=_HINTS.get(kind))


def _is_unreached(error: BaseException) -> bool:
    return any(ancestor.__name__ in _UNREACHED for ancestor in type(error).__mro__)


def retry_after_s(headers: Mapping[str, str], clock: Clock = SYSTEM_CLOCK) -> float | None:
    """The pause the provider asks for, in seconds (its header may hold a date); None if it names none."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if _is_number(value):
            return max(float(value) / scale, 0.0)
    return _until(headers.get("retry-after", ""), clock)


def _until(date: str, clock: Clock) -> float | None:
    try:
        return max(parsedate_to_datetime(date).timestamp() - clock.now_ms() / 1000, 0.0)
    except ValueError:
        return None


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isascii() and value.replace(".", "", 1).isdigit()


def _by_type(error: BaseException) -> Outcome:
    kind = getattr(error, "type", None)
    if isinstance(kind, str) and kind in BY_TYPE:
        return BY_TYPE[kind]
    status = getattr(error, "status_code", 0)
    is_ours = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return ProviderRefused if is_ours else ProviderUnavailable


def _headers(error: BaseException) -> Mapping[str, str]:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return headers if isinstance(headers, Mapping) else {}  # pyright: ignore[reportUnknownVariableType]


def _message(error: BaseException, secrets: tuple[str, ...]) -> str:
    """Class, status, type, request id and the provider's own words, without what must not be logged."""
    facts = [type(error).__name__]
    for label, attribute in (
        ("status", "status_code"),
        ("type", "type"),
        ("code", "error_code"),
        ("request", "request_id"),
    ):
        value = getattr(error, attribute, None)
        if isinstance(value, str | int) and value:
            facts.append(f"{label} {value}")
    words = getattr(error, "api_message", None)
    text = f"{', '.join(facts)}: {words}" if isinstance(words, str) and words else ", ".join(facts)
    return scrub(text, secrets)[: _MESSAGE_LIMIT * 2]


def scrub(text: str, secrets: tuple[str, ...]) -> str:
    """The text with each secret, and each line of one, replaced by ``[redacted]``."""
    parts = {line.strip() for secret in secrets for line in (secret, *secret.splitlines())}
    for part in sorted((part for part in parts if len(part) >= _MIN_SECRET), key=len, reverse=True):
        text = text.replace(part, "[redacted]")
    return text
