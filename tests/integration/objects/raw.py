"""What lies in a store, past everything that looks after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import obstore

from streamforge.storage.objects import Objects


def store_of(objects: Objects) -> Any:  # noqa: ANN401 - obstore's own types say little
    """The store itself."""
    return cast("Any", objects)._store


async def paths(objects: Objects) -> list[str]:
    """Everything that is there."""
    listing: Any = obstore.list(store_of(objects))  # pyright: ignore[reportUnknownMemberType]
    return sorted([entry["path"] async for batch in listing for entry in batch])


async def overwrite(objects: Objects, path: str, data: bytes) -> None:
    """Damage it."""
    await obstore.put_async(store_of(objects), path, data)


async def drain(chunks: AsyncIterator[bytes], received: list[bytes]) -> None:
    """Read to the end, keeping what came before an error."""
    async for chunk in chunks:
        received.append(chunk)  # noqa: PERF401 - what came before an error must be kept
