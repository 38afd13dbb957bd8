"""The events that a job's life is made of: one table, one shape.

Each event is written by the Lua script that makes the change it tells of, to two places: the feed (every job, capped)
and the job's own log. Its id is its entry id in the feed, so one id serves both for "everything since".
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

EVENTS: Final[dict[str, str]] = {
    "job.created": "Known, and waits for its files; data: files (their names).",
    "upload.received": "One of the files it waits for is here; data: name, media_type, size.",
    "upload.removed": "One of them is gone again; data: name.",
    "job.queued": "Entered a queue; data: kind, queue, priority.",
    "job.scheduled": "Waits for its time; data: due_ms.",
    "job.started": "Claimed by a worker; data: worker.",
    "job.recovered": "Taken over after its worker vanished; data: worker, crashes.",
    "job.progress": "Progress within a step; data: step, progress (percent), message.",
    "step.started": "A step began to run; data: step, and child where it waits for another job.",
    "step.completed": "A step's value is checkpointed; data: step, progress, seconds.",
    "step.replayed": "A step's checkpoint was used instead of running it; data: step.",
    "item.failed": "One item of a fan-out failed and the others go on; data: step, item, error.",
    "job.log": "The recipe has something to tell the job's owner; data: message, facts.",
    "artifact.saved": "A file is ready; data: name, media_type, size.",
    "job.retrying": "The attempt failed, another follows; data: error, due_ms.",
    "job.snoozed": "Parked without charging an attempt; data: reason, due_ms.",
    "job.released": "Handed back by a worker that stops, or that could not keep its lease.",
    "job.succeeded": "Ended with a result.",
    "job.failed": "Ended with an error; data: error, reason.",
    "job.cancelled": "Ended on request; data: error.",
    "job.upload_failed": "Ended because its files were not complete in time; data: error.",
    "job.expired": "Ended because nobody had begun it in time; data: error.",
    "job.requeued": "Started anew from its dead letter.",
    "webhook.disabled": "An endpoint is told no more; of no job; data: endpoint, reason (gone, failing).",
}
"""Every event type, with what its data holds."""

ENDINGS: Final = frozenset({"job.succeeded", "job.failed", "job.cancelled", "job.expired", "job.upload_failed"})
"""Events after which a job's log grows no more, unless an operator requeues it."""


class Event(Struct, frozen=True, array_like=True):
    """Something that happened to a job.

    ``id`` orders events over all jobs (``ms-seq``, Redis time); ``attempt`` tells a retried attempt's events apart;
    ``data`` is a JSON object.
    """

    id: str
    type: str
    at_ms: int
    attempt: int
    data: str

    def payload(self) -> dict[str, object]:
        """The data, decoded."""
        return msgspec.json.decode(self.data or "{}", type=dict[str, object])


def is_after(event_id: str, last_id: str) -> bool:
    """Whether ``event_id`` comes after ``last_id`` (``ms-seq``; an empty ``last_id`` comes before everything)."""
    return not last_id or _order(event_id) > _order(last_id)


def _order(event_id: str) -> tuple[int, int]:
    ms, _, seq = event_id.partition("-")
    return int(ms), int(seq or 0)
