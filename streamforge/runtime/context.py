"""What a recipe sees of the runtime: run a step once, use a pool slot, save a file, tell how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, ParamSpec, TypeVar, cast

import anyio
import msgspec

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import Record
from streamforge.config import JobsSettings
from streamforge.errors import FencedError, InvalidInput, PermanentError, StepTimeout
from streamforge.jobs.kinds import Kind
from streamforge.jobs.model import Artifact, Claim
from streamforge.ops import metrics
from streamforge.runtime.checkpoints import Checkpoints
from streamforge.runtime.pool import Rack
from streamforge.storage.objects import Objects

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Resources = Mapping[type[Any], Any]
"""What the composition root lends to recipes, by type: models, clients, settings of their own."""


class Lent(msgspec.Struct, frozen=True):
    """What every context of a daemon shares."""

    broker: Broker
    objects: Objects
    rack: Rack
    limits: JobsSettings
    resources: Resources


class Context:
    """One attempt of one job, as its recipe sees it.

    Every write carries the attempt's fencing token; where another attempt has taken over, it raises FencedError,
    which a recipe must let pass.
    """

    def __init__(self, claim: Claim, kind: Kind[Any], lent: Lent) -> None:
        self.job_id = claim.id
        self.kind = claim.kind
        self.attempt = claim.attempt
        self.tenant = claim.tenant
        self._claim = claim
        self._steps = kind.steps
        self._lent = lent
        self._checkpoints = Checkpoints(lent.broker, lent.objects, lent.limits, claim)
        self._names: set[str] = set()
        self._step = ""
        self._progress = 0.0
        self._written = 0

    async def step(
        self, name: str, call: Callable[[], Awaitable[T]], *, returns: type[T], timeout_s: float | None = None
    ) -> T:
        """The value of the step ``name``: run now and written down, or read back where an earlier attempt has done it.

        ``returns`` is the value's type, for reading it back. A name is used once in a recipe. Raises what ``call``
        raises, StepTimeout after ``timeout_s`` (default: jobs.step_timeout_s), ResultTooLarge.
        """
        self._claim_name(name)
        found, value = await self._checkpoints.lookup(name, returns)
        if found:
            await self._replayed(name)
            return cast("T", value)
        await self._record("step_started", "step.started", {"step": name}, step=name)
        started = monotonic()
        value = await self._within(timeout_s or self._lent.limits.step_timeout_s, name, call)
        await self._completed(name, value, monotonic() - started)
        return value

    async def offload(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a module-level function in a pool child; see ``Rack.call``."""
        return await self._lent.rack.call(function, *args, **kwargs)

    async def save(self, name: str, data: bytes, media_type: str) -> Artifact:
        """Keep a file as the job's artifact ``name``; durable on return. The same name again replaces it."""
        if not name or "/" in name or name.startswith(".") or len(name) > 200:  # noqa: PLR2004
            raise InvalidInput(f"not a file name: {name[:80]!r}", field="name", hint="letters, digits, - _ . and no /")
        ref = await self._lent.objects.put(data)
        artifact = Artifact(name=name, key=ref.key, media_type=media_type, size=ref.size)
        facts = {"name": name, "media_type": media_type, "size": ref.size}
        await self._record(
            "artifact",
            "artifact.saved",
            facts,
            target="files",
            field=name,
            value=msgspec.json.encode(artifact),
        )
        return artifact

    async def load(self, artifact: Artifact) -> bytes:
        """The bytes of an artifact."""
        return await self._lent.objects.get(artifact.key)

    async def progress(self, percent: float, message: str = "") -> None:
        """Tell how far the running step is, 0 to 100 of that step; ``message`` may be shown to the job's owner."""
        share = self._share(self._position()) + min(100.0, max(0.0, percent)) / 100 * self._width()
        self._progress = max(self._progress, share)
        facts = {"step": self._step, "progress": round(self._progress, 1), "message": message[:300]}
        await self._record("progress", "job.progress", facts, progress=self._progress)

    def use(self, resource: type[R]) -> R:
        """What the daemon lends under that type; raises PermanentError where it lends none."""
        found = self._lent.resources.get(resource)
        if found is None:
            raise PermanentError(f"this daemon has no {resource.__name__} to lend to pipelines")
        return cast("R", found)

    def _claim_name(self, name: str) -> None:
        if name in self._names:
            raise PermanentError(
                f"the recipe uses the step name {name!r} twice", field="step", hint="give each step its own"
            )
        self._names.add(name)
        self._step = name

    async def _within(self, timeout_s: float, name: str, call: Callable[[], Awaitable[T]]) -> T:
        with anyio.move_on_after(timeout_s) as scope:
            return await call()
        if scope.cancelled_caught:
            raise StepTimeout(f"step {name!r} took longer than {timeout_s:g} s", field=name)
        raise AssertionError("unreachable: a scope ends by return, error or cancellation")

    async def _completed(self, name: str, value: object, seconds: float) -> None:
        saved = await self._checkpoints.encode(name, value)
        self._progress = max(self._progress, self._share(self._position() + 1))
        facts = {"step": name, "progress": round(self._progress, 1), "seconds": round(seconds, 4)}
        await self._record(
            "checkpoint",
            "step.completed",
            facts,
            target="steps",
            field=name,
            value=saved,
            progress=self._progress,
        )
        self._checkpoints.remember(name, saved)
        metrics.step_seconds(self.kind, name).observe(seconds)

    async def _replayed(self, name: str) -> None:
        metrics.steps_replayed_total(self.kind, name).inc()
        self._progress = max(self._progress, self._share(self._position() + 1))
        await self._record("step_replayed", "step.replayed", {"step": name}, step=name, progress=self._progress)

    async def _record(
        self,
        write: str,
        event: str,
        facts: Mapping[str, object],
        *,
        target: str = "",
        field: str = "",
        value: bytes = b"",
        step: str = "",
        progress: float | None = None,
    ) -> None:
        self._written += 1
        record = Record(
            id=self.job_id,
            token=self._claim.token,
            serial=self._written,
            event=event,
            data=msgspec.json.encode(facts),
            target=target,
            field=field,
            value=value,
            step=step,
            progress=progress,
        )
        if not await self._lent.broker.record(record):
            metrics.fenced_writes_total(write).inc()
            raise FencedError

    def _position(self) -> int:
        """How many steps come before the running one: by its place among the declared ones, else by count."""
        return self._steps.index(self._step) if self._step in self._steps else len(self._names) - 1

    def _share(self, steps_done: int) -> float:
        return min(100.0, steps_done * self._width())

    def _width(self) -> float:
        return 100.0 / max(len(self._steps), len(self._names), 1)
