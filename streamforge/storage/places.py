"""Where things lie in the object store.

tenants/<tenant>/objects/ab/cd/<key>      an object of a tenant
tenants/<tenant>/again/<key>/<number>     the same, put again while the one above was being collected
objects/ab/cd/<key>, again/…              objects of nobody in particular: all that releases before tenants wrote
named/<name>                              what is kept under a name
arriving/<random>                         what is not whole yet
owner                                     whose store it is; see the collector
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from streamforge.errors import InvalidInput

ARRIVING: Final = "arriving"
OWNER: Final = "owner"
TENANTS: Final = "tenants"
TOPS: Final = ("objects", "again", TENANTS)
"""The folders that hold objects."""
NOBODY: Final = ""
"""Stands for no tenant."""

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}(?:/[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}){0,3}")
_OBJECT: Final = re.compile(
    r"(?:tenants/(?P<tenant>[^/]+)/)?"
    r"(?:objects/[0-9a-f]{2}/[0-9a-f]{2}/(?P<key>[0-9a-f]{64})|again/(?P<again>[0-9a-f]{64})/[0-9]+)"
)


class ObjectRef(Struct, frozen=True):
    """Where an object is, and how large: ``key`` is its SHA-256 in lower-case hex, ``size`` is in bytes."""

    key: str
    size: int


class Stored(Struct, frozen=True):
    """An object as the store lists it; ``modified_s`` is when it was last put, in seconds since 1970."""

    path: str
    tenant: str
    key: str
    size: int
    modified_s: float


def first_place(tenant: str, key: str) -> str:
    """Where an object is put: two levels of directories, so that none holds more than a few thousand entries."""
    return f"{_home(tenant)}objects/{key[:2]}/{key[2:4]}/{key}"


def later_places(tenant: str, key: str) -> str:
    """The folder of the places where it is put again, each called by a number."""
    return f"{_home(tenant)}again/{key}"


def place_of(tenant: str, key: str, number: int) -> str:
    """Where an object is put: 0 is the first place."""
    return f"{later_places(tenant, key)}/{number}" if number else first_place(tenant, key)


def object_at(path: str) -> tuple[str, str] | None:
    """The tenant and the key of the object that lies there; None where it is none."""
    found = _OBJECT.fullmatch(path)
    return (found["tenant"] or NOBODY, found["key"] or found["again"]) if found else None


def home_of(tenant: str) -> str:
    """The folder of all that is a tenant's; raises InvalidInput for what is no tenant's name."""
    if not _TENANT.fullmatch(tenant):
        raise InvalidInput(f"{tenant[:80]!r} is no tenant's name", field="tenant", hint="letters, digits, _ . @ and -")
    return f"{TENANTS}/{tenant}"


def named(name: str) -> str:
    """Where the object of that name lies; raises InvalidInput for what is no name."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name[:80]!r} is no name for an object", field="name", hint="letters, digits, _ . @ - and /"
        )
    return f"named/{name}"


def key_of(ref: ObjectRef | str) -> str:
    """The key of an object; raises InvalidInput for what is none."""
    key = ref if isinstance(ref, str) else ref.key
    if not _KEY.fullmatch(key):
        raise InvalidInput("an object's key is 64 lower-case hex digits", field="key")
    return key


def _home(tenant: str) -> str:
    return f"{home_of(tenant)}/" if tenant else ""
