"""Metrics: the names and labels dashboards rely on, and the cheap way to count."""

from __future__ import annotations

import re
from typing import cast

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from streamforge.ops import metrics
from streamforge.ops.metrics import Family

PROMISED = {
    "jobs_total": ("kind", "outcome"),
    "job_wait_seconds": ("kind",),
    "job_run_seconds": ("kind",),
    "step_seconds": ("kind", "step"),
    "steps_replayed_total": ("kind", "step"),
    "soft_timeouts_total": ("kind", "scope"),
    "hard_timeouts_total": ("kind", "scope"),
    "jobs_running": (),
    "queue_depth": ("queue", "priority"),
    "queue_oldest_age_seconds": ("queue",),
    "dead_letters_total": ("reason",),
    "dead_letters_kept": (),
    "pool_slots": (),
    "pool_busy_seconds_total": (),
    "pool_waiting": (),
    "pool_wait_seconds": (),
    "pool_crashes_total": ("signal",),
    "pool_child_peak_rss_bytes": (),
    "jobs_expired_total": (),
    "cron_firings_total": ("cron", "outcome"),
    "fenced_writes_total": ("write",),
    "pool_restarts_total": ("cause",),
    "pool_slots_busy": (),
    "redis_disruptions_total": ("operation",),
    "inbox_messages_total": ("outcome",),
    "llm_tokens_total": ("provider", "model", "direction"),
    "llm_calls_total": ("provider", "model", "outcome"),
    "llm_first_token_seconds": ("provider", "model"),
    "traffic_asks_total": ("provider", "model", "answer"),
    "traffic_wait_seconds": ("provider", "model"),
    "traffic_parked_total": ("provider", "model", "why"),
    "traffic_calls_total": ("provider", "model", "outcome"),
    "traffic_lapsed_total": ("provider", "model"),
    "traffic_under_way": ("provider", "model"),
    "keys_benched_total": ("provider", "reason"),
    "circuit_changes_total": ("provider", "model", "change"),
    "redis_traffic_trips_total": (),
    "model_cost_dollars_total": ("provider", "model"),
    "model_charged_dollars_total": ("provider", "model"),
    "model_unpriced_total": ("provider", "model"),
    "model_unaccounted_total": ("provider", "model"),
    "model_failovers_total": ("provider", "model", "why"),
    "budget_refusals_total": ("why",),
    "charges_waiting": (),
    "charges_lost_total": (),
    "archive_backlog": (),
    "archive_lag_seconds": (),
    "archive_written_total": ("table",),
    "archive_refused_total": (),
    "archive_unread_total": (),
    "archive_failures_total": ("why",),
    "archive_batch_seconds": (),
    "objects_kept": (),
    "objects_kept_bytes": (),
    "objects_collected_total": (),
    "objects_collected_bytes_total": (),
    "collections_total": ("outcome",),
    "uploads_refused_total": (),
    "http_requests_total": ("route", "status"),
    "http_seconds": ("route",),
}


def test_names_and_labels_are_those_promised() -> None:
    """Dashboards and alerts name these; a change here is a breaking change."""
    families = cast(
        "dict[str, Family[Counter]]",
        {name: value for name, value in vars(metrics).items() if isinstance(value, Family)},
    )
    assert {name: family.labels for name, family in families.items()} == PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_metric_is_exposed_under_its_own_name(name: str) -> None:
    """What is called ``jobs_total`` in the code is ``streamforge_jobs_total`` in the scrape, with its labels."""
    labels = PROMISED[name]
    getattr(metrics, name)(*(f"test-{label}" for label in labels))
    samples = {
        sample.name: set(sample.labels) - {"le"}
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    exposed = f"streamforge_{name}"
    assert samples.get(exposed, samples.get(f"{exposed}_bucket")) == set(labels)


def test_every_metric_has_help_and_no_created_series() -> None:
    """The scrape passes Prometheus' own lint, and no counter drags a second series along."""
    text = metrics.render().decode()
    assert re.findall(r"^# HELP \S+ *$", text, flags=re.MULTILINE) == []
    assert "_created" not in text


def test_counting_shows_in_the_scrape() -> None:
    """A child got twice is the same child, and what it counts is what Prometheus reads."""
    metrics.fenced_writes_total("test").inc()
    metrics.fenced_writes_total("test").inc(2)
    assert b'streamforge_fenced_writes_total{write="test"} 3.0' in metrics.render()


@pytest.fixture
def family() -> Family[Counter]:
    """A metric of a registry of its own."""
    return Family(Counter("x", "help", ("a", "b"), registry=CollectorRegistry()), ("a", "b"))


@pytest.mark.parametrize("values", [(), ("1",), ("1", "2", "3")])
def test_a_wrong_number_of_labels_is_refused(family: Family[Counter], values: tuple[str, ...]) -> None:
    """A mistake at a call site fails at once instead of counting somewhere else."""
    with pytest.raises((ValueError, AttributeError)):
        family(*values).inc()


def test_labels_on_a_metric_without_any_are_refused() -> None:
    """The same for a metric that has none."""
    with pytest.raises(ValueError, match="label"):
        metrics.jobs_running("x")


def test_a_forgotten_child_is_no_longer_reported() -> None:
    """The gauge of a queue that is gone does not stay at its last value."""
    metrics.queue_depth("gone", "normal").set(7)
    assert b'queue="gone"' in metrics.render()
    metrics.queue_depth.forget("gone", "normal")
    metrics.queue_depth.forget("never", "there")
    assert b'queue="gone"' not in metrics.render()
