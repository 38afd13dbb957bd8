"""A job's record as it lies in Redis, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.jobs.model import Artifact, FileWanted, Job, JobError, JobState, Priority

TITLE_MAX: Final = 120
"""Characters of a job's title."""

_TEXTS: Final = (
    "kind",
    "title",
    "queue",
    "tenant",
    "source",
    "version",
    "parent",
    "awaits",
    "owner",
    "step",
    "callback_url",
    "traceparent",
)
_NUMBERS: Final = (
    "created_ms",
    "started_ms",
    "finished_ms",
    "due_ms",
    "attempt",
    "crashes",
    "token",
    "expires_ms",
)
BRIEF: Final = ("state", "priority", "progress", "cancel", "error", *_TEXTS, *_NUMBERS)
"""What is read of a record for a list."""
FIELDS: Final = (*BRIEF, "wanted", "result")
"""What is read of a record: everything but the input."""

_ERROR = msgspec.json.Decoder(JobError)
_ARTIFACT = msgspec.json.Decoder(Artifact)
_WANTED = msgspec.json.Decoder(tuple[FileWanted, ...])


def job_from(
    job_id: str, values: Sequence[bytes | None], files: Mapping[bytes, bytes], fields: Sequence[str] = FIELDS
) -> Job | None:
    """The job whose record has these values of these fields, and these files; None where there is no record."""
    found = {name: value for name, value in zip(fields, values, strict=True) if value is not None}
    if "state" not in found:
        return None
    facts: dict[str, Any] = {name: found[name].decode() for name in _TEXTS if name in found}
    facts |= {name: int(found[name]) for name in _NUMBERS if found.get(name)}
    return Job(
        id=job_id,
        state=JobState(found["state"].decode()),
        priority=Priority(found["priority"].decode()),
        is_cancel_asked="cancel" in found,
        wanted=_WANTED.decode(found["wanted"]) if "wanted" in found else (),
        progress=float(found.get("progress") or 0),
        result=msgspec.Raw(found["result"]) if "result" in found else None,
        error=_ERROR.decode(found["error"]) if "error" in found else None,
        artifacts={name.decode(): _ARTIFACT.decode(value) for name, value in files.items()},
        **facts,
    )


class _Titled(Struct):
    """What an input may call what it asks for, the best first; of whatever type."""

    title: Any = None
    name: Any = None
    prompt: Any = None
    topic: Any = None
    text: Any = None


_TITLED = msgspec.json.Decoder(_Titled)


def title_of(given: bytes) -> str:
    """What to call a job in a list: the beginning of its input's title, name, prompt, topic or text; or nothing."""
    try:
        found = _TITLED.decode(given)
    except BROKEN_JSON:  # or another form of input
        return ""
    named = (found.title, found.name, found.prompt, found.topic, found.text)
    text = next((value for value in named if isinstance(value, str) and value.strip()), "")
    return " ".join(text[: 4 * TITLE_MAX].split())[:TITLE_MAX]
