"""What is counted of webhooks."""

from __future__ import annotations

from typing import Final

from streamforge.ops.metrics import counter, gauge, histogram

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)

webhook_tries_total = counter("webhook_tries_total", "Tries to deliver a webhook, by how they ended.", "outcome")
webhook_seconds = histogram("webhook_seconds", "One try, from the name's lookup to the answer.", _SECONDS)
webhook_under_way = gauge("webhook_under_way", "Tries of this process that run now.")
webhook_fed_total = counter("webhook_fed_total", "Deliveries made out of events.")
webhook_gaps_total = counter(
    "webhook_gaps_total", "Times that the feed had dropped events before they were read for webhooks."
)
webhook_disabled_total = counter("webhook_disabled_total", "Endpoints disabled, by why.", "reason")
