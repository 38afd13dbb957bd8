"""Tables of which there may be many, each under a name that the operator gives: ``[queues.gpu]``."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streamforge.config.json_text import JsonObject
from streamforge.config.limits import Concurrency, CountOrNone, KindName, TenantName


class QueueSettings(Struct, frozen=True, kw_only=True):
    """One queue's share of this daemon; a queue without a table has the whole."""

    concurrency: Annotated[
        Concurrency,
        Meta(
            description="Jobs of this queue that this daemon runs at once; without it, worker.concurrency.",
            extra={"inherits": "worker.concurrency"},
        ),
    ] = 100


class TenantSettings(Struct, frozen=True, kw_only=True):
    """One tenant's share of all daemons."""

    weight: Annotated[
        Annotated[float, Meta(gt=0, le=1000)],
        Meta(description="Turns this tenant gets in a busy queue, relative to others.", examples=[3.0]),
    ] = 1.0
    max_running: Annotated[
        CountOrNone,
        Meta(
            description="Jobs of this tenant that run at once, over all daemons; 0 is no limit; without it, "
            "worker.tenant_max_running.",
            extra={"inherits": "worker.tenant_max_running"},
            examples=[10],
        ),
    ] = 0
    budget_day_usd: Annotated[
        Annotated[float, Meta(ge=0, le=1e6)],
        Meta(
            description="Dollars that this tenant's calls to models may cost in a day (UTC); 0 is no limit; without "
            "it, budgets.day_usd.",
            extra={"inherits": "budgets.day_usd"},
            examples=[5.0],
        ),
    ] = 0.0
    prepaid: Annotated[
        bool,
        Meta(
            description="Whether this tenant may spend no more than its credits; without it, budgets.prepaid.",
            extra={"inherits": "budgets.prepaid"},
        ),
    ] = False
    storage_mb: Annotated[
        CountOrNone,
        Meta(
            description="Megabytes that this tenant's files and large checkpoints may take; 0 is no limit; without it, "
            "storage.tenant_mb.",
            extra={"inherits": "storage.tenant_mb"},
            examples=[10_000],
        ),
    ] = 0
    keep_days: Annotated[
        CountOrNone,
        Meta(
            description="How long this tenant's ended jobs are archived; 0 is for good; without it, archive.keep_days.",
            extra={"inherits": "archive.keep_days"},
            examples=[365],
        ),
    ] = 0


class CronSettings(Struct, frozen=True, kw_only=True):
    """A job that is submitted again and again."""

    schedule: Annotated[
        str,
        Meta(
            max_length=200,
            description="Minute, hour, day of month, month, day of week, as in a crontab; a sixth field before "
            "them is the second.",
            examples=["30 2 * * *"],
        ),
    ]
    kind: Annotated[KindName, Meta(description="Kind of the job.")]
    input: Annotated[
        JsonObject,
        Meta(
            description="The job's input, as a table or as JSON text.",
            examples=[JsonObject('{"prompt":"Offer of the day"}')],
        ),
    ] = JsonObject("{}")
    timezone: Annotated[str, Meta(description="IANA time zone of the schedule, such as Europe/Berlin.")] = "UTC"
    queue: Annotated[
        Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9_.-]{0,63})?\Z")],
        Meta(description="Queue of the job; empty means the kind's."),
    ] = ""
    priority: Annotated[
        Literal["high", "normal", "low"], Meta(description="Priority of the job: high, normal or low.")
    ] = "normal"
    tenant: Annotated[TenantName, Meta(description="Tenant of the job.", examples=["default"])] = "default"
    catch_up: Annotated[
        bool,
        Meta(description="After a time without any daemon, submit the latest job that was missed."),
    ] = True
