"""One job's attempt, as a list of stages: perform (within its limits) → conclude → settle → report.

Each stage is a function of what the one before it gave. Expected ends travel as values (``Outcome``); the one broad
``except`` of the runtime is in ``perform``, where a recipe's surprises become outcomes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from time import monotonic
from typing import Any

import msgspec
from msgspec.structs import replace

from streamforge.broker.messages import Settlement
from streamforge.config import JobsSettings
from streamforge.errors import ConfigError, FencedError, RecipeMisused, ResultTooLarge, SlotCrashed, Snooze, UnknownKind
from streamforge.jobs import outcome as ends
from streamforge.jobs.caller import JobCaller, calling
from streamforge.jobs.model import Claim
from streamforge.jobs.outcome import Cancelled, Failed, Outcome, Released, Retry, Succeeded
from streamforge.ops import metrics
from streamforge.ops.logs import bind_job, get_logger
from streamforge.runtime.context import Context, Lent
from streamforge.runtime.limits import Limits, Terms, terms_of
from streamforge.runtime.places import where
from streamforge.runtime.pool_child import RemoteFault
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.retry import Past, RetryPolicy, decide, gravest
from streamforge.runtime.run import Run
from streamforge.runtime.settler import UNSETTLED, Settler
from streamforge.runtime.steps import json_of

FENCED = 0
"""settle.lua's code for: another attempt holds the job."""

log = get_logger(__name__)


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
        self.reload(policy, limits)

    def reload(self, policy: RetryPolicy, limits: JobsSettings) -> None:
        """Take other settings, for the attempts that begin from now on.

        Raises ConfigError, and changes nothing, where they contradict what a pipeline asks for.
        """
        try:
            terms = {name: terms_of(pipeline, limits, policy) for name, pipeline in self._pipelines.items()}
        except RecipeMisused as error:
            raise ConfigError(f"pipeline {error.field!r}: {error.message}", field="jobs", hint=error.hint) from error
        self._lent = replace(self._lent, limits=limits)
        self._limits = limits
        self._terms = terms
        step, job = Limits(0.0, limits.step_timeout_s), Limits(0.0, limits.job_timeout_s)
        self._default = Terms(step, job, policy)

    async def run(self, run: Run) -> None:
        """One attempt from claim to end. Raises nothing but cancellation."""
        claim = run.claim
        with (
            bind_job(
                job_id=claim.id,
                kind=claim.kind,
                attempt=claim.attempt,
                queue=claim.queue,
                trace_id=claim.trace_id,
            ),
            calling(JobCaller.of(claim)),
        ):
            metrics.job_wait_seconds(claim.kind).observe(claim.waited_ms / 1000)
            terms = self._terms.get(claim.kind, self._default)
            outcome = self._conclude(run, await self._perform(run, terms), terms.retry)
            if outcome is None:
                return self._report_fenced("perform")
            code = await self._settle(run, outcome)
            if code == FENCED:
                return self._report_fenced("settle")
            if code == UNSETTLED:
                return log.error("job_unsettled", outcome=outcome.name)
            self._report(run, outcome)
            return None

    async def _perform(self, run: Run, terms: Terms) -> Succeeded | Exception | None:
        """What the recipe came to; None where the run was ended from outside."""
        try:
            return await run.within(terms.job, lambda: self._recipe(run, terms))
        except Exception as error:  # noqa: BLE001 - a recipe may raise anything; here it becomes an outcome
            return error

    def _conclude(self, run: Run, came_to: Succeeded | Exception | None, policy: RetryPolicy) -> Outcome | None:
        """How the attempt ends; None where another one has taken over.

        What was asked for from outside counts before what the recipe raised on its way out, and a hard limit before
        anything.
        """
        if isinstance(came_to, Exception) and isinstance(gravest(came_to), FencedError):
            return None
        if isinstance(came_to, Succeeded) and not isinstance(run.asked, Failed):
            return came_to
        if run.is_abandoned:
            return None
        if run.asked is not None:
            return run.asked
        assert isinstance(came_to, Exception), "a recipe that nobody stopped has returned or raised"  # noqa: S101
        return self._failed(run, gravest(came_to), policy)

    async def _recipe(self, run: Run, terms: Terms) -> Succeeded:
        claim = run.claim
        pipeline = self._pipelines.get(claim.kind)
        if pipeline is None:
            raise UnknownKind(f"this worker has no pipeline of kind {claim.kind!r}", field="kind")
        context = Context(run, pipeline, terms, self._lent)
        value = await pipeline.recipe(context, pipeline.kind.decode(claim.input))
        return Succeeded(self._result(value, pipeline))

    def _result(self, value: object, pipeline: Pipeline[Any]) -> bytes:
        raw = json_of(value, "a result", "result")
        if len(raw) > self._limits.result_max_bytes:
            raise ResultTooLarge(
                f"the result is {len(raw)} bytes, the limit is {self._limits.result_max_bytes}",
                field="result",
                hint="save files with ctx.save, or raise jobs.result_max_bytes",
            )
        pipeline.check_result(raw)
        return raw

    def _failed(self, run: Run, error: Exception, policy: RetryPolicy) -> Outcome:
        claim = run.claim
        past = Past(attempt=claim.attempt, crashes=claim.crashes, is_boosted=claim.is_boosted)
        outcome = decide(error, past, policy, random.random)
        if isinstance(error, Snooze):
            return outcome
        if isinstance(error, SlotCrashed):
            run.death = error
        if isinstance(error, RemoteFault):
            places, name = list(error.places), error.kind
        else:
            places, name = where(error), type(error).__name__
        log.warning("job_attempt_failed", error=name, outcome=outcome.name, at=places[-1:] or None)
        return outcome

    async def _settle(self, run: Run, outcome: Outcome) -> int:
        """The settler owns the end from here on: cancelling this wait would lose its answer, not the settlement."""
        return await self._settler.settle(settlement(run.claim, outcome, run.death))

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


def settlement(claim: Claim, outcome: Outcome, death: SlotCrashed | None = None) -> Settlement:
    """An outcome as settle.lua takes it; ``death`` is the pool child's that led to it."""
    facts: dict[str, Any] = {}
    match outcome:
        case Succeeded(result):
            facts = {"body": result}
        case Retry(error, delay_ms, charge):
            facts = {"body": msgspec.json.encode(error), "delay_ms": delay_ms, "charge": charge}
        case ends.Snooze(reason, delay_ms, awaits, parked_for):
            facts = {"reason": reason, "delay_ms": delay_ms, "awaits": awaits, "parked_for": parked_for}
        case Cancelled(error):
            facts = {"body": msgspec.json.encode(error)}
        case Failed(error, reason):
            facts = {"body": msgspec.json.encode(error), "reason": reason}
        case Released():
            pass
    if death is not None:
        facts |= {"signal": death.signal, "peak_rss_kb": death.peak_rss_kb}
    return Settlement(claim.id, claim.token, claim.stream, claim.entry, outcome.name, **facts)
