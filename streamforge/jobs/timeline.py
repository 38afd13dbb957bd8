"""A job's story, told from its events: its attempts and what each did, step by step. Pure.

The log keeps a job's newest events; what it has dropped is missing here, and an attempt may begin without its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from streamforge.jobs.events import Event
from streamforge.jobs.model import JobError

Outcome = Literal["running", "succeeded", "failed", "cancelled", "retrying", "snoozed", "released", "lost"]
SpanState = Literal["running", "completed", "replayed", "failed", "stopped"]

_ENDS: Final[dict[str, Outcome]] = {
    "job.succeeded": "succeeded",
    "job.failed": "failed",
    "job.cancelled": "cancelled",
    "job.retrying": "retrying",
    "job.snoozed": "snoozed",
    "job.released": "released",
}
_BROKEN: Final = frozenset({"failed", "retrying", "lost"})


class Attempt(Struct, kw_only=True, omit_defaults=True):
    """One run of a job by one worker.

    ``attempt`` counts what is charged to the job: a run that was snoozed or handed back has the number of the next.
    ``lost`` is a run whose worker died.
    """

    attempt: int
    worker: str
    started_ms: int
    outcome: Outcome
    ended_ms: int = 0
    error: JobError | None = None


class Span(Struct, kw_only=True, omit_defaults=True):
    """A step in one run; ``seconds`` it took once it has ended, ``progress`` (percent) is the job's at that time."""

    name: str
    state: SpanState
    attempt: int
    started_ms: int
    seconds: float
    progress: float
    child: str = ""


class History(Struct, frozen=True):
    """Runs and steps, each in the order of their beginning."""

    attempts: list[Attempt]
    spans: list[Span]

    def completed(self, declared: Sequence[str] = ()) -> int:
        """How many different steps are done; only declared ones count where there are such."""
        done = {span.name for span in self.spans if span.state in ("completed", "replayed")}
        return len(done & set(declared) if declared else done)


class _Facts(Struct):
    """What the data of an event may hold."""

    worker: str = ""
    step: str = ""
    child: str = ""
    seconds: float = 0.0
    progress: float = 0.0
    error: JobError | None = None


_DATA = msgspec.json.Decoder(_Facts)


def history_of(events: Iterable[Event]) -> History:
    """The history that these events tell, oldest first."""
    teller = _Teller()
    for event in events:
        teller.hear(event)
    return History(teller.attempts, teller.spans)


class _Teller:
    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.spans: list[Span] = []
        self._open: dict[str, Span] = {}

    def hear(self, event: Event) -> None:
        facts = _DATA.decode(event.data or "{}")
        if event.type in ("job.started", "job.recovered"):
            self._begin(event, facts)
        elif event.type in _ENDS:
            self._end(event, _ENDS[event.type], facts.error)
        elif event.type == "step.started":
            self._step(event, facts, "running")
        elif event.type == "step.replayed":
            self._step(event, facts, "replayed")
        elif event.type == "step.completed":
            self._done(event, facts)
        elif event.type == "job.progress" and facts.step in self._open:
            self._open[facts.step].progress = facts.progress

    @property
    def _running(self) -> Attempt | None:
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.outcome == "running" else None

    def _begin(self, event: Event, facts: _Facts) -> None:
        if self._running:
            self._end(event, "lost", None)
        run = Attempt(attempt=event.attempt, worker=facts.worker, started_ms=event.at_ms, outcome="running")
        self.attempts.append(run)

    def _end(self, event: Event, outcome: Outcome, error: JobError | None) -> None:
        """A job that was cancelled or failed between two runs ended none."""
        if (run := self._running) is None:
            return
        run.outcome, run.ended_ms, run.error = outcome, event.at_ms, error
        for span in self._open.values():
            span.state = "failed" if outcome in _BROKEN else "stopped"
            span.seconds = max(0, event.at_ms - span.started_ms) / 1000
        self._open.clear()

    def _step(self, event: Event, facts: _Facts, state: SpanState) -> None:
        span = Span(
            name=facts.step,
            state=state,
            attempt=event.attempt,
            started_ms=event.at_ms,
            seconds=0.0,
            progress=facts.progress,
            child=facts.child,
        )
        self.spans.append(span)
        if state == "running":
            self._open[span.name] = span

    def _done(self, event: Event, facts: _Facts) -> None:
        span = self._open.pop(facts.step, None)
        if span is None:
            self._step(event, facts, "completed")
            span = self.spans[-1]
            span.started_ms -= round(facts.seconds * 1000)
        span.state, span.seconds, span.progress = "completed", facts.seconds, facts.progress
