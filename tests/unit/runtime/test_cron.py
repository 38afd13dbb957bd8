"""Recurring jobs over a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from structlog.testing import capture_logs

from streamforge.config import CronSettings, JsonObject, Settings, load
from streamforge.errors import BrokerUnavailable, ConfigError, IdempotencyConflict, StreamForgeError
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.model import Priority, Submission, Submitted
from streamforge.ops import metrics
from streamforge.runtime.cron import AWAY_PAUSE_S, LONGEST_PAUSE_S, Cron, check_cron, submission_of

START = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)
MINUTE = 60


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """The input of the tests' kind."""

    text: str


KINDS = Kinds([Kind("echo", Text, queue="quiet")])


class Desk:
    """A store that keeps what is handed in, and fails as it is told; one job for each id."""

    def __init__(self) -> None:
        self.jobs: dict[str, Submission] = {}
        self.failures: list[StreamForgeError] = []

    async def submit(self, job: Submission) -> Submitted:
        """Take the job, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        is_new = job.id not in self.jobs
        self.jobs.setdefault(job.id, job)
        return Submitted(job.id, is_new=is_new)

    @property
    def times(self) -> list[str]:
        """The times of the jobs that were taken."""
        found = [datetime.fromtimestamp(int(job_id.rpartition("-")[2]), UTC) for job_id in self.jobs]
        return [f"{moment:%H:%M}" for moment in found]


class Slate:
    """Marks in memory; ``is_away`` makes them fail."""

    def __init__(self, **marks: int) -> None:
        self.marks = marks
        self.is_away = False

    async def since(self, name: str, now: int) -> int:
        """The mark."""
        if self.is_away:
            raise BrokerUnavailable
        return self.marks.setdefault(name, now)

    async def move(self, name: str, at: int) -> None:
        """Move it."""
        self.marks[name] = max(at, self.marks.get(name, 0))


def every(schedule: str = "* * * * *", **more: Any) -> CronSettings:  # noqa: ANN401 - CronSettings'
    """A recurring job."""
    facts: dict[str, Any] = {"kind": "echo", "input": JsonObject('{"text":"secret"}'), **more}
    return CronSettings(schedule=schedule, **facts)


class Run:
    """A daemon's cron that lives for some seconds of a clock of its own."""

    def __init__(
        self,
        desk: Desk | None = None,
        slate: Slate | None = None,
        *,
        at: datetime = START,
        kinds: Kinds = KINDS,
        **crons: CronSettings,
    ) -> None:
        self.now = at
        self.desk = desk or Desk()
        self.slate = slate or Slate()
        self.pauses: list[float] = []
        self.at_pause: Callable[[], None] = lambda: None
        self._end = at
        self.cron = Cron(self.desk, kinds, crons, self.slate, clock=lambda: self.now, sleep=self._sleep)

    async def for_s(self, duration_s: float) -> Run:
        """Run it that long."""
        self._end = self.now + timedelta(seconds=duration_s)
        await self.cron.run()
        return self

    async def _sleep(self, pause_s: float) -> None:
        self.pauses.append(pause_s)
        self.now += timedelta(seconds=pause_s)
        self.at_pause()
        if self.now >= self._end:
            self.cron.stop()
        await anyio.lowlevel.checkpoint()


def stamp(text: str) -> int:
    """A time of the tests' day as seconds since 1970."""
    return int(datetime.fromisoformat(f"2026-05-04T{text}+00:00").timestamp())


async def test_each_time_is_submitted_when_it_comes() -> None:
    """The job's id is made of the name and the time, and the rest of it is as the settings say."""
    run = await Run(nightly=every(priority="low", tenant="acme")).for_s(3 * MINUTE)
    assert run.desk.times == ["12:01", "12:02", "12:03"]
    assert run.desk.jobs[f"cron-nightly-{stamp('12:01')}"] == Submission(
        id=f"cron-nightly-{stamp('12:01')}",
        kind="echo",
        input=b'{"text":"secret"}',
        queue="quiet",
        priority=Priority.LOW,
        tenant="acme",
        source="cron",
    )


async def test_it_sleeps_until_the_next_time_but_never_for_long() -> None:
    """The pauses end at the minute; where the next time is far, it looks again soon, as the clock may have been set."""
    run = await Run(a=every(), b=every("0 0 1 1 *")).for_s(MINUTE)
    assert run.pauses == [30.0, 30.0]
    far = await Run(a=every("0 0 1 1 *")).for_s(MINUTE)
    assert set(far.pauses) == {LONGEST_PAUSE_S}


async def test_a_queue_of_its_own_beats_the_kinds() -> None:
    """A queue in the settings is the job's queue."""
    run = await Run(a=every(queue="gpu")).for_s(MINUTE)
    assert {job.queue for job in run.desk.jobs.values()} == {"gpu"}


async def test_many_daemons_submit_one_job() -> None:
    """Daemons that share Redis, whose clocks differ by seconds, make one job for each time."""
    desk, slate = Desk(), Slate()
    runs = [Run(desk, slate, at=START + timedelta(seconds=late), a=every()) for late in (0, 2.5, 20)]
    async with anyio.create_task_group() as tasks:
        for run in runs:
            tasks.start_soon(run.for_s, 5 * MINUTE)
    assert sorted(desk.times) == ["12:01", "12:02", "12:03", "12:04", "12:05"]


async def test_a_time_whose_record_has_expired_is_not_submitted_again() -> None:
    """A daemon that is late, or starts again, finds the mark, though nobody remembers the job's id any more."""
    first = await Run(a=every("1 12 * * *")).for_s(MINUTE)
    assert first.desk.times == ["12:01"]
    again = await Run(Desk(), first.slate, at=first.now, a=every("1 12 * * *")).for_s(MINUTE)
    late = await Run(Desk(), first.slate, at=START, a=every("1 12 * * *")).for_s(2 * MINUTE)
    assert (again.desk.times, late.desk.times) == ([], [])


async def test_a_first_start_makes_up_for_nothing() -> None:
    """A job that was added to the settings begins with its next time, and is remembered from then on."""
    run = await Run(a=every("0 12 * * *")).for_s(MINUTE)
    assert run.desk.times == []
    assert run.slate.marks == {"a": int(START.timestamp())}


async def test_after_an_absence_the_latest_time_is_made_up_for_once() -> None:
    """Of the hours that were missed only the last is submitted, at once, and then it goes on as ever."""
    run = await Run(slate=Slate(a=stamp("03:00")), a=every("0 * * * *")).for_s(MINUTE)
    assert (run.desk.times, run.slate.marks["a"]) == (["12:00"], stamp("12:00"))
    again = await Run(run.desk, run.slate, a=every("0 * * * *")).for_s(MINUTE)
    assert again.desk.times == ["12:00"]


async def test_without_catch_up_what_was_missed_stays_missed() -> None:
    """Nothing is submitted for the time before the start."""
    run = await Run(slate=Slate(a=stamp("03:00")), a=every("*/2 * * * *", catch_up=False)).for_s(2 * MINUTE)
    assert run.desk.times == ["12:02"]


async def test_a_clock_that_jumps_makes_one_job() -> None:
    """After the machine slept for hours, the latest of the times that passed is submitted, not each."""
    run = Run(a=every())

    def jump() -> None:
        if len(run.pauses) == 1:
            run.now += timedelta(hours=5)

    run.at_pause = jump
    await run.for_s(5 * 3600 + 45)
    assert run.desk.times == ["17:01"]


async def test_a_clock_that_goes_back_submits_nothing_twice() -> None:
    """Times that were submitted are not submitted anew when they come again."""
    run = Run(a=every())

    def back() -> None:
        if len(run.pauses) == 3:
            run.now -= timedelta(minutes=2)

    run.at_pause = back
    await run.for_s(4 * MINUTE)
    assert run.desk.times == ["12:01", "12:02", "12:03", "12:04"]


async def test_a_mark_of_a_wrong_clock_is_told() -> None:
    """Where another daemon's clock was a year ahead, the log says why nothing comes."""
    slate = Slate(a=stamp("12:00") + 365 * 86_400)
    with capture_logs() as logs:
        run = await Run(slate=slate, a=every()).for_s(MINUTE)
    assert run.desk.times == []
    assert {"event": "cron_mark_ahead", "cron": "a", "mark": "2027-05-04T12:00:00.000Z"}.items() <= logs[0].items()


async def test_redis_away_is_waited_for() -> None:
    """While Redis is away nothing dies, and what came due is submitted as soon as it is back."""
    run = Run(a=every())
    run.slate.is_away = True

    def come_back() -> None:
        run.slate.is_away = run.now < START + timedelta(seconds=10)

    run.at_pause = come_back
    await run.for_s(45)
    assert run.pauses[:20] == [AWAY_PAUSE_S] * 20
    assert run.desk.times == ["12:01"]


async def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    """A submission that Redis did not answer is repeated under the same id; the mark moves after it only."""
    run = Run(a=every())
    run.desk.failures = [BrokerUnavailable(), BrokerUnavailable()]
    await run.for_s(32)
    assert run.desk.times == ["12:01"]
    assert run.slate.marks["a"] == stamp("12:01")


def counted(outcome: str) -> float:
    """What the metric says of the recurring job ``a``."""
    return metrics.REGISTRY.get_sample_value("streamforge_cron_firings_total", {"cron": "a", "outcome": outcome}) or 0


@pytest.mark.parametrize(
    ("cron", "code", "field"),
    [
        (every(input=JsonObject('{"text":5,"secret":1}')), "invalid_input", "text"),
        (every(kind="gone"), "unknown_kind", "kind"),
    ],
)
async def test_an_input_that_is_refused_is_told_once_for_each_time(cron: CronSettings, code: str, field: str) -> None:
    """The log names time, reason and field and shows nothing of the input; other recurring jobs go on."""
    before = counted("refused")
    with capture_logs() as logs:
        run = await Run(a=cron, b=every()).for_s(2 * MINUTE)
    told = [entry for entry in logs if entry["event"] == "cron_refused"]
    assert [(entry["log_level"], entry["code"], entry["field"], entry["due"][11:16]) for entry in told] == [
        ("error", code, field, "12:01"),
        ("error", code, field, "12:02"),
    ]
    assert "secret" not in str(logs)
    assert counted("refused") - before == 2
    assert run.desk.times == ["12:01", "12:02"]


async def test_another_daemons_input_is_no_reason_to_stop() -> None:
    """While daemons with old and new settings run side by side, the first one's job counts."""
    before = counted("conflict")
    run = Run(a=every())
    run.desk.failures = [IdempotencyConflict()]
    await run.for_s(2 * MINUTE)
    assert run.desk.times == ["12:02"]
    assert counted("conflict") - before == 1


async def test_each_time_is_counted_with_what_came_of_it() -> None:
    """A job that is there already is known, not submitted."""
    before = counted("submitted"), counted("known")
    desk = Desk()
    await Run(desk, a=every()).for_s(MINUTE)
    await Run(desk, a=every()).for_s(MINUTE)
    assert (counted("submitted") - before[0], counted("known") - before[1]) == (1, 1)


class Stopper(Desk):
    """Stops the daemon while a job is handed in."""

    def __init__(self) -> None:
        super().__init__()
        self.stop: Callable[[], None] = lambda: None

    async def submit(self, job: Submission) -> Submitted:
        """Take the job."""
        self.stop()
        return await super().submit(job)


async def for_ever(_pause_s: float) -> None:
    """A sleep that only a stop ends."""
    await anyio.sleep_forever()


async def test_it_stops_at_once() -> None:
    """A stop before the start, while it sleeps or while it submits needs no time to pass."""
    run = Run(a=every())
    run.cron.stop()
    await run.cron.run()
    assert (run.pauses, run.desk.times) == ([], [])
    asleep = Cron(Desk(), KINDS, {"a": every()}, Slate(), clock=lambda: START, sleep=for_ever)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asleep.run)
            await anyio.wait_all_tasks_blocked()
            asleep.stop()
    desk = Stopper()
    busy = Cron(desk, KINDS, {"a": every()}, Slate(a=stamp("11:59")), clock=lambda: START, sleep=for_ever)
    desk.stop = busy.stop
    with anyio.fail_after(5):
        await busy.run()
    assert desk.times == ["12:00"]


def test_every_name_and_time_makes_an_id() -> None:
    """The longest name that the settings allow, at a time far ahead, still is a job's id."""
    name = "n" * 40
    job = submission_of(name, every(), KINDS, 253_402_300_799)
    assert msgspec.convert(msgspec.to_builtins(job), Submission, strict=False).id == f"cron-{name}-253402300799"


def settings(flags: dict[str, object]) -> Settings:
    """Settings of these flags alone, with a recurring job ``a``."""
    facts = {"cron.a.schedule": "0 3 * * *", "cron.a.kind": "echo", "cron.a.input": {"text": "hi"}}
    return load(Path("/dev/null"), {"HOME": "/home/nobody"}, {**facts, **flags})


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"cron.a.kind": "ecko"}, ["cron.a.kind: no pipeline of kind 'ecko'", "did you mean 'echo'?"]),
        ({"cron.a.input": {}}, ["cron.a.input.text: missing (see `streamforge kinds echo`"]),
        ({"cron.a.input": {"text": 5}}, ["cron.a.input.text: expected text, got a whole number"]),
        ({"cron.a.input": {"text": "hi", "size": 1}}, ["cron.a.input.size: no such field"]),
        ({"cron.a.input": {"text": "x" * 200}, "jobs.max_input_bytes": 100}, ["cron.a.input.text: ", "are too many"]),
    ],
)
def test_what_could_not_be_submitted_is_found_at_the_start(flags: dict[str, object], told: Sequence[str]) -> None:
    """A kind that nobody has and an input that does not fit it are told by the setting to change, and its source."""
    with pytest.raises(ConfigError) as caught:
        check_cron(settings(flags), KINDS)
    assert all(part in str(caught.value) for part in told)
    key = "kind" if "cron.a.kind" in flags else "input"
    assert str(caught.value).endswith(f"(from flag cron.a.{key})")


def test_every_recurring_job_is_checked_at_once() -> None:
    """One start shows every problem; what is right is not told of."""
    check_cron(settings({}), KINDS)
    flags: dict[str, object] = {"cron.b.schedule": "0 3 * * *", "cron.b.kind": "x", "cron.a.kind": "y"}
    with pytest.raises(ConfigError) as caught:
        check_cron(settings(flags), KINDS)
    assert str(caught.value).startswith("2 problems")
