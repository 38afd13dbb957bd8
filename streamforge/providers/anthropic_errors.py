"""The one table from the Anthropic SDK's errors to ours.

Rows are class names, so that the table needs no import of the SDK; an error takes the row of its nearest
listed ancestor. An ``error`` event inside a stream has no class, only the ``type`` in its body, which then decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import (
    ConfigError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    StreamForgeError,
)
from streamforge.providers.pauses import retry_after_s
from streamforge.providers.refusals import KeyRefused
from streamforge.providers.telling import ASK_PROVIDER, located, named, traced

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
    ProviderRefused: ASK_PROVIDER,
    ConfigError: "check providers.anthropic.base_url and providers.anthropic.keys",
    KeyRefused: "check providers.anthropic.keys, and the billing of its account",
}
_UNREACHED = frozenset({"APIConnectionError", "TransportError"})
"""Without an answer: nobody was there, the network or the address is to blame."""
_UNREACHED_HINT = "check that providers.anthropic.base_url (empty: the provider's own) can be reached from this machine"


def outcome_of(error: BaseException) -> Outcome | None:
    """Our error class for one of the SDK's (or its transport's); None for an error of neither."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in BY_CLASS:
            return BY_CLASS[ancestor.__name__]
        if ancestor.__name__ == "APIStatusError":
            return _by_type(error)
    return None


def translate(error: BaseException, clock: Clock = SYSTEM_CLOCK) -> StreamForgeError:
    """The error to raise instead; one that is in no row counts as the provider's failure."""
    kind = outcome_of(error) or ProviderUnavailable
    message = _message(error)
    if kind is RateLimited:
        return RateLimited(message, retry_after_s=retry_after_s(_headers(error), clock.now_ms()))
    return kind(message, hint=_UNREACHED_HINT if _is_unreached(error) else _HINTS.get(kind))


def translate_event(error: Mapping[str, object], request_id: str) -> StreamForgeError:
    """The error to raise for an ``error`` event inside a stream, which comes with status 200: its ``type`` decides."""
    name = error.get("type")
    kind = BY_TYPE.get(str(name), ProviderUnavailable)
    facts = ("an error inside the stream", *named("type", name, BY_TYPE), *traced(request_id))
    return kind(", ".join(facts), hint=_HINTS.get(kind))


def _is_unreached(error: BaseException) -> bool:
    return any(ancestor.__name__ in _UNREACHED for ancestor in type(error).__mro__)


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


def _message(error: BaseException) -> str:
    """Class, status, type, and where to ask: nothing that a provider writes as it likes."""
    facts, status = [type(error).__name__], getattr(error, "status_code", None)
    facts += [f"status {status}"] if isinstance(status, int) else []
    facts += named("type", getattr(error, "type", None), BY_TYPE)
    facts += located(getattr(error, "api_message", None))
    return ", ".join((*facts, *traced(getattr(error, "request_id", None))))
