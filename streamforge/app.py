"""The composition root: the only file that knows every part, and puts them together.

Daemon(settings).run()      one process: HTTP, Redis (its own where none is configured), pool, worker, and what they
need
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import anyio
import anyio.to_thread

from streamforge.api.routes import Front
from streamforge.api.server import ApiServer
from streamforge.broker.broker import Broker
from streamforge.broker.embedded import EmbeddedServer, embedded_url
from streamforge.config import LlmSettings, Settings, WorkerSettings, changes, taken_over
from streamforge.jobs.dead import DeadLetters
from streamforge.jobs.store import JobStore
from streamforge.ops import last_exit, logs, sdnotify
from streamforge.ops.health import Health
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service, Supervisor
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.design.brief import Designer
from streamforge.pipelines.banner.design.model import ModelDesigner
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.kits import Kits
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.images import ImageModel
from streamforge.providers.metered import MeteredText
from streamforge.providers.openai_images import OpenAIImages
from streamforge.registry import by_kind, kinds_of, load_pipelines
from streamforge.runtime.children import StoredChildren
from streamforge.runtime.context import Lent, Resources
from streamforge.runtime.control import Control
from streamforge.runtime.cron import Cron, CronMarks, check_cron
from streamforge.runtime.executor import Executor
from streamforge.runtime.inbox import Inbox
from streamforge.runtime.janitor import Janitor
from streamforge.runtime.leases import Leases
from streamforge.runtime.pool import Rack
from streamforge.runtime.recipe import Pipeline
from streamforge.runtime.reclaimer import Reclaimer
from streamforge.runtime.recorder import Recorder
from streamforge.runtime.retry import RetryPolicy
from streamforge.runtime.scheduler import Scheduler
from streamforge.runtime.settler import Settler
from streamforge.runtime.watchdog import Watchdog
from streamforge.runtime.worker import Worker
from streamforge.storage.objects import Objects

LAST_WORDS_S = 5.0
"""How long a stopping daemon waits after the grace for a Redis that is away; what it could not say then, it leaves."""

log = get_logger(__name__)


@runtime_checkable
class Closable(Protocol):
    """A resource that holds something open."""

    async def aclose(self) -> None:
        """Let go of it; idempotent."""
        ...


class RedisLink(Service):
    """Has Redis there before anything needs it; where none is configured, it is our own server."""

    name = "redis"

    def __init__(self, broker: Broker, embedded: EmbeddedServer | None, patience_s: float) -> None:
        self._broker = broker
        self._embedded = embedded
        self._patience_s = patience_s
        self._stopping = anyio.Event()

    async def start(self) -> None:
        """Return once Redis answers."""
        try:
            if self._embedded is not None:
                await self._embedded.start()
            await self._broker.wait_until_ready(self._patience_s)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._close()
            raise

    async def run(self) -> None:
        """Keep the embedded server up until ``stop``, then close connections and end it."""
        async with anyio.create_task_group() as tasks:
            if self._embedded is not None:
                tasks.start_soon(self._embedded.watch, name="redis:watch")
            try:
                await self._stopping.wait()
            finally:
                with anyio.CancelScope(shield=True):
                    await self._close()

    async def _close(self) -> None:
        await self._broker.close()
        if self._embedded is not None:
            await self._embedded.stop()

    def stop(self) -> None:
        """End the embedded server."""
        self._stopping.set()


class Daemon:
    """Everything one process runs. ``run`` returns after ``stop``; raises ServiceFailed where a part broke down."""

    def __init__(
        self, settings: Settings, pipelines: Iterable[Pipeline[Any]] | None = None, resources: Resources | None = None
    ) -> None:
        self.settings = settings
        self.pipelines = by_kind(load_pipelines(settings) if pipelines is None else pipelines)
        self.kinds = kinds_of(self.pipelines.values(), settings.routes)
        check_cron(settings, self.kinds)
        self.health = Health()
        self.url = settings.redis.url or embedded_url(settings.paths.data_dir)
        self.broker = Broker(settings.redis, settings.jobs, self.url, max_crashes=settings.worker.max_crashes)
        self.store = JobStore(self.broker)
        self.objects = open_objects(settings)
        self.api: ApiServer | None = None
        self.ready = anyio.Event()
        self._resources = default_resources(settings, self.objects) if resources is None else resources
        self._supervisor = Supervisor(self._services(self._resources), self._on_ready, self._on_stop)

    async def run(self) -> None:
        """Run until ``stop``."""
        try:
            await self._supervisor.run()
        finally:
            sdnotify.stopping()
            with anyio.CancelScope(shield=True):
                await self._close()

    def stop(self) -> None:
        """Drain and end: no more work is taken, running jobs get their grace."""
        self._supervisor.stop()

    def _on_stop(self) -> None:
        """Whoever asked for the stop, be it a service that failed."""
        sdnotify.stopping()
        self.broker.lose_patience(self.settings.worker.grace_s + LAST_WORDS_S)

    def hand_back(self) -> None:
        """End at once: running jobs are handed back with their checkpoints, without a grace."""
        self.stop()
        self.worker.hand_back()

    def reload(self, settings: Settings) -> None:
        """Go on with what of these settings a running daemon can take over; the log tells what it cannot.

        Raises ConfigError, and changes nothing, where they contradict what a pipeline asks for.
        """
        applied, waiting = changes(self.settings, settings)
        settings = taken_over(self.settings, settings)
        sdnotify.reloading()
        try:
            self.executor.reload(retry_policy(settings.worker), settings.jobs)  # it alone may refuse them
            self._take_over(settings)
        finally:
            sdnotify.ready("settings reloaded")
        log.info("settings_reloaded", applied=applied, need_restart=waiting)

    def _take_over(self, settings: Settings) -> None:
        if settings.logs.level != self.settings.logs.level:
            logs.configure(settings.logs)
        self.broker.configure(settings.jobs, max_crashes=settings.worker.max_crashes)
        self.worker.configure(settings.worker, settings.queues, settings.tenants)
        self.settings = settings

    async def _close(self) -> None:
        await self.broker.close()
        for resource in self._resources.values():
            if isinstance(resource, Closable):
                await resource.aclose()

    def _services(self, resources: Resources) -> list[Service]:
        """In the order of starting: what others lean on comes first."""
        settings, broker = self.settings, self.broker
        embedded = None if settings.redis.url else EmbeddedServer(settings.paths.data_dir, settings.embedded)
        preload = [module for pipeline in self.pipelines.values() for module in pipeline.preload]
        rack = Rack(settings.pool, preload)
        settler, recorder = Settler(broker), Recorder(broker)
        children = StoredChildren(self.store, self.kinds)
        lent = Lent(recorder, self.objects, rack, settings.jobs, resources, children)
        policy = retry_policy(settings.worker)
        self.executor = executor = Executor(self.pipelines, lent, settler, policy, settings.jobs)
        self.worker = worker = Worker(
            broker,
            executor,
            settings.worker,
            queues=settings.queues,
            tenants=settings.tenants,
            backlog=rack,
            crash_cause=last_exit.consume(settings.paths.data_dir, settings.worker.name),
        )
        inbox = Inbox(
            broker,
            self.store,
            self.kinds,
            settings.worker.name,
            settings.jobs.max_input_bytes,
            queues=settings.worker.queues,
        )
        self.health.add("worker", worker.why_not_ready)
        self.health.add("pool", rack.why_not_ready)
        leases = Leases(settings.redis, self.url, settings.worker, worker, broker.keys)
        self.health.add("leases", leases.why_not_ready)
        reclaimer = Reclaimer(broker, worker.queues, settings.worker.lease_s, worker.look_for_expired)
        services: list[Service] = [RedisLink(broker, embedded, settings.redis.startup_patience_s)]
        services += [leases, rack, settler, recorder, Scheduler(broker), *self._cron(), inbox]
        services += [Control(broker, settings.worker.name, cancel=worker.cancel, drain=self.stop), worker, reclaimer]
        services += [Janitor(DeadLetters(broker), settings.jobs.dead_ttl_s), Watchdog(worker, settings.redis, self.url)]
        if settings.api.enabled:
            front = Front(
                self.store,
                self.objects,
                self.kinds,
                self.health,
                settings.worker.queues,
                settings.api.max_body_bytes,
                settings.jobs.max_input_bytes,
            )
            self.api = ApiServer(front, settings.api)
            services.insert(0, self.api)
        return services

    def _cron(self) -> list[Service]:
        if not self.settings.cron:
            return []
        return [Cron(self.store, self.kinds, self.settings.cron, CronMarks(self.broker))]

    def _on_ready(self) -> None:
        self.ready.set()
        address = self.api.url if self.api else "off"
        log.info("daemon_ready", worker=self.settings.worker.name, kinds=self.kinds.names(), http=address)
        sdnotify.ready(f"taking jobs from {', '.join(self.settings.worker.queues)}")


def retry_policy(worker: WorkerSettings) -> RetryPolicy:
    """How often and how patiently this daemon tries a job whose kind says nothing else."""
    return RetryPolicy(max_attempts=worker.max_attempts, base_s=worker.retry_base_s, cap_s=worker.retry_cap_s)


def default_resources(settings: Settings, objects: Objects) -> Resources:
    """What pipelines may ask for by type; see ``Context.use``. An image model is among them only where one is set."""
    pictures = open_pictures(settings)
    lent: dict[type[Any], Any] = {
        Designer: choose_designer(settings.llm),
        Pictures: pictures,
        Kits: Kits(objects, pictures, _decoded),
    }
    if settings.images.openai_api_key:
        key = settings.images.openai_api_key.reveal()
        images = settings.images
        lent[ImageModel] = OpenAIImages(
            api_key=key, model=images.model, base_url=images.openai_base_url, timeout_s=images.timeout_s
        )
    return lent


def open_pictures(settings: Settings) -> Pictures:
    """Who fetches pictures, from the hosts that the settings allow."""
    banner = settings.banner
    return Pictures(banner.picture_hosts, timeout_s=banner.picture_timeout_s, max_bytes=banner.picture_max_bytes)


def open_kits(settings: Settings) -> Kits:
    """The brand kits in the object store that the settings name."""
    return Kits(open_objects(settings), open_pictures(settings), _decoded)


async def _decoded(picture: str, field: str) -> object:
    return await anyio.to_thread.run_sync(child.examine_logo, picture, field)


def choose_designer(llm: LlmSettings) -> Designer:
    """The configured designer; ``auto`` is the model where a key is there. A model without a key is a ConfigError."""
    if llm.designer == "offline" or (llm.designer == "auto" and not llm.anthropic_api_key):
        return OfflineDesigner()
    model = AnthropicText(
        api_key=llm.anthropic_api_key.reveal(), model=llm.anthropic_model, base_url=llm.anthropic_base_url or None
    )
    return ModelDesigner(MeteredText(model), effort=llm.effort, max_tokens=llm.max_tokens, timeout_s=llm.timeout_s)


def open_objects(settings: Settings) -> Objects:
    """The object store that the settings name."""
    return Objects.open(settings.storage.url, settings.paths.data_dir)
