"""A pipeline that takes files: a job tells how many bytes each has."""

from __future__ import annotations

from msgspec import Struct

from streamforge import Artifact, Context, Pipeline


class Album(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some files under a title; ``source_url`` is where they are from."""

    title: str
    source_url: str = ""
    files: list[Artifact] = []


async def weigh(ctx: Context, spec: Album) -> dict[str, int]:
    """The size of each file."""
    return {file.name: len(await ctx.load(file)) for file in spec.files}


PIPELINE = Pipeline("album", Album, weigh)
