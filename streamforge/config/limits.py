"""Kinds of values that settings have, with the limits of each."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

MIB = 1024 * 1024

LONGEST_S = 315_360_000.0
"""Ten years. Redis refuses an expiry beyond what 64 bits of milliseconds hold, long after a job was accepted."""
LARGEST_VALUE = 512 * MIB
"""The most that Redis takes as one value."""
LARGEST_COUNT = 1_000_000_000
LEAST_MEMORY_MB = 384
"""Measured: with 256 no child starts, with 320 one makes the demo's banner; a logo needs a little more."""

Count = Annotated[int, Meta(ge=1, le=LARGEST_COUNT)]
CountOrNone = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
Bytes = Annotated[int, Meta(ge=1, le=LARGEST_VALUE)]
BytesOrNone = Annotated[int, Meta(ge=0, le=LARGEST_VALUE)]
Seconds = Annotated[float, Meta(gt=0, le=LONGEST_S)]
SecondsOrNone = Annotated[float, Meta(ge=0, le=LONGEST_S)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Concurrency = Annotated[int, Meta(ge=1, le=100_000)]

KindName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}\Z", examples=["banner"])]
QueueName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}\Z", examples=["default"])]
TenantName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z", examples=["acme"])]
"""Names as every job carries them; see ``streamforge.jobs.model``."""
CronName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z", examples=["nightly"])]
"""Short enough that a job's id can be made of it and a time."""
PipelineName = Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*\Z")]
"""Where a pipeline is to be found: ``package.module:attribute``."""
HostName = Annotated[str, Meta(pattern=r"^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\Z")]
"""A host, or with ``*.`` every host below it."""
ProviderName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z", examples=["anthropic"])]
"""Part of key names and metrics."""
ModelName = Annotated[
    str,
    Meta(
        pattern=r"^(?:[a-z0-9][a-z0-9_-]{0,39}/[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,99}|offline|local)\Z",
        examples=["anthropic/claude-opus-5-5"],
    ),
]
"""``provider/model``, or one of those that are part of this program."""
MediaRange = Annotated[str, Meta(pattern=r"^[a-z]+/(?:\*|[a-z0-9][a-z0-9.+-]*)\Z")]
"""A media type, or with ``/*`` every type of a family."""
Origin = Annotated[
    str, Meta(pattern=r"^(?:\*|https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)\Z", examples=["https://app.example.com"])
]
"""Scheme, host and port of a page, as browsers send it."""
