"""What is counted of those who listen."""

from __future__ import annotations

from streamforge.ops.metrics import counter, gauge

listeners = gauge("listeners", "Who listens to events of this daemon now.", "transport")
streams_ended_total = counter("streams_ended_total", "Streams of events that ended, by why.", "transport", "reason")
