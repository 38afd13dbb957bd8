"""Single faults, again and again, each with its figure: what the random round cannot count on to happen."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator, Mapping
from random import Random

from msgspec import Struct

from chaos import figures, processes
from chaos.driver import World
from chaos.evidence import Evidence
from chaos.faults import deploy, has_left, owner_of
from chaos.fleet import Daemon
from chaos.plan import PlannedJob
from chaos.report import say

TAKEOVER_S = 1.0
"""How much longer than a lease a dead worker's job may wait."""
STEP_LIMIT_S = 60.0


class Scenario(Struct, frozen=True, kw_only=True):
    """``play`` gets the world with its daemons ready, and how often; it tells troubles to the world."""

    play: Callable[[World, Random, int], None]
    judge: Callable[[World, Evidence], dict[str, float]] = lambda _, __: {}
    """Looks at the evidence: tells more troubles to the world, and gives figures of its own."""
    rounds: int = 20
    daemons: int = 2
    lease_s: float = 3.0
    settings: Mapping[str, object] = {}


# ---- zombie ----


def zombie(world: World, rng: Random, times: int) -> None:
    """SIGSTOP a worker past its lease, let another one take over, SIGCONT: the sleeper's writes must be refused."""
    for number in range(1, times + 1):
        seconds = rng.choice((1.05, 2.0)) * world.lease_s  # its step is over when it wakes, or still under way
        job = hand_in(world, f"zombie-{number}", "long", seconds, mode=rng.choice(("", "chatty")))
        sleeper = running_in(world, job, "hold")
        sleeper.is_in_hand = True
        world.count("zombies")
        world.freeze(sleeper.pid, sleeper.name)
        world.wait(lambda s=sleeper, j=job: has_left(world, s, j), f"{job} taken over", STEP_LIMIT_S)
        world.pause(rng.uniform(0.0, 0.3))
        world.thaw(sleeper.pid)
        sleeper.is_in_hand = False
        world.wait(lambda: not world.unfinished(), f"{job} to end", STEP_LIMIT_S)
        tell_zombie(world, sleeper, job, number)


def tell_zombie(world: World, sleeper: Daemon, job: str, number: int) -> None:
    """Whether the sleeper was refused, and whose result stands."""
    was_refused = world.timetable.run_until(lambda: bool(refusals(sleeper, job)), 2 * world.lease_s)
    view = world.witness.view(job)
    made_by = view.result.worker if view.result else "nobody"
    how = ", ".join(refusals(sleeper, job)) or "NOT REFUSED"
    say(f"  {number:3}  {sleeper.name} woke late: {how}; the result is of {made_by}")
    if was_refused:
        world.count("zombies refused, as their logs say")
    else:
        world.trouble(f"{sleeper.name} woke after its lease, and was not refused", "zombie", job)
    if made_by in ("nobody", sleeper.name):
        world.trouble(f"the result is of {made_by}, not of the worker that took over", "zombie", job)


def refusals(daemon: Daemon, job: str) -> list[str]:
    """How a worker found out that a job is not its own any more."""
    return [
        line["event"]
        for line in daemon.lines()
        if line["event"] in ("job_fenced", "lease_lost") and line.get("job_id") == job
    ]


# ---- idle-recovery ----


def idle_recovery(world: World, rng: Random, times: int) -> None:
    """SIGKILL the worker of the only job there is: the other one must take it over on an idle queue.

    The victim passes for a process of another machine, whose end nobody can see before its lease is over.
    """
    for number in range(1, times + 1):
        job = hand_in(world, f"idle-{number}", "long", 0.0, mode="gate")
        victim = running_in(world, job, "hold")
        world.pause(rng.uniform(0.0, world.lease_s))  # so that the death falls anywhere between two renewals
        victim.is_in_hand = True
        processes.send(victim.pid, signal.SIGSTOP)  # so that it does not say again where it lives
        world.witness.move_away(victim.name)
        world.kill(victim)
        world.wait(lambda v=victim, j=job: has_left(world, v, j), f"{job} taken over", 4 * world.lease_s + STEP_LIMIT_S)
        world.ledger.gate(job).touch()
        world.wait(lambda: not world.unfinished(), f"{job} to end", STEP_LIMIT_S)
        victim.start()
        victim.is_in_hand = False
        world.wait(lambda v=victim: v.is_ready, f"{victim.name} ready", STEP_LIMIT_S)
        say(f"  {number:3}  {job} taken over from {victim.name}")


def judge_recovery(world: World, evidence: Evidence) -> dict[str, float]:
    """Each time from a death to the takeover, against the lease and a second."""
    found = figures.recoveries(evidence)
    limit_s = world.lease_s + TAKEOVER_S
    say("  recovery (s): " + " ".join(f"{one.seconds:.2f}" for one in found))
    for one in found:
        if one.seconds > limit_s:
            world.trouble(f"recovered after {one.seconds:.2f} s, the limit is {limit_s:g} s", "recovery", one.job)
    within = sum(one.seconds <= limit_s for one in found)
    return {"limit, lease + 1 (s)": limit_s, "recovered within the limit": within}


# ---- deploys ----


def deploys(world: World, rng: Random, times: int) -> None:
    """Rolling deploys under load, one after the other: each replaces every daemon by one of the other version."""
    world.timetable.begin(world.submitter(short_jobs(rng)))
    for number in range(1, times + 1):
        for daemon in list(world.fleet.members):
            successors = len(world.fleet.ever) + 1
            world.timetable.begin(deploy(world, daemon))
            world.wait(
                lambda d=daemon, n=successors: len(world.fleet.ever) == n and d not in world.fleet.members,
                f"{daemon.name} replaced",
                STEP_LIMIT_S,
            )
        world.count("deploys")
        say(f"  {number:3}  {len(world.accepted)} jobs accepted, {len(world.unfinished())} not ended")
    world.is_over = True


def short_jobs(rng: Random) -> Iterator[PlannedJob]:
    """Jobs that end within the grace of a drain, with nothing wrong in them."""
    for number in itertools.count(1):
        kind = rng.choice(("quick", "steps", "steps", "pool"))
        seconds = {"steps": rng.uniform(0.1, 1.5), "pool": rng.uniform(0.01, 0.1)}.get(kind, 0.0)
        yield PlannedJob(
            f"d{number}", kind, rng.randrange(1_000_000), "", round(seconds, 3), 0.0, rng.uniform(0.01, 0.15)
        )


def judge_deploys(world: World, evidence: Evidence) -> dict[str, float]:
    """Nothing may have been begun twice: every job had the grace that it needed."""
    for view in evidence.views.values():
        claimed = view.times("job.started") + view.times("job.recovered")
        if claimed != 1:
            world.trouble(f"run {claimed} times", "deploy", view.id)
    again = figures.reexecuted(evidence.notes)
    if again:
        world.trouble(f"{again} steps were begun twice", "deploy")
    lost = sum(not view.state for view in evidence.views.values())
    return {"jobs run twice": again, "jobs lost": lost}


# ---- poison ----


def poison(world: World, rng: Random, times: int) -> None:
    """A job that kills its daemon each time, and one that kills its pool child, among neighbours that do no harm."""
    for number in range(1, times + 1):
        for neighbour in range(4):
            hand_in(world, f"p{number}-long-{neighbour}", "long", 1.3 * world.lease_s)
            hand_in(world, f"p{number}-steps-{neighbour}", "steps", rng.uniform(0.5, 3.0))
            hand_in(world, f"p{number}-pool-{neighbour}", "pool", rng.uniform(0.1, 0.5))
        hand_in(world, f"p{number}-poison", "poison", 0.0)
        killer = hand_in(world, f"p{number}-killer", "worker-killer", 0.3)
        world.wait(lambda: not world.unfinished(), "all of them to end", 4 * STEP_LIMIT_S)
        view = world.witness.view(killer)
        say(f"  {number:3}  {killer} is {view.state} after {view.crashes} crashes")


def judge_poison(world: World, evidence: Evidence) -> dict[str, float]:
    """Dead letters for the two culprits of each round, and for nobody else; that is checked for every round anyway."""
    del world
    doomed = [view for job, view in evidence.views.items() if evidence.accepted[job].kind == "worker-killer"]
    return {
        "killers given up": sum(view.state == "failed" for view in doomed),
        "daemons that a killer took down, most": max((view.crashes for view in doomed), default=0),
        "dead letters that name SIGKILL": sum(letter["signal"] == "SIGKILL" for letter in evidence.leftovers.letters),
        "neighbours": sum(job.kind not in ("worker-killer", "poison") for job in evidence.accepted.values()),
        "dead letters": len(evidence.leftovers.letters),
    }


SCENARIOS: Mapping[str, Scenario] = {
    "zombie": Scenario(play=zombie),
    "idle-recovery": Scenario(play=idle_recovery, judge=judge_recovery, lease_s=15.0),
    "deploys": Scenario(play=deploys, judge=judge_deploys, rounds=50, settings={"worker__grace_s": 15}),
    "poison": Scenario(play=poison, judge=judge_poison, rounds=3, lease_s=6.0, settings={"worker__retry_cap_s": 2}),
}
"""Every scenario by the name that ``--only`` takes."""


def hand_in(world: World, job: str, kind: str, seconds: float, mode: str = "") -> str:
    """A job, acknowledged on return; its id."""
    salt = len(world.accepted) + 1
    world.timetable.begin(world.submit(PlannedJob(job, kind, salt, mode, round(seconds, 3), 0.0, 0.0)))
    world.wait(lambda: job in world.accepted, f"{job} accepted")
    return job


def running_in(world: World, job: str, step: str) -> Daemon:
    """The daemon that runs a job, once it is in that step."""

    def owner() -> Daemon | None:
        begun = any(note.what == "begin" and note.job == job and note.step == step for note in world.ledger.notes())
        return owner_of(world, job) if begun else None

    world.wait(lambda: owner() is not None, f"{job} in step {step!r}")
    found = owner()
    if found is None:
        raise RuntimeError(f"{job} changed hands by itself")
    return found
