"""The recorder: what many jobs write down goes to Redis together, each job's own in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Record
from streamforge.config import JobsSettings, RedisSettings
from streamforge.errors import BrokerUnavailable, FencedError
from streamforge.jobs.model import Claim
from streamforge.jobs.store import JobStore
from streamforge.ops import metrics
from streamforge.runtime.journal import Journal
from streamforge.runtime.recorder import Recorder
from streamforge.runtime.run import Run
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import checkpoint, settle, submit, take, take_one

JOBS = 50

STEPS = ["a", "b", "c"]


@asynccontextmanager
async def running(broker: Broker) -> AsyncGenerator[Recorder]:
    """A recorder at work."""
    recorder = Recorder(broker)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(recorder.run())
        yield recorder
        recorder.stop()


async def keep_steps(recorder: Recorder, claim: Claim) -> None:
    """Write all the job's steps down at once, as a recipe with steps side by side would."""
    journal = Journal(recorder, Run(claim), "1")
    async with asyncio.TaskGroup() as tasks:
        for name in STEPS:
            facts = {"step": name}
            tasks.create_task(
                journal.write("checkpoint", "step.completed", facts, target="steps", field=name, value=b"v")
            )


def disruptions() -> float:
    """How many tries to record have failed so far."""
    child: Any = metrics.redis_disruptions_total("record")
    return child._value.get()


async def test_records_of_many_jobs_go_together(
    broker: Broker, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch holds two records of one job, every job's log is in order, and batches are few."""
    batches: list[list[str]] = []
    really = broker.record_all

    async def watched(batch: Sequence[Record]) -> list[int]:
        batches.append([record.id for record in batch])
        return await really(batch)

    monkeypatch.setattr(broker, "record_all", watched)
    for number in range(JOBS):
        await submit(broker, f"job-{number}")
    claims = await take(broker, JOBS)
    async with running(broker) as recorder, asyncio.TaskGroup() as tasks:
        for claim in claims:
            tasks.create_task(keep_steps(recorder, claim))
    assert all(len(set(batch)) == len(batch) for batch in batches)
    assert len(batches) < JOBS
    for claim in claims:
        told = [event.payload().get("step") for event in await store.events_since(claim.id)]
        assert told[-3:] == STEPS
        assert set(await recorder.checkpoints(claim.id)) == set(STEPS)


async def test_a_fenced_record_harms_no_other(broker: Broker) -> None:
    """The attempt that has lost its job is told so; the records beside its own are written."""
    for name in "ab":
        await submit(broker, name)
    lost, kept = await take(broker)
    await settle(broker, lost, "released")
    async with running(broker) as recorder, asyncio.TaskGroup() as tasks:
        write = tasks.create_task(recorder.record(checkpoint(kept)))
        with pytest.raises(FencedError):
            await Journal(recorder, Run(lost), "1").write("log", "job.log", {})
    assert write.result()


async def test_without_patience_a_silent_server_is_an_error(own_server: TestServer) -> None:
    """Where the process stops and Redis stays away the recipe gets BrokerUnavailable, and the recorder goes on."""
    broker = Broker(RedisSettings(socket_timeout_s=0.2), JobsSettings(), own_server.url)
    await submit(broker)
    record = checkpoint(await take_one(broker))
    broker.lose_patience(0.0)
    own_server.freeze()
    async with running(broker) as recorder:
        with pytest.raises(BrokerUnavailable):
            await recorder.record(record)
        own_server.thaw()
        assert await recorder.record(record)
    await broker.close()


async def test_while_redis_is_away_records_wait(own_server: TestServer) -> None:
    """A server that falls silent and comes back costs a record its time, and nothing else."""
    broker = Broker(RedisSettings(socket_timeout_s=0.2), JobsSettings(), own_server.url)
    await submit(broker)
    record = checkpoint(await take_one(broker))
    own_server.freeze()
    async with running(broker) as recorder, asyncio.TaskGroup() as tasks:
        before = disruptions()
        write = tasks.create_task(recorder.record(record))
        await until(lambda: disruptions() > before, "the record has met the silent server")
        own_server.thaw()
    assert write.result()
    assert len(await broker.checkpoints("job-1")) == 1
    await broker.close()
