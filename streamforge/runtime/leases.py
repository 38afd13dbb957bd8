"""Leases: this worker shows Redis that it lives, and that it still runs what it claimed.

Renewal is a thread's work, so that a busy event loop loses no lease. It tells the loop which jobs another attempt has
taken, and which are to be cancelled. If Redis cannot be reached for so long that a lease may end, the worker stops that
job by itself, before another begins it (self-fencing).

A worker's name belongs to one process at a time. A process that starts under a name asks who held it last: a dead
process of this machine is replaced at once, a living one is an error, and one of elsewhere is replaced after its lease.
"""

from __future__ import annotations

import asyncio
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

from streamforge.broker.keys import Keys
from streamforge.broker.leasing import CANCEL_ASKED, LOST, Identity, LeaseKeeper
from streamforge.config import RedisSettings, WorkerSettings
from streamforge.errors import BrokerUnavailable, ConfigError
from streamforge.jobs.model import Claim
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

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

    def cancel(self, job_id: str) -> None:
        """End the job: somebody asked for it."""
        ...


class Leases(Service):
    """A service that keeps a worker's leases; see the module's docstring."""

    name = "leases"

    def __init__(self, redis: RedisSettings, url: str, settings: WorkerSettings, holder: Holder, keys: Keys) -> None:
        self._keeper = LeaseKeeper(redis, url, keys, settings.name, round(settings.lease_s * 1000))
        self._settings = settings
        self._holder = holder
        self._identity = msgspec.json.encode(own_identity())
        self._ends: dict[tuple[str, int], float] = {}
        self._stopping = threading.Event()
        self._done = asyncio.Event()

    async def start(self) -> None:
        """Take the worker's name. Raises ConfigError where another living process keeps it."""
        deadline = monotonic() + 2 * self._settings.lease_s
        try:
            while not await anyio.to_thread.run_sync(self._take_name):
                await self._patience(deadline)
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

    async def _patience(self, deadline: float) -> None:
        if monotonic() > deadline:
            raise _name_taken(self._settings.name)
        await anyio.sleep(CLAIM_POLL_S)

    def _take_name(self) -> bool:
        found = self._keeper.holder()
        if found is not None and found != self._identity:
            verdict = fate_of(found)
            if verdict == "lives":
                raise _name_taken(self._settings.name)
            if verdict == "unknown":
                return False
        self._keeper.renew(self._identity, ())
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
                tell(self._holder.lose, claim.id, claim.token, "its lease could not be renewed")

    def _leave(self) -> None:
        try:
            self._keeper.leave()
        except (BrokerUnavailable, ConfigError) as error:
            log.warning("name_not_given_up", error=error.message)
        self._keeper.close()


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
