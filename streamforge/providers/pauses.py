"""The pause that a provider asks for in an answer's headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE_S = 86_400.0
"""A pause is cut to a day: nobody means more."""

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)


def retry_after_s(headers: Mapping[str, str], now_ms: int) -> float | None:
    """The pause that is asked for, in seconds up to a day (the header may hold a date); None if none is named.

    What cannot be read names none; names may be in any case.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        number = plain_number(lower.get(name, ""))
        if number is not None:
            return min(number / unit, LONGEST_PAUSE_S)
    moment = _http_date(lower.get("retry-after", ""))
    return None if moment is None else min(max(moment.timestamp() - now_ms / 1000, 0.0), LONGEST_PAUSE_S)


def plain_number(text: str) -> float | None:
    """A count or a number of seconds; None for anything else, signs and exponents among it."""
    if not _NUMBER.fullmatch(text.strip()):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
