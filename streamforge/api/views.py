"""Jobs as the API shows them: a row of a list, and the whole of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from streamforge.api.money import CostView
from streamforge.api.status import PHASES, FileLink, links_of
from streamforge.jobs.friendly import friendly
from streamforge.jobs.model import FileWanted, Job, JobError, JobState, Priority
from streamforge.jobs.timeline import Attempt, History, Span


class ErrorView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a job ended badly. ``code`` is stable; ``friendly`` is for who waits, ``message`` for who can mend it."""

    code: str
    message: str
    friendly: str
    field: str | None = None
    hint: str | None = None
    details: list[str] = msgspec.field(default_factory=list[str])


class JobRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job in a list. ``status`` is its state in the words of task queues; ``progress`` is percent.

    ``title`` is the beginning of what its input calls what it asks for.
    """

    id: str
    kind: str
    state: JobState
    status: str
    queue: str
    priority: Priority
    tenant: str
    source: str
    progress: float
    attempt: int
    created_ms: int
    title: str = ""
    started_ms: int = 0
    finished_ms: int = 0
    due_ms: int = 0
    expires_ms: int = 0
    step: str = ""
    error: ErrorView | None = None
    artifacts: list[FileLink] = msgspec.field(default_factory=list[FileLink])


class StepCount(Struct, frozen=True, omit_defaults=True):
    """How many steps are done, and of how many, where the recipe can tell."""

    completed: int
    total: int | None = None


class JobView(JobRow, frozen=True, kw_only=True, omit_defaults=True):
    """A job with its story. ``versions`` are those that its result tells of."""

    steps: StepCount
    attempts: list[Attempt]
    timeline: list[Span]
    crashes: int = 0
    worker: str = ""
    parent: str = ""
    awaits: str = ""
    is_cancel_asked: bool = False
    callback_url: str = ""
    wanted: tuple[FileWanted, ...] = ()
    input: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    versions: list[Raw] = msgspec.field(default_factory=list[Raw])
    cost: CostView | None = None


def error_view(error: JobError) -> ErrorView:
    """An error with its friendly sentence."""
    return ErrorView(friendly=friendly(error.code), **msgspec.structs.asdict(error))


def row_of(job: Job) -> JobRow:
    """A job in a list."""
    return JobRow(**_facts(job))


def view_of(
    job: Job,
    history: History,
    *,
    declared: Sequence[str] = (),
    given: bytes | None = None,
    cost: CostView | None = None,
) -> JobView:
    """A job with its story; ``declared`` are its recipe's steps, ``given`` is its input as JSON."""
    return JobView(
        **_facts(job),
        steps=StepCount(history.completed(declared), len(declared) or None),
        attempts=history.attempts,
        timeline=history.spans,
        crashes=job.crashes,
        worker=job.owner,
        parent=job.parent,
        awaits=job.awaits,
        is_cancel_asked=job.is_cancel_asked,
        callback_url=job.callback_url,
        wanted=job.wanted,
        input=Raw(given) if given else UNSET,
        result=UNSET if job.result is None else job.result,
        versions=_versions_in(job.result),
        cost=cost,
    )


def _facts(job: Job) -> dict[str, Any]:
    is_done = job.state is JobState.SUCCEEDED
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "status": PHASES[job.state],
        "queue": job.queue,
        "priority": job.priority,
        "tenant": job.tenant,
        "source": job.source,
        "progress": 100.0 if is_done else job.progress,
        "attempt": job.attempt,
        "created_ms": job.created_ms,
        "started_ms": job.started_ms,
        "finished_ms": job.finished_ms,
        "due_ms": job.due_ms if job.state is JobState.SCHEDULED else 0,
        "expires_ms": job.expires_ms,
        "step": "" if is_done else job.step,
        "error": error_view(job.error) if job.error and not is_done else None,
        "artifacts": links_of(job),
    }


class _Versioned(Struct):
    versions: list[Raw] = msgspec.field(default_factory=list[Raw])


def _versions_in(result: Raw | None) -> list[Raw]:
    try:
        return msgspec.json.decode(result, type=_Versioned).versions if result else []
    except msgspec.ValidationError:  # a result of another form
        return []
