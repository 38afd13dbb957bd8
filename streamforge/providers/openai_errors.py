"""The one table from an OpenAI-compatible service's errors to ours, and from the transport's.

An error's ``code`` decides, then its ``type``, then the status: compatible services share the statuses, not the codes.
"""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import ConfigError, ProviderRefused, ProviderUnavailable, RateLimited, StreamForgeError
from streamforge.providers.pauses import retry_after_s
from streamforge.providers.refusals import ContentRefused, KeyRefused
from streamforge.providers.telling import ASK_PROVIDER, located, named, traced

Outcome = type[RateLimited] | type[ProviderUnavailable] | type[ProviderRefused] | type[ConfigError]

BY_CODE: dict[str, Outcome] = {
    # the prompt or the picture is not wanted
    "content_policy_violation": ContentRefused,
    "moderation_blocked": ContentRefused,
    "content_filter": ContentRefused,
    # money, which no pause of a job's length brings; some of these come as 429
    "insufficient_quota": KeyRefused,
    "billing_hard_limit_reached": KeyRefused,
    "billing_not_active": KeyRefused,
    # the key, or the model
    "invalid_api_key": KeyRefused,
    "invalid_organization": KeyRefused,
    "unsupported_country_region_territory": KeyRefused,
    "model_not_found": ProviderRefused,
    # the request
    "context_length_exceeded": ProviderRefused,
    "invalid_json_schema": ProviderRefused,
    "invalid_value": ProviderRefused,
    "unknown_parameter": ProviderRefused,
    "unsupported_parameter": ProviderRefused,
    "string_above_max_length": ProviderRefused,
    # a pause helps
    "rate_limit_exceeded": RateLimited,
    "slow_down": RateLimited,
    # its own trouble
    "server_error": ProviderUnavailable,
    "server_overloaded": ProviderUnavailable,
    "image_generation_failed": ProviderUnavailable,
}
"""By the ``code`` in the body."""

BY_TYPE: dict[str, Outcome] = {
    "invalid_request_error": ProviderRefused,
    "image_generation_user_error": ProviderRefused,
    "authentication_error": KeyRefused,
    "permission_error": KeyRefused,
    "insufficient_quota": KeyRefused,
    "billing_limit_user_error": KeyRefused,
    "rate_limit_error": RateLimited,
    "requests": RateLimited,
    "tokens": RateLimited,
    "input-images": RateLimited,
    "server_error": ProviderUnavailable,
    "image_generation_server_error": ProviderUnavailable,
    "service_unavailable_error": ProviderUnavailable,
}
"""By the ``type`` in the body, where its code says nothing."""

BY_STATUS: dict[int, Outcome] = {
    400: ProviderRefused,
    401: KeyRefused,
    402: KeyRefused,
    403: KeyRefused,
    404: ProviderRefused,
    405: ProviderRefused,
    408: ProviderUnavailable,
    409: ProviderUnavailable,
    413: ProviderRefused,
    415: ProviderRefused,
    422: ProviderRefused,
    425: ProviderUnavailable,
    429: RateLimited,
    451: ProviderRefused,
}
"""By the status alone; others: over 500 its own trouble, in the 400s ours, else no answer of such a service."""

BY_CLASS: dict[str, Outcome] = {
    "InvalidURL": ConfigError,
    "ClientConnectorCertificateError": ConfigError,
    "ClientConnectorSSLError": ConfigError,
    "ClientError": ProviderUnavailable,
    "OSError": ProviderUnavailable,
}
"""What the transport raises, by the name of the nearest listed ancestor."""

_OWN_FAULT = 500
_HINTS: dict[str, str] = {
    "insufficient_quota": "check the plan and the billing of the account",
    "billing_hard_limit_reached": "check the plan and the billing of the account",
    "context_length_exceeded": "shorten the brief",
}


class Service(Struct, frozen=True, kw_only=True):
    """How a service is called in messages, and the settings that hold its key, its address and its model's name.

    ``reword`` is what to do about content that it does not want.
    """

    noun: str
    key: str
    base_url: str
    model: str
    reword: str = "reword the brief"


class BadAnswer(Struct, frozen=True):
    """An answer that is none: status, the ``error`` object of its body (or an empty one), headers in lower case."""

    status: int
    error: Mapping[str, object]
    headers: Mapping[str, str]


def outcome_of(status: int, error: Mapping[str, object]) -> Outcome:
    """Our error class for an answer of that status with that ``error`` object (empty where it has none)."""
    code, kind = error.get("code"), error.get("type")
    if isinstance(code, str) and code in BY_CODE:
        return BY_CODE[code]
    if status == 429 and kind not in {"insufficient_quota", "billing_limit_user_error"}:  # noqa: PLR2004 - Too Many Requests
        return RateLimited
    if isinstance(kind, str) and kind in BY_TYPE and status < _OWN_FAULT:
        return BY_TYPE[kind]
    if status in BY_STATUS:
        return BY_STATUS[status]
    return ProviderRefused if 400 <= status < _OWN_FAULT else ProviderUnavailable  # noqa: PLR2004 - client errors


def translate(answer: BadAnswer, service: Service, clock: Clock = SYSTEM_CLOCK) -> StreamForgeError:
    """The error to raise for an answer."""
    error = answer.error
    kind = outcome_of(answer.status, error)
    facts = [f"the {service.noun} answered with {answer.status}"]
    facts += [*named("type", error.get("type"), BY_TYPE), *named("code", error.get("code"), BY_CODE)]
    facts += [*located(error.get("param")), *traced(answer.headers.get("x-request-id"))]
    message = ", ".join(facts)
    if kind is RateLimited:
        return RateLimited(message, retry_after_s=retry_after_s(answer.headers, clock.now_ms()))
    return kind(message, hint=_hint(kind, str(error.get("code")), service))


def _hint(kind: Outcome, code: str, service: Service) -> str | None:
    if code == "model_not_found":
        return f"check {service.model}"
    if code in _HINTS:
        return _HINTS[code]
    if kind is KeyRefused:
        return f"check {service.key}"
    if kind is ContentRefused:
        return service.reword
    return ASK_PROVIDER if kind is ProviderRefused else None


def words_of(answer: BadAnswer) -> str:
    """What the service says of its complaint, to be read here and shown nowhere."""
    return " ".join(str(answer.error.get(name) or "") for name in ("code", "param", "message"))


def translate_transport(error: aiohttp.ClientError | OSError, service: Service) -> StreamForgeError:
    """The error to raise where no answer came, or half of one; of the library's message only the class.

    Its message holds addresses.
    """
    kind = next(BY_CLASS[each.__name__] for each in type(error).__mro__ if each.__name__ in BY_CLASS)
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientPayloadError):
        return kind(f"the answer of the {service.noun} broke off: {name}")
    hint = f"check {service.base_url} (empty: the provider's own)"
    return kind(f"the {service.noun} could not be reached: {name}", hint=hint)
