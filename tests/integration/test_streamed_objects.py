"""Objects that arrive and leave in pieces: bounded memory, whole or not at all, and nothing left lying about."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streamforge.errors import InvalidInput
from streamforge.storage.objects import PART_BYTES, ObjectMissing, Objects, StorageUnavailable

PIECE = os.urandom(64 * 1024)


@pytest.fixture(params=["", "memory://"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A store in files and one in memory."""
    return Objects.open(str(request.param), tmp_path)


def files_in(root: Path) -> list[Path]:
    """Every file under ``root``."""
    return [path for path in root.rglob("*") if path.is_file()]


async def pieces(count: int, error: Exception | None = None) -> AsyncIterator[bytes]:
    """So many pieces, then the error."""
    for _ in range(count):
        yield PIECE
    if error is not None:
        raise error


@pytest.mark.parametrize("count", [0, 1, 3, 2 * PART_BYTES // len(PIECE) + 1])
async def test_what_arrives_is_kept_under_its_hash(objects: Objects, count: int) -> None:
    """The same as if it had been put whole; twice is once."""
    for ref in [await objects.put_stream(pieces(count)) for _ in range(2)]:
        assert (ref.key, ref.size) == (hashlib.sha256(PIECE * count).hexdigest(), count * len(PIECE))
        assert await objects.get(ref) == PIECE * count
        assert await objects.put(PIECE * count) == ref


async def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The sender's error is passed on as it is, and no byte stays on the disk; nor where the receiver is cancelled."""
    objects = Objects.open("", tmp_path)
    with pytest.raises(InvalidInput, match="enough"):
        await objects.put_stream(pieces(200, InvalidInput("enough")))
    assert files_in(tmp_path) == []
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield PIECE
            begun.set()
            await asyncio.sleep(0)

    task = asyncio.get_running_loop().create_task(objects.put_stream(endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [path for path in files_in(tmp_path) if "objects" in path.parts] == []


async def test_a_store_that_is_gone_is_transient(tmp_path: Path) -> None:
    """A place that cannot be written to is the store's trouble, not the sender's."""
    home = tmp_path / "store"
    objects = Objects.open("", home)
    home.rmdir()
    home.write_text("in the way")
    with pytest.raises(StorageUnavailable):
        await objects.put_stream(pieces(1))


async def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """400 MB pass through with a small part of them in memory at any time."""
    objects = Objects.open("", tmp_path)
    await objects.put_stream(pieces(100))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ref = await objects.put_stream(pieces(6400))
    size = 0
    async for chunk in objects.stream(ref):
        size += len(chunk)
    assert size == ref.size == 6400 * len(PIECE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 100_000), (199_999, 200_000), (0, 200_000)])
async def test_a_part_is_read_alone(objects: Objects, start: int, end: int) -> None:
    """Exactly those bytes; a missing object is told."""
    data = os.urandom(200_000)
    ref = await objects.put(data)
    assert b"".join([chunk async for chunk in objects.stream_part(ref, start, end)]) == data[start:end]
    with pytest.raises(ObjectMissing):
        await anext(objects.stream_part("0" * 64, 0, 1))


async def test_leftovers_are_swept(tmp_path: Path) -> None:
    """What a killed process left half-written goes when it is old; what arrives now, and what is kept, stays."""
    objects = Objects.open("", tmp_path)
    ref = await objects.put(b"kept")
    assert await objects.sweep(0) == 0
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    for name in ("old#1", "new#1"):
        (arriving / name).write_bytes(b"half")
    os.utime(arriving / "old#1", (time.time() - 7200, time.time() - 7200))
    assert await objects.sweep(3600) == 1
    assert [path.name for path in arriving.iterdir()] == ["new#1"]
    assert await objects.get(ref) == b"kept"
    in_memory = Objects.open("memory://", tmp_path)
    assert await in_memory.sweep(0) == 0


async def test_only_a_bucket_has_addresses(objects: Objects) -> None:
    """Files and memory are reached through this server alone."""
    assert await objects.address_of((await objects.put(b"x")).key, 60) is None
