"""From one Redis's outbox into one database, a load at a time.

Each load is read, committed with the place after it, and only then let go of in Redis. Whoever dies after the commit
leaves entries in the outbox that are in the database already: who comes next writes them once more, which changes
nothing, and lets go of them.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from msgspec import Struct

from streamforge.archive.handle import ClaimedElsewhere
from streamforge.archive.migrating import identity_of
from streamforge.archive.writer import Writer, Written
from streamforge.broker.outbox import START, Claim, Load, Outbox, Places
from streamforge.config import ArchiveSettings
from streamforge.jobs.acts import act
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger

if TYPE_CHECKING:
    from streamforge.archive.engines import Database

log = get_logger(__name__)


class Pace(Struct, frozen=True):
    """How much goes into one transaction, and how long Redis keeps what is archived, from its end."""

    entries: int
    most_bytes: int
    ttl_s: float

    @classmethod
    def of(cls, settings: ArchiveSettings, ttl_s: float) -> Self:
        """As the settings say."""
        return cls(settings.batch, settings.batch_bytes, ttl_s)


class Carrier:
    """Carries what is in an outbox that its database has claimed."""

    def __init__(self, outbox: Outbox, writer: Writer, claim: Claim, places: Places, pace: Pace) -> None:
        self._outbox = outbox
        self._writer = writer
        self._claim = claim
        self._pace = pace
        self.places = places

    @classmethod
    async def join(cls, outbox: Outbox, database: Database, pace: Pace) -> Self:
        """Claim the Redis, have what ended before in its outbox, and go on where the cursor stands.

        Raises ClaimedElsewhere, BrokerUnavailable, ArchiveUnavailable, ArchiveRefused, CursorMoved.
        """
        own = await identity_of(database)
        claim = await outbox.claim(own, uuid4().hex, act("archive.claimed", own, data={"database": own}))
        if not claim.is_ours:
            raise ClaimedElsewhere(claim.database)
        if not claim.is_enlisted:
            log.info("archive_enlisted", jobs=await outbox.enlist())
        writer = Writer(database, claim)
        carrier = cls(outbox, writer, claim, await writer.places(), pace)
        await carrier._repeat()
        return carrier

    async def wait(self) -> None:
        """Return when there is something to carry, or after a few seconds."""
        await self._outbox.wait_after(self.places)

    async def where_written(self) -> Places:
        """Where the cursor stands, whoever moved it."""
        return await self._writer.places()

    async def carry(self) -> int:
        """The next load; how many entries it had. Raises what ``join`` does, and ClaimLost."""
        started = monotonic()
        load = await self._unload(self.places)
        if not load:
            return 0
        await self._deliver(load)
        metrics.archive_batch_seconds().observe(monotonic() - started)
        return len(load)

    @property
    def load_size(self) -> int:
        """Entries of each stream in one load: with fewer there are no more."""
        return self._pace.entries

    async def _repeat(self) -> None:
        """What is in the database already, and in the outbox still."""
        if self.places.outbox == START and self.places.charges == START:
            return
        while load := (await self._unload(Places())).repeated(self.places):
            await self._deliver(load)

    async def _unload(self, places: Places) -> Load:
        return await self._outbox.unload(self._claim, places, count=self._pace.entries, max_bytes=self._pace.most_bytes)

    async def _deliver(self, load: Load) -> None:
        written = await self._writer.write(load)
        self.places = load.after
        seen = Places(
            load.entries[-1].place if load.entries else START, load.charges[-1].place if load.charges else START
        )
        await self._outbox.archived(self._claim, seen, written, self._pace.ttl_s)
        _count(written)


def _count(written: Written) -> None:
    for table, rows in written.rows.items():
        metrics.archive_written_total(table).inc(rows)
    for why in written.refused:
        metrics.archive_refused_total().inc()
        log.error("archive_refused", error=why)
