"""Jobs over HTTP: found, looked at, ended, started anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.broker.messages import Settlement
from tests.integration.api.gate import Gate, opened
from tests.integration.moves import checkpoint, raw, settle, submit, take_one

ERROR = b'{"code":"verification_failed","message":"contrast 2.1 of 4.5","hint":"darker text"}'


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server, without keys."""
    async with opened(Gate(broker)) as made:
        yield made


async def failed(broker: Broker, job_id: str = "job-1", **fields: Any) -> str:  # noqa: ANN401 - Submission's
    """A job that failed after a checkpoint."""
    await submit(broker, job_id, **fields)
    claim = await take_one(broker)
    told = b'{"step":"design","seconds":0.5,"progress":40.0}'
    await broker.record(checkpoint(claim, progress=40.0, step="paint", data=told))
    await broker.settle([Settlement(claim.id, claim.token, claim.stream, claim.entry, "failed", ERROR, "x")])
    return job_id


async def test_jobs_are_found_page_by_page(gate: Gate) -> None:
    """Newest first; the cursor goes on where the page ended, and the last page has none."""
    for number in range(5):
        await gate.submit(f"job-{number}")
    found: list[str] = []
    path = "/api/v1/jobs?limit=2"
    cursor = ""
    for _ in range(3):
        page = (await gate.get(path + cursor)).json
        found += [row["id"] for row in page["items"]]
        cursor = f"&cursor={page.get('next_cursor', '')}"
    assert found == [f"job-{number}" for number in reversed(range(5))]
    assert cursor == "&cursor="


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=failed", ["dead"]),
        ("state=failed,queued", ["dead", "mine", "theirs"]),
        ("tenant=acme", ["mine"]),
        ("kind=echo", ["dead"]),
        ("q=contrast", ["dead"]),
        ("queue=elsewhere", []),
        ("until_ms=1", []),
        ("tenant=nobody", []),
    ],
)
async def test_filters_are_the_querys(gate: Gate, broker: Broker, query: str, expected: list[str]) -> None:
    """Each condition is a parameter; without any an operator finds everybody's jobs."""
    await failed(broker, "dead")
    await gate.submit("mine", "acme")
    await gate.submit("theirs", "other")
    found = (await gate.get(f"/api/v1/jobs?{query}")).json["items"]
    assert sorted(row["id"] for row in found) == expected


async def test_a_tenant_finds_its_own(broker: Broker) -> None:
    """With a tenant's key the others' jobs are not there, asked for by name or not."""
    async with opened(Gate(broker, auth="always")) as gate:
        await gate.submit("mine", "acme")
        await gate.submit("theirs", "other")
        key = await gate.key("acme")
        for query, expected in (("", ["mine"]), ("?tenant=acme", ["mine"]), ("?tenant=other", [])):
            found = (await gate.get(f"/api/v1/jobs{query}", key)).json["items"]
            assert [row["id"] for row in found] == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=$", "cursor"),
        ("state=gone", "state"),
        ("since_ms=-1", "since_ms"),
        ("nonsense=1", "nonsense"),
        ("kind=a&kind=b", "kind"),
    ],
)
async def test_a_wrong_query_is_named(gate: Gate, query: str, field: str) -> None:
    """422 with the parameter."""
    refused = await gate.get(f"/api/v1/jobs?{query}")
    assert (refused.status, refused.json["field"]) == (422, field)


async def test_a_job_tells_its_story(gate: Gate, broker: Broker) -> None:
    """State, steps, attempts with their errors, its input, and an error with a sentence for people."""
    await failed(broker)
    job = (await gate.get("/api/v1/jobs/job-1")).json
    assert (job["state"], job["status"], job["attempt"], job["progress"]) == ("failed", "FAILURE", 1, 40.0)
    assert (job["steps"], job["input"]) == ({"completed": 1}, {"text": "hi"})
    (attempt,) = job["attempts"]
    assert (attempt["outcome"], attempt["worker"], attempt["error"]["code"]) == ("failed", "w1", "verification_failed")
    assert [(span["name"], span["state"]) for span in job["timeline"]] == [("design", "completed")]
    assert job["error"]["message"] == "contrast 2.1 of 4.5"
    assert job["error"]["friendly"].startswith("The result did not pass")
    assert "result" not in job


async def test_a_success_has_result_versions_and_files(gate: Gate, broker: Broker) -> None:
    """The result as the recipe gave it, the versions that it tells of, links to the files, full progress."""
    await gate.submit("job-1")
    claim = await take_one(broker)
    await settle(broker, claim, body=b'{"best":2,"versions":[{"version":1},{"version":2}]}')
    await gate.finished("job-2", {"a b.png": b"x"})
    job = (await gate.get("/api/v1/jobs/job-1")).json
    assert (job["progress"], job["result"]["best"]) == (100.0, 2)
    assert job["versions"] == [{"version": 1}, {"version": 2}]
    assert job["attempts"][0]["outcome"] == "succeeded"
    (file,) = (await gate.get("/api/v1/jobs/job-2")).json["artifacts"]
    assert (file["name"], file["url"]) == ("a b.png", "/api/v1/artifacts/job-2/a%20b.png")


async def test_the_log_is_its_events(gate: Gate, broker: Broker) -> None:
    """Oldest first, each with its data decoded."""
    await failed(broker)
    events = (await gate.get("/api/v1/jobs/job-1/log")).json["items"]
    assert [event["type"] for event in events] == ["job.queued", "job.started", "step.completed", "job.failed"]
    assert events[0]["data"]["kind"] == "echo"
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)


async def test_a_waiting_job_is_cancelled_at_once_a_running_one_told(gate: Gate, broker: Broker) -> None:
    """200 and the reason in its error; 202 while its worker has still to end it; 200 again once it is over."""
    await submit(broker, "waiting")
    ended = await gate.call("POST", "/api/v1/jobs/waiting/cancel", body={"reason": "not needed"})
    assert (ended.status, ended.json["cancel"]) == (200, "ended")
    assert (await gate.get("/api/v1/jobs/waiting")).json["error"]["message"] == "not needed"
    await submit(broker, "running")
    await take_one(broker)
    asked = await gate.call("POST", "/api/v1/jobs/running/cancel")
    assert (asked.status, asked.json["cancel"]) == (202, "asked")
    assert (await gate.call("POST", "/api/v1/jobs/waiting/cancel")).json["cancel"] == "over"


@pytest.mark.parametrize(
    ("path", "body", "kept"),
    [
        ("retry", None, True),
        ("requeue", None, True),
        ("requeue", {"fresh": False}, True),
        ("requeue", {"fresh": True}, False),
    ],
)
async def test_a_failed_job_starts_anew(gate: Gate, broker: Broker, path: str, body: object, kept: bool) -> None:
    """202: it waits in its queue, with its checkpoints unless asked otherwise; its dead letter is gone."""
    await failed(broker)
    again = await gate.call("POST", f"/api/v1/jobs/job-1/{path}", body=body)
    assert (again.status, again.json["state"]) == (202, "queued")
    assert bool(await broker.checkpoints("job-1")) is kept
    assert await gate.store.letters.list() == []
    job = (await gate.get("/api/v1/jobs/job-1")).json
    assert (job["state"], job["attempt"], "error" in job) == ("queued", 0, False)
    assert (await take_one(broker)).attempt == 1
    assert await raw(broker).ttl(broker.keys.job("job-1")) == -1


async def test_a_cancelled_job_starts_anew(gate: Gate, broker: Broker) -> None:
    """Whoever changed his mind gets the job that he cancelled."""
    await submit(broker)
    await gate.call("POST", "/api/v1/jobs/job-1/cancel")
    assert (await gate.call("POST", "/api/v1/jobs/job-1/retry")).status == 202
    await settle(broker, await take_one(broker))
    assert (await gate.get("/api/v1/jobs/job-1")).json["state"] == "succeeded"


async def test_what_cannot_start_anew_is_left_alone(gate: Gate, broker: Broker) -> None:
    """409 for a job that waits, has succeeded, or never had its files; nothing of it changes."""
    await submit(broker, "done")
    await settle(broker, await take_one(broker))
    await submit(broker, "waiting")
    await gate.submit("staged", "default", "a.png")
    await gate.call("POST", "/api/v1/jobs/staged/cancel")
    for name, state in (("waiting", "queued"), ("done", "succeeded"), ("staged", "cancelled")):
        refused = await gate.call("POST", f"/api/v1/jobs/{name}/retry")
        assert (refused.status, refused.json["code"]) == (409, "wrong_state")
        assert (await gate.get(f"/api/v1/jobs/{name}")).json["state"] == state


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/log"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("POST", "/requeue"),
    ],
)
@pytest.mark.parametrize("name", ["none", "x" * 200, "%00", "..%2f..", "%F0%9F%8D%8C"])
async def test_what_is_not_there_is_404(gate: Gate, method: str, path: str, name: str) -> None:
    """Whatever the id looks like."""
    found = await gate.call(method, f"/api/v1/jobs/{name}{path}")
    assert (found.status, found.json["code"]) == (404, "unknown_job")


@pytest.mark.parametrize(
    ("path", "body", "field"), [("requeue", {"fresh": 1}, "fresh"), ("requeue", {"x": 1}, "x"), ("cancel", [], "body")]
)
async def test_a_wrong_body_is_named(gate: Gate, broker: Broker, path: str, body: object, field: str) -> None:
    """Unknown fields and wrong types in the few bodies there are, and no job is touched."""
    await failed(broker)
    refused = await gate.call("POST", f"/api/v1/jobs/job-1/{path}", body=body)
    assert (refused.status, refused.json["field"]) == (422, field)
    assert (await gate.get("/api/v1/jobs/job-1")).json["state"] == "failed"
