"""Every route, gathered from the modules that hold them; and which of them a request has come to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from aiohttp import web

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
    *openapi.ROUTES,
    *pages.ROUTES,
    *probes.ROUTES,
)


METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


_PARAMETER: Final = re.compile(r"{(\w+)}")
ANY_NAME: Final = r"{\1:[^/]+}"
"""aiohttp's own pattern leaves braces out, which names of files may have."""


def add_to(app: web.Application, routes: Iterable[Route] = ROUTES) -> None:
    """Register routes; a GET answers HEAD, too."""
    table: dict[web.AbstractRoute, Route] = {}
    paths: dict[str, tuple[web.Resource, set[str]]] = {}
    for route in routes:
        if route.path not in paths:
            paths[route.path] = (app.router.add_resource(_PARAMETER.sub(ANY_NAME, route.path)), set())
        resource, methods = paths[route.path]
        for method in (route.method, "HEAD") if route.method == "GET" else (route.method,):
            table[resource.add_route(method, route.handler, expect_handler=not_yet)] = route
            methods.add(method)
    _part(list(paths.values()))
    app[ROUTE_OF] = table


def _part(paths: Sequence[tuple[web.Resource, set[str]]]) -> None:
    """Where a path with a parameter fits another one (``/jobs/{job_id}`` and ``/jobs/batch``), that one is not its."""
    patterns = [info["pattern"] for resource, _ in paths if "pattern" in (info := resource.get_info())]
    for resource, methods in paths:
        path = resource.get_info().get("path", "")
        if any(pattern.fullmatch(path) for pattern in patterns):
            for method in METHODS - methods:
                resource.add_route(method, _refusal(methods), expect_handler=not_yet)


def _refusal(methods: Iterable[str]) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMethodNotAllowed(request.method, sorted(methods))

    return refuse
