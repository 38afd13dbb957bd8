"""A trace goes with a job: from whoever handed it in to its view, its attempts, its children and its webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streamforge.broker.broker import Broker
from streamforge.jobs.model import Submission
from streamforge.runtime.inbox import Inbox
from streamforge.webhooks.payload import payload_of
from streamforge.webhooks.store import delivery_of
from tests.integration.api.gate import Gate, opened
from tests.integration.moves import take_one

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
JOB = {"kind": "banner", "input": {"prompt": "x"}}


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server, without keys."""
    async with opened(Gate(broker)) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/jobs", JOB),
        ("/api/v1/generate", JOB["input"]),
        ("/api/v1/jobs/batch", {"jobs": [JOB]}),
    ],
)
async def test_a_trace_stays_with_its_job(gate: Gate, broker: Broker, path: str, body: object) -> None:
    """Its view tells it, and the worker who takes it has it for its logs and for the job's children."""
    made = (await gate.call("POST", path, body=body, traceparent=TRACE)).json
    job_id = made["items"][0]["job_id"] if "items" in made else made["job_id"]
    assert (await gate.get(f"/api/v1/jobs/{job_id}")).json["traceparent"] == TRACE
    claim = await take_one(broker)
    assert (claim.traceparent, claim.trace_id) == (TRACE, "4bf92f3577b34da6a3ce929d0e0e4736")


@pytest.mark.parametrize(
    "header", ["", "nonsense", TRACE.upper(), TRACE + "-x", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"ff{TRACE[2:]}"]
)
async def test_what_is_no_trace_counts_as_none(gate: Gate, header: str) -> None:
    """The job is taken all the same, as the specification asks."""
    made = await gate.call("POST", "/api/v1/jobs", body=JOB, traceparent=header)
    assert made.status == 202
    assert "traceparent" not in (await gate.get(made.json["job_url"])).json


async def test_a_message_brings_its_trace(gate: Gate, broker: Broker) -> None:
    """In the inbox it is a field of the message."""
    inbox = Inbox(broker, gate.store, gate.kinds, "w", 1_000_000)
    found = inbox.parse("1-0", {b"kind": b"plain", b"text": b"x", b"traceparent": TRACE.encode()})
    assert (found.traceparent, found.input) == (TRACE, b'{"text":"x"}')


async def test_events_carry_it_to_webhooks(gate: Gate) -> None:
    """Each event of the feed names it, and so does the delivery that follows."""
    webhooks = gate.front.webhooks
    endpoint = await webhooks.create("acme", "https://example.com/hook", ("job.queued",))
    await gate.store.submit(Submission(id="j", kind="plain", input=b"{}", tenant="acme", traceparent=TRACE))
    (event,) = await gate.front.hub.feed.after("0", 10)
    assert event.traceparent == TRACE
    assert await webhooks.scripts.add(delivery_of(endpoint, event, "", payload_of(event)))
    (taken,), _ = await webhooks.scripts.take(10, per_endpoint=5, lease_ms=1000, busy={})
    assert (taken.type, taken.traceparent) == ("job.queued", TRACE)
