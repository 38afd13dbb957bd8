"""What must hold once all is quiet: pure functions of what Redis says, what the ledger says, and what is left.

Which attempt began when is told by the job's events: each claim (``job.started``, ``job.recovered``) names its worker.
A run in the ledger belongs to the newest claim by its worker that is older than it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from chaos.evidence import Accepted, Evidence, Violation
from chaos.ledger import Note
from chaos.recipes import DOOMED, STEPS, expected
from chaos.witness import View
from streamforge.jobs.events import ENDINGS, Event

CLAIMS = ("job.started", "job.recovered")

PERMANENT = re.compile(r"[^:]+:(inbox|\{0\}:(feed|dead|cron|workers|tenants|(bell|index):[^:]+))")
"""Names of the keys that expire by no time of their own; see streamforge/broker/keys.py."""

KILLER_SIGNAL = "SIGKILL"


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
        found += signal_named(job, view, evidence)
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
    if job.kind == "worker-killer" and view.state == "failed" and _reason(view) != "crashed":
        yield Violation("cause", f"failed for {_reason(view)!r}, not 'crashed'", job.id)


def _reason(view: View) -> object:
    return next((event.payload().get("reason") for event in view.events if event.type == "job.failed"), None)


def signal_named(job: Accepted, view: View, evidence: Evidence) -> Iterator[Violation]:
    """The end of what kills names the signal of its last crash.

    A pool child's is always known; a daemon's once a successor of its name has taken over, who was told.
    """
    if job.kind == "poison" and view.state == "failed":
        allowed = ("SIGSEGV", KILLER_SIGNAL) if died_with_worker(view, evidence.notes) else ("SIGSEGV",)
        if not any(signal in view.error for signal in allowed):
            yield Violation("cause", f"the signal of its last crash is not named: {view.error}", job.id)
    if job.kind != "worker-killer" or view.state != "failed" or _reason(view) != "crashed":
        return
    told = {letter.get("signal", "") for letter in evidence.leftovers.letters if letter.get("job") == job.id}
    allowed = {KILLER_SIGNAL} if has_own_successor(view, evidence) else {KILLER_SIGNAL, ""}
    if len(told) != 1 or not told <= allowed:
        yield Violation("cause", f"its dead letters name {sorted(told)} as the signal", job.id)


def died_with_worker(view: View, notes: Iterable[Note]) -> bool:
    """Whether the job's last crash was its worker's death, in the midst of its last attempt."""
    held = claims(view.events)
    if not held or any(event.type == "job.retrying" for event in view.events[held[-1].place :]):
        return False
    deaths = (note for note in notes if note.what == "death" and note.worker == held[-1].worker)
    return any(note.at_ms >= held[-1].at_ms for note in deaths)


def has_own_successor(view: View, evidence: Evidence) -> bool:
    """Whether a worker that died was replaced under its name so soon that nobody else could have the job meanwhile."""
    soon_ms = 1000 * (evidence.lease_s - evidence.renew_s)
    deaths = [note for note in evidence.notes if note.what == "death"]
    away = outages(evidence.notes)
    for before, after in pairwise(claims(view.events)):
        died = [note.at_ms for note in deaths if note.worker == before.worker and note.at_ms >= before.at_ms]
        is_calm = not any(start < after.at_ms and end > before.at_ms for start, end in away)
        if before.worker == after.worker and is_calm and died and 0 <= after.at_ms - died[0] < soon_ms:
            return True
    return False


def outages(notes: Iterable[Note]) -> list[tuple[float, float]]:
    """When Redis was away: from, to."""
    told = list(notes)
    starts = [note.at_ms for note in told if note.what == "outage"]
    ends = [note.at_ms for note in told if note.what == "outage_over"]
    return list(zip(starts, ends, strict=False))


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
    """Each step of a finished job had its effect; under its idempotency key it was applied once, and no other was.

    A process that dies between an effect and its note leaves no note of the first: a later one, which found the key
    taken, proves that there was one.
    """
    applied: dict[str, int] = defaultdict(int)
    for note in notes:
        if note.what == "effect":
            applied[note.step] += note.is_first
    for step, count in applied.items():
        if count > 1:
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
        if not PERMANENT.fullmatch(key):
            yield Violation("leak", f"{key} has no TTL")
    for letter in left.letters:
        job = evidence.accepted.get(letter.get("job", ""))
        if job is None or job.kind not in DOOMED:
            yield Violation(
                "dead", f"a dead letter that nothing explains: {json.dumps(letter)[:400]}", letter.get("job", "")
            )
