"""Lists by the page: how many a caller asks for, where to go on, and how that is told."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from streamforge.errors import InvalidInput

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=200, description="How many to give at most.")]
Cursor = Annotated[
    str,
    Meta(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]*\Z",
        description="The next_cursor of the page before; empty: the first.",
    ),
]


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor = ""


class Page(Struct, Generic[T], frozen=True, omit_defaults=True):
    """Some of a list; without ``next_cursor`` they are the last. ``incomplete`` says why some may be missing."""

    items: list[T]
    next_cursor: str | None = None
    incomplete: str | None = None


def cursor_of(place: object) -> str:
    """A place in a list as text that says nothing to others."""
    return urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def place_of(cursor: str, place_type: type[T]) -> T | None:
    """The place that a cursor stands for, None for the beginning; raises InvalidInput."""
    if not cursor:
        return None
    try:
        return msgspec.msgpack.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=place_type)
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidInput("not a cursor", field="cursor", hint="pass the next_cursor of the page before") from error
