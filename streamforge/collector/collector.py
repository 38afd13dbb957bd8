"""One collection: what nothing refers to is found, and deleted in the steps that the package describes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import aclosing
from time import time, time_ns
from typing import Final

import msgspec
from msgspec import Struct

from streamforge.clock import iso
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.errors import WrongState
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.storage.objects import Objects, Stored

AT_ONCE: Final = 1000
"""Objects in one script call, one question to the archive, one deletion."""

ERASED_AT_ONCE: Final = 10_000
"""Objects of erased jobs in one round, each of which looks at every reference."""

SUSPECTS_MAX: Final = 100_000
"""In one round; the rest comes in the next one."""

Suspects = dict[str, list[Stored]]
"""Objects that may be garbage: where each of them lies, by its key."""

log = get_logger(__name__)


class Round(Struct, kw_only=True):
    """What a collection saw and did; sizes are in bytes.

    ``garbage`` are objects that nothing refers to and that are old enough, of which ``deleted`` were deleted.
    ``kept_by`` is what each tenant keeps after it.
    """

    objects: int = 0
    size: int = 0
    garbage: int = 0
    garbage_size: int = 0
    deleted: int = 0
    deleted_size: int = 0
    is_complete: bool = True
    kept_by: dict[str, int] = msgspec.field(default_factory=dict[str, int])


class Stopped(Exception):
    """The collection was told to stop; another one does the rest."""


class Collector:
    """Collects over one object store and one Redis. Raises BrokerUnavailable, StorageUnavailable, and the archive's."""

    def __init__(self, objects: Objects, references: References, garbage: Garbage) -> None:
        self._objects = objects
        self._references = references
        self._garbage = garbage
        self._is_stopping = False

    def stop(self) -> None:
        """Have the collection that is under way, and any other, raise Stopped between two of its steps."""
        self._is_stopping = True

    def _go_on(self) -> None:
        if self._is_stopping:
            raise Stopped

    async def claim(self) -> bool:
        """Make this Redis the one that knows who refers to what lies in the store, unless another is; whether it is.

        What lies there already may be referred to by what this Redis has never seen; where nothing does, it knows all.
        """
        ours = await self._garbage.owner()
        is_ours = await self._objects.claim(ours.id) == ours.id
        if is_ours and ours.since_ms and await self._is_empty():
            await self._garbage.set_since(0)
        return is_ours

    async def take_over(self) -> None:
        """Make this Redis the one, whatever was before; it knows of references from now on."""
        ours = await self._garbage.owner()
        await self._garbage.set_since(time_ns() // 1_000_000)
        await self._objects.take_over(ours.id)

    async def _is_empty(self) -> bool:
        async with aclosing(self._objects.every()) as batches:
            async for batch in batches:
                if batch:
                    return False
        return True

    async def require_allowed(self, wait_s: float) -> None:
        """Raise WrongState where a collection could delete what is needed.

        ``wait_s`` is how long this Redis must have been in use.
        """
        if not await self.claim():
            raise WrongState(
                "the object store belongs to another Redis, whose references are not known here",
                field="storage.url",
                hint="give each its own bucket, prefix or directory; or, if that Redis is lost, `streamforge objects "
                "take-over`",
            )
        since_ms = (await self._garbage.owner()).since_ms
        if since_ms / 1000 + wait_s > time():
            raise WrongState(
                f"this Redis knows references only since {iso(since_ms)}, and older ones may be missing",
                field="storage.garbage_after_s",
                hint=f"nothing is deleted before {iso(since_ms + round(wait_s * 1000))}",
            )
        archive, seen = await self._garbage.archive(), self._references.archive
        if archive and (seen is None or await seen.identity() != archive):
            raise WrongState(
                "there is an archive, whose references this process does not see",
                field="archive.url",
                hint="give this daemon the same archive as the others",
            )

    async def collect(self, older_than_s: float, *, is_dry: bool = False) -> Round:
        """Delete what nothing refers to and was last put so long ago; with ``is_dry`` only say what that is.

        The caller has asked ``require_allowed``.
        """
        counted = await self._garbage.stored()
        await self._garbage.forget()
        done = Round()
        suspects = await self._suspects(done, time() - older_than_s)
        await self._acquit(suspects, await self._archived(suspects))
        done.garbage, done.garbage_size = len(suspects), _size(suspects.values())
        if not is_dry:
            await self._delete(suspects, done)
            changes = {name: done.kept_by.get(name, 0) - counted.get(name, 0) for name in {*done.kept_by, *counted}}
            await self._garbage.correct({name: change for name, change in changes.items() if change})
            _report(done)
        return done

    async def collect_erased(self) -> Round:
        """The same for objects of erased jobs alone, whatever their age, without a look at all the others."""
        done = Round()
        while pairs := await self._garbage.unwanted(ERASED_AT_ONCE):
            suspects: Suspects = {}
            for tenant, key in pairs:
                for view in (self._objects.of(tenant), self._objects):
                    suspects.setdefault(key, []).extend(await view.copies(key))
            found = {key: copies for key, copies in suspects.items() if copies}
            before = dict(done.kept_by)
            await self._delete(found, done)
            await self._garbage.correct({name: size - before.get(name, 0) for name, size in done.kept_by.items()})
            await self._garbage.seen_to(pairs)
        return done

    async def _suspects(self, done: Round, before_s: float) -> Suspects:
        """Old objects that Redis does not name; counts all on the way."""
        named = await self._named()
        suspects: Suspects = {}
        async for batch in self._objects.every():
            self._go_on()
            for stored in batch:
                done.objects += 1
                done.size += stored.size
                done.kept_by[stored.tenant] = done.kept_by.get(stored.tenant, 0) + stored.size
                if stored.modified_s > before_s or bytes.fromhex(stored.key) in named:
                    continue
                if stored.key in suspects or len(suspects) < SUSPECTS_MAX:
                    suspects.setdefault(stored.key, []).append(stored)
                else:
                    done.is_complete = False
        return suspects

    async def _delete(self, suspects: Suspects, done: Round) -> None:
        """Condemn, look, doom, delete."""
        numbers = {await self._garbage.condemn(keys): keys for keys in _parts(suspects)}
        named = await self._named() if suspects else set[bytes]()
        acquitted = {key for key in suspects if bytes.fromhex(key) in named}
        acquitted |= await self._archived(suspects.keys() - acquitted)
        await self._acquit(suspects, acquitted)
        for number, keys in numbers.items():
            self._go_on()
            left = [key for key in keys if key in suspects]
            doomed = await self._garbage.doom(number, left) if left else []
            copies = [copy for key in doomed for copy in suspects[key]]
            await self._objects.delete([copy.path for copy in copies])
            _count(copies, done)

    async def _named(self) -> set[bytes]:
        found: set[bytes] = set()
        async for keys in self._references.named():
            self._go_on()
            found |= keys
        return found

    async def _archived(self, keys: Collection[str]) -> set[str]:
        found: set[str] = set()
        for part in _parts(keys):
            found |= await self._references.archived(part)
        return found

    async def _acquit(self, suspects: Suspects, keys: Collection[str]) -> None:
        for part in _parts(keys):
            await self._garbage.spare(part)
            for key in part:
                del suspects[key]


def _parts(keys: Collection[str]) -> Iterable[Sequence[str]]:
    every = list(keys)
    return [every[first : first + AT_ONCE] for first in range(0, len(every), AT_ONCE)]


def _size(copies: Iterable[Sequence[Stored]]) -> int:
    return sum(copy.size for same in copies for copy in same)


def _count(deleted: Sequence[Stored], done: Round) -> None:
    done.deleted += len(deleted)
    for copy in deleted:
        done.deleted_size += copy.size
        done.kept_by[copy.tenant] = done.kept_by.get(copy.tenant, 0) - copy.size
    metrics.objects_collected_total().inc(len(deleted))
    metrics.objects_collected_bytes_total().inc(sum(copy.size for copy in deleted))


def _report(done: Round) -> None:
    metrics.objects_kept().set(done.objects - done.deleted)
    metrics.objects_kept_bytes().set(done.size - done.deleted_size)
