"""Jobs that wait for files, as the scripts see them: each move is in the table, and a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import UploadRecord
from streamforge.jobs.model import TRANSITIONS, FileWanted, JobState, Submission
from streamforge.jobs.store import JobStore
from tests.integration.moves import field, raw

FINGERPRINT = "f"
KEY = "0" * 64
RECORD = b'{"key":"%s","size":%%d}' % KEY.encode()


async def awaited(broker: Broker, **more: Any) -> None:  # noqa: ANN401 - Submission's fields
    """A job that waits for a file."""
    job = Submission(id="job-1", kind="k", input=b"{}", files=(FileWanted(name="a"),), upload_ttl_s=60, **more)
    await JobStore(broker).submit(job)


async def upload(broker: Broker, size: int = 1, name: str = "a", **more: Any) -> int:  # noqa: ANN401 - its fields
    """A file arrives."""
    facts: dict[str, Any] = {"ttl_ms": 60_000, "max_total_bytes": 10, "event": "upload.received", "data": b"{}"}
    record = RECORD % size if size else b""
    return await broker.upload(UploadRecord(id="job-1", name=name, record=record, **facts | more))


async def moved(broker: Broker, before: str) -> str:
    """The job's state, after a look that the table has the way there."""
    after = await field(broker, "job-1", "state")
    assert after == before or JobState(after) in TRANSITIONS[JobState(before)], f"{before} -> {after}"
    return after


async def test_each_move_is_in_the_table(broker: Broker) -> None:
    """Created, uploading, queued; and from each of the first two to its end in time."""
    await awaited(broker)
    state = await field(broker, "job-1", "state")
    assert state == "created"
    assert await upload(broker) == 1
    state = await moved(broker, state)
    assert state == "uploading"
    written = await raw(broker).hget(broker.keys.job("job-1"), "uploads_written")
    assert await broker.process("job-1", b"{}", written) == 1
    assert await moved(broker, state) == "queued"


@pytest.mark.parametrize(("is_begun", "end"), [(False, "expired"), (True, "upload_failed")])
async def test_waiting_ends_in_time(broker: Broker, end: str, *, is_begun: bool) -> None:
    """What nobody started is ended by the scheduler, with keys that expire then, and not before."""
    await awaited(broker)
    if is_begun:
        await upload(broker, ttl_ms=0)
        assert await raw(broker).ttl(broker.keys.uploads("job-1")) == -1
    else:
        await raw(broker).zadd(f"{broker.keys.base}:expiring", {"job-1": 1})
    before = await field(broker, "job-1", "state")
    await broker.promote()
    assert await moved(broker, before) == end
    kept = [name for name in await raw(broker).keys("*job-1") if b":index:" not in name]
    assert all([await raw(broker).ttl(name) > 0 for name in kept])


async def test_files_together_are_limited(broker: Broker) -> None:
    """The sum counts each name once, and the refused one is not there."""
    await awaited(broker)
    assert await upload(broker, 6, "a") == 1
    assert await upload(broker, 5, "b") == -2
    assert await upload(broker, 10, "a") == 1
    assert await upload(broker, 11, "a") == -2
    assert await raw(broker).hgetall(broker.keys.uploads("job-1")) == {b"a": RECORD % 10}


async def test_a_change_of_files_is_noticed(broker: Broker) -> None:
    """An input that was made before the latest file came is not taken; then nothing has changed."""
    await awaited(broker)
    await upload(broker)
    await upload(broker, 2)
    assert await broker.process("job-1", b"old", b"1") == -2
    assert await field(broker, "job-1", "state") == "uploading"
    assert await broker.process("job-1", b"new", b"2") == 1
    assert await broker.process("job-1", b"again", b"2") == 2
    assert await JobStore(broker).input_of("job-1") == b"new"


async def test_nobody_else_takes_files(broker: Broker) -> None:
    """A job that is unknown, queued or ended is left as it is."""
    assert await upload(broker) == 0
    assert await broker.process("job-1", b"{}", b"") == 0
    await awaited(broker)
    assert await upload(broker, 0, event="upload.removed") == -3
    await JobStore(broker).cancel("job-1")
    assert await upload(broker) == -1
    assert await broker.process("job-1", b"{}", b"") == -1
    assert await raw(broker).exists(broker.keys.uploads("job-1")) == 0


async def test_a_jobs_own_expiry_holds_while_it_waits(broker: Broker) -> None:
    """It waits no longer than that for files, and is not begun after it."""
    await awaited(broker, expires_at_ms=4_102_444_800_000)
    await upload(broker, ttl_ms=10**14)
    assert await raw(broker).zscore(f"{broker.keys.base}:expiring", "job-1") == 4_102_444_800_000
    await raw(broker).hset(broker.keys.job("job-1"), "expires_ms", 1)
    assert await broker.process("job-1", b"{}", b"1") == -1
    assert await field(broker, "job-1", "state") == "expired"


async def test_a_file_is_put_again_where_it_may_be_being_deleted(broker: Broker) -> None:
    """Nothing is written before it lies in a place of that number; what is written pardons it, and is counted once."""
    keys, client = broker.keys, raw(broker)
    await awaited(broker)
    await client.zadd(keys.condemned, {KEY: 5})
    await client.zadd(keys.deleted, {KEY: 7})
    assert await upload(broker, 10) == 7
    assert (await field(broker, "job-1", "state"), await client.exists(keys.uploads("job-1"))) == ("created", 0)
    assert await client.zscore(keys.condemned, KEY) == 5
    assert [await upload(broker, 10, number=7) for _ in range(2)] == [1, 1]
    assert await client.zscore(keys.condemned, KEY) is None
    assert await client.hgetall(keys.stored) == {b"default": b"10"}
