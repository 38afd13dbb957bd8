"""Why a job ended badly, as every view of it shows that."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from streamforge.jobs.friendly import friendly
from streamforge.jobs.model import JobError


class ErrorView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a job ended badly. ``code`` is stable; ``friendly`` is for who waits, ``message`` for who can mend it."""

    code: str
    message: str
    friendly: str
    field: str | None = None
    hint: str | None = None
    details: list[str] = msgspec.field(default_factory=list[str])


def error_view(error: JobError) -> ErrorView:
    """An error with its friendly sentence."""
    return ErrorView(friendly=friendly(error.code), **msgspec.structs.asdict(error))
