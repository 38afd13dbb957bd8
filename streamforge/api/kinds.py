"""The kinds of job that this daemon takes, each with the schema of its input."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from streamforge.api.front import front_of
from streamforge.api.paging import Page
from streamforge.api.route import Answer, Param, Route
from streamforge.api.samples import anything, sample
from streamforge.api.wire import answer
from streamforge.errors import NotFound, UnknownKind
from streamforge.jobs.kinds import Kind
from streamforge.jobs.model import Name

KIND: Final = Param(name="kind", place="path", type=Name, text="The kind.", is_required=True)


class KindRow(Struct, frozen=True):
    """A kind of job; ``steps`` are its recipe's, where it declares them."""

    kind: str
    queue: str
    steps: tuple[str, ...]
    description: str


class KindView(KindRow, frozen=True):
    """A kind with its input: JSON Schema 2020-12, and an example that fits it."""

    input_schema: dict[str, Any]
    example: Any


async def kinds(request: web.Request) -> web.Response:
    """Every kind."""
    known = front_of(request).kinds
    return answer(Page([KindRow(**_facts(known[name])) for name in known.names()]))


async def kind(request: web.Request) -> web.Response:
    """One kind with the schema of its input."""
    try:
        found = front_of(request).kinds[request.match_info["kind"]]
    except UnknownKind as error:
        raise NotFound(error.message, field="kind", hint=error.hint) from error
    schema = msgspec.json.schema(found.input_type, schema_hook=anything)
    return answer(KindView(**_facts(found), input_schema=schema, example=sample(schema)))


def _facts(kind: Kind[Any]) -> dict[str, Any]:
    told = (kind.input_type.__doc__ or "").strip().partition("\n\n")[0]
    return {"kind": kind.name, "queue": kind.queue, "steps": kind.steps, "description": " ".join(told.split())}


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/kinds",
        handler=kinds,
        text="The kinds of job that are taken here.",
        tag="kinds",
        answers=(Answer(status=HTTPStatus.OK, text="Every kind.", type=Page[KindRow]),),
    ),
    Route(
        method="GET",
        path="/api/v1/kinds/{kind}",
        handler=kind,
        text="A kind with its input's schema and an example.",
        tag="kinds",
        params=(KIND,),
        answers=(Answer(status=HTTPStatus.OK, text="The kind.", type=KindView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
