"""Files that arrive in parts, in any order: each part is kept by itself until the file is whole.

Where a part lies tells everything of it, so that there is no record to keep in step: which parts are there is a look
at their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from msgspec import Struct

from streamforge.errors import NotFound, TooLarge
from streamforge.storage.objects import PARTS, Objects

MOST_PARTS: Final = 1000
"""Of one file."""
PART_BYTES: Final = 8 * 1024 * 1024
"""Of the largest part: it is held in memory while it arrives."""


class Span(Struct, frozen=True, order=True):
    """Bytes of a file, from ``start`` up to but without ``end``."""

    start: int
    end: int


class Parts:
    """The parts of files that are not whole yet. Raises StorageUnavailable."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def keep(self, job_id: str, name: str, span: Span, data: bytes, limit: int) -> list[Span]:
        """Keep a part, and give all that are there; raises TooLarge for more than a file of ``limit`` bytes needs."""
        place = _place(job_id, name, span)
        await self._objects.put_named(place, data)
        spans = await self.spans(job_id, name)  # afterwards: of those who send the last parts at once, one sees all
        if len(spans) <= MOST_PARTS and sum(span.end - span.start for span in spans) <= 2 * limit:
            return spans
        await self._objects.delete_named(place)
        hint = "send it whole, or larger parts"
        raise TooLarge(f"{name[:80]!r} has come in too many parts", field="Content-Range", hint=hint)

    async def spans(self, job_id: str, name: str) -> list[Span]:
        """The parts that are there, by where they begin."""
        found = await self._objects.names(_folder(job_id, name))
        return [Span(int(start), int(end)) for start, _, end in (entry.partition("-") for entry in found)]

    async def joined(self, job_id: str, name: str, spans: Sequence[Span]) -> AsyncGenerator[bytes]:
        """The whole file; raises NotFound where somebody else has joined and forgotten its parts meanwhile."""
        position = 0
        for span in spans:
            if span.end <= position:
                continue
            data = await self._objects.get_named(_place(job_id, name, span))
            if data is None:
                raise NotFound(f"the parts of {name[:80]!r} are gone", field="name", hint="look whether it is here")
            yield data[position - span.start :]
            position = span.end

    async def forget(self, job_id: str, name: str) -> None:
        """Delete them all."""
        folder = _folder(job_id, name)
        for entry in await self._objects.names(folder):
            await self._objects.delete_named(f"{folder}/{entry}")


def reach(spans: Sequence[Span]) -> int:
    """How many bytes are there from the beginning on, without a gap."""
    position = 0
    for span in spans:
        if span.start > position:
            break
        position = max(position, span.end)
    return position


def _place(job_id: str, name: str, span: Span) -> str:
    return f"{_folder(job_id, name)}/{span.start:015d}-{span.end:015d}"


def _folder(job_id: str, name: str) -> str:
    return f"{PARTS}/{job_id}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"
