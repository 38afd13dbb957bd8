"""The object store over local files and memory: what is written is what is read, or an error that says why."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import uvloop

from streamforge.errors import ConfigError, InvalidInput
from streamforge.storage.objects import (
    ObjectCorrupt,
    ObjectMissing,
    ObjectRef,
    Objects,
    StorageUnavailable,
)

ABSENT = "0" * 64
LARGE = os.urandom(1024) * 3000  # above the sizes from which hashing and reading go in parts


@pytest.fixture(params=["", "directory", "file://", "memory://"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A store by each kind of URL that needs no network."""
    urls = {
        "": "",
        "directory": str(tmp_path / "a b"),
        "file://": f"file://{tmp_path}/a%20b",
        "memory://": "memory://",
    }
    return Objects.open(urls[str(request.param)], tmp_path / "data")


@pytest.fixture
def local(tmp_path: Path) -> Objects:
    """A store in ``tmp_path``."""
    return Objects.open("", tmp_path)


def files_in(root: Path) -> list[Path]:
    """Every file under ``root``."""
    return [path for path in root.rglob("*") if path.is_file()]


async def drain(chunks: AsyncIterator[bytes], received: list[bytes]) -> None:
    """Read to the end, keeping what came before an error."""
    async for chunk in chunks:
        received.append(chunk)  # noqa: PERF401 - what came before an error must be kept


def file_of(root: Path, ref: ObjectRef) -> Path:
    """Where a local object lies."""
    return root / "objects" / ref.key[:2] / ref.key[2:4] / ref.key


@pytest.mark.parametrize("data", [b"", b"hello", LARGE], ids=["empty", "small", "large"])
async def test_what_is_put_is_got(objects: Objects, data: bytes) -> None:
    """Bytes come back as they were, by reference and by key, whole and in chunks, with their size."""
    ref = await objects.put(data)
    assert ref == ObjectRef(key=hashlib.sha256(data).hexdigest(), size=len(data))
    assert await objects.get(ref) == data
    assert await objects.get(ref.key) == data
    assert b"".join([chunk async for chunk in objects.stream(ref)]) == data
    assert await objects.size(ref.key) == len(data)


async def test_putting_twice_keeps_one(local: Objects, tmp_path: Path) -> None:
    """Fifty writers of the same bytes at once leave one file and nothing half-written."""
    refs = await asyncio.gather(*(local.put(LARGE) for _ in range(50)))
    assert len(set(refs)) == 1
    assert files_in(tmp_path) == [file_of(tmp_path, refs[0])]


async def test_an_absent_object_is_told_from_a_present_one(objects: Objects) -> None:
    """Nothing under a key is its own error, everywhere a key is taken."""
    ref = await objects.put(b"here")
    assert (await objects.exists(ref), await objects.exists(ABSENT)) == (True, False)
    for reading in (objects.get(ABSENT), objects.size(ABSENT), anext(objects.stream(ABSENT))):
        with pytest.raises(ObjectMissing, match=ABSENT):
            await reading


@pytest.mark.parametrize("damaged", [b"", b"hellO", b"hello "])
async def test_damage_is_found_and_healed(local: Objects, tmp_path: Path, damaged: bytes) -> None:
    """An object that was changed or cut on disk is never given out; writing it again mends it."""
    ref = await local.put(b"hello")
    file_of(tmp_path, ref).write_bytes(damaged)
    with pytest.raises(ObjectCorrupt, match=ref.key):
        await local.get(ref)
    assert await local.put(b"hello") == ref
    assert await local.get(ref) == b"hello"


async def test_a_damaged_stream_ends_early(local: Objects, tmp_path: Path) -> None:
    """A reader that was told the length gets less, and an error: a damaged answer cannot look whole."""
    ref = await local.put(LARGE)
    file_of(tmp_path, ref).write_bytes(LARGE[:-1] + bytes([LARGE[-1] ^ 1]))
    received: list[bytes] = []
    with pytest.raises(ObjectCorrupt):
        await drain(local.stream(ref), received)
    assert 0 < sum(map(len, received)) < len(LARGE)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, f"{ABSENT}\n"])
async def test_only_a_key_is_a_key(objects: Objects, key: str) -> None:
    """No path, no other case, no other length reaches the store."""
    with pytest.raises(InvalidInput):
        await objects.get(key)


@pytest.mark.parametrize("url", ["ftp://host/x", "http://host/x", "file:///proc/none/x", "s3://"])
def test_a_url_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    """A wrong storage.url stops the start with one line that names the setting."""
    with pytest.raises(ConfigError) as caught:
        Objects.open(url, tmp_path)
    assert caught.value.field == "storage.url"
    assert "\n" not in str(caught.value)


async def test_a_store_that_refuses_is_transient(local: Objects, tmp_path: Path) -> None:
    """A store that cannot be written is told in one line, as something to try again."""
    (tmp_path / "objects").write_text("a file where a directory must be")
    with pytest.raises(StorageUnavailable) as caught:
        await local.put(b"x")
    assert "\n" not in str(caught.value)


class _Bucket(BaseHTTPRequestHandler):
    """As much of S3 as the store uses: PUT, GET and HEAD of whole objects."""

    kept: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.startswith("/bucket/"):
            return self._reply(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        self.kept[self.path] = body
        return self._reply(200, b"")

    def do_GET(self) -> None:
        found = self.kept.get(self.path)
        self._reply(404 if found is None else 200, found or b"")

    do_HEAD = do_GET  # noqa: N815 - the base class names it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", formatdate(usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Objects, dict[str, bytes]]]:
    """A store in a bucket on loopback, set up as an operator does it, and what the bucket holds."""
    monkeypatch.setattr(_Bucket, "kept", {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bucket)
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        _use_endpoint(monkeypatch, server.server_port)
        yield Objects.open("s3://bucket/prefix", tmp_path), _Bucket.kept
        server.shutdown()


def _use_endpoint(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


async def test_a_bucket_serves_like_a_directory(bucket: tuple[Objects, dict[str, bytes]]) -> None:
    """The same calls over HTTP: written once under the prefix, read whole and in chunks, absence and damage told."""
    objects, kept = bucket
    ref = await objects.put(LARGE)
    assert list(kept) == [f"/bucket/prefix/objects/{ref.key[:2]}/{ref.key[2:4]}/{ref.key}"]
    assert await objects.get(ref) == LARGE
    assert b"".join([chunk async for chunk in objects.stream(ref)]) == LARGE
    assert (await objects.size(ref), await objects.exists(ABSENT)) == (len(LARGE), False)
    kept[next(iter(kept))] = LARGE[:-1]
    with pytest.raises(ObjectCorrupt):
        await objects.get(ref)


async def test_a_bucket_that_is_not_there_is_not_a_missing_object(
    bucket: tuple[Objects, dict[str, bytes]], tmp_path: Path
) -> None:
    """Writing to it is told as what it is: the store's trouble, to be mended outside and tried again."""
    assert bucket[1] == {}
    with pytest.raises(StorageUnavailable):
        await Objects.open("s3://another", tmp_path).put(b"x")


async def test_a_dead_bucket_is_transient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bucket whose endpoint does not answer is something to try again, not a broken job."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        _use_endpoint(monkeypatch, unused.getsockname()[1])
        with pytest.raises(StorageUnavailable, match=r"(?i)connect|sending request"):
            await Objects.open("s3://bucket/prefix", tmp_path).get(ABSENT)


def test_it_runs_under_uvloop(tmp_path: Path) -> None:
    """The daemon's event loop serves writes, reads and streams side by side."""

    async def side_by_side() -> bool:
        objects = Objects.open("", tmp_path)
        refs = await asyncio.gather(*(objects.put(LARGE + bytes([n])) for n in range(8)))
        whole = await asyncio.gather(*(objects.get(ref) for ref in refs))
        streamed = b"".join([chunk async for chunk in objects.stream(refs[0])])
        return whole == [LARGE + bytes([n]) for n in range(8)] and streamed == whole[0]

    assert uvloop.run(side_by_side())
