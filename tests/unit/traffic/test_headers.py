"""What providers' headers say, in both dialects, and in none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.providers.pauses import LONGEST_PAUSE_S, retry_after_s
from streamforge.traffic.headers import UNKNOWN, Told, go_duration_s, reset_s, told_by

NOW_MS = 1_800_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, tz=UTC)
UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def test_anthropic() -> None:
    """Requests, input and output; the combined figure, which is whichever limit is nearest, is left out."""
    headers = {
        "Anthropic-RateLimit-Requests-Limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:01Z",
        "anthropic-ratelimit-input-tokens-limit": "400000",
        "anthropic-ratelimit-input-tokens-remaining": "399000",
        "anthropic-ratelimit-output-tokens-limit": "80000",
        "anthropic-ratelimit-output-tokens-remaining": "80000",
        "anthropic-ratelimit-tokens-limit": "80000",
        "anthropic-ratelimit-tokens-remaining": "80000",
    }
    assert told_by(headers, NOW_MS) == Told((4000, 400000, 80000, UNKNOWN), (3999, 399000, 80000, UNKNOWN))


def test_openai() -> None:
    """Requests and tokens of both kinds together."""
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "6ms",
    }
    assert told_by(headers, NOW_MS) == Told((60, UNKNOWN, UNKNOWN, 150000), (59, UNKNOWN, UNKNOWN, 149984))


def test_a_limit_a_day_is_not_taken_for_one_a_minute() -> None:
    """A window that is whole again in an hour has no limit a minute; what is left of it counts all the same."""
    headers = {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "14000",
        "x-ratelimit-reset-requests": "1h6m0s",
    }
    told = told_by(headers, NOW_MS)
    assert (told.limits[0], told.remaining[0]) == (UNKNOWN, 14000)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360.0), ("250ms", 0.25), ("1.5s", 1.5), ("2h45m", 9900.0), ("0", 0.0), ("0s", 0.0), ("7.66s", 7.66)]
    + [(text, None) for text in ("", "6", "m", "1x", "1s ago", "-3s", "1s1", "٣s", "1.2.3s")],
)
def test_go_durations(text: str, seconds: float | None) -> None:
    """As Go's time.Duration prints them, and nothing else."""
    assert go_duration_s(text) == (seconds if seconds is None else pytest.approx(seconds))


@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(UNITS_S))), min_size=1, max_size=6))
def test_any_go_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    """Whatever units come in whatever order."""
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert go_duration_s(text) == pytest.approx(sum(number * UNITS_S[unit] for number, unit in parts))


@given(st.floats(0, 80_000))
def test_resets_in_each_form_mean_the_same(seconds: float) -> None:
    """RFC 3339, a Go duration, plain seconds and a time since 1970 agree."""
    moment = NOW + timedelta(seconds=seconds)
    forms = (moment.isoformat(), moment.isoformat().replace("+00:00", "Z"), f"{seconds:.6f}s", f"{seconds:.6f}")
    found = [reset_s(form, NOW_MS) for form in (*forms, f"{moment.timestamp():.6f}")]
    assert found == [pytest.approx(seconds, abs=1e-3)] * 5


def test_a_reset_with_an_offset_or_without_a_zone() -> None:
    """An offset is heeded; no zone means UTC; what is past is now."""
    assert reset_s("2027-01-15T10:00:30+02:00", NOW_MS) == pytest.approx(30)
    assert reset_s("2027-01-15T08:00:30", NOW_MS) == pytest.approx(30)
    assert reset_s("2020-01-01T00:00:00Z", NOW_MS) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:40 GMT"}, 40.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:40 -0000"}, 40.0),
        ({"retry-after": "Fri, 15 Jan 2021 08:00:40 GMT"}, 0.0),
        ({"retry-after": "9999999999999"}, LONGEST_PAUSE_S),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e999"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; at most a day; nonsense is nothing."""
    assert retry_after_s(headers, NOW_MS) == seconds


@given(st.integers(0, 86_000))
def test_retry_after_as_a_date_and_in_seconds_agree(seconds: int) -> None:
    """Both of HTTP's forms."""
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_s({"retry-after": date}, NOW_MS) == retry_after_s({"retry-after": str(seconds)}, NOW_MS)


NAMES = st.sampled_from(
    ["retry-after", "retry-after-ms"]
    + [f"anthropic-ratelimit-{a}-{b}" for a in ("requests", "tokens") for b in ("limit", "remaining", "reset")]
    + [f"x-ratelimit-{b}-{a}" for a in ("requests", "tokens") for b in ("limit", "remaining", "reset")]
)


@given(st.dictionaries(NAMES, st.text(max_size=40) | st.from_regex(r"[0-9a-zTZ:.+\-]{0,30}", fullmatch=True)))
def test_no_header_does_harm(headers: dict[str, str]) -> None:
    """Whatever a server sends, what is read are finite numbers, none below zero but UNKNOWN."""
    told, pause = told_by(headers, NOW_MS), retry_after_s(headers, NOW_MS)
    for value in (*told.limits, *told.remaining):
        assert value == UNKNOWN or 0 <= value < float("inf")
    assert pause is None or 0 <= pause <= LONGEST_PAUSE_S
    for text in headers.values():
        seconds = reset_s(text, NOW_MS)
        assert seconds is None or 0 <= seconds < float("inf")


def test_silence_is_false() -> None:
    """An answer without such headers says nothing."""
    assert not told_by({"content-type": "text/plain"}, NOW_MS)
    assert told_by({"x-ratelimit-remaining-requests": "0"}, NOW_MS)
