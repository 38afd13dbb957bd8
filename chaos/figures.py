"""The figures of a round, from the same evidence as its checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from chaos.checks import claims, outages
from chaos.evidence import Evidence
from chaos.ledger import Note
from chaos.recipes import DOOMED
from streamforge.jobs.events import Event
from streamforge.runtime.worker import SUSPECT


class Recovery(Struct, frozen=True):
    """From a worker's death to the takeover of one of its jobs.

    ``is_disturbed``: Redis was away in between. ``is_suspect``: the job had crashed its workers before, so it had to
    wait until its new worker ran no other such job.
    """

    job: str
    seconds: float
    is_disturbed: bool = False
    is_suspect: bool = False


def recoveries(evidence: Evidence) -> list[Recovery]:
    """Every takeover from a worker that is known to have died while it held the job."""
    deaths: dict[str, list[float]] = defaultdict(list)
    for note in evidence.notes:
        if note.what == "death":
            deaths[note.worker].append(note.at_ms)
    away = outages(evidence.notes)
    return [one for view in evidence.views.values() for one in _of(view.id, view.events, deaths, away)]


def _of(
    job: str, events: Sequence[Event], deaths: Mapping[str, Sequence[float]], away: Sequence[tuple[float, float]]
) -> Iterable[Recovery]:
    held = claims(events)
    for before, after in pairwise(held):
        if events[after.place].type != "job.recovered":
            continue
        died = [at for at in deaths.get(before.worker, ()) if before.at_ms <= at <= after.at_ms]
        if died:
            is_disturbed = any(start < after.at_ms and end > died[-1] for start, end in away)
            is_suspect = strikes(events[: after.place + 1]) >= SUSPECT
            yield Recovery(job, (after.at_ms - died[-1]) / 1000, is_disturbed, is_suspect)


def strikes(events: Iterable[Event]) -> int:
    """How often the job was taken over since its last checkpoint."""
    count = 0
    for event in events:
        if event.type == "step.completed":
            count = 0
        count += event.type == "job.recovered"
    return count


def reexecuted(notes: Iterable[Note]) -> int:
    """Steps whose work began again, having been cut off before their checkpoint."""
    begun: dict[tuple[str, str], int] = defaultdict(int)
    for note in notes:
        if note.what == "begin":
            begun[note.job, note.step] += 1
    return sum(count - 1 for count in begun.values())


def repeated_effects(notes: Iterable[Note]) -> int:
    """Effects that an outside API without idempotency keys has had twice: a crash between it and its checkpoint."""
    return sum(note.what == "effect" and not note.is_first for note in notes)


def _is_doomed(evidence: Evidence, note: Note) -> bool:
    job = evidence.accepted.get(note.job)
    return job is not None and job.kind in DOOMED


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def of(evidence: Evidence, counts: Mapping[str, int], logged: Mapping[str, int]) -> dict[str, float]:
    """Name → figure, in the order of the table."""
    found = recoveries(evidence)
    calm = [one.seconds for one in found if not (one.is_disturbed or one.is_suspect)]
    runs = sum(note.what == "run" for note in evidence.notes)
    meant_well = [note for note in evidence.notes if not _is_doomed(evidence, note)]
    return {
        "jobs accepted": len(evidence.accepted),
        "attempts begun": runs,
        "steps begun": sum(note.what == "begin" for note in evidence.notes),
        **{name: counts[name] for name in sorted(counts)},
        "daemons dead by SIGKILL": sum(note.what == "death" for note in evidence.notes),
        "job.recovered events": sum(view.times("job.recovered") for view in evidence.views.values()),
        "job.released events": sum(view.times("job.released") for view in evidence.views.values()),
        "zombies refused": logged.get("job_fenced", 0),
        "leases seen lost": logged.get("lease_lost", 0),
        "steps executed again before their checkpoint": reexecuted(meant_well),
        "effects repeated where no key is known": repeated_effects(evidence.notes),
        "takeovers from dead workers": len(found),
        "  of them while Redis was away": sum(one.is_disturbed for one in found),
        "  of them suspects, who take turns": sum(one.is_suspect for one in found),
        "recovery of the others p50 (s)": round(percentile(calm, 0.5), 2),
        "recovery of the others p99 (s)": round(percentile(calm, 0.99), 2),
        "recovery of the others max (s)": round(max(calm, default=0.0), 2),
    }
