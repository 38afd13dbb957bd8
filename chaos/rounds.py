"""The random round: every fault over every kind of job, then quiet, then the questions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from random import Random

import redis

from chaos import plan
from chaos.driver import Act, World
from chaos.evidence import Evidence, Violation
from chaos.faults import FAULTS
from chaos.report import say

FAULTS_LIMIT_S = 120.0
SETTLE_LIMIT_S = 150.0
"""For every job to end once nothing is broken any more; an inbox message that a dead daemon read waits 30 s."""
QUIET_LIMIT_S = 30.0
LATE_S = 0.5
PROGRESS_S = 15.0

GAUGES = ("streamforge_jobs_running", "streamforge_pool_slots_busy")
LOGGED = ("job_fenced", "lease_lost", "job_unsettled", "leases_not_renewed", "checkpoint_unusable")


def play(world: World, seed: int, seconds: float, without: Collection[str] = ()) -> None:
    """Faults and jobs for so long, and until every fault is over."""
    started = time.monotonic()
    world.timetable.begin(world.submitter(plan.jobs(seed, world.lease_s)))
    weights = {name: fault.weight for name, fault in FAULTS.items() if name not in without}
    acts = _Acts(world)
    for planned in plan.faults(seed, seconds, weights):
        world.timetable.begin(acts.act(planned), planned.at_s)
    world.timetable.begin(_progress(world, started))
    world.pause(seconds)
    world.is_over = True
    world.wait(lambda: acts.running == 0, "every fault over", FAULTS_LIMIT_S)


class _Acts:
    """Counts the faults under way."""

    def __init__(self, world: World) -> None:
        self.running = 0
        self._world = world

    def act(self, planned: plan.PlannedFault) -> Act:
        """The fault, told when it begins."""
        self.running += 1
        self._world.note("fault", text=planned.name)
        self._world.count("faults")
        yield from FAULTS[planned.name].act(self._world, Random(planned.seed))  # noqa: S311 - a seed is the point
        self.running -= 1


def _progress(world: World, started: float) -> Act:
    while True:
        yield PROGRESS_S
        left, done = len(world.unfinished()), len(world.accepted)
        say(f"  {time.monotonic() - started:5.0f} s  {done} jobs accepted, {left} not ended, {_told(world)}")


def _told(world: World) -> str:
    return ", ".join(f"{world.counts.get(name, 0)} {name}" for name in ("kills", "freezes", "drains", "Redis kills"))


def settle(world: World) -> None:
    """Wait until every job has ended, and nothing is left of dead workers; what does not come is a violation then."""
    world.timetable.run_until(lambda: not world.unfinished(), SETTLE_LIMIT_S)
    world.timetable.run_until(lambda: _is_quiet(world), QUIET_LIMIT_S)


def _is_quiet(world: World) -> bool:
    world.pause(LATE_S)
    try:
        left = world.witness.leftovers()
    except redis.RedisError:
        return False
    living = {daemon.name for daemon in world.fleet.members if daemon.is_ready}
    is_manned = len(living) == len(world.fleet.members)
    return is_manned and not (left.pending or left.scheduled or set(left.workers) - living or any(busy(world).values()))


def busy(world: World) -> dict[str, float]:
    """The gauges of the living that should be 0 in the end."""
    found: dict[str, float] = {}
    for daemon in world.fleet.members:
        try:
            told = daemon.metrics()
        except OSError as error:
            found[f"{daemon.name} /metrics: {error}"] = 1.0
            continue
        found |= {f"{daemon.name} {name}": told.get(name, 0.0) for name in GAUGES}
    return found


def gather(world: World) -> Evidence:
    """Everything that the checks look at; ends the daemons, whose last words count too."""
    gauges = busy(world)
    leftovers = world.witness.leftovers()
    views = {job: world.witness.view(job) for job in world.accepted}
    living = {daemon.name for daemon in world.fleet.members}
    return Evidence(
        accepted=world.accepted,
        views=views,
        notes=world.ledger.notes(),
        leftovers=leftovers,
        lease_s=world.lease_s,
        renew_s=world.renew_s,
        living=living,
        busy=gauges,
        troubles=[*world.troubles, *(Violation("daemon", text) for text in world.fleet.stop())],
    )


def logged(world: World) -> dict[str, int]:
    """How often each of these events is in the daemons' logs."""
    names = Counter(line.get("event") for daemon in world.fleet.ever for line in daemon.lines())
    return {name: names[name] for name in LOGGED}
