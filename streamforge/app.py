"""The composition root: the only file that knows every part, and puts them together.

Daemon(settings).run()      one process: HTTP, Redis (its own where none is configured), pool, worker, and what they
need
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import anyio
import anyio.to_thread

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.door import Door
from streamforge.api.circuits import Circuits
from streamforge.api.front import Front
from streamforge.api.hub import Hub
from streamforge.api.money import Money
from streamforge.api.rates import Rates
from streamforge.api.server import ApiServer
from streamforge.archive.archiver import Archiver
from streamforge.archive.erasure import Eraser
from streamforge.archive.handle import Archive
from streamforge.archive.recall import Recall
from streamforge.archive.references import ArchivedReferences
from streamforge.archive.retention import Retention
from streamforge.broker.broker import Broker
from streamforge.broker.deltas import DeltaVoice
from streamforge.broker.embedded import EmbeddedServer, embedded_url
from streamforge.broker.outbox import Outbox
from streamforge.broker.quotas import Quotas
from streamforge.collector.collector import Collector
from streamforge.collector.garbage import Garbage
from streamforge.collector.references import References
from streamforge.collector.service import CollectorService
from streamforge.config import Settings, WorkerSettings, changes, taken_over
from streamforge.jobs.acts import SYSTEM, acting
from streamforge.jobs.store import JobStore
from streamforge.jobs.uploads import Uploads
from streamforge.models import OFFLINE, Models, leads_offline, outside_models, require_prices, text_chain
from streamforge.ops import last_exit, logs, sdnotify
from streamforge.ops.health import Health
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service, Supervisor
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.design.brief import Designer
from streamforge.pipelines.banner.design.last_resort import LastResort
from streamforge.pipelines.banner.design.model import ModelDesigner
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.kits import Kits
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.pipelines.banner.shelf import Shelf
from streamforge.providers.images import ImageModel
from streamforge.providers.speech import SpeechModel
from streamforge.providers.text import TextModel
from streamforge.registry import by_kind, kinds_of, load_pipelines
from streamforge.runtime.children import StoredChildren
from streamforge.runtime.context import Lent, Resources
from streamforge.runtime.control import Control
from streamforge.runtime.cron import Cron, CronMarks, check_cron
from streamforge.runtime.deltas import Deltas
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
from streamforge.storage.sweeper import Sweeper
from streamforge.webhooks.courier import Courier
from streamforge.webhooks.feeder import Feeder
from streamforge.webhooks.store import Webhooks

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
        self.objects.quota = self.quotas = Quotas(self.broker, settings.storage.tenant_mb, settings.tenants)
        self.archive = Archive(settings.archive, settings.paths.data_dir)
        self.retention = Retention(self.archive, settings.tenants)
        self.api: ApiServer | None = None
        self.ready = anyio.Event()
        preload = [module for pipeline in self.pipelines.values() for module in pipeline.preload]
        self.rack = Rack(settings.pool, preload)
        self.models = Models(settings, self.broker, self.rack.call)
        self._resources = {**default_resources(settings, self.objects, self.models), **(resources or {})}
        self._supervisor = Supervisor(self._services(self._resources), self._on_ready, self._on_stop)

    async def run(self) -> None:
        """Run until ``stop``."""
        try:
            with acting(SYSTEM):
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

        Raises ConfigError, and changes nothing, where they contradict what a pipeline asks for, or limit money while a
        model has no price.
        """
        applied, waiting = changes(self.settings, settings)
        settings = taken_over(self.settings, settings)
        sdnotify.reloading()
        try:
            require_prices(settings)  # this and the next may refuse them, and so come before the rest
            self.executor.reload(retry_policy(settings.worker), settings.jobs)
            self._take_over(settings)
        finally:
            sdnotify.ready("settings reloaded")
        log.info("settings_reloaded", applied=applied, need_restart=waiting)

    def _take_over(self, settings: Settings) -> None:
        if settings.logs.level != self.settings.logs.level:
            logs.configure(settings.logs)
        self.broker.configure(settings.jobs, max_crashes=settings.worker.max_crashes)
        self.worker.configure(settings.worker, settings.queues, settings.tenants)
        self.models.reload(settings)
        self.quotas.configure(settings.storage.tenant_mb, settings.tenants)
        self.retention.configure(settings.tenants)
        self.settings = settings

    async def _close(self) -> None:
        await self.broker.close()
        await self.archive.close()
        for resource in self._resources.values():
            if isinstance(resource, Closable):
                await resource.aclose()

    def _services(self, resources: Resources) -> list[Service]:
        """In the order of starting: what others lean on comes first.

        Whoever tells others of jobs comes before the worker: it is told, too, how those end that a stopping worker has
        finished.
        """
        settings, broker = self.settings, self.broker
        embedded = None if settings.redis.url else EmbeddedServer(settings.paths.data_dir, settings.embedded)
        link = RedisLink(broker, embedded, settings.redis.startup_patience_s)
        webhooks = Webhooks(broker, settings.webhooks, settings.jobs.feed_max)
        tellers: list[Service] = (
            [Feeder(broker, webhooks), Courier(broker, webhooks)] if settings.webhooks.enabled else []
        )
        tellers += self._archivers()
        engine = self._engine(resources)
        if not settings.api.enabled:
            return [link, *tellers, *engine]
        accounts = Accounts(broker)
        hub = Hub(broker, buffer_bytes=settings.api.listener_buffer_bytes)
        self.api = ApiServer(self._front(accounts, hub, webhooks))
        return [self.api, link, Door(accounts.keys, settings.api), hub, *tellers, *engine]

    def _archivers(self) -> list[Service]:
        if not self.archive.is_on:
            return []
        archiver = Archiver(self.broker, self.archive, self.settings.jobs)
        self.health.watch(archiver.name, archiver.why_late)
        return [archiver, self.retention]

    def _engine(self, resources: Resources) -> list[Service]:
        """What takes jobs and performs them."""
        settings, broker, rack = self.settings, self.broker, self.rack
        settler, recorder, deltas = Settler(broker), Recorder(broker), Deltas(DeltaVoice(broker))
        children = StoredChildren(self.store, self.kinds)
        lent = Lent(recorder, self.objects, rack, settings.jobs, resources, children, deltas)
        policy = retry_policy(settings.worker)
        self.executor = Executor(self.pipelines, lent, settler, policy, settings.jobs)
        self.worker = worker = self._worker()
        leases = Leases(settings.redis, self.url, settings.worker, worker, broker.keys)
        for name, part in (("worker", worker), ("pool", rack), ("leases", leases)):
            self.health.add(name, part.why_not_ready)
        steps: list[Service] = [*self.models.services, leases, rack, settler, recorder, deltas, Scheduler(broker)]
        control = Control(broker, settings.worker.name, cancel=worker.cancel, drain=self.stop)
        reclaimer = Reclaimer(broker, worker.queues, settings.worker.lease_s, worker.look_for_expired)
        janitor = Janitor(self.store, settings.jobs, None if self.archive.is_on else Outbox(broker))
        keepers = [janitor, Sweeper(self.objects, settings.api.upload_ttl_s)]
        watchdog = Watchdog(worker, settings.redis, self.url)
        steps += [*self._cron(), self._inbox(), control, self._collector()]
        return [*steps, worker, reclaimer, *keepers, watchdog]

    def _collector(self) -> Service:
        """Claims the object store when it starts, so before the worker puts anything there."""
        settings, garbage = self.settings, Garbage(self.broker)
        archived = ArchivedReferences(self.archive) if self.archive.is_on else None
        collector = Collector(self.objects, References(self.broker, archived), garbage)
        return CollectorService(collector, garbage, settings.storage, settings.jobs.result_ttl_s)

    def _worker(self) -> Worker:
        settings = self.settings
        return Worker(
            self.broker,
            self.executor,
            settings.worker,
            queues=settings.queues,
            tenants=settings.tenants,
            backlog=self.rack,
            crash_cause=last_exit.consume(settings.paths.data_dir, settings.worker.name),
        )

    def _inbox(self) -> Inbox:
        worker, limit = self.settings.worker, self.settings.jobs.max_input_bytes
        return Inbox(self.broker, self.store, self.kinds, worker.name, limit, queues=worker.queues)

    def _front(self, accounts: Accounts, hub: Hub, webhooks: Webhooks) -> Front:
        """What the HTTP interface needs of everything else."""
        settings = self.settings
        return Front(
            store=self.store,
            objects=self.objects,
            kinds=self.kinds,
            health=self.health,
            queues=settings.worker.queues,
            settings=settings.api,
            limits=settings.jobs,
            accounts=accounts,
            uploads=Uploads(self.broker, self.objects, self.kinds, settings.api),
            kits=self._shelf(),
            hub=hub,
            money=Money(self.models.books, self.models.credits, self.models.budgets),
            circuits=Circuits(
                self.models.circuits, self.models.benches, outside_models(settings), tuple(settings.providers)
            ),
            rates=Rates(self.broker, settings.api) if settings.api.requests_per_minute else None,
            webhooks=webhooks,
            recall=Recall(self.archive) if self.archive.is_on else None,
            eraser=Eraser(self.broker, self.archive, self.objects, [accounts.keys.revoke_all, webhooks.delete_all]),
        )

    def _shelf(self) -> Shelf:
        """The kits that callers send; their logos are decoded in a pool child, where a hostile one harms nobody."""

        async def examined(picture: str, field: str) -> object:
            return await self.rack.call(child.examine_logo, picture, field)

        return Shelf(Kits(self.objects, open_pictures(self.settings), examined))

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


def default_resources(settings: Settings, objects: Objects, models: Models) -> Resources:
    """What pipelines may ask for by type; see ``Context.use``. A model is among them only where one is set."""
    pictures = open_pictures(settings)
    lent: dict[type[Any], Any] = {
        Designer: choose_designer(settings, models),
        Pictures: pictures,
        Kits: Kits(objects, pictures, _decoded),
    }
    found = {TextModel: models.text(), ImageModel: models.images(), SpeechModel: models.speech()}
    return lent | {kind: model for kind, model in found.items() if model is not None}


def open_pictures(settings: Settings) -> Pictures:
    """Who fetches pictures, from the hosts that the settings allow."""
    banner = settings.banner
    return Pictures(banner.picture_hosts, timeout_s=banner.picture_timeout_s, max_bytes=banner.picture_max_bytes)


def open_kits(settings: Settings) -> Kits:
    """The brand kits in the object store that the settings name."""
    return Kits(open_objects(settings), open_pictures(settings), _decoded)


async def _decoded(picture: str, field: str) -> object:
    return await anyio.to_thread.run_sync(child.examine_logo, picture, field)


def choose_designer(settings: Settings, models: Models) -> Designer:
    """The models of ``llm.chain`` as a designer; the rules alone, or behind them, where the chain ends offline."""
    text, llm = models.text(), settings.llm
    if text is None:
        return OfflineDesigner()
    designer = ModelDesigner(text, effort=llm.effort, max_tokens=llm.max_tokens, timeout_s=llm.timeout_s)
    if text_chain(settings)[-1] != OFFLINE:
        return designer
    return LastResort(designer, OfflineDesigner(), leads_offline(settings))


def open_objects(settings: Settings) -> Objects:
    """The object store that the settings name."""
    return Objects.named_by(settings)
