"""The HTTP server: answers 202 and gets out of the way. It runs in the daemon's event loop, as a service."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from time import monotonic
from typing import Any, Final

import anyio
from aiohttp import web

from streamforge.api import routes
from streamforge.api.auth import guarded
from streamforge.api.bodies import BODIES, Bodies, held
from streamforge.api.connection import Connection, library_log, undecodable
from streamforge.api.front import FRONT, Front
from streamforge.api.intake import INTAKE, Intake
from streamforge.api.openapi import TOLD, Told
from streamforge.api.problems import INWARD, from_http, problem
from streamforge.api.refusals import Internal
from streamforge.api.route import Handler
from streamforge.api.security import harden, preflighted
from streamforge.api.throttle import limited
from streamforge.errors import ConfigError, StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

SHUTDOWN_S = 5.0
"""How long an answer under way may take once the server stops."""

LINGER_S = 1.0
"""How long the rest of a body is read that was refused at its head, so that its sender hears of it."""

GRUMBLE_S = 1.0

BACKLOG = 1024
"""Connections that may wait to be taken up: after a restart every listener comes back at once."""

log = get_logger(__name__)


class ApiServer(Service):
    """Serves every route on the configured address."""

    name = "api"

    def __init__(self, front: Front) -> None:
        self._settings = settings = front.settings
        self._stopping = asyncio.Event()
        self._intake = Intake(front.store)
        self._runner = web.AppRunner(
            application(front, self._intake), handler_cancellation=True, shutdown_timeout=SHUTDOWN_S
        )
        self._listener: asyncio.Server | None = None
        self._terms: dict[str, Any] = {
            "logger": library_log(),
            "access_log": None,
            "lingering_time": LINGER_S,
            "keepalive_timeout": settings.idle_timeout_s,  # also for who never finishes a request's head
        }
        self.port = settings.port

    @property
    def url(self) -> str:
        """Where it listens; the port is known after ``start``."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises ConfigError where the address cannot be used."""
        await self._runner.setup()
        settings, loop = self._settings, asyncio.get_running_loop()
        try:
            listener = await loop.create_server(self._connected, settings.host, settings.port, backlog=BACKLOG)
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"cannot listen on {self.url}: {(error.strerror or str(error)).rpartition(': ')[2]}",
                field="api.port",
                hint="choose another with STREAMFORGE_API__PORT, or 0 for any free one",
            ) from error
        self._listener = listener
        self.port = listener.sockets[0].getsockname()[1]

    async def run(self) -> None:
        """Serve until ``stop``."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._intake.run, name="api:intake")
            await self._stopping.wait()
            if self._listener is not None:
                self._listener.close()
            await self._runner.cleanup()
            self._intake.stop()

    def stop(self) -> None:
        """Accept no more; answers under way have ``SHUTDOWN_S``."""
        self._stopping.set()

    def _connected(self) -> Connection:
        """What serves a connection that has just been made."""
        manager = self._runner.server
        assert manager is not None  # noqa: S101 - it is there from ``start`` on
        return Connection(manager, loop=asyncio.get_running_loop(), **self._terms)


def application(front: Front, intake: Intake) -> web.Application:
    """The routes with what surrounds each: metrics, errors as problems, the guard, limits on how much and how often."""
    around = [measured, told, held, preflighted, guarded, limited]
    settings = front.settings
    app = web.Application(middlewares=around, client_max_size=settings.max_body_bytes)
    app.on_response_prepare.append(harden)
    app[FRONT] = front
    app[INTAKE] = intake
    app[BODIES] = Bodies(max(settings.max_bodies_bytes, settings.max_body_bytes))
    app[GRUMBLE] = Grumble()
    app[TOLD] = Told(routes.ROUTES, front.kinds)
    routes.add_to(app)
    return app


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time each answer by its route, never by its path."""
    resource = request.match_info.route.resource
    route = "unmatched" if resource is None or resource.canonical == routes.NOWHERE else resource.canonical
    started = monotonic()
    response = await handler(request)
    metrics.http_requests_total(route, str(response.status)).inc()
    if not _is_stream(response):
        metrics.http_seconds(route).observe(monotonic() - started)
    return response


def _is_stream(response: web.StreamResponse) -> bool:
    return isinstance(response, web.WebSocketResponse) or response.content_type == "text/event-stream"


class Grumble:
    """Tells the log what callers are not told, a line a second at most: while Redis is away every request fails."""

    def __init__(self) -> None:
        self._not_before_s = 0.0

    def about(self, request: web.Request, error: StreamForgeError) -> None:
        """Say it, or not again so soon."""
        if monotonic() >= self._not_before_s:
            self._not_before_s = monotonic() + GRUMBLE_S
            log.warning("http_unavailable", route=request.path[:80], code=error.code, error=error.message)


GRUMBLE: Final[web.AppKey[Grumble]] = web.AppKey("grumble", Grumble)


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error leaves as a problem document; a surprise says nothing of itself."""
    try:
        return await handler(request)
    except INWARD as error:
        request.app[GRUMBLE].about(request, error)
        return problem(error)
    except StreamForgeError as error:
        return problem(error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return problem(from_http(error))
    except web.RequestPayloadError as error:
        return problem(undecodable(error))
    except ConnectionResetError:
        raise
    except Exception as error:
        log.error("http_failed", route=request.path[:80], error=type(error).__name__, exc_info=error)  # noqa: TRY400
        return problem(Internal())
