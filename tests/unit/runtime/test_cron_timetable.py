"""The times of cron schedules: the same from wherever one looks, and right when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamforge.runtime.timetable import Timetable

BERLIN = "Europe/Berlin"
SCHEDULES = (
    "30 2 * * *",
    "0,30 2 * * *",
    "15,45 1-3 * * *",
    "0 3 * * *",
    "*/30 2 * * *",
    "*/7 * * * *",
    "0 */2 * * *",
    "30 * * * *",
    "*/45 * * * * *",
    "10 30 2 * * *",
    "0 0 L * *",
    "0 2 * * SUN#5",
    "0 12 1 */3 MON",
)
ZONES = (BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca")
SPRING, AUTUMN = 1_774_746_000, 1_792_890_000
"""When the clocks of Berlin change in 2026: at 02:00 on 29 March, at 03:00 on 25 October."""


def changes(zone: str) -> list[int]:
    """The moments of 2026 at which the clocks of a zone change."""
    hours = range(1_767_225_600, 1_798_761_600, 1800)
    offsets = [datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset() for moment in hours]
    return [hours[place] for place in range(1, len(hours)) if offsets[place] != offsets[place - 1]]


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    """A wall clock's time as seconds since 1970; ``fold`` 1 is the second time round."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def times(schedule: str, start: str, end: str, zone: str = BERLIN) -> list[str]:
    """The times between two moments of the zone's wall clock, as UTC."""
    limit = at(end, zone)
    found = takewhile(lambda moment: moment <= limit, Timetable(schedule, zone).after(at(start, zone)))
    return [datetime.fromtimestamp(moment, UTC).strftime("%d %H:%M") for moment in found]


@pytest.mark.parametrize("zone", ZONES)
def test_the_clocks_change_in_these_zones(zone: str) -> None:
    """The zones of these tests have two changes a year, and Berlin's are where the tests think."""
    assert len(changes(zone)) == 2
    assert changes(BERLIN) == [SPRING, AUTUMN]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 2 * * *", ["28 01:30", "29 01:00", "30 00:30"]),
        ("0,30 2 * * *", ["28 01:00", "28 01:30", "29 01:00", "30 00:00", "30 00:30"]),
        ("0 2,3 * * *", ["28 01:00", "28 02:00", "29 01:00", "30 00:00", "30 01:00"]),
        ("*/30 2 * * *", ["28 01:00", "28 01:30", "30 00:00", "30 00:30"]),
    ],
)
def test_a_time_that_does_not_exist_comes_once_after_the_gap(schedule: str, expected: list[str]) -> None:
    """02:30 on the day the clocks go forward comes at 03:00, however many times are skipped; an interval has a gap."""
    assert times(schedule, "2026-03-28T00:00", "2026-03-30T12:00") == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 2 * * *", ["24 00:30", "25 00:30", "26 01:30"]),
        ("0,30 2 * * *", ["24 00:00", "24 00:30", "25 00:00", "25 00:30", "26 01:00", "26 01:30"]),
        ("0 2,3 * * *", ["24 00:00", "24 01:00", "25 00:00", "25 02:00", "26 01:00", "26 02:00"]),
        (
            "*/30 2 * * *",
            ["24 00:00", "24 00:30", "25 00:00", "25 00:30", "25 01:00", "25 01:30", "26 01:00", "26 01:30"],
        ),
    ],
)
def test_a_time_that_comes_twice_on_the_clock_comes_once(schedule: str, expected: list[str]) -> None:
    """02:30 on the day the clocks go back comes the first time only; an interval goes on through both hours."""
    assert times(schedule, "2026-10-24T00:00", "2026-10-26T12:00") == expected


def test_seconds_are_a_sixth_field_in_front() -> None:
    """``*/20 * * * * *`` is every 20 seconds."""
    assert list(islice(Timetable("*/20 * * * * *").after(0), 4)) == [20, 40, 60, 80]


def test_the_zone_is_the_schedules_own() -> None:
    """Noon in Kathmandu is 06:15 in Greenwich."""
    assert times("0 12 * * *", "2026-06-01T00:00", "2026-06-02T00:00", "Asia/Kathmandu") == ["01 06:15"]


def test_a_process_that_starts_in_the_repeated_hour_waits_for_the_next_day() -> None:
    """At 02:10 the second time round, 02:30 has been already."""
    start = at("2026-10-25T02:10", BERLIN, fold=1)
    assert next(Timetable("30 2 * * *", BERLIN).after(start)) == at("2026-10-26T02:30", BERLIN)
    assert Timetable("30 2 * * *", BERLIN).latest(start - 7200, start) == at("2026-10-25T02:30", BERLIN)


MOMENTS = st.tuples(
    st.sampled_from(
        [(zone, moment) for zone in ZONES for moment in changes(zone)] + [("UTC", SPRING), ("Asia/Kathmandu", AUTUMN)]
    ),
    st.one_of(st.integers(-8000, 8000), st.integers(-90_000, 90_000)),
)
"""A zone, and a moment near a change of its clocks, most of them very near."""


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SCHEDULES), MOMENTS, st.one_of(st.integers(0, 8000), st.integers(0, 180_000)))
def test_the_times_are_the_same_from_wherever_one_looks(
    schedule: str, moment: tuple[tuple[str, int], int], ahead: int
) -> None:
    """A process that starts later knows the same times as one that ran before, so that their jobs have the same ids."""
    (zone, change), offset = moment
    start = change + offset
    table = Timetable(schedule, zone)
    early = [moment for moment in islice(table.after(start), 50) if moment > start + ahead]
    late = list(islice(table.after(start + ahead), len(early)))
    assert late == early
    assert sorted(set(early)) == early


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SCHEDULES), MOMENTS, st.one_of(st.integers(0, 8000), st.integers(0, 200_000)))
def test_the_latest_time_is_the_last_of_all(schedule: str, moment: tuple[tuple[str, int], int], span: int) -> None:
    """Looking backwards finds what walking forwards ends with."""
    (zone, change), offset = moment
    start = change + offset
    table = Timetable(schedule, zone)
    walked = list(takewhile(lambda found: found <= start + span, table.after(start)))
    assert table.latest(start, start + span) == (walked[-1] if walked else None)


def test_a_long_absence_is_cheap() -> None:
    """Ten years of every second are not walked through, which would take longer than a test may."""
    ten_years = 315_360_000
    assert Timetable("* * * * * *").latest(0, ten_years) == ten_years
