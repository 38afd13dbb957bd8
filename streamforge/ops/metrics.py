"""Every metric, in one place; names here are the names Prometheus sees.

    metrics.jobs_total("banner", "succeeded").inc()
    metrics.step_seconds("banner", "layout").observe(0.05)
    metrics.pool_slots_busy().set(1)

Labels are given in the declared order. A child is looked up once and remembered, so the hot path costs one
dict access more than a bare counter. Label values come from small closed sets: never an id or a message.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
REGISTRY: Final = CollectorRegistry(auto_describe=True)
"""Our own, so that nothing another library registers gets out under our name."""

_JOB_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600)
_STEP_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
    30,
    60,
    120,
    300,
)
_ANSWER_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_WAIT_SECONDS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_HTTP_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

M = TypeVar("M", Counter, Gauge, Histogram)


class Family(Generic[M]):
    """A metric with its children remembered: calling it with label values gives the child to count with.

    Raises:
        ValueError: the number of values is not the number of labels.
    """

    __slots__ = ("_children", "_metric", "labels")

    def __init__(self, metric: M, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self._metric: M = metric
        self._children: dict[tuple[str, ...], M] = {}

    def __call__(self, *values: str) -> M:
        """The child with these label values, in the declared order."""
        child = self._children.get(values)
        if child is None:
            child = self._metric.labels(*values) if values or self.labels else self._metric
            self._children[values] = child
        return child

    def forget(self, *values: str) -> None:
        """Stop reporting a child, such as the depth of a queue that is gone."""
        if self._children.pop(values, None) is not None and self.labels:
            self._metric.remove(*values)


def counter(name: str, meaning: str, *labels: str) -> Family[Counter]:
    """A counter of that name (without ``streamforge_``), with its labels."""
    return Family(Counter(f"streamforge_{name}", meaning, labels, registry=REGISTRY), labels)


def gauge(name: str, meaning: str, *labels: str) -> Family[Gauge]:
    """A gauge, in the same way."""
    return Family(Gauge(f"streamforge_{name}", meaning, labels, registry=REGISTRY), labels)


def histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Family[Histogram]:
    """A histogram with these upper bounds, in the same way."""
    metric = Histogram(f"streamforge_{name}", meaning, labels, buckets=buckets, registry=REGISTRY)
    return Family(metric, labels)


disable_created_metrics()  # a second series for each counter, which nothing reads
ProcessCollector(registry=REGISTRY)

jobs_total = counter("jobs_total", "Attempts that ended, by how.", "kind", "outcome")
job_wait_seconds = histogram(
    "job_wait_seconds", "From the moment a job may run to its first step.", _JOB_SECONDS, "kind"
)
job_run_seconds = histogram("job_run_seconds", "One attempt of a job, start to settle.", _JOB_SECONDS, "kind")
jobs_running = gauge("jobs_running", "Jobs this worker runs now.")
step_seconds = histogram("step_seconds", "One step that was computed.", _STEP_SECONDS, "kind", "step")
steps_replayed_total = counter(
    "steps_replayed_total", "Steps answered from a checkpoint instead of computed.", "kind", "step"
)
soft_timeouts_total = counter("soft_timeouts_total", "Soft limits reached: the recipe was told.", "kind", "scope")
hard_timeouts_total = counter("hard_timeouts_total", "Hard limits reached: the job was failed.", "kind", "scope")

queue_depth = gauge("queue_depth", "Jobs that wait in a queue.", "queue", "priority")
queue_oldest_age_seconds = gauge("queue_oldest_age_seconds", "Age of a queue's oldest waiting job.", "queue")
jobs_expired_total = counter("jobs_expired_total", "Jobs that nobody had begun when their time ran out.")
dead_letters_total = counter("dead_letters_total", "Jobs and messages given up, by why.", "reason")
dead_letters_kept = gauge("dead_letters_kept", "Dead letters that are kept.")
inbox_messages_total = counter("inbox_messages_total", "Messages read from the inbox stream.", "outcome")
cron_firings_total = counter(
    "cron_firings_total", "Times of recurring jobs that came, by what came of it.", "cron", "outcome"
)

fenced_writes_total = counter("fenced_writes_total", "Writes refused because another attempt owns the job.", "write")
redis_disruptions_total = counter("redis_disruptions_total", "Redis calls that failed.", "operation")

pool_slots = gauge("pool_slots", "Pool slots there are.")
pool_slots_busy = gauge("pool_slots_busy", "Pool slots at work now.")
pool_busy_seconds_total = counter("pool_busy_seconds_total", "Time that slots were at work, counted as calls end.")
pool_waiting = gauge("pool_waiting", "Calls that wait for a pool slot.")
pool_wait_seconds = histogram("pool_wait_seconds", "From a pool call to its slot.", _STEP_SECONDS)
pool_crashes_total = counter(
    "pool_crashes_total", "Pool calls whose child died or ran out of memory, by what killed it.", "signal"
)
pool_restarts_total = counter("pool_restarts_total", "Pool children replaced, by why.", "cause")
pool_child_peak_rss_bytes = gauge("pool_child_peak_rss_bytes", "Most memory that a living pool child has held.")

llm_tokens_total = counter("llm_tokens_total", "Tokens sent and received.", "provider", "model", "direction")
llm_calls_total = counter("llm_calls_total", "Model calls that ended, by how.", "provider", "model", "outcome")
llm_first_token_seconds = histogram(
    "llm_first_token_seconds",
    "From an admitted call to the first piece of its answer.",
    _ANSWER_SECONDS,
    "provider",
    "model",
)

traffic_asks_total = counter(
    "traffic_asks_total", "Questions whether a model's call may go, by the answer.", "provider", "model", "answer"
)
traffic_wait_seconds = histogram(
    "traffic_wait_seconds", "From the first question to the call's start.", _WAIT_SECONDS, "provider", "model"
)
traffic_parked_total = counter(
    "traffic_parked_total",
    "Calls whose job was parked, by what they wait for.",
    "provider",
    "model",
    "why",
)
traffic_calls_total = counter(
    "traffic_calls_total", "Admitted calls that ended, by what that means.", "provider", "model", "outcome"
)
traffic_lapsed_total = counter(
    "traffic_lapsed_total", "Reservations whose lease ran out before they were settled.", "provider", "model"
)
traffic_under_way = gauge("traffic_under_way", "Admitted calls of this process that run now.", "provider", "model")
keys_benched_total = counter("keys_benched_total", "Keys that a provider refused, by why.", "provider", "reason")
circuit_changes_total = counter(
    "circuit_changes_total", "Circuits that opened or closed.", "provider", "model", "change"
)
redis_traffic_trips_total = counter("redis_traffic_trips_total", "Round trips to Redis made for limits.")

model_cost_dollars_total = counter(
    "model_cost_dollars_total", "What calls to models cost, as far as their prices are known.", "provider", "model"
)
model_charged_dollars_total = counter(
    "model_charged_dollars_total",
    "The part of it that tenants are charged: the rest went into calls that broke or were repeated.",
    "provider",
    "model",
)
model_unpriced_total = counter("model_unpriced_total", "Calls to models without a price.", "provider", "model")
model_unaccounted_total = counter(
    "model_unaccounted_total", "Calls that may have cost something of which nothing was told.", "provider", "model"
)
model_failovers_total = counter(
    "model_failovers_total", "Calls that went on to the chain's next model, by why.", "provider", "model", "why"
)
budget_refusals_total = counter("budget_refusals_total", "Calls that a tenant's money did not cover, by which.", "why")
charges_waiting = gauge("charges_waiting", "Calls not written down yet, for Redis was away.")
charges_lost_total = counter("charges_lost_total", "Calls that could not be written down.")

archive_backlog = gauge("archive_backlog", "Entries that wait to be archived, of all daemons.")
archive_lag_seconds = gauge("archive_lag_seconds", "Age of the oldest entry that waits to be archived.")
archive_written_total = counter("archive_written_total", "Rows that this daemon has archived.", "table")
archive_refused_total = counter("archive_refused_total", "Entries that the archive's database would not take.")
archive_failures_total = counter("archive_failures_total", "Tries to archive that failed, by why.", "why")
archive_batch_seconds = histogram("archive_batch_seconds", "One batch, from reading to trimming.", _STEP_SECONDS)
archive_unread_total = counter("archive_unread_total", "Questions of callers that the archive did not answer.")

objects_kept = gauge("objects_kept", "Objects in the store, as the last collection saw it.")
objects_kept_bytes = gauge("objects_kept_bytes", "What they come to.")
objects_collected_total = counter("objects_collected_total", "Objects deleted that nothing referred to any more.")
objects_collected_bytes_total = counter("objects_collected_bytes_total", "What they came to.")
collections_total = counter("collections_total", "Looks for such objects, by how they went.", "outcome")
uploads_refused_total = counter("uploads_refused_total", "Files that the check of uploads refused.")

http_requests_total = counter("http_requests_total", "Requests answered.", "route", "status")
http_seconds = histogram("http_seconds", "From request to response.", _HTTP_SECONDS, "route")


def render() -> bytes:
    """All metrics in Prometheus' text format; serve it as :data:`CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
