"""How a job looks to those who poll: four words for its state, its step, its progress, and where the result is."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from streamforge.api.failures import ErrorView, error_view
from streamforge.jobs.model import Job, JobState

PHASES: Final[dict[JobState, str]] = {
    JobState.CREATED: "PENDING",
    JobState.UPLOADING: "PENDING",
    JobState.UPLOAD_FAILED: "FAILURE",
    JobState.QUEUED: "PENDING",
    JobState.SCHEDULED: "PENDING",
    JobState.RUNNING: "STARTED",
    JobState.SUCCEEDED: "SUCCESS",
    JobState.FAILED: "FAILURE",
    JobState.CANCELLED: "FAILURE",
    JobState.EXPIRED: "FAILURE",
}
"""The words that clients of task queues know."""


class FileLink(Struct, frozen=True, kw_only=True):
    """A finished file and where to fetch it."""

    name: str
    url: str
    media_type: str
    size: int


class Meta(Struct, frozen=True, kw_only=True):
    """How far the job is; ``progress`` is percent."""

    step: str
    progress: float


class Status(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer of ``GET /api/v1/status/{job_id}``. ``progress`` is percent; times are milliseconds since 1970."""

    job_id: str
    kind: str
    status: str
    state: str
    step: str = ""
    progress: float
    meta: Meta
    attempt: int
    created_ms: int
    started_ms: int = 0
    finished_ms: int = 0
    result_url: str = ""
    files: list[FileLink] = msgspec.field(default_factory=list[FileLink])
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorView | None = None


def links_of(job: Job) -> list[FileLink]:
    """The job's finished files, by name."""
    files = sorted(job.artifacts.values(), key=lambda file: file.name)
    base = f"/api/v1/artifacts/{job.id}"
    return [
        FileLink(name=f.name, url=f"{base}/{quote(f.name, safe='')}", media_type=f.media_type, size=f.size)
        for f in files
    ]


def status_of(job: Job) -> Status:
    """A job as its status. ``result_url`` is the first file's, by name."""
    files = links_of(job)
    is_done = job.state is JobState.SUCCEEDED
    meta = Meta(step="" if is_done else job.step, progress=100.0 if is_done else job.progress)
    return Status(
        job_id=job.id,
        kind=job.kind,
        status=PHASES[job.state],
        state=job.state,
        step=meta.step,
        progress=meta.progress,
        meta=meta,
        attempt=job.attempt,
        created_ms=job.created_ms,
        started_ms=job.started_ms,
        finished_ms=job.finished_ms,
        result_url=files[0].url if files and is_done else "",
        files=files,
        result=job.result if job.result is not None else msgspec.UNSET,
        error=error_view(job.error) if job.error and not is_done else None,
    )
