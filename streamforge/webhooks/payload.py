"""What is sent: the event, in the envelope that Standard Webhooks recommends."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from streamforge.jobs.feed import FeedEvent


def payload_of(event: FeedEvent) -> bytes:
    """``{"type", "timestamp" (ISO 8601), "data": <the event as the streams tell it>}``."""
    moment = datetime.fromtimestamp(event.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    envelope = {
        "type": event.type,
        "timestamp": moment.replace("+00:00", "Z"),
        "data": msgspec.Raw(event.document()),
    }
    return msgspec.json.encode(envelope)
