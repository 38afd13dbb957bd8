"""Files of the object store by their path: written, listed, deleted; and those that go by a name of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import obstore
from obstore.store import LocalStore, ObjectStore

from streamforge.storage import places
from streamforge.storage.disk import Disk
from streamforge.storage.failures import ObjectMissing, StorageUnavailable, translated

_DELETED_AT_ONCE: Final = 1000
"""What S3 takes in one request."""


class NamedObjects:
    """What people keep and replace under names, over any store. A name's bytes change whole."""

    def __init__(self, store: ObjectStore, *, fsync: bool = False) -> None:
        self._store = store
        self._disk = Disk(Path(str(store.prefix))) if isinstance(store, LocalStore) else None
        self._is_synced = fsync

    async def put_named(self, name: str, data: bytes) -> None:
        """Keep ``data`` under a name (``kits/acme/spring``), in place of what was there. Idempotent.

        Raises:
            StorageUnavailable: it may or may not have been written.
            InvalidInput: that is not a name.
        """
        await self._write(places.named(name), data, name)

    async def get_named(self, name: str) -> bytes | None:
        """The bytes under a name; None where there are none.

        Raises:
            StorageUnavailable, InvalidInput: as they say.
        """
        path = places.named(name)
        try:
            with translated(name):
                found = await obstore.get_async(self._store, path)
                return bytes(await found.bytes_async())
        except ObjectMissing:
            return None

    async def delete_named(self, name: str) -> bool:
        """Forget a name; whether there was something under it. Idempotent.

        Raises:
            StorageUnavailable, InvalidInput: as they say.
        """
        path = places.named(name)
        try:
            with translated(name):
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
        path = places.named(folder)
        with translated(folder):
            return sorted(entry["path"].removeprefix(f"{path}/") for entry in await self._listed(path))

    async def delete(self, paths: Sequence[str]) -> None:
        """Delete what lies there, which must be the collector's or an eraser's to say. Idempotent.

        Raises:
            StorageUnavailable: some may have been deleted.
        """
        for first in range(0, len(paths), _DELETED_AT_ONCE):
            part = list(paths[first : first + _DELETED_AT_ONCE])
            with translated("to delete"):
                try:
                    await obstore.delete_async(self._store, part)
                except FileNotFoundError:  # files, of which one is gone already; the others need not be
                    await self._delete_each(part)
                if self._disk:
                    await asyncio.to_thread(self._disk.tidy, part)

    async def _delete_each(self, paths: Sequence[str]) -> None:
        for path in paths:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, path)

    async def _listed(self, folder: str) -> list[obstore.ObjectMeta]:
        listing = obstore.list(self._store, f"{folder}/")  # pyright: ignore[reportUnknownMemberType]
        return [entry async for batch in listing for entry in batch]

    async def _write(self, path: str, data: bytes, what: str) -> None:
        with translated(what, absent=StorageUnavailable):  # what is absent then is the bucket
            await obstore.put_async(self._store, path, data)
            try:
                await self._keep(path)
            except FileNotFoundError:  # the collector has deleted an older one, and this in its place
                await obstore.put_async(self._store, path, data)
                await self._keep(path)

    async def _keep(self, path: str) -> None:
        """What was put is there after a power cut, too; a bucket answers no sooner."""
        if self._disk and self._is_synced:
            await asyncio.to_thread(self._disk.keep, path)
