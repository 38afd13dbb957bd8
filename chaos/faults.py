"""What can go wrong, as a table of acts. Each begins where it finds the world, and leaves it whole again."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Mapping
from random import Random

import redis
from msgspec import Struct

from chaos import processes
from chaos.driver import Act, World
from chaos.fleet import Daemon
from chaos.plan import PlannedJob

POLL_S = 0.05
DRAIN_LIMIT_S = 45.0
QUIET_LIMIT_S = 45.0
READY_LIMIT_S = 30.0
REPLICAS_NEEDED = ("CONFIG", "SET", "min-replicas-to-write")


class Fault(Struct, frozen=True):
    """``weight`` is how often it comes, against the others."""

    act: Callable[[World, Random], Act]
    weight: float = 1.0


def worker_sigkill(world: World, rng: Random) -> Act:
    """A daemon is killed; it, or another one, comes back at once or later than its lease."""
    if daemon := world.fleet.pick(rng):
        daemon.is_in_hand = True
        world.kill(daemon)
        yield rng.choice((0.0, rng.uniform(0.1, 2 * world.lease_s)))
        yield from _succeed(world, daemon, is_same=rng.random() < SAME_NAME_AFTER_KILL)


def worker_sigterm(world: World, rng: Random) -> Act:
    """A daemon is told to stop: it drains, and a new one of its name follows."""
    if daemon := world.fleet.pick(rng):
        yield from drain(world, daemon)
        yield from _succeed(world, daemon, is_same=rng.random() < SAME_NAME_AFTER_DRAIN)


def worker_sigstop(world: World, rng: Random) -> Act:
    """A daemon stands still, mostly for longer than its lease, and then goes on as if nothing had happened."""
    if daemon := world.fleet.pick(rng):
        daemon.is_in_hand = True
        world.count("freezes")
        world.freeze(daemon.pid, daemon.name)
        yield rng.uniform(0.5, 2.5) * world.lease_s
        world.thaw(daemon.pid)
        daemon.is_in_hand = False


def child_sigsegv(world: World, rng: Random) -> Act:
    """A pool child dies of a native fault."""
    _signal_child(world, rng, signal.SIGSEGV)
    yield 0.0


def child_sigkill(world: World, rng: Random) -> Act:
    """A pool child dies as the out-of-memory killer does it."""
    _signal_child(world, rng, signal.SIGKILL)
    yield 0.0


def child_hang(world: World, rng: Random) -> Act:
    """A pool child stands still for good: whatever it has to do runs out of time."""
    child = _signal_child(world, rng, signal.SIGSTOP)
    yield 20.0
    processes.send(child, signal.SIGCONT) if child else None


def redis_sigkill(world: World, rng: Random) -> Act:
    """Redis is killed, and comes back with what its append-only file holds."""
    if not world.is_redis_away:
        with world.redis_outage():
            world.count("Redis kills")
            world.server.kill()
            yield rng.choice((0.05, rng.uniform(0.2, 1.5 * world.lease_s)))
            world.server.start()


def redis_pause(world: World, rng: Random) -> Act:
    """Redis accepts commands, and answers them later."""
    if not world.is_redis_away:
        with world.redis_outage():
            seconds = rng.uniform(0.2, 1.5) * world.lease_s
            _disturb(world, "CLIENT", "PAUSE", round(seconds * 1000), "ALL")
            yield seconds + 0.1


def redis_sigstop(world: World, rng: Random) -> Act:
    """Redis stands still; its connections stay open."""
    if not world.is_redis_away:
        with world.redis_outage():
            world.server.freeze()
            yield rng.uniform(0.2, 1.5) * world.lease_s
            world.server.thaw()


def redis_refuses(world: World, rng: Random) -> Act:
    """Redis can be read and refuses every write, as a primary without its replicas does."""
    if not world.is_redis_away:
        with world.redis_outage():
            _disturb(world, *REPLICAS_NEEDED, "1")
            yield rng.uniform(0.2, 1.5) * world.lease_s
            while not _disturb(world, *REPLICAS_NEEDED, "0"):
                yield POLL_S


def connections_cut(world: World, rng: Random) -> Act:
    """Every connection is cut, several times in a row."""
    for _ in range(rng.randint(1, 4)):
        if not world.is_redis_away:
            _disturb(world, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield rng.uniform(0.0, 0.4)


def loop_blocked(world: World, rng: Random) -> Act:
    """A job blocks its daemon's event loop for longer than a lease."""
    seconds = rng.uniform(1.1, 1.6) * world.lease_s
    yield from _hand_in(world, rng, "blocker", seconds)


def worker_killer(world: World, rng: Random) -> Act:
    """A job that takes its daemon down each time it runs."""
    yield from _hand_in(world, rng, "worker-killer", rng.uniform(0.0, 0.3))


def rolling_deploy(world: World, rng: Random) -> Act:
    """Every daemon is replaced by one of the other version, one by one; for a while both versions take jobs."""
    world.count("deploys")
    del rng
    for daemon in list(world.fleet.members):
        if daemon in world.fleet.members and not daemon.is_in_hand:
            yield from deploy(world, daemon)


def idle_kill(world: World, rng: Random) -> Act:
    """With nothing else to do, the worker of the one job is killed: nobody hands in anything that would wake others."""
    if not world.is_submitting:
        return
    world.is_submitting = False
    yield from _until(lambda: not world.unfinished(), QUIET_LIMIT_S)
    job = yield from _hand_in(world, rng, "long", 1.5 * world.lease_s)
    yield rng.uniform(0.5, 1.0) * world.lease_s
    if daemon := owner_of(world, job):
        yield from _idle_death(world, daemon, job)
    world.is_submitting = True


def _idle_death(world: World, daemon: Daemon, job: str) -> Act:
    daemon.is_in_hand = True
    world.kill(daemon)
    yield from _until(lambda: has_left(world, daemon, job), 3 * world.lease_s)
    yield from _succeed(world, daemon, is_same=True)


FAULTS: Mapping[str, Fault] = {
    "worker_sigkill": Fault(worker_sigkill, 5),
    "worker_sigterm": Fault(worker_sigterm, 3),
    "worker_sigstop": Fault(worker_sigstop, 5),
    "child_sigsegv": Fault(child_sigsegv, 3),
    "child_sigkill": Fault(child_sigkill, 3),
    "child_hang": Fault(child_hang, 2),
    "redis_sigkill": Fault(redis_sigkill, 3),
    "redis_pause": Fault(redis_pause, 2),
    "redis_sigstop": Fault(redis_sigstop, 2),
    "redis_refuses": Fault(redis_refuses, 2),
    "connections_cut": Fault(connections_cut, 3),
    "loop_blocked": Fault(loop_blocked, 2),
    "rolling_deploy": Fault(rolling_deploy, 1.5),
    "idle_kill": Fault(idle_kill, 0.7),
    "worker_killer": Fault(worker_killer, 0.3),
}
"""Every fault. In a round each comes at least once where there is time."""

SAME_NAME_AFTER_KILL, SAME_NAME_AFTER_DRAIN = 0.5, 0.7
"""How often the successor of a daemon has its name; else it is a stranger, who must wait for the lease to end."""


def drain(world: World, daemon: Daemon) -> Act:
    """SIGTERM, then wait for its end; one that does not end, or not well, is a trouble.

    One that is only just starting, and heeds no signals yet, may end of the signal itself: it has taken nothing.
    """
    world.count("drains")
    daemon.is_in_hand = True
    may_end = (0,) if daemon.is_ready else (0, -signal.SIGTERM)
    daemon.send(signal.SIGTERM)
    yield from _until(lambda: not daemon.is_alive, DRAIN_LIMIT_S)
    if daemon.is_alive:
        world.trouble(f"{daemon.name} did not drain within {DRAIN_LIMIT_S:g} s:\n{daemon.log_end()}")
        world.kill(daemon)
    elif daemon.exit_code not in may_end and not world.was_killed(daemon):
        world.trouble(f"{daemon.name} ended with {daemon.exit_code} on SIGTERM:\n{daemon.log_end()}")


def deploy(world: World, daemon: Daemon) -> Act:
    """Start its successor of the other version, wait until it takes jobs, then drain the daemon."""
    daemon.is_in_hand = True
    successor = world.fleet.add("2" if daemon.version == "1" else "1")
    yield from _until(lambda: successor.is_ready or not successor.is_alive, READY_LIMIT_S)
    yield from drain(world, daemon)
    world.fleet.drop(daemon)


def owner_of(world: World, job: str) -> Daemon | None:
    """The member that runs a job, where that is known and no fault has it in hand."""
    try:
        view = world.witness.view(job)
    except redis.RedisError:
        return None
    found = [daemon for daemon in world.fleet.members if daemon.name == view.owner and not daemon.is_in_hand]
    return found[0] if found and view.state == "running" else None


def has_left(world: World, daemon: Daemon, job: str) -> bool:
    """Whether the job is not that daemon's any more."""
    try:
        return world.witness.view(job).owner != daemon.name
    except redis.RedisError:
        return False


def _succeed(world: World, daemon: Daemon, *, is_same: bool) -> Act:
    """Somebody takes the place of a daemon that ended: under the same name, or under a new one."""
    world.count("restarts")
    if is_same:
        daemon.start()
        daemon.is_in_hand = False
    else:
        world.fleet.drop(daemon)
        world.fleet.add(daemon.version)
    yield 0.0


def _signal_child(world: World, rng: Random, which: signal.Signals) -> int:
    daemon = world.fleet.pick(rng)
    children = world.fleet.pool_children(daemon) if daemon else []
    if not children:
        return 0
    world.count(f"pool children: {which.name}")
    child = rng.choice(children)
    processes.send(child, which)
    return child


def _hand_in(world: World, rng: Random, kind: str, seconds: float) -> Generator[float, None, str]:
    world.count(kind)
    job = PlannedJob(f"{kind}-{world.counts[kind]}", kind, rng.randrange(1_000_000), "", round(seconds, 3), 0.0, 0.0)
    yield from world.submit(job)
    return job.id


def _disturb(world: World, *words: str | int) -> bool:
    try:
        world.witness.call(*words)
    except redis.RedisError:
        world.count("disturbances that failed")
        return False
    return True


def _until(condition: Callable[[], bool], limit_s: float) -> Act:
    waited_s = 0.0
    while not condition() and waited_s < limit_s:
        waited_s += POLL_S
        yield POLL_S
