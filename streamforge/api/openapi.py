"""The routes told as OpenAPI 3.1: made from the same table that serves them, and from the kinds that are known.

``GET /openapi.json`` is the document, ``GET /docs`` a page that shows it and needs nothing from elsewhere.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from hashlib import sha256
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final, cast

import msgspec
from aiohttp import web
from msgspec import Struct

from streamforge.api.problems import PROBLEM_JSON, Problem
from streamforge.api.route import Answer, InputOf, Param, Route
from streamforge.api.samples import anything
from streamforge.api.submissions import JobBody
from streamforge.api.wire import JSON
from streamforge.jobs.kinds import Kind, Kinds

Json = dict[str, Any]

REF: Final = "#/components/schemas/{name}"

EVERYWHERE: Final = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""Problems that any route may answer, besides 401 where it asks for a key, and those of a body where it takes one."""
OF_BODIES: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

CHALLENGE: Final = Param(name="WWW-Authenticate", place="header", type=str, text="How to say who asks.")

SECURITY: Final[Json] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key; `streamforge keys create` makes one."}
}

TEXT: Final = """\
Hand a job in, watch it live, fetch what it made. Every error is a problem (RFC 9457) with a stable `code`. Times are
milliseconds since 1970. Lists come by the page: pass `next_cursor` as `cursor` for the next one."""


def document(routes: Iterable[Route], kinds: Sequence[Kind[Any]] = ()) -> Json:
    """The whole document."""
    told = list(routes)
    shapes = _Shapes(told, kinds)
    paths: dict[str, Json] = {}
    for route in told:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "StreamForge",
            "version": version("streamforge"),
            "description": TEXT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": shapes.components, "securitySchemes": SECURITY},
    }


class _Shapes:
    """The schema of every type that the routes name, and the components that these lean on."""

    def __init__(self, routes: Iterable[Route], kinds: Sequence[Kind[Any]]) -> None:
        self._kinds = kinds
        types = [Problem, JobBody, *(kind.input_type for kind in kinds)]
        for route in routes:
            types += [param.type for param in _all_params(route)]
            types += [answer.type for answer in route.answers if answer.type is not None]
            types += [] if route.body is None or isinstance(route.body, InputOf) else [route.body]
        schemas, components = msgspec.json.schema_components(types, schema_hook=anything, ref_template=REF)
        self._known = [(told, _portable(schema)) for told, schema in zip(types, schemas, strict=True)]
        self.components: dict[str, Json] = {name: _portable(schema) for name, schema in sorted(components.items())}
        if kinds:
            self._tell_inputs(kinds)

    def of(self, wanted: Any) -> Json:  # noqa: ANN401 - any annotation
        """The type's schema."""
        return next(schema for told, schema in self._known if told is wanted or told == wanted)

    def of_body(self, body: Any) -> Json:  # noqa: ANN401 - any annotation, or InputOf
        """The schema of a route's body."""
        if not isinstance(body, InputOf):
            return self.of(body)
        kind = next((kind for kind in self._kinds if kind.name == body.kind), None)
        if kind is None:
            return {"type": "object"}
        schema = self.of(kind.input_type)
        own = self.components[str(schema["$ref"]).rpartition("/")[2]] if "$ref" in schema else schema
        return {**own, "properties": {**own.get("properties", {}), **body.also}}

    def _tell_inputs(self, kinds: Sequence[Kind[Any]]) -> None:
        """What a job's input is depends on its kind."""
        body = self.components["JobBody"]
        body["properties"]["kind"] = {"enum": [kind.name for kind in kinds], "description": "The kind of job."}
        arms = [{"properties": {"kind": {"const": kind.name}, "input": self.of(kind.input_type)}} for kind in kinds]
        if len(arms) == 1:
            body["properties"]["input"] = arms[0]["properties"]["input"]
        else:
            body["oneOf"] = arms


def _all_params(route: Route) -> list[Param]:
    return [*route.params, *(header for answer in route.answers for header in answer.headers), CHALLENGE]


def _operation(route: Route, shapes: _Shapes) -> Json:
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.text.partition(". ")[0].rstrip("."),
        "description": route.text,
        "tags": [route.tag],
        "parameters": [_parameter(param, shapes) for param in route.params],
        "responses": _responses(route, shapes),
        "security": [] if route.scope is None else [{"key": []}, {}],
    }
    if route.scope is not None:
        operation["x-scope"] = route.scope
    if route.body is not None:
        content = {route.body_media_type: {"schema": shapes.of_body(route.body)}}
        operation["requestBody"] = {"required": route.is_body_required, "content": content}
    return operation


def _operation_id(route: Route) -> str:
    """``POST /api/v1/jobs/{job_id}/cancel`` → ``post_jobs_job_id_cancel``."""
    return "_".join([route.method.lower(), *re.findall(r"\w+", route.path.removeprefix("/api/v1"))])


def _parameter(param: Param, shapes: _Shapes) -> Json:
    schema = dict(shapes.of(param.type))
    text = param.text or str(schema.get("description", ""))
    schema.pop("description", None)
    found: Json = {"name": param.name, "in": param.place, "description": text, "schema": _without_null(schema)}
    return found | ({"required": True} if param.is_required or param.place == "path" else {})


def _without_null(schema: Json) -> Json:
    """A parameter that is not given is left out; it has no null."""
    arms = [arm for arm in schema.get("anyOf", []) if arm != {"type": "null"}]
    if len(arms) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **arms[0]}


def _responses(route: Route, shapes: _Shapes) -> Json:
    responses: Json = {}
    for told in route.answers:
        responses.setdefault(str(told.status.value), _response(told, shapes))
    problems = {*EVERYWHERE, *route.problems}
    if route.scope is not None:
        problems.add(HTTPStatus.UNAUTHORIZED)
    if route.body is not None:
        problems |= {HTTPStatus.BAD_REQUEST, *OF_BODIES}
    for status in sorted(problems):
        responses.setdefault(str(status.value), _problem(status, shapes))
    return responses


def _response(told: Answer, shapes: _Shapes) -> Json:
    found: Json = {"description": told.text}
    if told.type is not None:
        found["content"] = {told.media_type: {"schema": shapes.of(told.type)}}
    elif told.media_type != "application/json":
        found["content"] = {told.media_type: {}}
    if told.headers:
        found["headers"] = {
            header.name: {"description": header.text, "schema": shapes.of(header.type)} for header in told.headers
        }
    return found


def _problem(status: HTTPStatus, shapes: _Shapes) -> Json:
    found: Json = {"description": status.phrase, "content": {PROBLEM_JSON: {"schema": shapes.of(Problem)}}}
    if status is HTTPStatus.UNAUTHORIZED:
        found["headers"] = {CHALLENGE.name: {"description": CHALLENGE.text, "schema": shapes.of(CHALLENGE.type)}}
    return found


def _portable(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """As it is written elsewhere: texts hold no surrogates, code has one quote, and an empty default may mean none."""
    if isinstance(schema, dict):
        fields = cast("Json", schema)
        is_unfit = fields.get("default") == "" and ("minLength" in fields or "pattern" in fields)
        return {
            name: _WRITTEN.get(name, _portable)(value)
            for name, value in fields.items()
            if not (is_unfit and name == "default")
        }
    return [_portable(item) for item in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def _pattern(text: Any) -> Any:  # noqa: ANN401 - a field may be called so
    is_text = isinstance(text, str)
    return text.replace("\\Z", "$").replace(r"\ud800-\udfff", "") if is_text else _portable(text)


def _description(text: Any) -> Any:  # noqa: ANN401 - the same
    return " ".join(text.replace("``", "`").split()) if isinstance(text, str) else _portable(text)


_WRITTEN: Final[dict[str, Callable[[Any], Any]]] = {"pattern": _pattern, "description": _description}


class Told:
    """The document of one application, made when it is first asked for."""

    def __init__(self, routes: Iterable[Route], kinds: Kinds) -> None:
        self._routes = tuple(routes)
        self._kinds = kinds

    @cached_property
    def body(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(document(self._routes, [self._kinds[name] for name in self._kinds.names()]))


TOLD: Final[web.AppKey[Told]] = web.AppKey("told", Told)


async def openapi(request: web.Request) -> web.Response:
    """The document, of what this daemon serves and takes."""
    return web.Response(body=request.app[TOLD].body, content_type=JSON)


class Page(Struct, frozen=True):
    """A page, and the policy that lets it do what it does and nothing else."""

    text: str
    policy: str


async def docs(_: web.Request) -> web.Response:
    """A page that shows the document."""
    page = docs_page()
    return web.Response(text=page.text, content_type="text/html", headers={"Content-Security-Policy": page.policy})


@cache
def docs_page() -> Page:
    """The page; its script and style are allowed by their digests."""
    text = (files("streamforge.api") / "docs.html").read_text(encoding="utf-8")
    script, style = (_digest_of(text, tag) for tag in ("script", "style"))
    allowed = f"script-src {script}; style-src {style}; connect-src 'self'"
    return Page(text, f"default-src 'none'; {allowed}; base-uri 'none'; frame-ancestors 'none'")


def _digest_of(page: str, tag: str) -> str:
    inside = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'"


ROUTES = (
    Route(
        method="GET",
        path="/openapi.json",
        handler=openapi,
        text="This document: OpenAPI 3.1.",
        tag="daemon",
        scope=None,
        answers=(Answer(status=HTTPStatus.OK, text="The document.", type=dict[str, Any]),),
    ),
    Route(
        method="GET",
        path="/docs",
        handler=docs,
        text="A page that shows this document.",
        tag="daemon",
        scope=None,
        answers=(Answer(status=HTTPStatus.OK, text="The page.", type=str, media_type="text/html"),),
    ),
)
