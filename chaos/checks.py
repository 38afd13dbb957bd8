"""What must hold once all is quiet: pure functions of what Redis says, what the ledger says, and what is left.

Which attempt began when is told by the job's events: each claim (``job.started``, ``job.recovered``) names its worker.
A run in the ledger belongs to the newest claim by its worker that is older than it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from chaos.evidence import Accepted, Evidence, Violation
from chaos.ledger import Note
from chaos.recipes import DOOMED, STEPS, expected
from chaos.witness import View
from streamforge.jobs.events import ENDINGS, Event

CLAIMS = ("job.started", "job.recovered")

PERMANENT = (":inbox", ":feed", ":dead", ":scheduled", ":queue:", ":streams", ":queues", ":tenants", ":turns", ":cron")
"""Parts of the names of keys that live for ever; how large they may grow is bounded otherwise."""


class Claimed(Struct, frozen=True):
    """A claim, and where it stands among the job's events."""

    place: int
    at_ms: int
    worker: str


def violations(evidence: Evidence) -> list[Violation]:
    """Every promise that was not kept."""
    found: list[Violation] = []
    by_job = notes_by_job(evidence.notes)
    for job in evidence.accepted.values():
        view, notes = evidence.views[job.id], by_job.get(job.id, [])
        found += ended_once(job, view)
        found += right_result(job, view)
        found += effects_once(job, view, notes)
        found += nothing_after_checkpoint(view, notes, evidence.notes)
    found += unknown_jobs(evidence.accepted, by_job)
    found += left_over(evidence)
    return sorted([*found, *evidence.troubles])


def notes_by_job(notes: Iterable[Note]) -> dict[str, list[Note]]:
    """The ledger by job, in the order of writing."""
    found: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        found[note.job].append(note)
    return found


def ended_once(job: Accepted, view: View) -> Iterator[Violation]:
    """Every accepted job ended, exactly once, in the way that its kind is meant to."""
    if not view.state:
        yield Violation("lost", f"a {job.kind} job was accepted, and Redis does not know it", job.id)
        return
    wanted = "failed" if job.kind in DOOMED else "succeeded"
    if view.state != wanted:
        yield Violation("end", f"a {job.kind} job is {view.state}, not {wanted}: {view.error}", job.id)
    ends = [event.type for event in view.events if event.type in ENDINGS]
    if len(ends) != 1:
        yield Violation("end", f"a {job.kind} job has {len(ends)} ends: {', '.join(ends) or 'none'}", job.id)
    if job.kind == "poison" and view.state == "failed" and "SIGSEGV" not in view.error:
        yield Violation("cause", f"the signal that killed its pool child is not named: {view.error}", job.id)
    if job.kind == "worker-killer" and view.state == "failed" and _reason(view) != "crashed":
        yield Violation("cause", f"failed for {_reason(view)!r}, not 'crashed'", job.id)


def _reason(view: View) -> object:
    return next((event.payload().get("reason") for event in view.events if event.type == "job.failed"), None)


def right_result(job: Accepted, view: View) -> Iterator[Violation]:
    """A result is a function of the input, whatever happened on the way; and an attempt made it that held the job."""
    if view.state != "succeeded":
        return
    if view.result is None:
        yield Violation("result", "succeeded without a result", job.id)
        return
    wanted = expected(job.kind, job.salt)
    if view.result.value != wanted:
        yield Violation("result", f"{view.result.value} in place of {wanted}", job.id)
    owner = claims(view.events)[-1].worker
    if view.result.worker != owner:
        yield Violation("result", f"made by {view.result.worker}, while {owner} held the job", job.id)


def effects_once(job: Accepted, view: View, notes: Iterable[Note]) -> Iterator[Violation]:
    """Each step of a finished job had its effect; under its idempotency key it was applied once, and no other was."""
    applied: dict[str, int] = defaultdict(int)
    for note in notes:
        if note.what == "effect":
            applied[note.step] += note.is_first
    for step, count in applied.items():
        if count != 1:
            yield Violation("effect", f"the effect of step {step!r} was applied {count} times", job.id)
    if view.state == "succeeded":
        for step in set(STEPS[job.kind]) - set(applied):
            yield Violation("effect", f"succeeded, but step {step!r} never had its effect", job.id)


def nothing_after_checkpoint(view: View, notes: Sequence[Note], ledger: Sequence[Note]) -> Iterator[Violation]:
    """No step ran again after its checkpoint.

    Whoever claimed the job after the checkpoint must replay it. One who held the job before, and was overtaken while
    its process stood still, cannot know; nobody else may.
    """
    stalled = {note.pid for note in ledger if note.what == "stall"}
    held = {note.run: claim_of(note, view.events) for note in notes if note.what == "run"}
    for step, (place, at_ms) in checkpoints(view.events).items():
        begun = [note for note in notes if note.what == "begin" and note.step == step]
        for note in begun:
            claim = held.get(note.run)
            if claim is not None and claim.place > place:
                yield Violation("replay", f"step {step!r} ran again in a later attempt, after its checkpoint", view.id)
            elif note.at_ms > at_ms + 1 and note.pid not in stalled and not _is_child_of(note, notes, stalled):
                yield Violation("replay", f"step {step!r} began after its checkpoint, by an attempt overtaken", view.id)
    for step, count in _completions(view.events).items():
        if count > 1:
            yield Violation("replay", f"step {step!r} has {count} checkpoints", view.id)


def _is_child_of(note: Note, notes: Iterable[Note], stalled: Collection[int]) -> bool:
    """Whether a pool child wrote it whose daemon has stood still."""
    return any(run.what == "run" and run.run == note.run and run.pid in stalled for run in notes)


def claims(events: Iterable[Event]) -> list[Claimed]:
    """Every claim, in order."""
    return [
        Claimed(place, event.at_ms, str(event.payload()["worker"]))
        for place, event in enumerate(events)
        if event.type in CLAIMS
    ]


def claim_of(run: Note, events: Iterable[Event]) -> Claimed | None:
    """The claim that a run belongs to."""
    own = [claim for claim in claims(events) if claim.worker == run.worker and claim.at_ms <= run.at_ms]
    return own[-1] if own else None


def checkpoints(events: Iterable[Event]) -> dict[str, tuple[int, int]]:
    """Where among the events, and when, each step was first checkpointed."""
    found: dict[str, tuple[int, int]] = {}
    for place, event in enumerate(events):
        if event.type == "step.completed":
            found.setdefault(str(event.payload()["step"]), (place, event.at_ms))
    return found


def _completions(events: Iterable[Event]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for event in events:
        if event.type == "step.completed":
            found[str(event.payload()["step"])] += 1
    return found


def unknown_jobs(accepted: Collection[str], by_job: Mapping[str, object]) -> Iterator[Violation]:
    """Nothing ran that nobody handed in."""
    for job in by_job.keys() - set(accepted) - {""}:
        yield Violation("lost", "ran, but its submission was never acknowledged", job)


def left_over(evidence: Evidence) -> Iterator[Violation]:
    """Nothing is stuck: in a pending list, the schedule, a slot, a lease; and nothing lives for ever."""
    left = evidence.leftovers
    for key, count in left.pending.items():
        yield Violation("stuck", f"{key} holds {count} entries")
    if left.scheduled:
        yield Violation("stuck", f"the schedule holds {left.scheduled} jobs")
    for worker in set(left.workers) - set(evidence.living):
        yield Violation("stuck", f"worker {worker} is shown alive, and is not")
    for name, value in evidence.busy.items():
        if value:
            yield Violation("stuck", f"{name} is {value:g}")
    for key in left.keys_without_ttl:
        if not any(part in key for part in PERMANENT):
            yield Violation("leak", f"{key} has no TTL")
    for letter in left.letters:
        job = evidence.accepted.get(letter.get("job", ""))
        if job is None or job.kind not in DOOMED:
            yield Violation(
                "dead", f"a dead letter that nothing explains: {json.dumps(letter)[:400]}", letter.get("job", "")
            )
