"""Leases: this worker shows Redis that it lives, and that it still runs what it claimed.

Renewal is a thread's work, so that a busy event loop loses no lease. It tells the loop which jobs another attempt has
taken, and which are to be cancelled. If Redis cannot be reached for so long that a lease may end, the worker stops that
job by itself, before another begins it (self-fencing), and hands it back as soon as Redis is there again: an outage is
no crash of the job's making.

A worker's name belongs to one process at a time. A process that starts under a name asks who held it last: a dead
process of this machine is replaced at once, a living one is an error, and one of elsewhere is replaced after its lease.
"""

from __future__ import annotations

import asyncio
import math
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Literal, Protocol

import anyio
import anyio.to_thread
import msgspec
from msgspec import structs

from streamforge.broker.keys import Keys
from streamforge.broker.leasing import CANCEL_ASKED, LOST, Identity, LeaseKeeper
from streamforge.config import RedisSettings, WorkerSettings
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.jobs.model import Claim
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.runtime.outage import Outage

CLAIM_POLL_S = 0.2
"""Between two looks at a name that somebody else seems to hold."""

log = get_logger(__name__)


class Holder(Protocol):
    """The worker, as its leases see it. Called in the event loop."""

    def claims(self) -> Sequence[Claim]:
        """What it runs now; called from the lease thread, so it must not change anything."""
        ...

    def lose(self, job_id: str, token: int, why: str) -> None:
        """Stop that attempt without settling it: it is not this worker's any more."""
        ...

    def give_up(self, job_id: str, token: int, why: str) -> None:
        """Stop that attempt and hand the job back: nobody has it yet, but soon somebody may."""
        ...

    def cancel(self, job_id: str) -> None:
        """End the job: somebody asked for it."""
        ...


class Leases(Service):
    """A service that keeps a worker's leases; see the module's docstring."""

    name = "leases"

    def __init__(self, redis: RedisSettings, url: str, settings: WorkerSettings, holder: Holder, keys: Keys) -> None:
        self._keeper = LeaseKeeper(_hurried(redis, settings), url, keys, settings.name, round(settings.lease_s * 1000))
        self._settings = settings
        self._holder = holder
        self._identity = msgspec.json.encode(own_identity())
        self._ends: dict[tuple[str, int], float] = {}
        self._renewed = 0.0
        self._patience_s = redis.startup_patience_s
        self._asked_at = 0.0
        self._outage = Outage("name")
        self._stopping = threading.Event()
        self._done = asyncio.Event()

    async def start(self) -> None:
        """Take the worker's name; waits for a Redis that is away or refuses writes, as the whole start does.

        Raises ConfigError where another living process keeps the name, and BrokerUnavailable where
        ``redis.startup_patience_s`` is over.
        """
        give_up_at = monotonic() + (self._patience_s or math.inf)
        try:
            while not await self._is_named(give_up_at):  # noqa: ASYNC110 - another process, or Redis, lets it go on
                await anyio.sleep(CLAIM_POLL_S)
        except BaseException:
            self._keeper.close()
            raise

    async def run(self) -> None:
        """Renew from a thread until ``stop``."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._renew_until_stopped, args=(loop,), name="leases", daemon=True)
        thread.start()
        try:
            await self._done.wait()
        finally:
            self._stopping.set()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(thread.join)
                await anyio.to_thread.run_sync(self._leave)

    def stop(self) -> None:
        """Renew no more; the name is free at once."""
        self._done.set()

    def why_not_ready(self) -> str | None:
        """A health probe: why a job could not be kept now. It sees a Redis that can be read and refuses writes."""
        if not self._renewed:
            return "has not reached Redis yet"
        silence_s = monotonic() - self._renewed
        return f"Redis took no renewal for {silence_s:.0f} s" if silence_s > self._settings.lease_s else None

    async def _is_named(self, give_up_at: float) -> bool:
        """Whether the name is this process's now; a stranger's is waited for until its lease must have ended."""
        try:
            is_named = await anyio.to_thread.run_sync(self._take_name)
        except BrokerUnavailable as error:
            self._outage.missed(error)
            self._asked_at = 0.0  # leases do not end while Redis is away
            if monotonic() > give_up_at:
                raise
            return False
        self._outage.over()
        self._asked_at = self._asked_at or monotonic()
        if not is_named and monotonic() > self._asked_at + 2 * self._settings.lease_s:
            raise _name_taken(self._settings.name)
        return is_named

    def _take_name(self) -> bool:
        found = self._keeper.holder()
        if found is not None and found != self._identity:
            verdict = fate_of(found)
            if verdict == "lives":
                raise _name_taken(self._settings.name)
            if verdict == "unknown":
                return False
        self._keeper.renew(self._identity, ())
        self._renewed = monotonic()
        return True

    def _renew_until_stopped(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stopping.wait(self._settings.renew_s):
            self._renew(loop.call_soon_threadsafe)

    def _renew(self, tell: Callable[..., object]) -> None:
        claims = self._holder.claims()
        started = monotonic()
        first_end = started + self._settings.lease_s - self._settings.renew_s  # claimed since the last renewal
        self._ends = {key: self._ends.get(key, first_end) for key in map(_key, claims)}
        try:
            codes = self._keeper.renew(self._identity, claims)
        except (BrokerUnavailable, ConfigError) as error:
            log.warning("leases_not_renewed", error=error.message, jobs=len(claims))
            self._fence_self(claims, tell)
            return
        self._renewed = monotonic()
        for claim, code in zip(claims, codes, strict=True):
            self._ends[_key(claim)] = started + self._settings.lease_s
            if code == LOST:
                tell(self._holder.lose, claim.id, claim.token, "another attempt holds it")
            if code == CANCEL_ASKED:
                tell(self._holder.cancel, claim.id)

    def _fence_self(self, claims: Sequence[Claim], tell: Callable[..., object]) -> None:
        """Stop what may be taken over before the next try to renew."""
        horizon = monotonic() + self._settings.renew_s
        for claim in claims:
            if self._ends[_key(claim)] <= horizon:
                tell(self._holder.give_up, claim.id, claim.token, "its lease could not be renewed")

    def _leave(self) -> None:
        try:
            self._keeper.leave()
        except (BrokerUnavailable, ConfigError) as error:
            log.warning("name_not_given_up", error=error.message)
        self._keeper.close()


def _hurried(redis: RedisSettings, settings: WorkerSettings) -> RedisSettings:
    """An answer that takes longer than a renewal may comes too late: the leases would end before that is known."""
    longest_s = settings.renew_s
    return structs.replace(
        redis,
        socket_timeout_s=min(redis.socket_timeout_s, longest_s),
        connect_timeout_s=min(redis.connect_timeout_s, longest_s),
    )


def own_identity() -> Identity:
    """This process, in a form that another process of this machine can check."""
    pid = os.getpid()
    return Identity(
        instance=uuid.uuid4().hex,
        boot=_read("/proc/sys/kernel/random/boot_id"),
        namespace=_namespace(),
        pid=pid,
        started=_start_ticks(pid),
    )


def fate_of(encoded: bytes) -> Literal["lives", "gone", "unknown"]:
    """What became of that process; only those of this machine and pid namespace can be looked up."""
    try:
        other = msgspec.json.decode(encoded, type=Identity)
    except msgspec.DecodeError:
        return "unknown"
    boot = _read("/proc/sys/kernel/random/boot_id")
    if not boot or (other.boot, other.namespace) != (boot, _namespace()):
        return "unknown"
    return "lives" if _start_ticks(other.pid) == other.started else "gone"


def _name_taken(name: str) -> ConfigError:
    return ConfigError(
        f"another worker is called {name!r}",
        field="worker.name",
        hint="give each daemon that shares this Redis its own name",
    )


def _key(claim: Claim) -> tuple[str, int]:
    return claim.id, claim.token


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _start_ticks(pid: int) -> int:
    """When the process started, in clock ticks since boot (proc(5), stat field 22); 0 where there is none."""
    stat = _read(f"/proc/{pid}/stat")
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[0] != "Z" else 0  # noqa: PLR2004 - field 22, counted after the name
