"""One job's attempt, as a list of stages: load → perform (within its deadline) → settle → report.

Each stage is a function of what the one before it gave. Expected ends travel as values (``Outcome``); the one broad
``except`` of the runtime is in ``perform``, where a recipe's surprises become outcomes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from time import monotonic
from typing import Any

import anyio
import msgspec

from streamforge.broker.scripts import Settlement
from streamforge.config import JobsSettings
from streamforge.errors import FencedError, PermanentError, ResultTooLarge, StepTimeout, TransientError, UnknownKind
from streamforge.jobs.model import Claim, JobError
from streamforge.jobs.outcome import Cancelled, Failed, Outcome, Released, Retry, Snooze, Succeeded
from streamforge.ops import metrics
from streamforge.ops.logs import bind_job, get_logger
from streamforge.runtime.context import Context, Lent
from streamforge.runtime.places import where
from streamforge.runtime.pool_child import RemoteFault
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import RetryPolicy, decide
from streamforge.runtime.settler import UNSETTLED, Settler

FENCED = 0
"""settle.lua's code for: another attempt holds the job."""

log = get_logger(__name__)


class Run:
    """An attempt under way. ``release``, ``cancel`` and ``abandon`` end it from outside, at its next await."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.started = monotonic()
        self._scope = anyio.CancelScope()
        self._ending: Outcome | None = None
        self.is_abandoned = False

    def abandon(self) -> None:
        """Stop without a word: the job is not this worker's any more."""
        self.is_abandoned = True
        self._scope.cancel()

    def release(self) -> None:
        """Hand the job back: this worker stops."""
        self._end(Released())

    def cancel(self, error: JobError) -> None:
        """End the job: somebody asked for it."""
        self._end(Cancelled(error))

    def _end(self, outcome: Outcome) -> None:
        self._ending = self._ending or outcome
        self._scope.cancel()

    def within(self, timeout_s: float) -> anyio.CancelScope:
        """The scope that the recipe runs in."""
        self._scope.deadline = anyio.current_time() + timeout_s
        return self._scope

    @property
    def asked(self) -> Outcome | None:
        """The end that somebody outside has asked for; what the recipe raises on its way out does not count then."""
        return self._ending

    def ending(self, timeout_s: float) -> Outcome | StepTimeout:
        """Why the scope was cancelled."""
        return self._ending or StepTimeout(f"the attempt took longer than {timeout_s:g} s")


class Executor:
    """Runs claimed jobs. Stateless but for what it lends; any number of runs may be under way."""

    def __init__(
        self,
        pipelines: Mapping[str, Pipeline[Any]],
        lent: Lent,
        settler: Settler,
        policy: RetryPolicy,
        limits: JobsSettings,
    ) -> None:
        self._pipelines = pipelines
        self._lent = lent
        self._settler = settler
        self._policy = policy
        self._limits = limits

    async def run(self, run: Run) -> None:
        """One attempt from claim to end. Raises nothing but cancellation."""
        claim = run.claim
        with bind_job(job_id=claim.id, kind=claim.kind, attempt=claim.attempt, queue=queue_of(claim)):
            metrics.job_wait_seconds(claim.kind).observe(claim.waited_ms / 1000)
            outcome = await self._perform(run)
            if outcome is None:
                return self._report_fenced("perform")
            code = await self._settle(claim, outcome)
            if code == FENCED:
                return self._report_fenced("settle")
            if code == UNSETTLED:
                return log.error("job_unsettled", outcome=outcome.name)
            self._report(run, outcome)
            return None

    async def _perform(self, run: Run) -> Outcome | None:
        """How the recipe ended; None where another attempt has taken over."""
        timeout_s = self._limits.job_timeout_s
        try:
            with run.within(timeout_s):
                return Succeeded(await self._recipe(run.claim))
            ending = run.ending(timeout_s)
        except FencedError:
            return None
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            ending = TransientError("something that the recipe waited for was cancelled")
        except SystemExit:
            ending = PermanentError("the recipe tried to end the process")
        except Exception as error:  # noqa: BLE001 - a recipe may raise anything; here it becomes an outcome
            ending = run.asked or error
        if run.is_abandoned:
            return None
        if isinstance(ending, Exception):
            return self._failed(run.claim, ending)
        return ending

    async def _recipe(self, claim: Claim) -> bytes:
        pipeline = self._pipelines.get(claim.kind)
        if pipeline is None:
            raise UnknownKind(f"this worker has no pipeline of kind {claim.kind!r}", field="kind")
        context = Context(claim, pipeline.kind, self._lent)
        value = await pipeline.recipe(context, pipeline.kind.decode(claim.input))
        return self._result(value)

    def _result(self, value: object) -> bytes:
        try:
            raw = msgspec.json.encode(value)
        except (msgspec.EncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise PermanentError(f"a result of type {type(value).__name__} is not JSON", field="result") from error
        if len(raw) > self._limits.result_max_bytes:
            raise ResultTooLarge(
                f"the result is {len(raw)} bytes, the limit is {self._limits.result_max_bytes}",
                field="result",
                hint="save files with ctx.save, or raise jobs.result_max_bytes",
            )
        return raw

    def _failed(self, claim: Claim, error: Exception) -> Outcome:
        outcome = decide(error, claim.attempt, self._policy, random.random)
        if isinstance(error, RemoteFault):
            places, name = list(error.places), error.kind
        else:
            places, name = where(error), type(error).__name__
        log.warning("job_attempt_failed", error=name, outcome=outcome.name, at=places[-1:] or None)
        return outcome

    async def _settle(self, claim: Claim, outcome: Outcome) -> int:
        """The settler owns the end from here on: cancelling this wait would lose its answer, not the settlement."""
        return await self._settler.settle(settlement(claim, outcome))

    def _report(self, run: Run, outcome: Outcome) -> None:
        kind, seconds = run.claim.kind, monotonic() - run.started
        metrics.jobs_total(kind, outcome.name).inc()
        metrics.job_run_seconds(kind).observe(seconds)
        if isinstance(outcome, Failed):
            metrics.dead_letters_total(outcome.reason).inc()
            log.warning("job_failed", reason=outcome.reason, code=outcome.error.code, seconds=round(seconds, 4))
        else:
            log.info("job_settled", outcome=outcome.name, seconds=round(seconds, 4))

    def _report_fenced(self, stage: str) -> None:
        if stage == "settle":
            metrics.fenced_writes_total("settle").inc()
        log.warning("job_fenced", stage=stage)


def _is_cancelled() -> bool:
    """Whether this task itself is being cancelled, as against a CancelledError that came out of an awaited thing."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def settlement(claim: Claim, outcome: Outcome) -> Settlement:
    """An outcome as settle.lua takes it."""
    body, reason, delay_ms = b"", "", 0
    match outcome:
        case Succeeded(result):
            body = result
        case Retry(error, delay):
            body, delay_ms = msgspec.json.encode(error), delay
        case Snooze(why, delay):
            reason, delay_ms = why, delay
        case Cancelled(error):
            body = msgspec.json.encode(error)
        case Failed(error, why):
            body, reason = msgspec.json.encode(error), why
        case Released():
            pass
    return Settlement(claim.id, claim.token, claim.stream, claim.entry, outcome.name, body, reason, delay_ms)


def queue_of(claim: Claim) -> str:
    """The queue's name, from its stream's key (``…:queue:<name>:<priority>``)."""
    return claim.stream.decode().rsplit(":queue:", 1)[-1].rpartition(":")[0]
