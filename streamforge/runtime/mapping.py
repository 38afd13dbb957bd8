"""A step over many items, side by side: each item is a checkpoint of its own, so that only missing ones run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Generic, Literal, TypeVar, cast

import anyio
from msgspec import Struct

from streamforge.errors import BrokerUnavailable, FencedError, RecipeMisused, Snooze
from streamforge.ops.logs import get_logger
from streamforge.runtime.limits import Limits
from streamforge.runtime.retry import describe, gravest
from streamforge.runtime.run import Call, Run
from streamforge.runtime.steps import NAME_MAX, ItemFailure, Steps

T = TypeVar("T")
R = TypeVar("R")

OnError = Literal["raise", "continue"]

PASSING = (FencedError, Snooze, BrokerUnavailable, RecipeMisused)
"""No failures of an item: the attempt has lost its job, is parked or ends, or the recipe is wrong."""

log = get_logger(__name__)


class Mapped(Struct, Generic[R], frozen=True):
    """What a fan-out gave: what was done, by the items' keys in their order, and what failed."""

    done: dict[str, R]
    failed: list[ItemFailure]

    @property
    def values(self) -> list[R]:
        """The values of what was done, in the order of the items."""
        return list(self.done.values())


class How(Struct, frozen=True):
    """How a fan-out goes about its items."""

    concurrency: int
    on_error: OnError
    limits: Limits


class Fanout(Generic[T, R]):
    """One fan-out of one attempt."""

    def __init__(self, name: str, items: Mapping[str, T], returns: type[R], how: How, steps: Steps, run: Run) -> None:
        self._name = name
        self._items = items
        self._returns = returns
        self._how = how
        self._steps = steps
        self._run = run
        self._done: dict[str, R] = {}
        self._failed: dict[str, ItemFailure] = {}
        self._calls: set[Call] = set()
        self._parked: list[Snooze] = []
        self._error: Exception | None = None

    async def over(self, call: Callable[[T], Awaitable[R]]) -> Mapped[R]:
        """Every item's value, from its checkpoint or from calling; raises the first error as it was raised."""
        self._begin()
        await self._each(tuple(self._items), self._look_up)
        is_known = await self._look_up_failures()
        missing = [key for key in self._items if key not in self._done and key not in self._failed]
        if is_known and not missing:
            await self._steps.replayed(self._name)
            return self._mapped()
        started = monotonic()
        await self._steps.started(self._name, items=len(self._items))
        try:
            await self._each(missing, lambda key: self._do(key, call))
            saved = await self._steps.encode(self._name, self._mapped().failed)
            await self._steps.completed(self._name, saved, monotonic() - started)
        finally:
            self._steps.progress.leave(self._name)
        return self._mapped()

    def _begin(self) -> None:
        how = self._how
        if how.concurrency < 1 or how.on_error not in ("raise", "continue"):
            raise RecipeMisused(
                "a fan-out has a concurrency of at least 1, and on_error is 'raise' or 'continue'", field=self._name
            )
        self._steps.begin(self._name)
        for key in self._items:
            self._steps.begin(self._checkpoint(key))

    def _checkpoint(self, key: str) -> str:
        return f"{self._name}[{key}]"

    async def _look_up(self, key: str) -> None:
        found, value = await self._steps.find(self._checkpoint(key), self._returns)
        if found:
            self._done[key] = cast("R", value)

    async def _look_up_failures(self) -> bool:
        found, failed = await self._steps.find(self._name, list[ItemFailure])
        self._failed = {failure.key: failure for failure in failed or () if failure.key not in self._done}
        return found

    async def _each(self, keys: Sequence[str], work: Callable[[str], Awaitable[None]]) -> None:
        """Do the work for each key, so many at a time; raises the first error itself, or what parks the job."""
        todo = iter(keys)
        async with anyio.create_task_group() as tasks:
            for number in range(min(self._how.concurrency, len(keys))):
                tasks.start_soon(self._work_off, todo, work, name=f"{self._name}:{number}")
        if self._error is not None:
            raise self._error
        if self._parked:
            raise min(self._parked, key=lambda snooze: snooze.for_s)

    async def _work_off(self, todo: Iterator[str], work: Callable[[str], Awaitable[None]]) -> None:
        for key in todo:
            try:
                await work(key)
            except Exception as error:  # noqa: BLE001 - raised after the group, so that it is no ExceptionGroup
                self._stumble(gravest(error))
            if self._error is not None:
                return

    def _stumble(self, error: Exception) -> None:
        """The first error stops the others, whose finished values are still written down; a snooze lets them go on."""
        if isinstance(error, Snooze):
            self._parked.append(error)
            return
        self._error = self._error or error
        for call in self._calls:
            call.interrupt(self._error)

    async def _do(self, key: str, call: Callable[[T], Awaitable[R]]) -> None:
        started = monotonic()
        try:
            value = await self._call(key, call)
            saved = await self._steps.encode(self._checkpoint(key), value)
        except Exception as error:  # noqa: BLE001 - whatever an item raises, it may be for the result to tell
            await self._fail(key, gravest(error))
            return
        self._done[key] = value
        seconds = monotonic() - started
        await self._steps.completed_item(self._name, self._checkpoint(key), saved, seconds, self._share())

    async def _call(self, key: str, function: Callable[[T], Awaitable[R]]) -> R:
        call = Call(self._run, self._checkpoint(key), self._how.limits)
        self._calls.add(call)
        try:
            return await call(lambda: function(self._items[key]))
        finally:
            self._calls.discard(call)

    async def _fail(self, key: str, error: Exception) -> None:
        is_ours = isinstance(error, PASSING) or error in (self._run.soft_timeout, self._error)
        if self._how.on_error == "raise" or is_ours:
            raise error
        log.warning("item_failed", step=self._name, error=type(error).__name__)
        self._failed[key] = failure = ItemFailure(key, describe(error))
        await self._steps.failed_item(self._name, failure, self._share())

    def _share(self) -> float:
        return (len(self._done) + len(self._failed)) / len(self._items)

    def _mapped(self) -> Mapped[R]:
        """In the order of the items, whichever was ready first."""
        done = {key: self._done[key] for key in self._items if key in self._done}
        return Mapped(done, [self._failed[key] for key in self._items if key in self._failed])


def keyed(items: Sequence[T], key: Callable[[T], object] | None, name: str) -> dict[str, T]:
    """The items by their keys, which are their places where nobody gives others; raises RecipeMisused."""
    keys = [str(place if key is None else key(item)) for place, item in enumerate(items)]
    by_key = dict(zip(keys, items, strict=True))
    if len(by_key) < len(keys):
        twice, _ = Counter(keys).most_common(1)[0]
        raise RecipeMisused(f"two items have the key {twice[:80]!r}", field=name, hint="give each item its own key")
    if any(not 0 < len(one) <= NAME_MAX for one in keys):
        raise RecipeMisused(f"an item's key is of 1 to {NAME_MAX} characters", field=name, hint="use an id, or a hash")
    return by_key
