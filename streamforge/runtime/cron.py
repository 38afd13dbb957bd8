"""Recurring jobs: submitted once for each time of their schedule, however many daemons have it in their settings.

Every daemon computes the same times and submits a job whose id is made of the name and the time, so that the second
submission is the first job again. A mark in Redis, the last time that was submitted, guards what ids cannot: a job
whose record has expired meanwhile is not submitted anew, and a daemon that comes up learns what was missed. Of many
missed times the latest is made up for, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import anyio

from streamforge.broker.broker import Broker
from streamforge.clock import iso
from streamforge.config import CronSettings, Settings
from streamforge.config.loader import listed
from streamforge.errors import (
    BrokerUnavailable,
    ConfigError,
    IdempotencyConflict,
    InputError,
    InvalidInput,
    UnknownKind,
)
from streamforge.jobs.kinds import Kinds, check_size
from streamforge.jobs.model import Priority, Submission, Submitted
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.outage import Outage
from streamforge.runtime.timetable import Timetable

LONGEST_PAUSE_S = 30.0
"""How late a time may come after the machine was suspended, or its clock set: sleeping does not see that."""
AWAY_PAUSE_S = 0.5
FUTURE_S = 3600
"""A mark this far ahead was made by a daemon whose clock is wrong."""

log = get_logger(__name__)


class Submits(Protocol):
    """Where jobs are handed in; ``JobStore`` is one."""

    async def submit(self, job: Submission) -> Submitted:
        """Hand a job in, once."""
        ...


class Marks(Protocol):
    """When each recurring job was last submitted, as seconds since 1970."""

    async def since(self, name: str, now: int) -> int:
        """The time of a name's mark; a name that has none is marked with ``now``."""
        ...

    async def move(self, name: str, at: int) -> None:
        """Move a mark forward; it never moves back."""
        ...


class CronMarks:
    """Marks in Redis, shared by all daemons: a sorted set, whose scores ``ZADD GT`` lets only grow."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client = broker.client
        self._key = broker.keys.cron

    async def since(self, name: str, now: int) -> int:
        """The time of a name's mark; a name that has none is marked with ``now``. Raises BrokerUnavailable."""
        await self._broker.call("cron", lambda: self._client.zadd(self._key, {name: now}, nx=True))
        score = await self._broker.call("cron", lambda: self._client.zscore(self._key, name))
        return now if score is None else int(score)

    async def move(self, name: str, at: int) -> None:
        """Move a mark forward; it never moves back. Raises BrokerUnavailable."""
        await self._broker.call("cron", lambda: self._client.zadd(self._key, {name: at}, gt=True))


class _Entry:
    """One recurring job; ``since`` is the last time that needs no more care, None until its mark was read."""

    def __init__(self, name: str, settings: CronSettings) -> None:
        self.name = name
        self.settings = settings
        self.times = Timetable(settings.schedule, settings.timezone)
        self.since: int | None = None


class Cron(Service):
    """A service that submits recurring jobs when their time comes."""

    name = "cron"

    def __init__(
        self,
        store: Submits,
        kinds: Kinds,
        crons: Mapping[str, CronSettings],
        marks: Marks,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._entries = [_Entry(name, settings) for name, settings in crons.items()]
        self._marks = marks
        self._clock = clock
        self._sleep = sleep
        self._is_stopping = False
        self._resting = anyio.CancelScope()
        self._outage = Outage("cron")

    def stop(self) -> None:
        """Return after the submission in hand."""
        self._is_stopping = True
        self._resting.cancel()

    async def run(self) -> None:
        """Submit what is due, then sleep until the next time."""
        while not self._is_stopping:
            try:
                for entry in self._entries:
                    await self._submit_due(entry)
                self._outage.over()
                pause_s = self._until_next_s()
            except BrokerUnavailable as error:
                self._outage.missed(error)
                pause_s = AWAY_PAUSE_S
            await self._rest(pause_s)

    async def _rest(self, pause_s: float) -> None:
        with anyio.CancelScope() as self._resting:
            if not self._is_stopping:
                await self._sleep(pause_s)

    def _until_next_s(self) -> float:
        now = self._clock().timestamp()
        coming = [next(entry.times.after(entry.since or int(now)), None) for entry in self._entries]
        return min([LONGEST_PAUSE_S, *(max(0.0, at - now) for at in coming if at is not None)])

    async def _submit_due(self, entry: _Entry) -> None:
        now = int(self._clock().timestamp())
        if entry.since is None:
            mark = await self._marks.since(entry.name, now)
            entry.since = min(mark, now) if entry.settings.catch_up else now
        due = entry.times.latest(entry.since, now)
        if due is not None:
            outcome = await self._submit(entry, due, now)
            metrics.cron_firings_total(entry.name, outcome).inc()
            entry.since = due

    async def _submit(self, entry: _Entry, due: int, now: int) -> str:
        """Hand in the job of that time unless somebody has; what came of it, for the metric."""
        mark = await self._marks.since(entry.name, due - 1)
        if mark >= due:
            if mark > now + FUTURE_S:  # it keeps every time before it from coming, until somebody removes it
                log.warning("cron_mark_ahead", cron=entry.name, mark=iso(mark * 1000))
            return "known"
        try:
            job = submission_of(entry.name, entry.settings, self._kinds, due)
            submitted = await self._store.submit(job)
        except IdempotencyConflict:  # another daemon, whose settings have another input, was first
            log.warning("cron_conflict", cron=entry.name, due=iso(due * 1000))
            return "conflict"
        except (InvalidInput, UnknownKind) as error:
            facts = {"cron": entry.name, "due": iso(due * 1000), "code": error.code, "field": error.field}
            log.error("cron_refused", **facts)  # noqa: TRY400 - the traceback would show the input
            return "refused"
        await self._marks.move(entry.name, due)
        if submitted.is_new:
            log.info("cron_submitted", cron=entry.name, job_id=job.id, kind=job.kind, late_s=now - due)
        return "submitted" if submitted.is_new else "known"


def submission_of(name: str, cron: CronSettings, kinds: Kinds, due: int) -> Submission:
    """The job of one time (seconds since 1970); raises UnknownKind, or InvalidInput that names the input's field."""
    kind = kinds[cron.kind]
    return Submission(
        id=f"cron-{name}-{due}",
        kind=kind.name,
        input=kind.normalise(cron.input.encode()),
        queue=cron.queue or kind.queue,
        priority=Priority(cron.priority),
        tenant=cron.tenant,
        source="cron",
    )


def check_cron(settings: Settings, kinds: Kinds) -> None:
    """Whether each recurring job could be submitted; raises ConfigError with every problem, named by its setting."""
    if problems := [why for name in settings.cron if (why := _why_refused(name, settings, kinds))]:
        raise ConfigError(listed(problems))


def _why_refused(name: str, settings: Settings, kinds: Kinds) -> str | None:
    try:
        job = submission_of(name, settings.cron[name], kinds, 0)
        check_size({"input": job.input}, settings.jobs.max_input_bytes)
    except UnknownKind as error:
        return _problem(settings, f"cron.{name}.kind", "", error)
    except InvalidInput as error:
        within = f".{error.field}" if error.field and error.field != "input" else ""
        return _problem(settings, f"cron.{name}.input", within, error)
    return None


def _problem(settings: Settings, key: str, within: str, error: InputError) -> str:
    hint = f" ({error.hint})" if error.hint else ""
    return f"{key}{within}: {error.message}{hint} (from {settings.source(key)})"
