"""Made-up rounds: a job's events and the ledger's notes, as a real one leaves them."""

from __future__ import annotations

import json

from chaos.evidence import Accepted, Evidence, Violation
from chaos.ledger import Note, What
from chaos.recipes import STEPS, Done, expected
from chaos.witness import Leftovers, View
from streamforge.jobs.events import Event

JOB = "j1"
NOTHING_LEFT = Leftovers(pending={}, scheduled=0, workers=[], keys_without_ttl=[], letters=[])


class Story:
    """One job's life, told in order; a tick of the clock, 10 ms, before each thing that happens."""

    def __init__(self, kind: str = "steps", salt: int = 5) -> None:
        self.job = Accepted(JOB, kind, salt)
        self.events: list[Event] = []
        self.notes: list[Note] = []
        self.result: Done | None = None
        self.state = "running"
        self._now = 1_000
        self.event("job.queued")

    def event(self, name: str, **data: object) -> Story:
        """Redis wrote an event."""
        self._now += 10
        self.events.append(Event(f"{self._now}-0", name, self._now, 1, json.dumps(data)))
        return self

    def note(
        self, what: What, *, run: str = "", step: str = "", worker: str = "", pid: int = 1, first: bool = False
    ) -> Story:
        """Somebody wrote into the ledger."""
        self._now += 10
        job = JOB if run else ""
        self.notes.append(
            Note(what=what, at_ms=self._now, job=job, run=run, step=step, worker=worker, pid=pid, is_first=first)
        )
        return self

    def claimed(self, worker: str, run: str, *, again: bool = False, pid: int = 1) -> Story:
        """A worker took the job, and its attempt began."""
        self.event("job.recovered" if again else "job.started", worker=worker)
        return self.note("run", run=run, worker=worker, pid=pid)

    def worked(self, run: str, step: str, *, first: bool = True, pid: int = 1) -> Story:
        """A step's work was done, up to its effect."""
        self.note("begin", run=run, step=step, pid=pid)
        return self.note("effect", run=run, step=step, pid=pid, first=first)

    def checkpointed(self, step: str) -> Story:
        """Redis has the step's value."""
        return self.event("step.completed", step=step)

    def did(self, run: str, *steps: str) -> Story:
        """Whole steps."""
        for step in steps:
            self.worked(run, step).checkpointed(step)
        return self

    def succeeded(self, worker: str, value: int | None = None) -> Story:
        """It ended well, with a result that this worker made."""
        right = expected(self.job.kind, self.job.salt)
        self.result = Done(value=right if value is None else value, worker=worker, pid=1, run="")
        self.state = "succeeded"
        return self.event("job.succeeded")

    def failed(self, reason: str) -> Story:
        """It ended badly."""
        self.state = "failed"
        return self.event("job.failed", reason=reason)

    @property
    def view(self) -> View:
        """What Redis says of it in the end."""
        error = "" if self.state == "succeeded" else '{"message":"the pool child died: SIGSEGV"}'
        return View(id=JOB, state=self.state, result=self.result, error=error, events=self.events)

    def evidence(self, leftovers: Leftovers = NOTHING_LEFT, troubles: tuple[Violation, ...] = ()) -> Evidence:
        """A round of this job alone."""
        return Evidence(
            accepted={JOB: self.job},
            views={JOB: self.view},
            notes=self.notes,
            leftovers=leftovers,
            lease_s=3.0,
            renew_s=1.0,
            living=["w1"],
            troubles=troubles,
        )


def plain(kind: str = "steps") -> Story:
    """A job to which nothing happens."""
    return Story(kind).claimed("w1", "a").did("a", *STEPS[kind]).succeeded("w1")
