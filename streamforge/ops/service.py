"""Background services and their supervisor: one contract for everything that runs beside the jobs.

``start`` returns once the service can be relied on; ``run`` works until ``stop`` is called, then returns. The
supervisor starts services in order and stops them in reverse, each to its end before the next, so that what others
lean on comes first and goes last. A service that ends by itself, or raises, stops the daemon: a process that lost a
part should be restarted whole, not limp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
from anyio.abc import TaskGroup

from streamforge.errors import StreamForgeError
from streamforge.ops.logs import get_logger

log = get_logger(__name__)


class Service:
    """Something that runs until it is told to stop. Subclasses override what they need."""

    name = "service"

    async def start(self) -> None:
        """Become ready. May take long, and may be cancelled."""

    async def run(self) -> None:
        """Work; return soon after ``stop``."""

    def stop(self) -> None:
        """Ask ``run`` to return. Safe to call twice, and before ``run``."""


class ServiceFailed(RuntimeError):
    """A service ended without being asked to."""


class Supervisor:
    """Runs services together; see the module's docstring."""

    def __init__(
        self,
        services: Sequence[Service],
        on_ready: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._services = services
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._ended = {service.name: anyio.Event() for service in services}
        self._stopping = anyio.Event()
        self._starting = anyio.CancelScope()
        self._failure: tuple[str, Exception] | None = None

    def stop(self) -> None:
        """Ask everything to stop, in order; ``on_stop`` hears of it first, once."""
        if not self._stopping.is_set():
            self._on_stop()
        self._stopping.set()
        self._starting.cancel()

    async def run(self) -> None:
        """Run until ``stop``; raises ServiceFailed, with the cause, where a service ended by itself."""
        async with anyio.create_task_group() as tasks:
            started = await self._start_all(tasks)
            if len(started) == len(self._services):
                self._on_ready()
            await self._stopping.wait()
            await self._stop_all(started)
        if self._failure is not None:
            name, error = self._failure
            raise ServiceFailed(f"service {name} ended: {type(error).__name__}") from error

    async def _start_all(self, tasks: TaskGroup) -> list[Service]:
        started: list[Service] = []
        for service in self._services:
            if self._stopping.is_set() or not await self._start(service):
                break
            tasks.start_soon(self._guard, service, name=f"service:{service.name}")
            started.append(service)
        return started

    async def _start(self, service: Service) -> bool:
        with anyio.CancelScope() as self._starting:
            try:
                await service.start()
            except Exception as error:  # noqa: BLE001 - the supervisor is where a service's surprises end
                self._fail(service, error)
                return False
        return not self._starting.cancelled_caught

    async def _stop_all(self, started: Sequence[Service]) -> None:
        for service in reversed(started):
            service.stop()
            await self._ended[service.name].wait()
            log.debug("service_stopped", service=service.name)

    async def _guard(self, service: Service) -> None:
        try:
            await service.run()
            if not self._stopping.is_set():
                self._fail(service, ServiceFailed(f"{service.name} returned without being asked to"))
        except Exception as error:  # noqa: BLE001 - the same
            self._fail(service, error)
        finally:
            self._ended[service.name].set()

    def _fail(self, service: Service, error: Exception) -> None:
        trace = (
            None if isinstance(error, StreamForgeError) else error
        )  # ours say what is wrong; surprises need their place
        log.error(
            "service_failed", service=service.name, error=type(error).__name__, reason=_reason(error), exc_info=trace
        )
        self._failure = self._failure or (service.name, error)
        self.stop()


def _reason(error: Exception) -> str | None:
    return str(error) if isinstance(error, StreamForgeError) else None
