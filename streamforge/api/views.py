"""Jobs and dead letters as the API shows them: a row of a list, and the whole of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from streamforge.api.failures import ErrorView, error_view
from streamforge.api.money import CostView
from streamforge.api.status import PHASES, FileLink, links_of
from streamforge.jobs.dead import DeadLetter
from streamforge.jobs.model import FileWanted, Job, JobState, Priority
from streamforge.jobs.timeline import Attempt, History, Span


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
    traceparent: str = ""
    wanted: tuple[FileWanted, ...] = ()
    input: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    versions: list[Raw] = msgspec.field(default_factory=list[Raw])
    cost: CostView | None = None


class DeadRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What could not be done. ``source`` is job, or inbox for a message that never became one."""

    id: str
    source: str
    reason: str
    error: ErrorView
    at_ms: int
    job_id: str = ""
    kind: str = ""
    queue: str = ""
    tenant: str = ""
    attempts: int = 0
    crashes: int = 0
    signal: str = ""
    peak_rss_kb: int = 0


class DeadView(DeadRow, frozen=True, kw_only=True, omit_defaults=True):
    """The same with what was asked for: ``fields`` of the message, or the job's ``input``."""

    fields: dict[str, str] | UnsetType = UNSET
    input: Raw | UnsetType = UNSET


def row_of(job: Job) -> JobRow:
    """A job in a list."""
    return JobRow(**_job_facts(job))


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
        **_job_facts(job),
        steps=StepCount(history.completed(declared), len(declared) or None),
        attempts=history.attempts,
        timeline=history.spans,
        crashes=job.crashes,
        worker=job.owner,
        parent=job.parent,
        awaits=job.awaits,
        is_cancel_asked=job.is_cancel_asked,
        callback_url=job.callback_url,
        traceparent=job.traceparent,
        wanted=job.wanted,
        input=Raw(given) if given else UNSET,
        result=UNSET if job.result is None else job.result,
        versions=_versions_in(job.result),
        cost=cost,
    )


def letter_row(letter: DeadLetter) -> DeadRow:
    """A dead letter in a list."""
    return DeadRow(**_letter_facts(letter))


def letter_view(letter: DeadLetter) -> DeadView:
    """A dead letter with what was asked for."""
    if letter.source == "job":
        return DeadView(**_letter_facts(letter), input=Raw(letter.fields["input"].encode() or b"null"))
    return DeadView(**_letter_facts(letter), fields=letter.fields)


def _job_facts(job: Job) -> dict[str, Any]:
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


def _letter_facts(letter: DeadLetter) -> dict[str, Any]:
    facts = msgspec.structs.asdict(letter)
    del facts["fields"]
    return facts | {"job_id": facts.pop("job"), "error": error_view(letter.error)}


class _Versioned(Struct):
    versions: list[Raw] = msgspec.field(default_factory=list[Raw])


def _versions_in(result: Raw | None) -> list[Raw]:
    try:
        return msgspec.json.decode(result, type=_Versioned).versions if result else []
    except msgspec.ValidationError:  # a result of another form
        return []
