"""A job's checkpoints: each step's value, written once, read back by whichever attempt comes next.

Small values lie in Redis beside the job; large ones go to the object store by content, and Redis holds their key. A
value is MessagePack behind one byte that says which: ``v`` the value itself, ``o`` an object's key, and behind it the
keys of other objects that the value names, so that these are kept as long as it is.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.config import JobsSettings
from streamforge.errors import InvalidInput, PermanentError, ResultTooLarge
from streamforge.jobs.model import Claim
from streamforge.jobs.references import keys_in
from streamforge.ops.logs import get_logger
from streamforge.runtime.journal import NOTHING, Put, Records
from streamforge.storage.objects import ObjectCorrupt, ObjectMissing, Objects

T = TypeVar("T")

UNUSABLE = (ObjectMissing, ObjectCorrupt, InvalidInput, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading back a checkpoint may raise where it is gone, damaged, or of another version's form."""

KEY_LENGTH = 64

log = get_logger(__name__)


class Saved(Struct, frozen=True):
    """A value as its checkpoint; where it is in the object store, ``raw`` is what was put there."""

    value: bytes
    put: Put = NOTHING
    raw: bytes = b""


class Checkpoints:
    """The checkpoints of one attempt. ``lookup`` reads them from Redis once, and not at all where none can exist."""

    def __init__(self, records: Records, objects: Objects, limits: JobsSettings, claim: Claim) -> None:
        self._records = records
        self._objects = objects.of(claim.tenant)
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
            raw = saved[1:] if saved[:1] == b"v" else await self._objects.get(saved[1 : 1 + KEY_LENGTH].decode())
            return True, msgspec.msgpack.decode(raw, type=returns)
        except UNUSABLE as error:
            log.warning("checkpoint_unusable", step=step, error=type(error).__name__)
            return False, None

    async def encode(self, step: str, value: Any) -> Saved:  # noqa: ANN401 - any value that msgspec can encode
        """The value as its checkpoint; large ones are in the object store on return.

        Raises ResultTooLarge, QuotaExceeded, or PermanentError for what msgspec cannot encode: doing it again would
        not mend any of them.
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
        named = keys_in(raw)
        if len(raw) <= self._limits.inline_bytes:
            return Saved(b"v" + raw, Put(named=named))
        ref = await self._objects.put(raw)
        keys = "".join([ref.key, *sorted(named)])
        return Saved(f"o{keys}".encode(), Put(ref.key, ref.size, named=named), raw)

    async def put_again(self, saved: Saved, number: int) -> Saved:
        """The same, its object in the place of that number."""
        await self._objects.put(saved.raw, number)
        return replace(saved, put=replace(saved.put, number=number))

    def remember(self, step: str, saved: bytes) -> None:
        """Keep what was written, so that this attempt need not read it."""
        if self._saved is not None:
            self._saved[step] = saved

    async def _load(self) -> dict[str, bytes]:
        async with self._loading:  # steps side by side: a second read would forget what was remembered meanwhile
            if self._saved is None:
                self._saved = await self._records.checkpoints(self._claim.id)
            return self._saved
