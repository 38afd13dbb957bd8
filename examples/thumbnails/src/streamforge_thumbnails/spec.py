"""What a job is given, and what it comes to."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

FileName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z", description="a file name of letters, digits, _ . and -")
]
"""No path: a job's input comes from strangers, who may name pictures of the folder and nothing else."""


class Album(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Pictures that lie in the folder ``THUMBNAILS_PICTURES``."""

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    pictures: Annotated[list[FileName], Meta(min_length=1, max_length=200)]
    size_px: Annotated[int, Meta(ge=16, le=1024)] = 256

    def __post_init__(self) -> None:
        """Each picture once: they are told apart by their names."""
        if len(set(self.pictures)) < len(self.pictures):
            raise ValueError("pictures is a list in which a name comes twice")


class Thumbnail(Struct, frozen=True):
    """A small JPEG. It travels between steps as bytes, and ends as a file of the job."""

    name: str
    width_px: int
    height_px: int
    jpeg: bytes


class Skipped(Struct, frozen=True):
    """A picture that could not be used, and why."""

    picture: str
    why: str


class Published(Struct, frozen=True):
    """The job's result."""

    address: str
    sheet: str
    thumbnails: list[str]
    skipped: list[Skipped] = msgspec.field(default_factory=list[Skipped])
