"""Which objects the archive's jobs name, for the collector of garbage, which keeps them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from streamforge.archive.handle import Archive, ArchiveRefused, ArchiveUnavailable, loaded
from streamforge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator

    from streamforge.archive.reader import Reader

BATCH: Final = 1000


class ArchivedReferences:
    """The archive, as far as it refers to objects. Raises ArchiveUnavailable, whatever is the matter with it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def identity(self) -> str:
        """Which database it is, by the name under which it claims a Redis."""
        with _uncertain():
            database = await self._archive.database()
            module = await loaded("streamforge.archive.migrating")
            identity: str = await module.identity_of(database)
            return identity

    async def referenced(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a row names which was committed when this was called."""
        with _uncertain():
            return await (await self._reader()).referenced(keys)

    async def every(self) -> AsyncGenerator[list[tuple[str, str]]]:
        """Every tenant and key that rows name, in batches; one that several name comes several times."""
        with _uncertain():
            reader = await self._reader()
            async for batch in reader.references(BATCH):
                yield batch

    async def _reader(self) -> Reader:
        database = await self._archive.database()
        module = await loaded("streamforge.archive.reader")
        reader: Reader = module.Reader(database)
        return reader


@contextmanager
def _uncertain() -> Generator[None]:
    """Who cannot be asked may refer to anything."""
    try:
        yield
    except (ArchiveRefused, ConfigError) as error:
        raise ArchiveUnavailable(error.message, hint=error.hint) from error
