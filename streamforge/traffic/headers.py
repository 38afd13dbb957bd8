"""What providers say about their limits in the headers of an answer: two dialects, one meaning.

    anthropic-ratelimit-<requests|input-tokens|output-tokens|tokens>-<limit|remaining|reset>     resets in RFC 3339
    x-ratelimit-<limit|remaining|reset>-<requests|tokens>                                        Go durations ("6m0s")

Anything that cannot be read says nothing; a header never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from streamforge.providers.pauses import LONGEST_PAUSE_S, plain_number

Dimensions = tuple[float, float, float, float]
"""Requests, input tokens, output tokens, tokens of both kinds."""

UNKNOWN = -1.0
A_MINUTE_AT_MOST_S = 120.0
"""What is full again later than this has no limit a minute (some limit requests a day); its remainder still counts."""

_EPOCH_FROM = 1e9
"""A plain number as large as this is a time in seconds since 1970, not a duration."""

_ANTHROPIC = ("requests", "input-tokens", "output-tokens", "tokens")
_OPENAI = ("requests", "", "", "tokens")
_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)


class Told(Struct, frozen=True):
    """The provider's limits a minute and what is left of them, by dimension; UNKNOWN where it does not say."""

    limits: Dimensions = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    remaining: Dimensions = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return any(value != UNKNOWN for value in (*self.limits, *self.remaining))


def told_by(headers: Mapping[str, str], now_ms: int) -> Told:
    """What the headers of an answer say, in either dialect."""
    lower = {name.lower(): value for name, value in headers.items()}
    windows = [_window(lower, anthropic, openai, now_ms) for anthropic, openai in zip(_ANTHROPIC, _OPENAI, strict=True)]
    if any(window != (UNKNOWN, UNKNOWN) for window in windows[1:3]):
        windows[3] = (UNKNOWN, UNKNOWN)  # there it is whichever of several limits is nearest, not one of its own
    requests, inputs, outputs, tokens = windows
    return Told(
        (requests[0], inputs[0], outputs[0], tokens[0]),
        (requests[1], inputs[1], outputs[1], tokens[1]),
    )


def reset_s(value: str, now_ms: int) -> float | None:
    """Seconds until a limit is whole again, from any of the forms that are in use; None for none of them."""
    text = value.strip()
    number = _number(text)
    if number != UNKNOWN:
        return max(0.0, number - now_ms / 1000) if number >= _EPOCH_FROM else number
    duration = go_duration_s(text)
    if duration is not None:
        return duration
    moment = _rfc3339(text)
    return None if moment is None else _until(moment, now_ms)


def go_duration_s(text: str) -> float | None:
    """Seconds in a duration as Go writes it (``6m0s``, ``1.5s``, ``250ms``); None if it is not one."""
    if text.strip() == "0":
        return 0.0
    parts = list(_PART.finditer(text.strip()))
    if not parts or "".join(part[0] for part in parts) != text.strip():
        return None
    return sum(float(part[1]) * _UNITS_S[part[2]] for part in parts)


def _window(headers: Mapping[str, str], anthropic: str, openai: str, now_ms: int) -> tuple[float, float]:
    """Limit and remainder of one dimension."""
    for limit, remaining, reset in (
        tuple(f"anthropic-ratelimit-{anthropic}-{part}" for part in ("limit", "remaining", "reset")),
        tuple(f"x-ratelimit-{part}-{openai}" for part in ("limit", "remaining", "reset")),
    ):
        if limit in headers or remaining in headers:
            whole_in_s = reset_s(headers.get(reset, ""), now_ms) or 0.0
            is_a_minutes = whole_in_s <= A_MINUTE_AT_MOST_S
            told = _number(headers.get(limit, "")) if is_a_minutes else UNKNOWN
            return told, _number(headers.get(remaining, ""))
    return UNKNOWN, UNKNOWN


def _number(text: str) -> float:
    """A count or a number of seconds; UNKNOWN for anything else."""
    number = plain_number(text)
    return UNKNOWN if number is None else number


def _until(moment: datetime, now_ms: int) -> float:
    return min(max(moment.timestamp() - now_ms / 1000, 0.0), LONGEST_PAUSE_S)


def _rfc3339(text: str) -> datetime | None:
    try:
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    """A time without a zone is meant as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
