"""What a seed stands for: which jobs are handed in, in which order, and which faults come when.

Nothing here depends on how fast anything runs. What a fault hits does (which daemons live just then), so a replay is
the same plan, not the same interleaving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from msgspec import Struct

FIRST_FAULT_S = 2.0
GAPS_S = (0.8, 3.2)
"""Between two faults; they overlap."""
JOB_GAPS_S = (0.02, 0.25)

JOBS: Mapping[str, float] = {"quick": 40, "steps": 34, "pool": 18, "long": 6.5, "poison": 1.5}
"""Kinds by weight. Blockers and worker killers come as faults."""
MODES: Mapping[str, Mapping[str, float]] = {
    "steps": {"": 8, "stumble": 2},
    "pool": {"": 7, "segv": 1, "oom": 1, "hang": 1},
}
"""What goes wrong in a job, once, by weight."""
LATER = 0.1
"""The share of jobs that are not due at once."""


class PlannedFault(Struct, frozen=True):
    """``seed`` is for the choices that the fault makes when its time has come."""

    at_s: float
    name: str
    seed: int


class PlannedJob(Struct, frozen=True):
    """A job and the pause before it; ``delay_s`` is how long it waits until it is due."""

    id: str
    kind: str
    salt: int
    mode: str
    seconds: float
    delay_s: float
    pause_s: float


def faults(seed: int, seconds: float, weights: Mapping[str, float]) -> list[PlannedFault]:
    """Each fault once in some order, then by weight, until the time is over."""
    rng = Random(f"{seed}:faults")  # noqa: S311 - a seed is the point
    names = list(weights)
    rng.shuffle(names)
    planned: list[PlannedFault] = []
    at_s = FIRST_FAULT_S
    while at_s < seconds:
        name = names.pop() if names else _weighted(rng, weights)
        planned.append(PlannedFault(round(at_s, 3), name, rng.getrandbits(32)))
        at_s += rng.uniform(*GAPS_S)
    return planned


def jobs(seed: int, lease_s: float) -> Iterator[PlannedJob]:
    """Without end. Long ones outlast the lease."""
    rng = Random(f"{seed}:jobs")  # noqa: S311 - the same
    number = 0
    while True:
        number += 1
        yield _job(rng, f"j{number}", lease_s)


def _job(rng: Random, job: str, lease_s: float) -> PlannedJob:
    kind = _weighted(rng, JOBS)
    mode = _weighted(rng, MODES.get(kind, {"": 1}))
    spans: Mapping[str, Sequence[float]] = {
        "steps": (0.1, 1.5),
        "pool": (0.01, 0.15),
        "long": (1.1 * lease_s, 1.8 * lease_s),
    }
    seconds = round(rng.uniform(*spans.get(kind, (0.0, 0.0))), 3)
    delay_s = round(rng.uniform(0.1, 3.0), 3) if rng.random() < LATER else 0.0
    return PlannedJob(job, kind, rng.randrange(1_000_000), mode, seconds, delay_s, rng.uniform(*JOB_GAPS_S))


def _weighted(rng: Random, weights: Mapping[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
