"""The HTTP server: answers 202 and gets out of the way. It runs in the daemon's event loop, as a service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from time import monotonic

from aiohttp import web

from streamforge.api import routes
from streamforge.api.problems import plain_problem, problem
from streamforge.config import ApiSettings
from streamforge.errors import ConfigError, StreamForgeError
from streamforge.ops import metrics
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SHUTDOWN_S = 5.0
"""How long an answer under way may take once the server stops."""

log = get_logger(__name__)


class ApiServer(Service):
    """Serves ``routes`` on the configured address."""

    name = "api"

    def __init__(self, front: routes.Front, settings: ApiSettings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._runner = web.AppRunner(
            application(front, settings), handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_S
        )
        self.port = settings.port

    @property
    def url(self) -> str:
        """Where it listens; the port is known after ``start``."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises ConfigError where the address cannot be used."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"cannot listen on {self.url}: {(error.strerror or str(error)).rpartition(': ')[2]}",
                field="api.port",
                hint="choose another with STREAMFORGE_API__PORT, or 0 for any free one",
            ) from error
        self.port = self._runner.addresses[0][1]

    async def run(self) -> None:
        """Serve until ``stop``."""
        await self._stopping.wait()
        await self._runner.cleanup()

    def stop(self) -> None:
        """Accept no more; answers under way have ``SHUTDOWN_S``."""
        self._stopping.set()


def application(front: routes.Front, settings: ApiSettings) -> web.Application:
    """The routes with what surrounds each: metrics, errors as problems, the body limit."""
    app = web.Application(middlewares=[measured, told], client_max_size=settings.max_body_bytes)
    app[routes.FRONT] = front
    routes.add_to(app.router)
    return app


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time each answer by its route, never by its path."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    started = monotonic()
    response = await handler(request)
    metrics.http_requests_total(route, str(response.status)).inc()
    metrics.http_seconds(route).observe(monotonic() - started)
    return response


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error leaves as a problem document; a surprise says nothing of itself."""
    try:
        return await handler(request)
    except StreamForgeError as error:
        return problem(error)
    except web.HTTPRequestEntityTooLarge:
        return plain_problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the body is over {request.app[routes.FRONT].max_body_bytes} bytes",
            "body_too_large",
            field="body",
            hint="send less, or raise api.max_body_bytes",
        )
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = plain_problem(HTTPStatus(error.status), error.reason, error.reason.lower().replace(" ", "_"))
        if allowed := error.headers.get("Allow"):  # which methods a 405 would have taken
            response.headers["Allow"] = allowed
        return response
    except ConnectionResetError:
        raise
    except Exception as error:
        log.error("http_failed", route=request.path[:80], error=type(error).__name__, exc_info=error)  # noqa: TRY400
        return plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; see the daemon's log", "internal")
