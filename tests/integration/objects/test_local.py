"""Objects in a directory: on the disk before they are announced, whole or not at all, in little memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop

from streamforge.errors import ConfigError
from streamforge.storage import disk
from streamforge.storage.objects import Objects, StorageUnavailable
from streamforge.storage.sweeper import Sweeper

LARGE = os.urandom(1024) * 3000
PIECE = os.urandom(64 * 1024)

WRITER = """
import asyncio, hashlib, os, sys
from pathlib import Path
from streamforge.storage.objects import Objects

async def write():
    objects = Objects.open("", Path(sys.argv[1]))
    async def pieces():
        for number in range(40):
            yield bytes([number]) * 65536
    for number in range(1_000_000):
        ref = await objects.of("a").put(number.to_bytes(8, "big") * 50_000)
        print(ref.key, flush=True)
        ref = await objects.of("a").put_stream(pieces())
        print(ref.key, flush=True)

asyncio.run(write())
"""


def files_in(root: Path) -> list[Path]:
    """Every file under ``root``."""
    return [path for path in root.rglob("*") if path.is_file()]


def folders_in(root: Path) -> list[str]:
    """Every directory under ``root``."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_dir())


async def pieces(count: int) -> AsyncIterator[bytes]:
    """So many of them."""
    for _ in range(count):
        yield PIECE


async def test_what_is_put_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, its name, and the names of new directories are written out before a put returns; only if asked for."""
    synced: list[Path] = []
    monkeypatch.setattr(disk, "_sync", synced.append)
    await Objects.open("", tmp_path / "quick").put(b"x")
    assert synced == []
    objects = Objects.open("", tmp_path, fsync=True)
    for put in (objects.of("a").put(b"hello"), objects.of("a").put_stream(pieces(3)), objects.put_named("n", b"x")):
        synced.clear()
        before = set(files_in(tmp_path))
        await put
        (new,) = set(files_in(tmp_path)) - before
        above = [path for path in new.parents if path.is_relative_to(tmp_path)]
        assert synced == [new, *above]


def test_a_killed_writer_leaves_no_half_object(tmp_path: Path) -> None:
    """Whatever a process was doing when it was killed: each object there is whole, and all it told of are there."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().decode().strip() for _ in range(15)]
        writer.send_signal(signal.SIGKILL)
        told += writer.stdout.read().decode().split("\n")[:-1]
    kept = {path.name: path for path in files_in(tmp_path / "tenants") if len(path.name) == 64}
    assert set(told) <= kept.keys()
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == name for name, path in kept.items())


async def test_what_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    """A receiver that is cancelled in the midst of a file leaves no object."""
    objects, begun = Objects.open("", tmp_path), asyncio.Event()

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


async def test_half_written_files_are_swept_by_age(tmp_path: Path) -> None:
    """What the store itself does not list: old ones go, one that arrives now stays."""
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    for name in ("old#1", "new#1"):
        (arriving / name).write_bytes(b"half")
    os.utime(arriving / "old#1", (0, 0))
    assert await Objects.open("", tmp_path).sweep(3600) == 1
    assert [path.name for path in arriving.iterdir()] == ["new#1"]


async def test_deleting_leaves_no_empty_directories(tmp_path: Path) -> None:
    """Nor does it take one away that holds something."""
    objects = Objects.open("", tmp_path)
    one, two = await objects.of("a").put(b"one"), await objects.of("a").put(b"two")
    await objects.of("b").put(b"one", 7)
    await objects.put_named("uploads/job/part", b"part")
    for tenant, key in (("a", one.key), ("b", one.key)):
        await objects.delete([copy.path for copy in await objects.of(tenant).copies(key)])
    await objects.sweep(-5)
    place = f"tenants/a/objects/{two.key[:2]}/{two.key[2:4]}"
    assert folders_in(tmp_path) == ["tenants", "tenants/a", "tenants/a/objects", place[:-3], place]


async def test_parts_are_kept_as_long_as_jobs_wait_for_the_rest(tmp_path: Path) -> None:
    """Two days old: swept where no job waits that long, kept where one may."""
    objects = Objects.open("", tmp_path)
    await objects.put_named("uploads/job/part", b"part")
    then = time.time() - 2 * 86_400
    os.utime(tmp_path / "named" / "uploads" / "job" / "part", (then, then))
    for wait_s, left in ((2 * 86_400.0, ["job/part"]), (3600.0, [])):
        await Sweeper(objects, wait_s).sweep()
        assert await objects.names("uploads") == left


@pytest.mark.parametrize("what", ["objects", "tenants", "arriving"])
async def test_a_store_that_refuses_is_transient(tmp_path: Path, what: str) -> None:
    """A store that cannot be written is told in one line, as something to try again."""
    objects = Objects.open("", tmp_path)
    (tmp_path / what).write_text("a file where a directory must be")
    view = objects.of("a") if what == "tenants" else objects
    putting = view.put_stream(pieces(1)) if what == "arriving" else view.put(b"x")
    with pytest.raises(StorageUnavailable) as caught:
        await putting
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://host/x", "http://host/x", "file:///proc/none/x", "s3://"])
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    """A wrong storage.url stops the start with one line that names the setting."""
    with pytest.raises(ConfigError) as caught:
        Objects.open(url, tmp_path)
    assert caught.value.field == "storage.url"
    assert "\n" not in str(caught.value)


async def test_only_a_bucket_has_addresses(tmp_path: Path) -> None:
    """Files and memory are reached through this server alone."""
    for url in ("", "memory://"):
        objects = Objects.open(url, tmp_path)
        assert await objects.address_of((await objects.put(b"x")).key, 60) is None


def test_it_runs_under_uvloop(tmp_path: Path) -> None:
    """The daemon's event loop serves writes, reads and streams side by side."""

    async def side_by_side() -> bool:
        objects = Objects.open("", tmp_path, fsync=True)
        refs = await asyncio.gather(*(objects.put(LARGE + bytes([n])) for n in range(8)))
        whole = await asyncio.gather(*(objects.get(ref) for ref in refs))
        streamed = b"".join([chunk async for chunk in objects.stream(refs[0])])
        return whole == [LARGE + bytes([n]) for n in range(8)] and streamed == whole[0]

    assert uvloop.run(side_by_side())
