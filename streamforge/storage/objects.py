"""Bytes by content: the key of an object is the SHA-256 of what is in it.

So writing twice changes nothing, two jobs with the same result share it, and every read proves itself.
Objects are never changed; a damaged one is healed by writing the same bytes again. Each tenant has its own, reached
through ``of``: what another one has put is not there.

Beside them lie named ones, for what people keep and replace under a name of their own, such as brand kits. A name's
bytes change whole: a reader sees the old ones or the new ones.

A local object is written to a temporary file, renamed and written out (``storage.fsync``): once ``put`` has returned,
neither a killed process nor a power cut takes it away.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol, Self

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore

from streamforge.config import Secret, Settings
from streamforge.storage import places
from streamforge.storage.failures import ObjectCorrupt, ObjectMissing, StorageUnavailable, translated
from streamforge.storage.named import NamedObjects
from streamforge.storage.opening import BUCKETS, open_store
from streamforge.storage.places import ObjectRef, Stored

__all__ = [
    "PARTS",
    "PART_BYTES",
    "ObjectCorrupt",
    "ObjectMissing",
    "ObjectRef",
    "Objects",
    "StorageUnavailable",
    "Stored",
]

CHUNK_BYTES: Final = 256 * 1024
PART_BYTES: Final = 1024 * 1024
BUCKET_PART_BYTES: Final = 5 * 1024 * 1024
"""Of what arrives, written at once: to a disk, and the least that a bucket takes as a part."""
PARTS: Final = "uploads"
"""The folder of named objects that are of use for a time only."""
_HASH_IN_THREAD_BYTES: Final = 1024 * 1024


class Quota(Protocol):
    """Says how much of each tenant's there may be."""

    async def require(self, tenant: str, size: int) -> None:
        """Raise QuotaExceeded where the tenant has no room for so many bytes more."""
        ...


class Objects(NamedObjects):
    """The object store of one daemon, over local files, memory or a bucket; ``of`` gives a tenant's part of it.

    ``quota`` has a say in what is put there.
    """

    def __init__(self, store: ObjectStore, *, fsync: bool = False) -> None:
        super().__init__(store, fsync=fsync)
        self.tenant = places.NOBODY
        self.quota: Quota | None = None

    @classmethod
    def open(cls, url: str, data_dir: Path, *, options: Sequence[Secret] = (), fsync: bool = False) -> Self:
        """The store of ``storage.url``: a directory, ``file://``, ``memory://`` or a bucket; ``""`` is local.

        A bucket's credentials and endpoint come from its provider's usual variables (``AWS_ACCESS_KEY_ID``,
        ``AWS_ENDPOINT``, ``GOOGLE_SERVICE_ACCOUNT``, …), and from ``options``, each ``name=value``. No call is made
        here.

        Raises:
            ConfigError: the URL or an option cannot be used.
        """
        return cls(open_store(url, data_dir, options), fsync=fsync)

    @classmethod
    def named_by(cls, settings: Settings) -> Self:
        """The store that the settings name; raises ConfigError."""
        storage = settings.storage
        return cls.open(storage.url, settings.paths.data_dir, options=storage.options, fsync=storage.fsync)

    def of(self, tenant: str) -> Self:
        """The tenant's own objects. What was written before tenants had any is read too, by its key.

        Raises:
            InvalidInput: that is no tenant's name.
        """
        places.home_of(tenant)
        view = copy(self)
        view.tenant = tenant
        return view

    # ---- by content ----

    async def put(self, data: bytes, number: int = 0) -> ObjectRef:
        """Keep ``data``; on return it can be read by everybody. Idempotent.

        ``number`` is of the place: another than the first where the collector may be deleting that one; see
        ``streamforge.collector``.

        Raises:
            StorageUnavailable: it may or may not have been written.
            QuotaExceeded: the tenant has no room for it.
        """
        if self.quota and not number:
            await self.quota.require(self.tenant, len(data))
        key = await _sha256(data)
        await self._write(places.place_of(self.tenant, key, number), data, key)
        return ObjectRef(key, len(data))

    async def put_again(self, ref: ObjectRef, number: int) -> None:
        """Keep an object that lies somewhere in another place too.

        Raises:
            ObjectMissing: it is gone, and has to be sent anew.
            StorageUnavailable: as it says.
        """
        place = places.place_of(self.tenant, ref.key, number)
        with translated(ref.key):
            await obstore.copy_async(self._store, await self._found(ref.key), place)
            await self._keep(place)

    async def put_stream(self, chunks: AsyncIterable[bytes]) -> ObjectRef:
        """Keep what arrives in pieces, holding a part or two of it at a time; what breaks off leaves nothing.

        Raises:
            StorageUnavailable: it may or may not have been written.
            QuotaExceeded: the tenant has no room for it.
            Whatever ``chunks`` raises; that should be one of our errors.
        """
        digest, size = hashlib.sha256(), 0

        async def measured() -> AsyncGenerator[bytes]:
            nonlocal size
            async for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield chunk
            if self.quota:
                await self.quota.require(self.tenant, size)

        if self.quota:
            await self.quota.require(self.tenant, 1)
        arriving = f"{places.ARRIVING}/{uuid.uuid4().hex}"
        part = BUCKET_PART_BYTES if isinstance(self._store, BUCKETS) else PART_BYTES
        with translated("that arrives", absent=StorageUnavailable):
            await obstore.put_async(
                self._store, arriving, measured(), use_multipart=True, chunk_size=part, max_concurrency=1
            )
            key = digest.hexdigest()
            place = places.first_place(self.tenant, key)
            await obstore.rename_async(self._store, arriving, place)
            await self._keep(place)
        return ObjectRef(key, size)

    async def get(self, ref: ObjectRef | str) -> bytes:
        """The bytes of an object, given its reference or key, proven to be those that were written.

        Raises:
            ObjectMissing, ObjectCorrupt, StorageUnavailable: as they say.
            InvalidInput: that is not a key.
        """
        key = places.key_of(ref)
        with translated(key):
            data = bytes(await (await self._opened(key)).bytes_async())
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
        key = places.key_of(ref)
        with translated(key):
            return (await obstore.head_async(self._store, await self._found(key)))["size"]

    async def stream(self, ref: ObjectRef | str) -> AsyncGenerator[bytes]:
        """The bytes in chunks, for a large answer that should not be held in memory.

        The last chunk is given out only when the checksum fits, so a reader that was told the length sees a
        damaged object end early rather than whole.

        Raises:
            ObjectMissing, ObjectCorrupt, StorageUnavailable: while it is read.
        """
        key = places.key_of(ref)
        digest = hashlib.sha256()
        held = b""
        with translated(key):
            async for chunk in (await self._opened(key)).stream(min_chunk_size=CHUNK_BYTES):
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
        key = places.key_of(ref)
        with translated(key):
            found = await self._opened(key, range=(start, end))
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def address_of(self, ref: ObjectRef | str, for_s: int) -> str | None:
        """Where the store itself serves an object to whoever has the address, for so long; None where it cannot.

        Raises:
            ObjectMissing: as it says.
            StorageUnavailable: as it says, or its credentials cannot sign.
        """
        key = places.key_of(ref)
        if not isinstance(self._store, BUCKETS):
            return None
        with translated(key):
            return await obstore.sign_async(self._store, "GET", await self._found(key), timedelta(seconds=for_s))

    async def _opened(self, key: str, **options: Any) -> obstore.GetResult:  # noqa: ANN401 - obstore's options
        """The first place costs one request; the others are looked for where it is empty."""
        given: Any = options or None
        try:
            return await obstore.get_async(self._store, places.first_place(self.tenant, key), options=given)
        except FileNotFoundError:
            return await obstore.get_async(self._store, await self._elsewhere(key), options=given)

    async def _found(self, key: str) -> str:
        first = places.first_place(self.tenant, key)
        try:
            await obstore.head_async(self._store, first)
        except FileNotFoundError:
            place = await self._elsewhere(key)
            await obstore.head_async(self._store, place)
            return place
        return first

    async def _elsewhere(self, key: str) -> str:
        """Where an object may lie that is not in its first place; perhaps nothing is there either."""
        later = [entry["path"] for entry in await self._listed(places.later_places(self.tenant, key))]
        return max(later) if later else places.first_place(places.NOBODY, key)

    # ---- all of them ----

    async def every(self) -> AsyncGenerator[list[Stored]]:
        """Every object of every tenant, or of the view's, some hundreds at a time, in no order.

        Raises:
            StorageUnavailable: while they are listed.
        """
        with translated("list", absent=StorageUnavailable):
            for top in [places.home_of(self.tenant)] if self.tenant else places.TOPS:
                listing = obstore.list(self._store, f"{top}/")  # pyright: ignore[reportUnknownMemberType]
                async for batch in listing:
                    yield [entry for entry in map(_stored, batch) if entry]

    async def copies(self, key: str) -> list[Stored]:
        """Wherever an object lies among this tenant's own.

        Raises:
            StorageUnavailable: as it says.
        """
        with translated(key, absent=StorageUnavailable):
            found = await self._listed(places.later_places(self.tenant, key))
            with suppress(FileNotFoundError):
                found.append(await obstore.head_async(self._store, places.first_place(self.tenant, key)))
        return [entry for entry in map(_stored, found) if entry]

    async def claim(self, owner: str) -> str:
        """Whose the store is: the first who claimed it. Idempotent.

        Raises:
            StorageUnavailable: as it says.
        """
        with translated("that names the store's owner", absent=StorageUnavailable):
            try:
                await obstore.put_async(self._store, places.OWNER, owner.encode(), mode="create")
            except AlreadyExistsError:
                found = await obstore.get_async(self._store, places.OWNER)
                return bytes(await found.bytes_async()).decode(errors="replace")
            await self._keep(places.OWNER)
        return owner

    async def take_over(self, owner: str) -> None:
        """Make somebody else the owner; the collector of the former one stops.

        Raises:
            StorageUnavailable: as it says.
        """
        await self._write(places.OWNER, owner.encode(), places.OWNER)

    async def sweep(self, older_than_s: float) -> int:
        """Delete what was left half-written, by killed processes or in ``PARTS``, and is older than that; how many.

        Raises:
            StorageUnavailable: as it says.
        """
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        swept = 0
        with translated("that is left over", absent=StorageUnavailable):
            if self._disk:
                swept += await asyncio.to_thread(self._disk.sweep, places.ARRIVING, before)
            for folder in (places.ARRIVING, places.named(PARTS)):
                left = [entry["path"] for entry in await self._listed(folder) if entry["last_modified"] < before]
                swept += len(left)
                await self.delete(left)
        return swept


def _stored(entry: obstore.ObjectMeta) -> Stored | None:
    found = places.object_at(entry["path"])
    if found is None:
        return None
    tenant, key = found
    return Stored(entry["path"], tenant, key, entry["size"], entry["last_modified"].timestamp())


async def _sha256(data: bytes) -> str:
    """Large data in a thread: hashing lets the event loop go on meanwhile."""
    if len(data) <= _HASH_IN_THREAD_BYTES:
        return hashlib.sha256(data).hexdigest()
    return (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()
