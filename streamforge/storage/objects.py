"""Bytes by content: the key of an object is the SHA-256 of what is in it.

So writing twice changes nothing, two jobs with the same result share it, and every read proves itself.
Objects are never changed; a damaged one is healed by writing the same bytes again.

Beside them lie named ones, for what people keep and replace under a name of their own, such as brand kits. A name's
bytes change whole: a reader sees the old ones or the new ones.

A local object is written to a temporary file and renamed, so a killed process leaves no half object. It is
not fsynced: after a power cut an object may be missing or damaged, which a read tells; compute it again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from streamforge.errors import ConfigError, InvalidInput, PermanentError, StreamForgeError, TransientError

CHUNK_BYTES: Final = 256 * 1024
PART_BYTES: Final = 1024 * 1024
BUCKET_PART_BYTES: Final = 5 * 1024 * 1024
"""Of what arrives, written at once: to a disk, and the least that a bucket takes as a part."""
PARTS: Final = "uploads"
"""The folder of named objects that are of use for a day at most."""
_ARRIVING: Final = "arriving"
_BUCKETS: Final = (S3Store, GCSStore, AzureStore)
_HASH_IN_THREAD_BYTES: Final = 1024 * 1024
_REMOTE_SCHEMES: Final = ("s3", "gs", "az")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}(?:/[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}){0,3}")


class ObjectMissing(PermanentError):
    """The object store holds nothing under that key."""


class ObjectCorrupt(PermanentError):
    """What the object store holds is not what was written."""


class StorageUnavailable(TransientError):
    """The object store did not answer, or refused."""


class ObjectRef(Struct, frozen=True):
    """Where an object is, and how large: ``key`` is its SHA-256 in lower-case hex, ``size`` is in bytes."""

    key: str
    size: int


class Objects:
    """The object store of one daemon, over local files, memory or a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str, data_dir: Path) -> Self:
        """The store of ``storage.url``: a directory, ``file://``, ``memory://`` or a bucket; ``""`` is local.

        A bucket's credentials and endpoint come from its provider's usual variables (``AWS_ACCESS_KEY_ID``,
        ``AWS_ENDPOINT``, ``GOOGLE_SERVICE_ACCOUNT``, …). No call is made here; objects lie in ``objects/``.

        Raises:
            ConfigError: the URL cannot be used.
        """
        scheme = urlsplit(url).scheme if "://" in url else ""
        try:
            if scheme == "memory":
                return cls(MemoryStore())
            if scheme in _REMOTE_SCHEMES:
                return cls(_bucket(url))
            if scheme in {"", "file"}:
                path = unquote(urlsplit(url).path) if scheme else url
                return cls(_directory(Path(path).expanduser() if path else data_dir))
        except (BaseError, OSError, ValueError) as error:
            field = "storage.url" if url else "paths.data_dir"
            raise ConfigError(f"cannot use {url or data_dir}: {_first_line(error)}", field=field) from error
        raise ConfigError(f"{scheme}:// is not a kind of object store", field="storage.url")

    async def put(self, data: bytes) -> ObjectRef:
        """Keep ``data``; on return it can be read by everybody. Idempotent.

        Raises:
            StorageUnavailable: it may or may not have been written.
        """
        key = await _sha256(data)
        with _translated(key, absent=StorageUnavailable):  # what is absent then is the bucket
            await obstore.put_async(self._store, _path(key), data)
        return ObjectRef(key, len(data))

    async def put_stream(self, chunks: AsyncIterable[bytes]) -> ObjectRef:
        """Keep what arrives in pieces, holding a part or two of it at a time; what breaks off leaves nothing.

        Raises:
            StorageUnavailable: it may or may not have been written.
            Whatever ``chunks`` raises; that should be one of our errors.
        """
        digest, size = hashlib.sha256(), 0

        async def measured() -> AsyncGenerator[bytes]:
            nonlocal size
            async for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        arriving = f"{_ARRIVING}/{uuid.uuid4().hex}"
        part = BUCKET_PART_BYTES if isinstance(self._store, _BUCKETS) else PART_BYTES
        with _translated("that arrives", absent=StorageUnavailable):
            await obstore.put_async(
                self._store, arriving, measured(), use_multipart=True, chunk_size=part, max_concurrency=1
            )
            await obstore.rename_async(self._store, arriving, _path(digest.hexdigest()))
        return ObjectRef(digest.hexdigest(), size)

    async def sweep(self, older_than_s: float) -> int:
        """Delete what was left half-written, by killed processes or in ``PARTS``, and is older than that; how many.

        Raises:
            StorageUnavailable: as it says.
        """
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        swept = 0
        with _translated("that is left over", absent=StorageUnavailable):
            if isinstance(self._store, LocalStore):  # which does not list what it has not finished
                swept += await asyncio.to_thread(_sweep, Path(str(self._store.prefix)), before)
            for folder in (_ARRIVING, _named(PARTS)):
                listing = obstore.list(self._store, f"{folder}/")  # pyright: ignore[reportUnknownMemberType]
                left = [entry["path"] async for batch in listing for entry in batch if entry["last_modified"] < before]
                swept += len(left)
                if left:
                    await obstore.delete_async(self._store, left)
        return swept

    async def get(self, ref: ObjectRef | str) -> bytes:
        """The bytes of an object, given its reference or key, proven to be those that were written.

        Raises:
            ObjectMissing, ObjectCorrupt, StorageUnavailable: as they say.
            InvalidInput: that is not a key.
        """
        key = _key(ref)
        with _translated(key):
            found = await obstore.get_async(self._store, _path(key))
            data = bytes(await found.bytes_async())
        if await _sha256(data) != key:
            raise ObjectCorrupt(f"object {key} holds {len(data)} other bytes than were written")
        return data

    async def exists(self, ref: ObjectRef | str) -> bool:
        """Whether something is kept under that key; its bytes are not checked."""
        try:
            await self.size(ref)
        except ObjectMissing:
            return False
        return True

    async def size(self, ref: ObjectRef | str) -> int:
        """Bytes kept under that key, for a Content-Length.

        Raises:
            ObjectMissing, StorageUnavailable: as they say.
        """
        key = _key(ref)
        with _translated(key):
            return (await obstore.head_async(self._store, _path(key)))["size"]

    async def stream(self, ref: ObjectRef | str) -> AsyncGenerator[bytes]:
        """The bytes in chunks, for a large answer that should not be held in memory.

        The last chunk is given out only when the checksum fits, so a reader that was told the length sees a
        damaged object end early rather than whole.

        Raises:
            ObjectMissing, ObjectCorrupt, StorageUnavailable: while it is read.
        """
        key = _key(ref)
        digest = hashlib.sha256()
        held = b""
        with _translated(key):
            found = await obstore.get_async(self._store, _path(key))
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                if held:
                    yield held
                held = bytes(chunk)
                digest.update(held)
        if digest.hexdigest() != key:
            raise ObjectCorrupt(f"object {key} holds other bytes than were written")
        yield held

    async def stream_part(self, ref: ObjectRef | str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` up to but without ``end``, in chunks; a part cannot prove itself.

        Raises:
            ObjectMissing, StorageUnavailable: while it is read.
        """
        key = _key(ref)
        with _translated(key):
            found = await obstore.get_async(self._store, _path(key), options={"range": (start, end)})
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def address_of(self, ref: ObjectRef | str, for_s: int) -> str | None:
        """Where the store itself serves an object to whoever has the address, for so long; None where it cannot.

        Raises:
            StorageUnavailable: its credentials cannot sign.
        """
        key = _key(ref)
        if not isinstance(self._store, _BUCKETS):
            return None
        with _translated(key):
            return await obstore.sign_async(self._store, "GET", _path(key), timedelta(seconds=for_s))

    async def put_named(self, name: str, data: bytes) -> None:
        """Keep ``data`` under a name (``kits/acme/spring``), in place of what was there. Idempotent.

        Raises:
            StorageUnavailable: it may or may not have been written.
            InvalidInput: that is not a name.
        """
        path = _named(name)
        with _translated(name, absent=StorageUnavailable):
            await obstore.put_async(self._store, path, data)

    async def get_named(self, name: str) -> bytes | None:
        """The bytes under a name; None where there are none.

        Raises:
            StorageUnavailable, InvalidInput: as they say.
        """
        path = _named(name)
        try:
            with _translated(name):
                found = await obstore.get_async(self._store, path)
                return bytes(await found.bytes_async())
        except ObjectMissing:
            return None

    async def delete_named(self, name: str) -> bool:
        """Forget a name; whether there was something under it. Idempotent.

        Raises:
            StorageUnavailable, InvalidInput: as they say.
        """
        path = _named(name)
        try:
            with _translated(name):
                await obstore.head_async(self._store, path)
                await obstore.delete_async(self._store, path)
        except ObjectMissing:
            return False
        return True

    async def names(self, folder: str) -> list[str]:
        """The names within a folder (``kits/acme``) and below it, sorted, each without the folder.

        Raises:
            StorageUnavailable, InvalidInput: as they say.
        """
        prefix = _named(folder) + "/"
        found: list[str] = []
        with _translated(folder):
            listing = obstore.list(self._store, prefix)  # pyright: ignore[reportUnknownMemberType]
            async for batch in listing:
                found += [entry["path"].removeprefix(prefix) for entry in batch]
        return sorted(found)


def _sweep(root: Path, before: datetime) -> int:
    """What is no object yet, and directories that parts have left empty."""

    def is_old(path: Path) -> bool:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before

    old = [path for path in (root / _ARRIVING).glob("*") if is_old(path)]
    for path in old:
        path.unlink(missing_ok=True)
    for path in sorted((root / _named(PARTS)).rglob("*"), reverse=True):
        if path.is_dir() and is_old(path):
            with suppress(OSError):  # it is not empty
                path.rmdir()
    return len(old)


def _directory(root: Path) -> ObjectStore:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(root.absolute())


def _bucket(url: str) -> ObjectStore:
    """No client options are given: any would switch off those of the environment, such as ``AWS_ALLOW_HTTP``."""
    return from_url(url, retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)})


def _path(key: str) -> str:
    """Two levels of directories, so that none holds more than a few thousand entries."""
    return f"objects/{key[:2]}/{key[2:4]}/{key}"


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} is no name for an object", field="name", hint="letters, digits, _ . @ - and /"
        )
    return f"named/{name}"


def _key(ref: ObjectRef | str) -> str:
    key = ref if isinstance(ref, str) else ref.key
    if not _KEY.fullmatch(key):
        raise InvalidInput("an object's key is 64 lower-case hex digits", field="key")
    return key


async def _sha256(data: bytes) -> str:
    """Large data in a thread: hashing lets the event loop go on meanwhile."""
    if len(data) <= _HASH_IN_THREAD_BYTES:
        return hashlib.sha256(data).hexdigest()
    return (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()


@contextmanager
def _translated(key: str, absent: type[StreamForgeError] = ObjectMissing) -> Generator[None]:
    """Our errors for the library's, whose messages run over many lines, of which the first says enough."""
    try:
        yield
    except FileNotFoundError as error:
        raise absent(f"object {key} is not there, or the place for it is not") from error
    except (BaseError, OSError) as error:
        raise StorageUnavailable(f"object {key}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
