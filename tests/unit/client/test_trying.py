"""Whether the clients send a request again."""

from __future__ import annotations

from contextlib import nullcontext

import httpx2
import pytest

from streamforge.client import following
from streamforge.client.following import Following
from streamforge.client.problems import ApiError, ServerAway
from streamforge.client.trying import Trying

URL = "http://forge.example"
LOST = httpx2.ReadError("connection reset")


def steady() -> float:
    """No chance."""
    return 0.0


def test_a_lost_connection_is_tried_again_until_the_last_try() -> None:
    """Two of three tries may fail, with a longer pause each time; the third says who does not answer."""
    trying = Trying(3, URL, steady)
    pauses: list[float] = []
    for _ in range(2):
        trying.lost(LOST)
        pauses.append(trying.pause_s)
    assert pauses == [0.4, 0.8]
    with pytest.raises(ServerAway, match=f"{URL} does not answer: ReadError"):
        trying.lost(LOST)


def test_pauses_are_spread() -> None:
    """By chance a pause is up to half as long again: many that lost the same server do not come back at once."""
    trying = Trying(3, URL, lambda: 1.0)
    trying.lost(LOST)
    assert trying.pause_s == pytest.approx(0.6)


def test_failures_of_both_ways_count_together() -> None:
    """A lost connection and a refusal that may pass are two failures."""
    trying = Trying(2, URL)
    trying.lost(LOST)
    with pytest.raises(ApiError):
        trying.is_answered(httpx2.Response(503))


def test_the_pause_is_what_the_server_asks_for() -> None:
    """``Retry-After`` holds up to half a minute; without it, or with a date, the pause is the client's own."""
    trying = Trying(9, URL, steady)
    pauses: list[float] = []
    for asked in ("7", "3600", "Sat, 21 Nov 2026 23:00:00 GMT", ""):
        assert not trying.is_answered(httpx2.Response(429, headers={"Retry-After": asked}))
        pauses.append(trying.pause_s)
    assert pauses == [7.0, 30.0, 1.6, 3.2]


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_a_refusal_that_would_come_again_is_raised_at_once(status: int) -> None:
    """Only what may pass is tried again; an answer that is neither a success nor an error is a refusal as well."""
    with pytest.raises(ApiError) as caught:
        Trying(9, URL).is_answered(httpx2.Response(status))
    assert caught.value.status == status


def test_what_has_come_clears_the_failures() -> None:
    """A stream that breaks now and then, and brings something in between, goes on for ever."""
    trying = Trying(2, URL)
    for _ in range(5):
        trying.lost(LOST)
        trying.begin_anew()
    assert trying.is_answered(httpx2.Response(200))


def test_a_status_without_a_name_is_told_by_its_number() -> None:
    """A proxy's 499 that tells nothing is an ApiError that says so."""
    with pytest.raises(ApiError, match="status 499") as caught:
        Trying(1, URL).is_answered(httpx2.Response(499, json={}))
    assert caught.value.status == 499


@pytest.mark.parametrize(("lived_s", "is_given_up"), [(1.0, True), (60.0, False)])
def test_a_quiet_stream_that_lived_is_not_given_up(
    monkeypatch: pytest.MonkeyPatch, lived_s: float, *, is_given_up: bool
) -> None:
    """Breaks of a stream that had been open for a while are counted from one again; of one that breaks at once, not."""
    now_s = iter(number * lived_s for number in range(99))
    monkeypatch.setattr(following, "monotonic", lambda: next(now_s))
    place = Following(None, "", Trying(3, URL, steady))
    with pytest.raises(ServerAway) if is_given_up else nullcontext():
        for _ in range(4):
            assert place.begins(httpx2.Response(200))
            place.lost(LOST)
