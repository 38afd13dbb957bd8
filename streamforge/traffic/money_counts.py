"""What is counted of money; label values are names from the settings and the closed sets of this package."""

from __future__ import annotations

from streamforge.ops.metrics import counter, gauge

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
