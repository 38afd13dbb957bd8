"""The archive as the rest of the daemon holds it: whether there is one, and its database, opened when first needed.

Light to import: SQLAlchemy is loaded with the database, in a thread, while the daemon starts to work.
"""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread

from streamforge.config import ArchiveSettings
from streamforge.errors import ConfigError, PermanentError, TransientError

if TYPE_CHECKING:
    from streamforge.archive.engines import Database

OFF: Final = "off"
"""The ``archive.url`` of no archive."""


class ArchiveUnavailable(TransientError):
    """The archive's database did not answer."""


class ArchiveRefused(PermanentError):
    """The archive's database would not take it."""


class CursorMoved(Exception):
    """Another archiver has written this already, or something else in its place."""


class ClaimedElsewhere(Exception):
    """This Redis belongs to another database, which is named."""


class Archive:
    """The archive that the settings name. ``is_on`` is False where they name none.

    ``claimed_by`` is the database that this Redis belongs to, where the archiver has found that it is not this one.
    """

    def __init__(self, settings: ArchiveSettings, data_dir: Path) -> None:
        self.settings = settings
        self.is_on = settings.url != OFF
        self.claimed_by = ""
        self._data_dir = data_dir
        self._database: Database | None = None
        self._opening = anyio.Lock()

    async def database(self) -> Database:
        """Its database, with a schema that this version can use; opened once, for everybody.

        Our own file is brought up to date, a server's only with ``archive.auto_upgrade``. Raises ConfigError,
        ArchiveUnavailable, ArchiveRefused; may be called again.
        """
        async with self._opening:
            if self._database is None:
                self._database = await self._open()
            return self._database

    def require_own(self) -> None:
        """Raise ArchiveUnavailable where this Redis belongs to another database: nobody here knows what that has."""
        if self.claimed_by:
            raise ArchiveUnavailable("this Redis is archived by another database")

    async def close(self) -> None:
        """Close it, where it is open; idempotent."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def _open(self) -> Database:
        engines = await loaded("streamforge.archive.engines")
        migrating = await loaded("streamforge.archive.migrating")
        database: Database = engines.open_database(self.settings, self._data_dir)
        try:
            if database.is_own_file or self.settings.auto_upgrade:
                await migrating.upgrade(database)
            await migrating.require_current(database)
        except TypeError as error:  # what a driver makes of an option of the address that it does not know
            await database.close()
            raise ConfigError(f"cannot be used: {error}", field="archive.url") from error
        except BaseException:
            with anyio.CancelScope(shield=True):
                await database.close()
            raise
        return database


_IMPORTING: Final = threading.Lock()


async def loaded(module: str) -> Any:  # noqa: ANN401 - a module
    """A module that takes SQLAlchemy along, imported in a thread.

    One at a time: two threads that import the same circle of modules at once find it half made.
    """
    return await anyio.to_thread.run_sync(_import, module)


def _import(module: str) -> Any:  # noqa: ANN401 - the same
    with _IMPORTING:
        return importlib.import_module(module)
