"""The service that archives: it carries what must outlive Redis into the database, and waits while that is away.

SQLAlchemy is loaded with the first turn, in a thread: it takes most of a second. Every daemon has an archiver. Those
that share a database meet at its cursor: whoever finds it moved by another stands by for as long as it goes on moving.
"""

from __future__ import annotations

import random
from time import monotonic
from typing import TYPE_CHECKING, Final

import anyio

from streamforge.archive.handle import Archive, ClaimedElsewhere, CursorMoved, loaded
from streamforge.broker.broker import Broker
from streamforge.broker.outbox import Backlog, ClaimLost, Outbox
from streamforge.config import JobsSettings
from streamforge.errors import BrokerUnavailable, StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

if TYPE_CHECKING:
    from streamforge.archive.carrier import Carrier

LINGER_S: Final = 0.1
"""How long entries gather before they are carried: a transaction for each would cost many times as much."""

FIRST_TURN_S: Final = 1.0
"""How long it lets the rest of the daemon start before it takes the processor for SQLAlchemy."""

STAND_BY_S: Final = 5.0
ELSEWHERE_S: Final = 30.0
"""Pauses of who is not needed, and of who is not wanted."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
LAST_WORDS_S: Final = 5.0
"""How long a stopping daemon goes on archiving what has just ended."""

LOOK_S: Final = 1.0
"""How often the backlog is measured."""

log = get_logger(__name__)


class Archiver(Service):
    """A service that archives, through every absence of Redis and of the database."""

    name = "archiver"

    def __init__(self, broker: Broker, archive: Archive, limits: JobsSettings) -> None:
        self._outbox = Outbox(broker)
        self._archive = archive
        self._limits = limits
        self._carrier: Carrier | None = None
        self._waiting = anyio.CancelScope()
        self._working = anyio.CancelScope()
        self._is_stopping = False
        self._failures = 0
        self._why = ""
        self._backlog = Backlog(0, 0.0)
        self._looked = -LOOK_S

    def why_late(self) -> str | None:
        """Why somebody should look at the archive; None while it keeps up."""
        if self._archive.claimed_by:
            return "this Redis is archived by another database: nothing is archived here"
        limit_s = self._archive.settings.late_after_s
        if not limit_s or self._backlog.age_s <= limit_s:
            return None
        why = f": {self._why}" if self._why else ""
        return f"{self._backlog.entries} entries wait to be archived, the oldest for {self._backlog.age_s:.0f} s{why}"

    def stop(self) -> None:
        """Carry what is there, then end; a database that does not answer is not waited for."""
        self._is_stopping = True
        self._waiting.cancel()
        self._working.deadline = anyio.current_time() + LAST_WORDS_S

    async def run(self) -> None:
        """Archive until ``stop``."""
        await self._pause(FIRST_TURN_S)
        with self._working:
            while not self._is_stopping:
                await self._try()
        with anyio.move_on_after(LAST_WORDS_S, shield=True):
            await self._end()

    async def _try(self) -> None:
        """A turn, or the pause after one that did not go well."""
        try:
            return await self._turn()
        except CursorMoved:
            await self._stand_by()
        except ClaimLost:
            log.info("archive_claims_anew")
        except ClaimedElsewhere as owner:
            await self._give_way(str(owner))
        except BrokerUnavailable as error:
            log.debug("archive_waits", error=error.message)
            await self._pause(FIRST_PAUSE_S)
        except StreamForgeError as error:
            await self._wait_out(error)
        self._carrier = None  # nobody knows what was committed: where the cursor stands is read again
        return None

    async def _turn(self) -> None:
        carrier = self._carrier or await self._join()
        if self._is_stopping:
            return
        with anyio.CancelScope() as self._waiting:
            await carrier.wait()
            await anyio.sleep(LINGER_S)
        while not self._is_stopping and await carrier.carry() >= carrier.load_size:
            await self._look()
        self._why, self._failures = "", 0
        await self._look()

    async def _join(self) -> Carrier:
        carriers = await loaded("streamforge.archive.carrier")
        pace = carriers.Pace.of(self._archive.settings, self._limits.result_ttl_s)
        carrier: Carrier = await carriers.Carrier.join(self._outbox, await self._archive.database(), pace)
        self._carrier = carrier
        self._archive.claimed_by = ""
        log.info("archive_joined")
        return carrier

    async def _stand_by(self) -> None:
        """While another archiver moves the cursor."""
        log.info("archive_stands_by")
        if self._carrier is None:  # it was moved while this one joined
            await self._pause(STAND_BY_S)
        before = None
        while self._carrier is not None and not self._is_stopping:
            try:
                places = await self._carrier.where_written()
            except StreamForgeError:
                return
            if places == before:
                return
            before = places
            await self._look()
            await self._pause(STAND_BY_S * random.uniform(1, 2))  # noqa: S311 - jitter, not a secret

    async def _give_way(self, owner: str) -> None:
        """Jobs go on; whoever runs this should know that they are not archived here."""
        if self._archive.claimed_by != owner:
            hint = "let every daemon use one database, or run `streamforge db claim --take-over`"
            log.warning("archive_claimed_elsewhere", database=owner, hint=hint)
        self._archive.claimed_by = owner
        await self._look()
        await self._pause(ELSEWHERE_S)

    async def _wait_out(self, error: StreamForgeError) -> None:
        """The database is away, or its tables are not as they should be: someone mends it, and we go on."""
        self._failures += 1
        self._why = error.message
        metrics.archive_failures_total(error.code).inc()
        if self._failures == 1 or self._failures % 20 == 0:
            log.warning("archive_away", error=error.message, hint=error.hint, failures=self._failures)
        await self._look()
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures, 10))
        await self._pause(random.uniform(longest / 2, longest))  # noqa: S311 - the same

    async def _pause(self, seconds: float) -> None:
        with anyio.move_on_after(seconds) as self._waiting:
            if not self._is_stopping:
                await anyio.sleep(seconds)

    async def _look(self) -> None:
        """Measure what waits, now and then; not at all where Redis is away."""
        if monotonic() - self._looked < LOOK_S:
            return
        try:
            self._backlog = await self._outbox.backlog()
        except BrokerUnavailable:
            return
        self._looked = monotonic()
        metrics.archive_backlog().set(self._backlog.entries)
        metrics.archive_lag_seconds().set(self._backlog.age_s)

    async def _end(self) -> None:
        """Carry what the jobs of a stopping daemon have come to; what is left waits for the next one."""
        try:
            while self._carrier is not None and await self._carrier.carry():
                pass
        except (StreamForgeError, ClaimLost, CursorMoved) as error:
            log.debug("archive_left", error=type(error).__name__)
