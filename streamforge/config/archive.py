"""The settings of the archive: where what has ended is remembered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from streamforge.config.limits import MIB, CountOrNone, SecondsOrNone
from streamforge.config.secret import Secret


class ArchiveSettings(Struct, frozen=True, kw_only=True):
    """Where ended jobs, the ledger and the audit log are kept for good."""

    url: Annotated[
        str,
        Meta(
            description="sqlite:///path, postgresql://user@host/name or mariadb://user@host/name; empty means "
            "paths.data_dir/archive.db, off keeps nothing beyond jobs.result_ttl_s."
        ),
    ] = ""
    password: Annotated[Secret, Meta(description="Password for archive.url, kept out of the URL.")] = Secret()
    auto_upgrade: Annotated[
        bool,
        Meta(
            description="Whether the daemon brings a server's tables up to date at start; without it `streamforge db "
            "upgrade` does. A SQLite file is always brought up to date."
        ),
    ] = False
    batch: Annotated[
        Annotated[int, Meta(ge=1, le=5000)], Meta(description="Entries that are archived in one transaction.")
    ] = 250
    batch_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=256 * MIB)],
        Meta(description="The same in bytes; one job that is larger is a batch by itself."),
    ] = 8 * MIB
    late_after_s: Annotated[
        SecondsOrNone, Meta(description="An archive this far behind is told by /readyz, as a warning; 0 never.")
    ] = 300.0
    keep_days: Annotated[CountOrNone, Meta(description="How long an ended job is archived; 0 is for good.")] = 0
