"""What can go wrong with the object store, in our own words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from streamforge.errors import PermanentError, StreamForgeError, TransientError


class ObjectMissing(PermanentError):
    """The object store holds nothing under that key."""


class ObjectCorrupt(PermanentError):
    """What the object store holds is not what was written."""


class StorageUnavailable(TransientError):
    """The object store did not answer, or refused."""


@contextmanager
def translated(what: str, absent: type[StreamForgeError] = ObjectMissing) -> Generator[None]:
    """Our errors for the library's, whose messages run over many lines, of which the first says enough.

    ``absent`` is raised for what is not there: where something is written, that is the bucket.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise absent(f"object {what} is not there, or the place for it is not") from error
    except (BaseError, OSError) as error:
        raise StorageUnavailable(f"object {what}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
