"""A job of one recipe without a server: attempts in this process, over checkpoints in memory.

    rehearsal = Rehearsal(LETTER, Letter(topic="spring"), resources={TextModel: ScriptedText("Dear reader")})
    await rehearsal.attempt(crash_in="send")    # the letter is sent, the process dies before that is written down
    end = await rehearsal.run()                 # the next attempts, to the end of the job
    assert (end.outcome, end.result) == ("succeeded", …)

Context, steps, fan-outs, limits, and what follows an error are the daemon's own code; Redis is replaced by what
record.lua keeps (see ``memory``). What belongs to the server is not rehearsed: queues, leases, the crash cap, expiry,
idempotent submission, and children as real jobs. ``InProcessWorker`` has those.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

import msgspec
from msgspec import Struct

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Settlement
from streamforge.config import JobsSettings
from streamforge.jobs.events import Event
from streamforge.jobs.model import Claim, JobError, new_job_id
from streamforge.jobs.outcome import Charge
from streamforge.runtime.checkpoints import Checkpoints
from streamforge.runtime.context import Context, Lent, Resources
from streamforge.runtime.executor import Executor
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline, Version
from streamforge.runtime.retry import RetryPolicy
from streamforge.runtime.run import Run
from streamforge.runtime.settler import Settler
from streamforge.storage.objects import Objects
from streamforge.testing.memory import Answers, Asked, Book, Point, SameProcess

I = TypeVar("I")  # noqa: E741 - the input type

ATTEMPTS_MAX = 50
"""More than these in one ``run`` are taken for a recipe that never ends."""

OVER = ("succeeded", "failed", "cancelled")


class End(Struct, frozen=True, kw_only=True):
    """How one attempt ended.

    ``result`` is decoded as the pipeline declares it. ``reason`` is the dead letter's for ``failed``, and what was said
    for ``snooze``. ``delay_s`` is the pause before the next attempt. ``cause`` is the exception itself, with its
    traceback, where the recipe raised one.
    """

    outcome: Literal["succeeded", "failed", "cancelled", "retry", "snooze", "crashed"]
    result: Any = None
    error: JobError | None = None
    reason: str = ""
    delay_s: float = 0.0
    charge: Charge = "attempt"
    awaits: str = ""
    cause: Exception | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job has ended with it."""
        return self.outcome in OVER


class Rehearsal(Generic[I]):
    """One job, and as many attempts at it as a test makes; its checkpoints stay between them.

    ``spec`` is checked as at every door: raises InvalidInput. ``checkpoints`` are values of steps that earlier attempts
    have done, under the recipe's ``version`` of then. ``children`` are results, or exceptions, by the names of the
    steps that start them; a child without one is waited for. ``offload`` calls its function in this process.
    """

    def __init__(
        self,
        pipeline: Pipeline[I],
        spec: I,
        *,
        resources: Resources | None = None,
        checkpoints: Mapping[str, object] | None = None,
        version: Version | None = None,
        children: Mapping[str, object] | None = None,
        jobs: JobsSettings | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self.job_id = new_job_id()
        self.attempts: list[End] = []
        self._pipeline = copy(pipeline)
        self._recipe = pipeline.recipe
        self._pipeline.recipe = self._watched
        self._input = pipeline.kind.normalise(msgspec.json.encode(spec))
        self._limits = jobs or JobsSettings()
        self._book = Book()
        self._children = Answers(children or {})
        self._objects = Objects.open("memory://", Path())
        self._cause: Exception | None = None
        self._run: Run | None = None
        self._executor = self._built(resources or {}, policy or RetryPolicy())
        self._attempt, self._crashes, self._is_boosted = 1, 0, False
        self._given(checkpoints or {}, pipeline.version if version is None else version)

    def _built(self, resources: Resources, policy: RetryPolicy) -> Executor:
        broker, rack = cast("Broker", self._book), cast("Rack", SameProcess())
        lent = Lent(broker, self._objects, rack, self._limits, resources, self._children)
        pipelines = {self._pipeline.kind.name: self._pipeline}
        return Executor(pipelines, lent, cast("Settler", self._book), policy, self._limits)

    def _given(self, checkpoints: Mapping[str, object], version: Version) -> None:
        for name, value in checkpoints.items():
            self._book.checkpoints_by_name[name] = b"v" + msgspec.msgpack.encode(value)
            self._book.version = str(version)

    # ---- doing it ----

    async def attempt(self, *, crash_after: str = "", crash_in: str = "") -> End:
        """One attempt, from the checkpoints that there are.

        Its process dies right after the checkpoint ``crash_after`` was written, or when the step ``crash_in`` has done
        its work and nothing of it is written down: ``crashed``. An item's checkpoint is ``step[key]``. Raises
        AssertionError where the attempt never comes to that point.
        """
        point = Point(crash_after or crash_in, is_kept=bool(crash_after))
        self._cause = None
        self._run = run = Run(self._claim())
        self._book.open(run.claim, point, run.abandon)
        await self._executor.run(run)
        end = self._ended()
        self.attempts.append(end)
        if point.name and end.outcome != "crashed":
            raise AssertionError(f"{point.name!r} was not written in this attempt, which ended: {end}") from end.cause
        self._count(end)
        return end

    async def run(self) -> End:
        """Attempts, without the pauses between them, until the job has ended; the last one's end.

        Raises AssertionError where the job waits for a child without an answer, or does not end.
        """
        for _ in range(ATTEMPTS_MAX):
            end = await self.attempt()
            if end.is_over:
                return end
            if end.awaits:
                asked = self._children.asked[end.awaits]
                raise AssertionError(f"step {asked.step!r} waits for a {asked.kind!r}: give its answer in children")
        raise AssertionError(f"no end after {ATTEMPTS_MAX} attempts, the last was: {self.attempts[-1]}")

    async def result(self) -> Any:  # noqa: ANN401 - what the recipe returns
        """``run``, and what the job came to; raises what the recipe raised, or AssertionError, where it failed."""
        end = await self.run()
        if end.outcome != "succeeded":
            raise end.cause or AssertionError(f"the job did not succeed: {end}")
        return end.result

    def crash(self) -> None:
        """From within the recipe's calls: the process dies here."""
        self._book.crash()

    def cancel(self, message: str = "cancelled on request") -> None:
        """From within the recipe's calls: somebody asks for the job's end."""
        if self._run is not None:
            self._run.cancel(JobError(code="cancelled", message=message))

    def answer(self, step: str, answer: object) -> None:
        """The child of that step has ended, with a result or an exception."""
        self._children.by_step[step] = answer

    # ---- what it left ----

    @property
    def ran(self) -> list[str]:
        """Steps and items that were done and written down, in order; what was replayed is not among them."""
        return [str(payload["step"]) for payload in self.happened("step.completed")]

    @property
    def children(self) -> list[Asked]:
        """The children that were asked for."""
        return list(self._children.asked.values())

    @property
    def events(self) -> list[Event]:
        """What steps and recipe have told, over all attempts; the job's own events are the server's."""
        return list(self._book.events)

    def happened(self, event: str) -> list[dict[str, object]]:
        """The data of each event of that type, such as ``job.log``, ``item.failed``, ``step.replayed``."""
        return [found.payload() for found in self.events if found.type == event]

    async def checkpoints(self) -> dict[str, Any]:
        """Every checkpoint's value, in plain types."""
        book = Checkpoints(cast("Broker", self._book), self._objects, self._limits, self._claim())
        return {name: (await book.lookup(name, cast("type[Any]", Any)))[1] for name in self._book.checkpoints_by_name}

    async def files(self) -> dict[str, bytes]:
        """What was saved, by name."""
        objects = self._objects.of(self._claim().tenant)
        return {name: await objects.get(artifact.key) for name, artifact in self._book.files.items()}

    # ---- its book-keeping ----

    def _claim(self) -> Claim:
        return Claim(
            id=self.job_id,
            kind=self._pipeline.kind.name,
            input=self._input,
            stream=b"",
            entry=b"",
            token=len(self.attempts) + (2 if self._book.version else 1),  # 1 says that no checkpoint can exist
            attempt=self._attempt,
            crashes=self._crashes,
            tenant="default",
            created_ms=0,
            waited_ms=0,
            version=self._book.version,
            is_boosted=self._is_boosted,
        )

    async def _watched(self, ctx: Context, spec: I) -> Any:  # noqa: ANN401 - as the recipe
        try:
            return await self._recipe(ctx, spec)
        except Exception as error:
            self._cause = error
            raise

    def _ended(self) -> End:
        if self._book.has_crashed:
            return End(outcome="crashed", charge="crash")
        if self._book.end is None:
            raise self._cause or AssertionError("the attempt was fenced")
        return self._told(self._book.end)

    def _told(self, end: Settlement) -> End:
        is_good = end.outcome == "succeeded"
        outcome = cast("Literal['succeeded', 'failed', 'cancelled', 'retry', 'snooze']", end.outcome)
        has_error = bool(end.body) and not is_good
        return End(
            outcome=outcome,
            result=msgspec.json.decode(end.body, type=self._pipeline.result_type) if is_good else None,
            error=msgspec.json.decode(end.body, type=JobError) if has_error else None,
            reason=end.reason,
            delay_s=end.delay_ms / 1000,
            charge=end.charge,
            awaits=end.awaits,
            cause=None if is_good else self._cause,
        )

    def _count(self, end: End) -> None:
        if end.outcome in ("retry", "crashed") and end.charge == "crash":
            self._crashes += 1
        elif end.outcome == "retry":
            self._attempt += 1
            self._is_boosted = self._is_boosted or end.charge == "soft_limit"
