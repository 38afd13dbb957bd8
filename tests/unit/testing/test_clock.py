"""Time that a test moves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from streamforge.clock import Clock
from streamforge.config import CronSettings, JsonObject
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.model import Submission, Submitted
from streamforge.runtime.cron import Cron
from streamforge.testing import FakeClock, until, waiting

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_time_stands_still_until_it_is_moved() -> None:
    """All three readings move together, by what the test says."""
    clock: Clock = FakeClock(NOON)
    first = clock.now_ms(), clock.monotonic()
    assert first == (round(NOON.timestamp() * 1000), 0.0)
    assert (clock.now_ms(), clock.monotonic()) == first
    moved = FakeClock(NOON)
    moved.advance(1.5)
    assert (moved.now(), moved.now_ms(), moved.monotonic()) == (NOON + timedelta(seconds=1.5), first[0] + 1500, 1.5)


def test_a_time_has_a_zone() -> None:
    """One without is refused; another zone than UTC is the same moment."""
    with pytest.raises(ValueError, match="zone"):
        FakeClock(datetime(2026, 5, 4))  # noqa: DTZ001 - that is the point
    tokyo = timezone(timedelta(hours=9))
    assert FakeClock(NOON.astimezone(tokyo)).now_ms() == FakeClock(NOON).now_ms()


def test_time_does_not_go_back() -> None:
    """As a monotonic clock's."""
    with pytest.raises(ValueError, match="forward"):
        FakeClock().advance(-1)


async def test_sleepers_wake_when_their_time_comes() -> None:
    """In the order of their times, then of their lying down, and not a moment before."""
    clock, woke = FakeClock(), list[str]()

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woke.append(f"{name}@{clock.monotonic():g}")

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("c", 30), ("a", 10), ("b", 10), ("now", 0)):
            tasks.create_task(sleep(name, seconds))
        await clock.asleep(3)
        clock.advance(9.9)
        await asyncio.sleep(0)
        assert woke == ["now@0"]
        clock.advance(0.1)
        await until(lambda: len(woke) == 3, "two woke")
        clock.advance(100)
    assert woke == ["now@0", "a@10", "b@10", "c@110"]


async def test_a_cancelled_sleeper_sleeps_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for sleepers does not count it."""
    monkeypatch.setattr(waiting.until, "__defaults__", (0.02,))
    clock = FakeClock()
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep(5))
        other = tasks.create_task(clock.sleep(6))
        await clock.asleep(2)
        sleeper.cancel()
        await asyncio.wait([sleeper])
        with pytest.raises(AssertionError, match="2 asleep"):
            await clock.asleep(2)
        clock.advance(5)
        assert not other.done()
        clock.advance(1)


async def test_nobody_asleep_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for a sleeper that never comes ends with what was waited for."""
    monkeypatch.setattr(waiting.until, "__defaults__", (0.02,))
    with pytest.raises(AssertionError, match="2 asleep"):
        await FakeClock().asleep(2)


class Desk:
    """Takes jobs in, and remembers no marks but in memory."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.marks: dict[str, int] = {}

    async def submit(self, job: Submission) -> Submitted:
        """Take it."""
        self.ids.append(job.id)
        return Submitted(job.id, is_new=True)

    async def since(self, name: str, now: int) -> int:
        """The mark."""
        return self.marks.setdefault(name, now)

    async def move(self, name: str, at: int) -> None:
        """Move it."""
        self.marks[name] = at


async def test_it_is_the_clock_of_recurring_jobs() -> None:
    """A cron over it submits when the test says that the time has come, and not before."""
    clock, desk = FakeClock(NOON), Desk()
    crons = {"news": CronSettings(schedule="* * * * *", kind="echo", input=JsonObject("{}"))}
    cron = Cron(desk, Kinds([Kind("echo", dict)]), crons, desk, clock=clock.now, sleep=clock.sleep)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(cron.run())
        for _ in range(3):
            await clock.asleep()
            clock.advance(30)  # a cron sleeps no longer than that at once
        await clock.asleep()
        cron.stop()
    assert desk.ids == [f"cron-news-{round(NOON.timestamp()) + 60}"]
