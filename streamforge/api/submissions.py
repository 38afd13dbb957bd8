"""Handing jobs in over HTTP: one, or many in one request; and what makes a repeated request the same job."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from time import time_ns
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from streamforge.api.caller import EVERY_TENANT, Caller, caller_of
from streamforge.api.front import Front, front_of
from streamforge.api.intake import INTAKE
from streamforge.api.problems import Problem, problem_of
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import answer, decoded, read_body
from streamforge.errors import InputError, InvalidInput, NotAllowed
from streamforge.jobs.kinds import Kind, check_size
from streamforge.jobs.model import (
    FileWanted,
    IdempotencyKey,
    JobId,
    JobState,
    Moment,
    Name,
    Priority,
    Submission,
    Submitted,
    Tenant,
    Traceparent,
    new_job_id,
)
from streamforge.jobs.store import Delays, Order
from streamforge.jobs.uploads import check_files

BATCH_MAX: Final = 1000
LONGEST_S: Final = 315_360_000
"""Ten years, for times that are told from now on."""

FromNow = Annotated[float, Meta(ge=0, le=LONGEST_S)]
CallbackUrl = Annotated[
    str, Meta(max_length=2000, pattern=r"^https?://[^\x00-\x20\x7f]+\Z", description="an address, https:// or http://")
]

OUR_IDS: Final = ("in-", "requeue-", "cron-", "c-")
"""How the ids begin that are derived: of messages in the inbox, of those sent again, of recurring jobs, of children."""

LOCATION: Final = Param(
    name="Location",
    place="header",
    type=str,
    text="Where to ask: the job's status, or of one that waits for files the job itself.",
)
KeyHeader = Annotated[IdempotencyKey, Meta(min_length=1)]
"""Who sends an empty one means to be safe, and is not."""

IDEMPOTENCY_KEY: Final = Param(
    name="Idempotency-Key",
    place="header",
    type=KeyHeader,
    text="A request that is repeated with the same key, and asks for the same, gives the job that the first one made.",
)
TRACEPARENT: Final = Param(
    name="traceparent",
    place="header",
    type=str,
    text="W3C Trace Context; kept with the job, its logs, children and webhooks. A malformed one counts as none.",
)


class JobBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job as it is handed in. Of ``not_before_ms`` and ``delay_s`` one may be given, and of the two expiries.

    ``input`` fits the kind's own schema. ``tenant`` and ``id`` are an operator's to name. With ``files``
    the job waits until they have been uploaded.
    """

    kind: Name
    input: Annotated[Raw, Meta(description="What the job is to work on; see the kind.")]
    id: Annotated[JobId | None, Meta(description="The job's id; an operator's to choose.")] = None
    queue: Annotated[Name | None, Meta(description="Its queue; the kind's where there is none.")] = None
    priority: Annotated[Priority, Meta(description="Its place in the queue.")] = Priority.NORMAL
    tenant: Annotated[Tenant | None, Meta(description="Whose it is.")] = None
    not_before_ms: Annotated[Moment | None, Meta(description="Not to be begun before; since 1970.")] = None
    delay_s: Annotated[FromNow | None, Meta(description="The same from now on.")] = None
    expires_ms: Annotated[Moment | None, Meta(description="Not to be begun after; since 1970.")] = None
    expires_in_s: Annotated[FromNow | None, Meta(description="The same from now on.")] = None
    idempotency_key: Annotated[IdempotencyKey | None, Meta(description="As the header Idempotency-Key.")] = None
    callback_url: Annotated[CallbackUrl | None, Meta(description="Told of the job's end by a webhook.")] = None
    files: Annotated[tuple[FileWanted, ...], Meta(description="Files that are uploaded before it begins.")] = ()


class BatchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Many jobs; each is taken or refused by itself."""

    jobs: Annotated[list[Raw], Meta(min_length=1, max_length=BATCH_MAX)]


class Accepted(Struct, frozen=True, kw_only=True):
    """A job that has been accepted, and where to ask for it; ``is_new`` says whether this request made it."""

    job_id: str
    state: JobState
    is_new: bool
    status_url: str
    job_url: str
    events_url: str


class BatchItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job of a batch: accepted, or refused with a problem. ``state`` is there for a job that this request made."""

    job_id: str | None = None
    is_new: bool | None = None
    state: JobState | None = None
    status_url: str | None = None
    job_url: str | None = None
    events_url: str | None = None
    error: Problem | None = None


class BatchAnswer(Struct, frozen=True):
    """What became of the jobs of a batch, in their order."""

    items: list[BatchItem]


async def submit(request: web.Request) -> web.Response:
    """Hand a job in: 202, or 201 where it waits for its files."""
    front, body = front_of(request), await read_body(request, JobBody)
    submission = submission_of(front, caller_of(request), body, key=request.headers.get(IDEMPOTENCY_KEY.name))
    order = Order(replace(submission, traceparent=traceparent_of(request)), _delays(body))
    return await accepted(request, order, HTTPStatus.CREATED if body.files else HTTPStatus.ACCEPTED)


async def submit_many(request: web.Request) -> web.Response:
    """Hand many jobs in, in few round trips to Redis; a key in the header stands for each with its place."""
    front, caller = front_of(request), caller_of(request)
    header, body = request.headers.get(IDEMPOTENCY_KEY.name), await read_body(request, BatchBody)
    if header is not None:
        _require_key(header)
    trace = traceparent_of(request)
    checked = [_checked(front, caller, raw, _key_at(header, place)) for place, raw in enumerate(body.jobs)]
    orders = [
        replace(found, job=replace(found.job, traceparent=trace)) for found in checked if isinstance(found, Order)
    ]
    answers = iter(await front.store.submit_orders(orders) if orders else ())
    items = [_item(found.job, next(answers)) if isinstance(found, Order) else _refusal(found) for found in checked]
    return answer(BatchAnswer(items), HTTPStatus.ACCEPTED)


async def accepted(request: web.Request, order: Order, status: HTTPStatus = HTTPStatus.ACCEPTED) -> web.Response:
    """Submit, and say where to ask; a repeated request is answered as the first one was."""
    submitted = await request.app[INTAKE].submit(order)
    state = first_state(order.job) if submitted.is_new else (await front_of(request).store.get(submitted.id)).state
    found = Accepted(job_id=submitted.id, state=state, is_new=submitted.is_new, **_urls(submitted.id))
    where = found.job_url if status is HTTPStatus.CREATED else found.status_url
    return answer(found, status, {"Location": where})


def first_state(job: Submission) -> JobState:
    """The state that a job begins in."""
    if job.files:
        return JobState.CREATED
    return JobState.SCHEDULED if job.not_before_ms > _now_ms() else JobState.QUEUED


def submission_of(front: Front, caller: Caller, body: JobBody, *, key: str | None = None) -> Submission:
    """A job's description as a submission, checked; raises InvalidInput, UnknownKind, NotAllowed."""
    kind = front.kinds[body.kind]
    check_size({"input": bytes(body.input)}, front.limits.max_input_bytes)
    check_files(kind, bytes(body.input), body.files, front.settings)
    if body.callback_url:
        front.webhooks.check_url(body.callback_url)
    given = _normalised(kind, bytes(body.input))
    return Submission(
        id=_id_for(caller, body.id),
        kind=kind.name,
        input=given,
        queue=body.queue or kind.queue,
        priority=body.priority,
        tenant=tenant_for(caller, body.tenant),
        idempotency_key=idempotency_key(front, kind.name, given, header=key, field=body.idempotency_key),
        not_before_ms=_moment(body.not_before_ms, body.delay_s, "delay_s"),
        expires_at_ms=_moment(body.expires_ms, body.expires_in_s, "expires_in_s"),
        source="http",
        callback_url=body.callback_url or "",
        files=body.files,
        upload_ttl_s=front.settings.upload_ttl_s,
    )


def _id_for(caller: Caller, wanted: str | None) -> str:
    """The job's id. Ids are of one space: whose choice they were could take others' away, and ask which there are."""
    if wanted is None:
        return new_job_id()
    if caller.tenant != EVERY_TENANT:
        hint = f"leave it out; {IDEMPOTENCY_KEY.name} makes a repeated request the same job"
        raise InvalidInput("an operator's to choose", field="id", hint=hint)
    if wanted.startswith(OUR_IDS):
        raise InvalidInput("begins as the ids of jobs that come another way", field="id", hint="choose another one")
    return wanted


def tenant_for(caller: Caller, wanted: str | None = None) -> str:
    """Whose the job is: the caller's; an operator names whose. Raises NotAllowed for another's."""
    if caller.tenant == EVERY_TENANT:
        return wanted or "default"
    if wanted not in (None, caller.tenant):
        raise NotAllowed("the API key is another tenant's", field="tenant", hint="leave it out")
    return caller.tenant


def idempotency_key(front: Front, kind: str, given: bytes, *, header: str | None, field: str | None = None) -> str:
    """The key that was sent; or none, or the one that the settings have made of the input itself."""
    if header is not None:
        _require_key(header)
    if header and field and header != field:
        raise InvalidInput("another one than in the header", field="idempotency_key", hint="send one of the two")
    if header or field or front.settings.idempotency == "header":
        return header or field or ""
    return "input-" + hashlib.sha256(kind.encode() + b"\0" + given).hexdigest()


def traceparent_of(request: web.Request) -> str:
    """Which trace the request belongs to; empty where it says so in no way that is known, as the specification asks."""
    try:
        return msgspec.convert(request.headers.get(TRACEPARENT.name, ""), Traceparent)
    except msgspec.ValidationError:
        return ""


def _require_key(header: str) -> None:
    try:
        msgspec.convert(header, KeyHeader)
    except msgspec.ValidationError as error:
        hint = "1 to 255 characters, none of them a control character"
        raise InvalidInput("not a key", field=IDEMPOTENCY_KEY.name, hint=hint) from error


def _normalised(kind: Kind[Any], given: bytes) -> bytes:
    try:
        return kind.normalise(given)
    except InvalidInput as error:
        error.field = f"input.{error.field}" if error.field and error.field != "input" else "input"
        raise


def _moment(at_ms: int | None, from_now_s: float | None, field: str) -> int:
    if at_ms and from_now_s:
        raise InvalidInput("given as a time and from now on", field=field, hint="give one of the two")
    return _now_ms() + round(from_now_s * 1000) if from_now_s else at_ms or 0


def _now_ms() -> int:
    return time_ns() // 1_000_000


def _delays(body: JobBody) -> Delays:
    return Delays(body.delay_s, body.expires_in_s)


def _key_at(header: str | None, place: int) -> str | None:
    """The key of one job of a batch, where the batch has one: short enough whatever its length."""
    return f"batch-{hashlib.sha256(header.encode()).hexdigest()[:40]}-{place}" if header else None


def _checked(front: Front, caller: Caller, raw: Raw, key: str | None) -> Order | InputError:
    try:
        body = decoded(raw, JobBody)
        own = None if body.idempotency_key else key
        return Order(submission_of(front, caller, body, key=own), _delays(body))
    except InputError as error:
        return error


def _urls(job_id: str) -> dict[str, Any]:
    job_url = f"/api/v1/jobs/{job_id}"
    return {"status_url": f"/api/v1/status/{job_id}", "job_url": job_url, "events_url": f"{job_url}/events"}


def _item(job: Submission, end: Submitted | InputError) -> BatchItem:
    if isinstance(end, InputError):
        return _refusal(end)
    state = first_state(job) if end.is_new else None
    return BatchItem(job_id=end.id, is_new=end.is_new, state=state, **_urls(end.id))


def _refusal(error: InputError) -> BatchItem:
    return BatchItem(error=problem_of(error))


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/jobs",
        handler=submit,
        text="Hand a job in.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(IDEMPOTENCY_KEY, TRACEPARENT),
        body=JobBody,
        is_body_large=True,
        answers=(
            Answer(status=HTTPStatus.ACCEPTED, text="The job.", type=Accepted, headers=(LOCATION,)),
            Answer(
                status=HTTPStatus.CREATED,
                text="The job, which waits for its files.",
                type=Accepted,
                headers=(LOCATION,),
            ),
        ),
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="POST",
        path="/api/v1/jobs/batch",
        handler=submit_many,
        text="Hand many jobs in; each is taken or refused by itself.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(IDEMPOTENCY_KEY, TRACEPARENT),
        body=BatchBody,
        is_body_large=True,
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="What became of each.", type=BatchAnswer),),
    ),
)
