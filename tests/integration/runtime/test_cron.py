"""Recurring jobs over a real server: one job for each time, and marks that only grow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import anyio
import msgspec
import pytest

from streamforge.broker.broker import Broker
from streamforge.config import CronSettings, JobsSettings, JsonObject, RedisSettings
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.store import JobStore
from streamforge.ops.service import Supervisor
from streamforge.runtime.cron import Cron, CronMarks
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import entries, raw


class Text(msgspec.Struct):
    """The input of the tests' kind."""

    text: str = ""


KINDS = Kinds([Kind("echo", Text)])
EVERY_MINUTE = {"tick": CronSettings(schedule="* * * * *", kind="echo", input=JsonObject('{"text":"hi"}'))}
NOON = int(datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp())


class Hands:
    """A clock that tests set; sleeping takes as long as a look."""

    def __init__(self, at: int = NOON + 30) -> None:
        self.at = at
        self.looks = 0

    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self.at, UTC)

    async def sleep(self, _pause_s: float) -> None:
        """Let others run."""
        self.looks += 1
        await anyio.sleep(0.001)

    async def looked(self) -> None:
        """Wait until the time that is set was seen."""
        before = self.looks
        await until(lambda: self.looks > before + 1, "the clock was looked at again")


class Daemons:
    """Some processes' recurring jobs over one server, by one clock; ``async with`` starts and stops them."""

    def __init__(self, brokers: list[Broker], hands: Hands) -> None:
        crons = [
            Cron(JobStore(broker), KINDS, EVERY_MINUTE, CronMarks(broker), clock=hands.now, sleep=hands.sleep)
            for broker in brokers
        ]
        self._supervisors = [Supervisor([one]) for one in crons]
        self._tasks = anyio.create_task_group()

    async def __aenter__(self) -> None:
        await self._tasks.__aenter__()
        for supervisor in self._supervisors:
            self._tasks.start_soon(supervisor.run)

    async def __aexit__(self, *error: object) -> None:
        for supervisor in self._supervisors:
            supervisor.stop()
        await self._tasks.__aexit__(None, None, None)


@pytest.fixture
async def other_broker(shared_server: TestServer) -> AsyncIterator[Broker]:
    """A second process's connection."""
    broker = Broker(RedisSettings(), JobsSettings(), shared_server.url)
    yield broker
    await broker.close()


def job(minute: int) -> str:
    """The id of the job of a minute after noon."""
    return f"cron-tick-{NOON + 60 * minute}"


async def mark_of(broker: Broker) -> int:
    """The mark as Redis has it."""
    return int(await raw(broker).zscore(f"{broker.keys.base}:cron", "tick") or 0)


async def test_two_daemons_make_one_job_for_each_time(broker: Broker, other_broker: Broker) -> None:
    """Each minute's job lies in the queue once, with its input and its origin."""
    hands = Hands()
    async with Daemons([broker, other_broker], hands):
        for minute in (1, 2, 3):
            await hands.looked()
            hands.at = NOON + 60 * minute
            await until(lambda expected=hands.at: _is_marked(broker, expected), "the time is marked")
            await hands.looked()
    assert await entries(broker) == [job(1), job(2), job(3)]
    found = await JobStore(broker).get(job(1))
    assert (found.kind, found.source, await JobStore(broker).input_of(job(1))) == ("echo", "cron", b'{"text":"hi"}')


async def _is_marked(broker: Broker, at: int) -> bool:
    return await mark_of(broker) == at


async def test_a_restart_makes_up_for_the_latest_time_alone(broker: Broker) -> None:
    """After an hour without a daemon the last minute's job is submitted, and another restart adds nothing."""
    await CronMarks(broker).since("tick", NOON)
    for _ in range(2):
        hands = Hands(NOON + 3630)
        async with Daemons([broker], hands):
            await until(lambda: _is_marked(broker, NOON + 3600), "the missed time is marked")
            await hands.looked()
    assert await entries(broker) == [job(60)]


async def test_a_job_that_was_forgotten_is_not_submitted_again(broker: Broker) -> None:
    """Once the record has expired only the mark knows of the job; a daemon that starts then leaves it alone."""
    await CronMarks(broker).since("tick", NOON)
    for _ in range(2):
        hands = Hands(NOON + 90)
        async with Daemons([broker], hands):
            await until(lambda: _is_marked(broker, NOON + 60), "the time is marked")
            await hands.looked()
        await raw(broker).delete(broker.keys.job(job(1)))
    assert await entries(broker) == [job(1)]


async def test_a_mark_never_moves_back(broker: Broker) -> None:
    """A daemon that was stopped in the middle of its submission cannot undo what others did meanwhile."""
    marks = CronMarks(broker)
    assert await marks.since("tick", 100) == 100
    await marks.move("tick", 300)
    await marks.move("tick", 200)
    assert await marks.since("tick", 400) == 300
    assert await marks.since("other", 400) == 400


async def test_redis_may_go_and_come_back(own_server: TestServer) -> None:
    """While the server is down nothing dies; what came due meanwhile is submitted after its return, once."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0, connect_timeout_s=1.0), JobsSettings(), own_server.url)
    hands = Hands()
    async with Daemons([broker], hands):
        await until(lambda: _is_marked(broker, NOON + 30), "the name is known")
        own_server.kill()
        hands.at = NOON + 150
        await hands.looked()
        own_server.start()
        await until(lambda: _is_back(broker), "the time is marked")
    assert await entries(broker) == [job(2)]
    await broker.close()


async def _is_back(broker: Broker) -> bool:
    return await broker.call("test", lambda: raw(broker).zscore(f"{broker.keys.base}:cron", "tick")) == NOON + 120
