"""The routes, version 1."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

import msgspec
from aiohttp import web

from streamforge.api.status import status_of
from streamforge.errors import BrokerUnavailable, InvalidInput, UnknownJob
from streamforge.jobs.kinds import BROKEN_JSON, Kinds, check_size, submission_from
from streamforge.jobs.model import new_job_id
from streamforge.jobs.store import Cancellation, JobStore
from streamforge.ops import metrics
from streamforge.ops.health import Health
from streamforge.storage.objects import Objects

GENERATE_KIND = "banner"
"""What ``/api/v1/generate`` makes."""

CANVAS_HINT = '"1200x628" or {"width": 1200, "height": 628}'

MAX_DIGITS = 9
"""Of a side in ``canvas_dimensions``; Python refuses to read numbers of thousands of digits."""


class Front(msgspec.Struct, frozen=True):
    """What the routes need."""

    store: JobStore
    objects: Objects
    kinds: Kinds
    health: Health
    queues: tuple[str, ...]
    max_body_bytes: int
    max_input_bytes: int = 8 * 1024 * 1024


FRONT: web.AppKey[Front] = web.AppKey("front", Front)


def add_to(router: web.UrlDispatcher) -> None:
    """Register every route."""
    router.add_post("/api/v1/generate", generate)
    router.add_get("/api/v1/status/{job_id}", status)
    router.add_post("/api/v1/jobs/{job_id}/cancel", cancel)
    router.add_get("/api/v1/artifacts/{job_id}/{name}", artifact)
    router.add_get("/healthz", healthz)
    router.add_get("/readyz", readyz)
    router.add_get("/metrics", metrics_page)


async def generate(request: web.Request) -> web.Response:
    """A brief in, 202 and a job id out. ``Idempotency-Key`` makes a repeated request the same job."""
    front = request.app[FRONT]
    if request.content_type != "application/json":
        raise InvalidInput(
            f"content type is {request.content_type}", field="Content-Type", hint="send application/json"
        )
    kind = front.kinds[GENERATE_KIND]
    brief = brief_from(await request.read())
    check_size({"input": brief}, front.max_input_bytes)
    submission = submission_from(
        id=new_job_id(),
        kind=kind.name,
        input=kind.normalise(brief),
        queue=kind.queue,
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        source="http",
    )
    submitted = await front.store.submit(submission)
    status_url = f"/api/v1/status/{submitted.id}"
    return _json({"job_id": submitted.id, "status_url": status_url}, HTTPStatus.ACCEPTED, {"Location": status_url})


async def status(request: web.Request) -> web.Response:
    """PENDING, STARTED, SUCCESS or FAILURE, with step, progress, files and the error."""
    job = await request.app[FRONT].store.get(_job_id(request))
    return _json(status_of(job), HTTPStatus.OK, {"Cache-Control": "no-store"})


async def cancel(request: web.Request) -> web.Response:
    """Ask for a job's end: 200 where it has ended now or before, 202 where its worker has been told."""
    front = request.app[FRONT]
    job_id = _job_id(request)
    outcome = await front.store.cancel(job_id)
    code = HTTPStatus.ACCEPTED if outcome is Cancellation.ASKED else HTTPStatus.OK
    return _json({"job_id": job_id, "cancel": outcome, "status_url": f"/api/v1/status/{job_id}"}, code)


async def artifact(request: web.Request) -> web.StreamResponse:
    """A finished file. Its ETag is its content's SHA-256, so a repeated request can be answered 304."""
    front = request.app[FRONT]
    job = await front.store.get(_job_id(request))
    found = job.artifacts.get(request.match_info["name"])
    if found is None:
        names = ", ".join(job.artifacts) or "none yet"
        raise UnknownJob(f"job {job.id} has no such file", field="name", hint=f"its files: {names}")
    etag = f'"{found.key}"'
    headers = {
        "ETag": etag,
        "Content-Type": found.media_type,
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    if any(known.value in (found.key, "*") for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=await front.objects.get(found.key), headers=headers)


async def healthz(_: web.Request) -> web.Response:
    """The process answers; nothing more is meant by it."""
    return _json({"status": "ok"}, HTTPStatus.OK)


async def readyz(request: web.Request) -> web.Response:
    """200 when this daemon can take work now, 503 with the reasons otherwise."""
    report = request.app[FRONT].health.report()
    code = HTTPStatus.OK if report.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return _json({"ready": report.ready, "reasons": report.reasons}, code, {"Cache-Control": "no-store"})


async def metrics_page(request: web.Request) -> web.Response:
    """Everything that Prometheus scrapes; queue depths are read at this moment."""
    front = request.app[FRONT]
    try:
        depths = await front.store.depths(front.queues)
        metrics.dead_letters_kept().set(await front.store.letters.count())
        for depth in depths:
            metrics.queue_depth(depth.queue, depth.priority).set(depth.waiting)
        for queue in front.queues:
            ages = [depth.oldest_age_s for depth in depths if depth.queue == queue]
            metrics.queue_oldest_age_seconds(queue).set(max(ages))
    except BrokerUnavailable:
        pass  # the counters are worth having without Redis
    return web.Response(body=metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})


def brief_from(body: bytes) -> bytes:
    """A request's body as the pipeline's input; ``user_prompt`` and ``canvas_dimensions`` are taken for its fields."""
    try:
        given = msgspec.json.decode(body)
    except BROKEN_JSON as error:
        raise InvalidInput(f"not valid JSON: {error}", field="body", hint="send one JSON object") from error
    if not isinstance(given, dict):
        raise InvalidInput("not a JSON object", field="body", hint='for example {"prompt": "…"}')
    fields = cast("dict[str, Any]", given)
    if "user_prompt" in fields:
        fields.setdefault("prompt", fields.pop("user_prompt"))
    canvas = fields.pop("canvas_dimensions", None)
    if isinstance(canvas, dict):
        fields |= _sides(cast("dict[str, Any]", canvas))
    elif isinstance(canvas, str):
        width, _, height = canvas.lower().partition("x")
        fields |= {"width": _integer(width), "height": _integer(height)}
    elif canvas is not None:
        raise InvalidInput("not a size", field="canvas_dimensions", hint=CANVAS_HINT)
    return msgspec.json.encode(fields)


def _sides(canvas: dict[str, Any]) -> dict[str, Any]:
    """Nothing but the two sides: another field in there would become one of the brief's."""
    if other := sorted(canvas.keys() - {"width", "height"}):
        raise InvalidInput("no such field", field=f"canvas_dimensions.{other[0]}"[:80], hint=CANVAS_HINT)
    return canvas


def _integer(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > MAX_DIGITS:
        raise InvalidInput("not a size", field="canvas_dimensions", hint=CANVAS_HINT)
    return int(text)


def _job_id(request: web.Request) -> str:
    job_id = request.match_info["job_id"]
    if len(job_id) > 64:  # noqa: PLR2004 - as JobId
        raise UnknownJob(f"no job {job_id[:64]!r} is known", field="job_id")
    return job_id


def _json(value: object, status: HTTPStatus, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json", headers=headers
    )
