"""Every route, gathered from the modules that hold them; and which of them a request has come to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aiohttp import hdrs, web

from streamforge.api import (
    accounts,
    artifacts,
    audit,
    dead,
    erasing,
    generate,
    jobs,
    keys,
    kinds,
    kits,
    live,
    models,
    openapi,
    pages,
    probes,
    queues,
    session,
    stats,
    submissions,
    uploads,
    webhooks,
    workers,
)
from streamforge.api.bodies import not_yet
from streamforge.api.route import ROUTE_OF, Handler, Route
from streamforge.errors import NotFound

ROUTES: Final[tuple[Route, ...]] = (
    *generate.ROUTES,
    *submissions.ROUTES,
    *jobs.ROUTES,
    *live.ROUTES,
    *webhooks.ROUTES,
    *artifacts.ROUTES,
    *uploads.ROUTES,
    *kits.ROUTES,
    *session.ROUTES,
    *keys.ROUTES,
    *kinds.ROUTES,
    *queues.ROUTES,
    *workers.ROUTES,
    *dead.ROUTES,
    *accounts.ROUTES,
    *stats.ROUTES,
    *audit.ROUTES,
    *erasing.ROUTES,
    *models.ROUTES,
    *openapi.ROUTES,
    *pages.ROUTES,
    *probes.ROUTES,
)

NOWHERE: Final = "/{path}"
"""The address that stands for all that lead nowhere."""
_PARAMETER: Final = re.compile(r"{(\w+)}")
ANY_NAME: Final = r"{\1:[^/]+}"
"""aiohttp's own pattern leaves braces out, which names of files may have."""


def add_to(app: web.Application, routes: Iterable[Route] = ROUTES) -> None:
    """Register routes; a GET answers HEAD, too.

    Each address has a handler for every method, and so has the rest of the world: for what has none aiohttp answers
    ``Expect`` by itself, before anybody has looked at the request. And where a path with a parameter fits another one
    (``/jobs/{job_id}`` and ``/jobs/batch``), that one is not its.
    """
    table: dict[web.AbstractRoute, Route] = {}
    paths: dict[str, tuple[web.Resource, set[str]]] = {}
    for route in routes:
        if route.path not in paths:
            paths[route.path] = (app.router.add_resource(_PARAMETER.sub(ANY_NAME, route.path)), set())
        resource, methods = paths[route.path]
        for method in (route.method, "HEAD") if route.method == "GET" else (route.method,):
            table[resource.add_route(method, route.handler, expect_handler=not_yet)] = route
            methods.add(method)
    for resource, methods in paths.values():
        resource.add_route(hdrs.METH_ANY, _refusal(methods), expect_handler=not_yet)
    app.router.add_route(hdrs.METH_ANY, NOWHERE.replace("}", ":.*}"), _nowhere, expect_handler=not_yet)
    app[ROUTE_OF] = table


def _refusal(methods: Iterable[str]) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMethodNotAllowed(request.method, sorted(methods))

    return refuse


async def _nowhere(_: web.Request) -> web.StreamResponse:
    raise NotFound
