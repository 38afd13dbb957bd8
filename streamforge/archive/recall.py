"""The archive as those ask it who also have Redis: an answer soon, or word that there is none.

A database that is away, or thinks for long, must not take what Redis knows with it: every question has its time, and
after one that failed nobody is asked for a while. SQLAlchemy is loaded with the first question, in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from streamforge.archive.handle import Archive, ArchiveRefused, ArchiveUnavailable, loaded
from streamforge.errors import ConfigError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger

if TYPE_CHECKING:
    from streamforge.archive.engines import Database
    from streamforge.archive.figures import Figures
    from streamforge.archive.reader import Reader

T = TypeVar("T")

SOON_S: Final = 2.0
"""How long somebody who wants a list, or a job, waits for the archive."""
OPEN_S: Final = 10.0
"""The same of who comes while the database is being opened, which a daemon does once."""
REST_S: Final = 5.0
"""How long the archive is left alone after it has not answered."""
FIGURES_S: Final = 30.0
"""How long somebody waits for sums over many jobs."""
COUNTING: Final = 2
"""How many such sums are counted at once: each takes one of the database's connections, and a processor."""

log = get_logger(__name__)


class Recall:
    """Asks an archive. Whatever is the matter with it, that is ArchiveUnavailable here; so is one of another Redis."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._rests_until = 0.0
        self._counting = anyio.CapacityLimiter(COUNTING)

    async def ask(self, question: Callable[[Reader], Awaitable[T]]) -> T:
        """The answer of a reader; within ``SOON_S`` once the database is open, and at once where the archive rests."""
        self.archive.require_own()
        if monotonic() < self._rests_until:
            raise ArchiveUnavailable("the archive did not answer a moment ago")
        try:
            with anyio.fail_after(OPEN_S):
                reader = await self._reader()
            with anyio.fail_after(SOON_S):
                return await question(reader)
        except TimeoutError:
            raise self._resting(ArchiveUnavailable("the archive did not answer in time")) from None
        except (ArchiveUnavailable, ArchiveRefused, ConfigError) as error:
            raise self._resting(ArchiveUnavailable(error.message)) from error

    async def figure(self, question: Callable[[Figures], Awaitable[T]]) -> T:
        """The same for sums over many jobs, which take their time: few at once, so that others can read meanwhile."""
        self.archive.require_own()
        figures = await loaded("streamforge.archive.figures")
        try:
            with anyio.fail_after(FIGURES_S):
                async with self._counting:
                    return await question(figures.Figures(await self.archive.database()))
        except TimeoutError:
            hint = "ask for a shorter time, or for one tenant"
            raise ArchiveUnavailable(f"the archive did not answer within {FIGURES_S:g} s", hint=hint) from None
        except (ArchiveRefused, ConfigError) as error:
            raise ArchiveUnavailable(error.message) from error

    async def _reader(self) -> Reader:
        database: Database = await self.archive.database()
        reader: Reader = (await loaded("streamforge.archive.reader")).Reader(database)
        return reader

    def _resting(self, error: ArchiveUnavailable) -> ArchiveUnavailable:
        """What was said may name the server and its state: that is for the log, not for callers."""
        self._rests_until = monotonic() + REST_S
        metrics.archive_unread_total().inc()
        log.warning("archive_not_read", error=error.message)
        return ArchiveUnavailable("the archive does not answer", hint="what Redis still has is there")
