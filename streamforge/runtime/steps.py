"""The book-keeping of steps: their names, their checkpoints, the events they make, and how far the job is with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from streamforge.config import JobsSettings
from streamforge.errors import RecipeMisused, VersionMismatch
from streamforge.jobs.model import JobError
from streamforge.ops import metrics
from streamforge.runtime.checkpoints import Checkpoints, Saved
from streamforge.runtime.journal import Journal, Records
from streamforge.runtime.progress import Progress
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.run import STEP, Run
from streamforge.storage.objects import Objects

T = TypeVar("T")

NAME_MAX = 200
"""Characters that a step's name, or an item's key, may have."""

UNDECLARED = "(undeclared)"
"""What metrics call a step that its pipeline does not declare: labels come from closed sets."""


class ItemFailure(Struct, frozen=True):
    """An item of a fan-out that failed; ``error`` may be shown to the job's owner."""

    key: str
    error: JobError


class Steps:
    """The steps of one attempt."""

    def __init__(
        self, run: Run, pipeline: Pipeline[Any], records: Records, objects: Objects, limits: JobsSettings
    ) -> None:
        self.journal = Journal(records, run, str(pipeline.version))
        self.progress = Progress(pipeline.kind.steps)
        self._claim = run.claim
        self._pipeline = pipeline
        self._checkpoints = Checkpoints(records, objects, limits, run.claim)
        self._names: set[str] = set()

    def begin(self, name: str) -> None:
        """Use a name for a step or an item.

        Raises RecipeMisused where the name is no name, is used already, or the recipe has ended; VersionMismatch where
        the job's checkpoints are not this recipe's.
        """
        self.journal.require_open(f"step {name[:NAME_MAX]!r}")
        self._require_version()
        if not name or len(name) > 2 * NAME_MAX or not name.isprintable():
            raise RecipeMisused(f"not a name for a step: {name[:80]!r}", field="step", hint="use a short, plain text")
        if name in self._names:
            raise RecipeMisused(
                f"the recipe uses the step name {name!r} twice", field="step", hint="give each step its own"
            )
        self._names.add(name)

    def _require_version(self) -> None:
        theirs, ours = self._claim.version, self._pipeline.version
        if not theirs or theirs in {str(ours), *map(str, self._pipeline.accepts)}:
            return
        raise VersionMismatch(
            f"the job's checkpoints are of version {theirs} of the recipe, this worker runs version {ours}",
            field="version",
            hint="where this recipe can go on from them, name that version in the pipeline's accepts and requeue the "
            "job; else submit it anew",
        )

    async def find(self, name: str, returns: type[T]) -> tuple[bool, T | None]:
        """(True, value) where the step has a usable checkpoint."""
        return await self._checkpoints.lookup(name, returns)

    async def encode(self, name: str, value: object) -> Saved:
        """The value as it is kept; raises ResultTooLarge, QuotaExceeded or PermanentError."""
        return await self._checkpoints.encode(name, value)

    async def started(self, name: str, **facts: object) -> None:
        """The step runs now."""
        self._advance(name)
        await self.journal.write("step_started", "step.started", {"step": name, **facts}, step=name)

    async def replayed(self, name: str) -> None:
        """The step has been done by an earlier attempt."""
        metrics.steps_replayed_total(self._claim.kind, self._label(name)).inc()
        self._advance(name)
        percent = self.progress.done(name)
        await self.journal.write("step_replayed", "step.replayed", {"step": name}, step=name, progress=percent)

    async def completed(self, name: str, saved: Saved, seconds: float) -> None:
        """Write the step's value down."""
        await self._keep(name, name, saved, seconds, self.progress.done(name))
        metrics.step_seconds(self._claim.kind, self._label(name)).observe(seconds)

    async def completed_item(self, step: str, item: str, saved: Saved, seconds: float, share: float) -> None:
        """Write an item's value down; ``share`` of the step's items are done with it."""
        await self._keep(step, item, saved, seconds, self.progress.within(step, share))

    async def failed_item(self, step: str, failure: ItemFailure, share: float) -> None:
        """Tell that an item failed; it has no checkpoint until its step has one."""
        facts = {"step": step, "item": failure.key, "error": failure.error}
        percent = self.progress.within(step, share)
        await self.journal.write("item_failed", "item.failed", facts, progress=percent)

    async def _keep(self, step: str, name: str, saved: Saved, seconds: float, percent: float) -> None:
        facts: Mapping[str, object] = {"step": name, "progress": round(percent, 1), "seconds": round(seconds, 4)}
        while number := await self.journal.write(
            "checkpoint",
            "step.completed",
            facts,
            target="steps",
            field=name,
            value=saved.value,
            put=saved.put,
            step=step,
            progress=percent,
        ):
            saved = await self._checkpoints.put_again(saved, number)
        self._checkpoints.remember(name, saved.value)

    def _advance(self, name: str) -> None:
        """A step within a step, or within an item, is a part of that one's progress."""
        if not STEP.get():
            self.progress.begin(name)

    def _label(self, name: str) -> str:
        return name if name in self._pipeline.kind.steps else UNDECLARED


def json_of(value: object, what: str, field: str) -> bytes:
    """The value as JSON; raises RecipeMisused for what JSON cannot hold."""
    try:
        return msgspec.json.encode(value)
    except (msgspec.EncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RecipeMisused(f"{what} of type {type(value).__name__} is not JSON", field=field) from error
