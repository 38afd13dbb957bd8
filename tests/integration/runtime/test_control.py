"""The control channel: what concerns this worker is done, whatever else is said on it and whatever becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from streamforge.broker import broker as broker_module
from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import JobState
from streamforge.jobs.store import Cancellation
from streamforge.runtime import control as control_module
from streamforge.runtime.context import Context
from streamforge.runtime.control import Control
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.engine import Text
from tests.integration.moves import raw
from tests.integration.runtime.conftest import Build


class Ears:
    """What a worker was asked for."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        self.drains = 0

    def drain(self) -> None:
        """A drain was asked for."""
        self.drains += 1


@pytest.fixture(autouse=True)
def quick_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost channel is listened to again at once."""
    monkeypatch.setattr(control_module, "AWAY_PAUSE_S", 0.01)


@asynccontextmanager
async def listening(broker: Broker) -> AsyncGenerator[Ears]:
    """A control service of worker ``w1``; it is stopped at the end, and has to return at once."""
    ears = Ears()
    control = Control(broker, "w1", cancel=ears.cancelled.append, drain=ears.drain)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(control.run())
        try:
            await _say(broker, b'{"cancel":"hello"}')
            await until(lambda: ears.cancelled, "it listens")
            ears.cancelled.clear()
            yield ears
        finally:
            control.stop()


async def _say(broker: Broker, message: bytes) -> None:
    """Say it until somebody has heard it."""
    await until(lambda: broker.tell(message), "somebody listens")


STRANGE = [
    b"",
    b"not json",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"x"',
    b"7",
    b'{"cancel":5}',
    b'{"cancel":null}',
    b'{"drain":["w1"]}',
    b'{"shout":"x"}',
    b'{"cancel":"a"} {"cancel":"b"}',
    b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"x":"' + b"x" * 1_000_000 + b'"}',
]


@pytest.mark.parametrize("message", STRANGE, ids=lambda message: str(message[:24]))
async def test_strange_messages_are_survived(broker: Broker, message: bytes) -> None:
    """What cannot be understood is passed over; the next message is heard."""
    async with listening(broker) as ears:
        assert await broker.tell(message) == 1
        await _say(broker, b'{"cancel":"job-1"}')
        await until(lambda: ears.cancelled, "the next one is heard")
    assert (ears.cancelled, ears.drains) == (["job-1"], 0)


async def test_unknown_fields_are_passed_over(broker: Broker) -> None:
    """A newer daemon may say more; what is known of it is done."""
    async with listening(broker) as ears:
        await broker.tell(b'{"cancel":"job-1","since":7,"more":{"a":[1]}}')
        await until(lambda: ears.cancelled, "it is heard")
    assert ears.cancelled == ["job-1"]


async def test_a_drain_is_for_the_one_it_names(broker: Broker) -> None:
    """Another worker's drain is none of this one's business; a name is compared whole."""
    async with listening(broker) as ears:
        for name in ("w2", "w", "w11", "W1", ""):
            await broker.tell(b'{"drain":"%b"}' % name.encode())
        await broker.tell(b'{"cancel":"end"}')
        await until(lambda: ears.cancelled, "all are heard")
        assert ears.drains == 0
        await broker.tell(b'{"drain":"w1"}')
        await until(lambda: ears.drains, "its own is heard")


async def test_a_killed_connection_is_made_anew(broker: Broker) -> None:
    """Again and again, and nothing is heard twice."""
    async with listening(broker) as ears:
        for number in range(5):
            assert await raw(broker).client_kill_filter(_type="pubsub") == 1
            await _say(broker, b'{"cancel":"job-%d"}' % number)
            await until(lambda: len(ears.cancelled) == number + 1, "it listens again")  # noqa: B023 - awaited here
    assert ears.cancelled == [f"job-{number}" for number in range(5)]


async def test_a_restarted_server_is_listened_to_again(own_server: TestServer) -> None:
    """A server that was away for a while finds its listeners again."""
    broker = Broker(RedisSettings(socket_timeout_s=0.5), JobsSettings(), own_server.url)
    async with listening(broker) as ears:
        own_server.kill()
        await anyio.to_thread.run_sync(own_server.start)
        await _say_when_up(broker)
        await until(lambda: ears.cancelled, "it listens again")
    await broker.close()


async def _say_when_up(broker: Broker) -> None:
    await broker.wait_until_ready(10)
    await _say(broker, b'{"cancel":"job-1"}')


async def test_silence_is_no_loss(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel on which nothing is said for many reads is still listened to, on the same connection."""
    monkeypatch.setattr(broker_module, "BLOCK_S", 0.01)
    async with listening(broker) as ears:
        (before,) = await raw(broker).client_list(_type="pubsub")

        async def has_waited() -> bool:
            (now,) = await raw(broker).client_list(_type="pubsub")
            return int(now["age"]) > int(before["age"])

        await until(has_waited, "a second has passed")
        await broker.tell(b'{"cancel":"job-1"}')
        await until(lambda: ears.cancelled, "it is heard")
        (after,) = await raw(broker).client_list(_type="pubsub")
    assert after["id"] == before["id"]


async def test_stopping_hangs_up(broker: Broker) -> None:
    """A stopped listener returns at once and leaves no connection subscribed."""
    with anyio.fail_after(4):  # a read takes 5 s
        async with listening(broker):
            pass

    async def is_gone() -> bool:
        return await broker.tell(b"{}") == 0

    await until(is_gone, "nobody listens any more")


async def test_a_running_job_is_ended_where_it_runs(build: Build) -> None:
    """A cancel reaches the worker over the channel; the recipe is stopped, the others run on."""
    inside: set[str] = set()
    gate = anyio.Event()

    async def recipe(_: Context, spec: Text) -> str:
        inside.add(spec.text)
        try:
            await gate.wait()
        finally:
            inside.discard(spec.text)
        return "done"

    async with build(recipe) as engine:
        wanted, unwanted = await engine.submit(text="wanted"), await engine.submit(text="unwanted")
        await until(lambda: len(inside) == 2, "both run")
        await until(lambda: engine.broker.tell(b"{}"), "the worker listens")
        assert await engine.store.cancel(unwanted) is Cancellation.ASKED
        job = await engine.ended(unwanted)
        assert job.state is JobState.CANCELLED
        assert job.error is not None
        assert job.error.code == "cancelled"
        assert inside == {"wanted"}
        gate.set()
        assert (await engine.ended(wanted)).state is JobState.SUCCEEDED


async def test_the_reason_is_the_one_who_asked_gave(build: Build) -> None:
    """The owner reads why somebody ended the job, wherever it ran."""
    gate, began = anyio.Event(), anyio.Event()

    async def recipe(_: Context, __: Text) -> str:
        began.set()
        await gate.wait()
        return "done"

    async with build(recipe) as engine:
        job_id = await engine.submit()
        await began.wait()
        await until(lambda: engine.broker.tell(b"{}"), "the worker listens")
        await engine.store.cancel(job_id, "the customer has left")
        job = await engine.ended(job_id)
    assert job.error is not None
    assert job.error.message == "the customer has left"
