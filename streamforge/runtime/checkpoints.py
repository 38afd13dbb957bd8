"""A job's checkpoints: each step's value, written once, read back by whichever attempt comes next.

Small values lie in Redis beside the job; large ones go to the object store by content, and Redis holds their key. A
value is MessagePack behind one byte that says which: ``v`` the value itself, ``o`` an object's key.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec

from streamforge.config import JobsSettings
from streamforge.errors import InvalidInput, PermanentError, ResultTooLarge
from streamforge.jobs.model import Claim
from streamforge.ops.logs import get_logger
from streamforge.runtime.journal import Records
from streamforge.storage.objects import ObjectCorrupt, ObjectMissing, Objects

T = TypeVar("T")

UNUSABLE = (ObjectMissing, ObjectCorrupt, InvalidInput, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading back a checkpoint may raise where it is gone, damaged, or of another version's form."""

log = get_logger(__name__)


class Checkpoints:
    """The checkpoints of one attempt. ``lookup`` reads them from Redis once, and not at all where none can exist."""

    def __init__(self, records: Records, objects: Objects, limits: JobsSettings, claim: Claim) -> None:
        self._records = records
        self._objects = objects
        self._limits = limits
        self._claim = claim
        self._saved: dict[str, bytes] | None = {} if claim.is_fresh else None
        self._loading = asyncio.Lock()

    async def count(self) -> int:
        """How many steps have a checkpoint."""
        return len(await self._load())

    async def lookup(self, step: str, returns: type[T]) -> tuple[bool, T | None]:
        """(True, value) where the step has a usable checkpoint.

        One whose object is gone, or whose form this version cannot read, is as good as none: the step runs again.
        """
        saved = (await self._load()).get(step)
        if saved is None:
            return False, None
        try:
            raw = saved[1:] if saved[:1] == b"v" else await self._objects.get(saved[1:].decode())
            return True, msgspec.msgpack.decode(raw, type=returns)
        except UNUSABLE as error:
            log.warning("checkpoint_unusable", step=step, error=type(error).__name__)
            return False, None

    async def encode(self, step: str, value: Any) -> bytes:  # noqa: ANN401 - any value that msgspec can encode
        """The value as its checkpoint; large ones are in the object store on return.

        Raises ResultTooLarge, or PermanentError for what msgspec cannot encode: doing it again would not mend either.
        """
        try:
            raw = msgspec.msgpack.encode(value)
        except (msgspec.EncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise PermanentError(
                f"the value of type {type(value).__name__} cannot be written down", field=step
            ) from error
        if len(raw) > self._limits.step_value_max_bytes:
            raise ResultTooLarge(
                f"the value is {len(raw)} bytes, the limit is {self._limits.step_value_max_bytes}",
                field=step,
                hint="return a reference, or raise jobs.step_value_max_bytes",
            )
        if len(raw) <= self._limits.inline_bytes:
            return b"v" + raw
        return b"o" + (await self._objects.put(raw)).key.encode()

    def remember(self, step: str, saved: bytes) -> None:
        """Keep what was written, so that this attempt need not read it."""
        if self._saved is not None:
            self._saved[step] = saved

    async def _load(self) -> dict[str, bytes]:
        async with self._loading:  # steps side by side: a second read would forget what was remembered meanwhile
            if self._saved is None:
                self._saved = await self._records.checkpoints(self._claim.id)
            return self._saved
