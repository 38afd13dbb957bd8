"""``POST /api/v1/generate``: a brief in, a banner's job out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

import msgspec
from aiohttp import web

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of
from streamforge.api.route import Answer, InputOf, Route, Scope
from streamforge.api.submissions import (
    IDEMPOTENCY_KEY,
    LOCATION,
    TRACEPARENT,
    Accepted,
    accepted,
    idempotency_key,
    tenant_for,
    traceparent_of,
)
from streamforge.api.wire import read_json
from streamforge.errors import InvalidInput
from streamforge.jobs.kinds import BROKEN_JSON, check_size
from streamforge.jobs.model import Submission, new_job_id
from streamforge.jobs.store import Order
from streamforge.jobs.uploads import check_files

GENERATE_KIND = "banner"
"""What ``/api/v1/generate`` makes."""

CANVAS_HINT = '"1200x628" or {"width": 1200, "height": 628}'

SPELLINGS: dict[str, dict[str, Any]] = {
    "user_prompt": {"description": "Another name of prompt, which is taken where both are given."},
    "canvas_dimensions": {
        "description": "Instead of width and height.",
        "examples": ["1200x628"],
        "anyOf": [
            {"type": "string", "pattern": "^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$"},
            {
                "type": "object",
                "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}},
                "additionalProperties": False,
            },
            {"type": "null"},
        ],
    },
}
"""Fields of a brief that are taken for the pipeline's own."""

MAX_DIGITS = 9
"""Of a side in ``canvas_dimensions``; Python refuses to read numbers of thousands of digits."""


async def generate(request: web.Request) -> web.Response:
    """A brief in, 202 and a job id out. ``Idempotency-Key`` makes a repeated request the same job."""
    front = front_of(request)
    kind = front.kinds[GENERATE_KIND]
    brief = brief_from(await read_json(request))
    check_size({"input": brief}, front.limits.max_input_bytes)
    check_files(kind, brief, (), front.settings)
    given = kind.normalise(brief)
    submission = Submission(
        id=new_job_id(),
        kind=kind.name,
        input=given,
        queue=kind.queue,
        tenant=tenant_for(caller_of(request)),
        idempotency_key=idempotency_key(front, kind.name, given, header=request.headers.get(IDEMPOTENCY_KEY.name)),
        source="http",
        traceparent=traceparent_of(request),
    )
    return await accepted(request, Order(submission))


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
    if canvas is not None and fields.keys() & {"width", "height"}:
        raise InvalidInput("given beside width and height", field="canvas_dimensions", hint="give one of the two")
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


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/generate",
        handler=generate,
        text="Have a banner made of a brief.",
        tag="jobs",
        scope=Scope.SUBMIT,
        params=(IDEMPOTENCY_KEY, TRACEPARENT),
        body=InputOf(GENERATE_KIND, SPELLINGS),
        is_body_large=True,
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="The job.", type=Accepted, headers=(LOCATION,)),),
        problems=(HTTPStatus.CONFLICT,),
    ),
)
