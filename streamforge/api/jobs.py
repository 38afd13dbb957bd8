"""Jobs over HTTP: find them, look at one, read its events; end it, or start it anew."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.caller import caller_of
from streamforge.api.front import JOB_ID, Front, front_of
from streamforge.api.paging import Page, PageQuery, cursor_of, place_of
from streamforge.api.records import kept_job_of, listed, record_of
from streamforge.api.route import Answer, Route, Scope, query_params
from streamforge.api.status import Status, status_of
from streamforge.api.views import JobRow, JobView, row_of, view_of
from streamforge.api.wire import NEVER_STORED, answer, read_optional_body, read_query
from streamforge.errors import InvalidInput, UnknownJob, UnknownKind, WrongState
from streamforge.jobs.listing import JobFilter, Place
from streamforge.jobs.model import Job, JobState, Moment, Name, Tenant
from streamforge.jobs.store import Cancellation
from streamforge.jobs.timeline import history_of

StateNames = Annotated[
    str, Meta(max_length=200, pattern=r"^[a-z_]+(,[a-z_]+)*\Z", description="states by comma, such as queued,running")
]


class JobsQuery(PageQuery, frozen=True, kw_only=True):
    """Which jobs; each condition that is given must hold."""

    state: StateNames = ""
    kind: Annotated[Name | None, Meta(description="Jobs of this kind.")] = None
    queue: Annotated[Name | None, Meta(description="Jobs of this queue.")] = None
    tenant: Annotated[Tenant | None, Meta(description="Jobs of this tenant; for operators.")] = None
    since_ms: Annotated[Moment, Meta(description="Submitted then or later.")] = 0
    until_ms: Annotated[Moment, Meta(description="Submitted then or earlier; 0 is no limit.")] = 0
    q: Annotated[str, Meta(max_length=200, description="Text in the id, kind, title, step or error.")] = ""


class CancelBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the job is to end; its owner will read it."""

    reason: Annotated[str, Meta(max_length=300)] = ""


class RequeueBody(Struct, frozen=True, forbid_unknown_fields=True):
    """With ``fresh`` nothing is kept of what has been done before."""

    fresh: bool = False


class CancelAnswer(Struct, frozen=True):
    """What became of a request to cancel a job."""

    job_id: str
    cancel: Cancellation
    status_url: str


class Restarted(Struct, frozen=True):
    """A job that has been started anew."""

    job_id: str
    state: JobState
    status_url: str


class EventView(Struct, frozen=True):
    """Something that happened to a job; ``id`` orders events over all jobs."""

    id: str
    type: str
    at_ms: int
    attempt: int
    data: dict[str, object]


async def find(request: web.Request) -> web.Response:
    """The caller's jobs, newest first."""
    front, query = front_of(request), read_query(request, JobsQuery)
    only = JobFilter(
        states=states_of(query.state),
        kind=query.kind or "",
        queue=query.queue or "",
        since_ms=query.since_ms,
        until_ms=query.until_ms,
        text=query.q,
    )
    caller, after = caller_of(request), place_of(query.cursor, Place)
    tenant = query.tenant or caller.tenant
    if not caller.sees(tenant):
        return answer(Page[JobRow]([]), headers=NEVER_STORED)
    (jobs, place), incomplete = await listed(front, tenant, only, after, query.limit)
    page = Page([row_of(job) for job in jobs], cursor_of(place) if place else None, incomplete)
    return answer(page, headers=NEVER_STORED)


def states_of(text: str) -> frozenset[JobState]:
    """States by comma; raises InvalidInput."""
    names = text.split(",") if text else []
    if unknown := [name for name in names if name not in _STATES]:
        raise InvalidInput(f"no state is called {unknown[0][:40]!r}", field="state", hint=", ".join(JobState))
    return frozenset(JobState(name) for name in names)


async def show(request: web.Request) -> web.Response:
    """A job with its story."""
    record = await record_of(request)
    declared = _steps(front_of(request), record.job)
    history = history_of(record.events)
    view = view_of(record.job, history, declared=declared, given=record.given, cost=record.cost)
    return answer(view, headers=NEVER_STORED)


async def log(request: web.Request) -> web.Response:
    """A job's events, oldest first; of very many the newest."""
    events = (await record_of(request)).events
    views = [EventView(event.id, event.type, event.at_ms, event.attempt, event.payload()) for event in events]
    return answer(Page(views), headers=NEVER_STORED)


async def status(request: web.Request) -> web.Response:
    """PENDING, STARTED, SUCCESS or FAILURE, with step, progress, files and the error."""
    return answer(status_of(await kept_job_of(request)), headers=NEVER_STORED)


async def cancel(request: web.Request) -> web.Response:
    """Ask for a job's end: 200 where it has ended now or before, 202 where its worker has been told."""
    job, body = await kept_job_of(request), await read_optional_body(request, CancelBody)
    try:
        outcome = await front_of(request).store.cancel(job.id, body.reason)
    except UnknownJob:  # it is archived
        outcome = Cancellation.OVER
    code = HTTPStatus.ACCEPTED if outcome is Cancellation.ASKED else HTTPStatus.OK
    return answer(CancelAnswer(job.id, outcome, f"/api/v1/status/{job.id}"), code)


async def retry(request: web.Request) -> web.Response:
    """A job that failed or was cancelled, once more, from its last checkpoint."""
    return await _restart(request, fresh=False)


async def requeue(request: web.Request) -> web.Response:
    """The same, and if asked for without anything that was done before."""
    body = await read_optional_body(request, RequeueBody)
    return await _restart(request, fresh=body.fresh)


async def _restart(request: web.Request, *, fresh: bool) -> web.Response:
    job = await kept_job_of(request)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise WrongState(f"the job is {job.state}", field="job_id", hint="only failed and cancelled ones start anew")
    try:
        await front_of(request).store.restart(job.id, fresh=fresh)
    except UnknownJob:
        raise WrongState("Redis has forgotten the job", field="job_id", hint="submit its input again") from None
    return answer(Restarted(job.id, JobState.QUEUED, f"/api/v1/status/{job.id}"), HTTPStatus.ACCEPTED)


def _steps(front: Front, job: Job) -> tuple[str, ...]:
    try:
        return front.kinds[job.kind].steps
    except UnknownKind:  # another daemon's
        return ()


_STATES = frozenset(JobState)
_STORY = (HTTPStatus.NOT_FOUND,)
_ANEW = Answer(status=HTTPStatus.ACCEPTED, text="It waits in its queue again.", type=Restarted)

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/jobs",
        handler=find,
        text="Find jobs, newest first. A page may hold fewer than asked for, or none, and still have a next_cursor.",
        tag="jobs",
        params=query_params(JobsQuery),
        answers=(Answer(status=HTTPStatus.OK, text="A page of jobs.", type=Page[JobRow]),),
    ),
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}",
        handler=show,
        text="A job with its attempts, its steps on a time line, its files, its cost, its result or error.",
        tag="jobs",
        params=(JOB_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="The job.", type=JobView),),
        problems=_STORY,
    ),
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}/log",
        handler=log,
        text="A job's events.",
        tag="jobs",
        params=(JOB_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="The events, oldest first.", type=Page[EventView]),),
        problems=_STORY,
    ),
    Route(
        method="GET",
        path="/api/v1/status/{job_id}",
        handler=status,
        text="How a job stands, in the four words of task queues.",
        tag="jobs",
        params=(JOB_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="How it stands.", type=Status),),
        problems=_STORY,
    ),
    Route(
        method="POST",
        path="/api/v1/jobs/{job_id}/cancel",
        handler=cancel,
        text="Ask for a job's end.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(JOB_ID,),
        body=CancelBody,
        is_body_required=False,
        answers=(
            Answer(status=HTTPStatus.OK, text="It has ended, now or before.", type=CancelAnswer),
            Answer(status=HTTPStatus.ACCEPTED, text="Its worker has been told.", type=CancelAnswer),
        ),
        problems=_STORY,
    ),
    Route(
        method="POST",
        path="/api/v1/jobs/{job_id}/retry",
        handler=retry,
        text="Do a job that failed or was cancelled once more, from its last checkpoint.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(JOB_ID,),
        answers=(_ANEW,),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="POST",
        path="/api/v1/jobs/{job_id}/requeue",
        handler=requeue,
        text="Do a job that failed or was cancelled once more, if asked for from the beginning.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(JOB_ID,),
        body=RequeueBody,
        is_body_required=False,
        answers=(_ANEW,),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
