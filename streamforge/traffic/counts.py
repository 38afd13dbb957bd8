"""What is counted of the traffic; label values are names from the settings and the closed sets of this package."""

from __future__ import annotations

from typing import Final

from streamforge.ops.metrics import counter, gauge, histogram

_WAIT_SECONDS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

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
