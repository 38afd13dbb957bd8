"""Handing jobs in: what is taken and what refused, one by one and in batches, and when two requests are one job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.model import JobState, Priority
from streamforge.testing.server import TestServer
from tests.integration.api.gate import Answer, Gate, opened
from tests.integration.moves import entries, raw, scheduled, settle, take_one

JOBS, BATCH = "/api/v1/jobs", "/api/v1/jobs/batch"
JOB = {"kind": "banner", "input": {"prompt": "x"}}
FAR_MS = 4_102_444_800_000


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server, without keys."""
    async with opened(Gate(broker)) as made:
        yield made


async def post(gate: Gate, body: object, **headers: str) -> Answer:
    """Hand in."""
    return await gate.call("POST", JOBS, body=body, **headers)


async def test_an_empty_key_is_none_that_was_meant(gate: Gate) -> None:
    """Who sends the header without a key is told so, rather than left without what it stands for."""
    for path, body in ((JOBS, JOB), (BATCH, {"jobs": [JOB]}), ("/api/v1/generate", {"prompt": "x"})):
        refused = await gate.call("POST", path, body=body, Idempotency_Key="")
        assert (refused.status, refused.json["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", JOBS, "expected an address, https:// or http://"),
        ("GET", f"{JOBS}?state=!", "expected states by comma, such as queued,running"),
        ("GET", "/api/v1/events?types=!", "expected types of events by comma, such as job.succeeded,step.*"),
    ],
)
async def test_what_is_expected_is_told_in_words(gate: Gate, method: str, path: str, said: str) -> None:
    """What a field is to look like, not what it is for."""
    refused = await gate.call(method, path, body={**JOB, "callback_url": "ftp://x"} if method == "POST" else None)
    assert refused.status == 422
    assert refused.json["detail"].startswith(said)


async def test_everything_that_a_job_may_bring(gate: Gate) -> None:
    """Id, queue, priority, tenant, expiry and callback are the job's; the answer says where to ask."""
    more = {"id": "mine", "queue": "fast", "priority": "high", "tenant": "acme", "expires_ms": FAR_MS}
    taken = await post(gate, {**JOB, **more, "callback_url": "https://example.com/done"})
    assert (taken.status, taken.headers["Location"]) == (202, "/api/v1/status/mine")
    assert taken.json == {
        "job_id": "mine",
        "state": "queued",
        "is_new": True,
        "status_url": "/api/v1/status/mine",
        "job_url": "/api/v1/jobs/mine",
        "events_url": "/api/v1/jobs/mine/events",
    }
    job = await gate.store.get("mine")
    assert (job.queue, job.priority, job.tenant, job.source) == ("fast", Priority.HIGH, "acme", "http")
    assert (job.expires_ms, job.callback_url) == (FAR_MS, "https://example.com/done")


@pytest.mark.parametrize("when", [{"delay_s": 3600}, {"not_before_ms": FAR_MS}])
async def test_a_job_for_later(gate: Gate, broker: Broker, when: dict[str, Any]) -> None:
    """A time, or one told from now on, puts it on the schedule."""
    taken = await post(gate, {**JOB, **when, "id": "later"})
    assert taken.json["state"] == "scheduled"
    assert await scheduled(broker) == ["later"]


async def test_a_job_with_files_waits_for_them(gate: Gate, broker: Broker) -> None:
    """201: it is made, and in no queue; its files are those that were named."""
    taken = await post(gate, {**JOB, "id": "staged", "files": [{"name": "logo.png", "size": 10}]})
    assert (taken.status, taken.json["state"]) == (201, "created")
    assert taken.headers["Location"] == "/api/v1/jobs/staged"
    job = await gate.store.get("staged")
    assert (job.state, [file.name for file in job.wanted]) == (JobState.CREATED, ["logo.png"])
    assert await entries(broker) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "banner"}, "input"),
        ({"input": {}}, "kind"),
        ({**JOB, "kind": "nothing-like-it"}, "kind"),
        ({**JOB, "kind": 5}, "kind"),
        ({**JOB, "more": 1}, "more"),
        ({**JOB, "input": {}}, "input.prompt"),
        ({**JOB, "input": {"prompt": ""}}, "input.prompt"),
        ({**JOB, "input": 5}, "input"),
        ({**JOB, "id": "with space"}, "id"),
        ({**JOB, "priority": "urgent"}, "priority"),
        ({**JOB, "queue": "UPPER"}, "queue"),
        ({**JOB, "delay_s": -1}, "delay_s"),
        ({**JOB, "delay_s": 1, "not_before_ms": FAR_MS}, "delay_s"),
        ({**JOB, "expires_in_s": 1, "expires_ms": FAR_MS}, "expires_in_s"),
        ({**JOB, "idempotency_key": "k" * 256}, "idempotency_key"),
        ({**JOB, "callback_url": "ftp://example.com"}, "callback_url"),
        ({**JOB, "callback_url": "https://127.0.0.1/"}, "callback_url"),
        ({**JOB, "files": [{"name": "a"}, {"name": "../b"}]}, "files[1].name"),
        ({**JOB, "files": [{"name": "a", "kind": "x"}]}, "files[0].kind"),
        ({"kind": "plain", "input": {}, "files": [{"name": "a"}]}, "files"),
        ([JOB], "body"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_wrong_is_named(gate: Gate, broker: Broker, body: object, field: str) -> None:
    """422 with the field's path, and nothing is left behind."""
    refused = await post(gate, body)
    assert (refused.status, refused.json["field"]) == (422, field), refused.json
    assert await raw(broker).keys("*") == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"kind":"banner","input":' + b"[" * 100_000])
async def test_what_is_no_json_is_refused(gate: Gate, body: bytes) -> None:
    """Text that cannot be read, brackets without end too, is the sender's mistake."""
    refused = await gate.call("POST", JOBS, data=body, Content_Type="application/json")
    assert (refused.status, refused.json["field"]) == (422, "body")


async def test_a_batch_is_taken_job_by_job(gate: Gate, broker: Broker) -> None:
    """Each is accepted or refused by itself, in its order; what was refused says why as it would alone."""
    wrong = {"kind": "banner", "input": {"prompt": 5}}
    sent = [{**JOB, "id": "a"}, wrong, {**JOB, "id": "a"}, {**JOB, "id": "b", "delay_s": 60}, 7]
    taken = await gate.call("POST", BATCH, body={"jobs": sent})
    assert taken.status == 202
    first, refused, again, later, nonsense = taken.json["items"]
    assert (first["job_id"], first["state"], first["is_new"]) == ("a", "queued", True)
    assert (refused["error"]["status"], refused["error"]["field"]) == (422, "input.prompt")
    assert (again["job_id"], again["is_new"]) == ("a", False)
    assert later["state"] == "scheduled"
    assert nonsense["error"]["code"] == "invalid_input"
    assert await entries(broker) == ["a"]


async def test_a_large_batch_is_taken_whole(gate: Gate, broker: Broker) -> None:
    """A thousand jobs are a thousand answers in their order, and as many entries of the queue."""
    taken = await gate.call("POST", BATCH, body={"jobs": [{**JOB, "id": f"job-{number}"} for number in range(1000)]})
    assert [item["job_id"] for item in taken.json["items"]] == [f"job-{number}" for number in range(1000)]
    assert len(await entries(broker)) == 1000


@pytest.mark.parametrize("jobs", [[], [JOB] * 1001])
async def test_a_batch_has_its_limits(gate: Gate, jobs: list[object]) -> None:
    """None at all, or more than a thousand, is refused as a whole."""
    refused = await gate.call("POST", BATCH, body={"jobs": jobs})
    assert (refused.status, refused.json["field"]) == (422, "jobs")


@pytest.mark.parametrize("path", [JOBS, "/api/v1/generate"])
async def test_fifty_racing_requests_are_one_job(gate: Gate, broker: Broker, path: str) -> None:
    """Posts at the same moment under one key: one job, and every answer names it with the same status."""
    answers: list[Answer] = []

    async def one() -> None:
        body = JOB if path == JOBS else JOB["input"]
        answers.append(await gate.call("POST", path, body=body, Idempotency_Key="once"))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(one)
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["job_id"] for answer in answers}) == 1
    assert sum(answer.json["is_new"] for answer in answers) == 1
    assert len(await entries(broker)) == 1


async def test_the_key_may_be_in_the_body(gate: Gate) -> None:
    """Header and field are the same key; with both they must agree."""
    first = await post(gate, {**JOB, "idempotency_key": "k"})
    assert (await post(gate, JOB, Idempotency_Key="k")).json["job_id"] == first.json["job_id"]
    refused = await post(gate, {**JOB, "idempotency_key": "k"}, Idempotency_Key="other")
    assert (refused.status, refused.json["field"]) == (422, "idempotency_key")


@pytest.mark.parametrize("other", [{"input": {"prompt": "y"}}, {"kind": "plain", "input": {}}])
async def test_a_key_stands_for_one_input(gate: Gate, other: dict[str, Any]) -> None:
    """The same key with another body is 409, and says which job it stands for."""
    first = await post(gate, JOB, Idempotency_Key="k")
    refused = await post(gate, {**JOB, **other}, Idempotency_Key="k")
    assert (refused.status, refused.json["code"]) == (409, "idempotency_conflict")
    assert first.json["job_id"] in refused.json["detail"]


@pytest.mark.parametrize(
    "terms",
    [
        {"callback_url": "https://example.com/done"},
        {"delay_s": 60},
        {"expires_in_s": 60},
        {"queue": "fast"},
        {"priority": "high"},
        {"not_before_ms": FAR_MS},
    ],
)
async def test_a_key_stands_for_its_terms(gate: Gate, terms: dict[str, Any]) -> None:
    """The same request again is the first job, also where it told a time as from now on; on other terms it is 409."""
    first = await post(gate, {**JOB, **terms}, Idempotency_Key="k")
    again = await post(gate, {**JOB, **terms}, Idempotency_Key="k")
    assert (again.status, again.json["job_id"], again.json["is_new"]) == (202, first.json["job_id"], False)
    refused = await post(gate, JOB, Idempotency_Key="k")
    assert (refused.status, refused.json["code"]) == (409, "idempotency_conflict")


async def test_a_batch_has_one_key(gate: Gate) -> None:
    """Sent again with the same key each of its jobs is the first one; another job in a place of it is refused there."""
    jobs = [{**JOB, "input": {"prompt": str(number)}} for number in range(3)]
    first = await gate.call("POST", BATCH, body={"jobs": jobs}, Idempotency_Key="k" * 255)
    again = await gate.call("POST", BATCH, body={"jobs": jobs}, Idempotency_Key="k" * 255)
    ids = [item["job_id"] for item in first.json["items"]]
    assert [(item["job_id"], item["is_new"]) for item in again.json["items"]] == [(job_id, False) for job_id in ids]
    other = await gate.call("POST", BATCH, body={"jobs": [jobs[1], jobs[1]]}, Idempotency_Key="k" * 255)
    assert other.json["items"][0]["error"]["code"] == "idempotency_conflict"
    assert other.json["items"][1]["job_id"] == ids[1]


async def test_a_key_of_a_batch_is_checked(gate: Gate) -> None:
    """One that could not be kept is refused whole; a job's own key goes before the batch's."""
    refused = await gate.call("POST", BATCH, body={"jobs": [JOB]}, Idempotency_Key="k" * 256)
    assert (refused.status, refused.json["field"]) == (422, "Idempotency-Key")
    alone = await post(gate, JOB, Idempotency_Key="own")
    batch = await gate.call("POST", BATCH, body={"jobs": [{**JOB, "idempotency_key": "own"}]}, Idempotency_Key="b")
    assert batch.json["items"][0]["job_id"] == alone.json["job_id"]


@pytest.mark.parametrize("job_id", ["in-1795290858033-0", "requeue-1-0", "cron-nightly-5", "c-0a1b"])
async def test_ids_that_are_derived_are_nobodys_choice(gate: Gate, job_id: str) -> None:
    """Not even an operator takes the place of a message, a recurring job or a child that is still to come."""
    refused = await post(gate, {**JOB, "id": job_id})
    assert (refused.status, refused.json["field"]) == (422, "id")


async def test_the_input_itself_can_be_the_key(broker: Broker) -> None:
    """Where the settings say so, equal inputs of a tenant are one job however they are spelt; a key sent wins."""
    async with opened(Gate(broker, idempotency="input")) as gate:
        first = await post(gate, {"kind": "banner", "input": {"prompt": "x"}})
        again = await post(gate, {"input": {"files": [], "prompt": "x"}, "kind": "banner"})
        assert (again.status, again.json["job_id"]) == (202, first.json["job_id"])
        others = [{"input": {"prompt": "y"}}, {"tenant": "other"}, {"idempotency_key": "k"}]
        found = {(await post(gate, {**JOB, **other})).json["job_id"] for other in others}
        assert len(found | {first.json["job_id"]}) == 4


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(("policy", "is_new"), [("keep", False), ("free", True)])
async def test_the_key_of_a_failed_job(shared_server: TestServer, policy: str, is_new: bool) -> None:
    """It gives back the failed job, or makes a new one, as the settings say; before it failed it was kept anyway."""
    limits = replace(JobsSettings(), idempotency_on_failure=policy)
    own = Broker(RedisSettings(), limits, shared_server.url)
    async with opened(Gate(own)) as gate:
        first = await post(gate, JOB, Idempotency_Key="k")
        assert (await post(gate, JOB, Idempotency_Key="k")).json["is_new"] is False
        await settle(own, await take_one(own), "failed", reason="x")
        again = await post(gate, JOB, Idempotency_Key="k")
        assert (again.status, again.json["is_new"]) == (202, is_new)
        assert (again.json["job_id"] == first.json["job_id"]) is not is_new
    await own.close()


async def test_a_failed_enqueue_leaves_no_key(gate: Gate, broker: Broker) -> None:
    """A job that Redis could not put into its queue leaves no record, no key and no place in the index."""
    line = broker.keys.queue("default", Priority.NORMAL)
    await raw(broker).set(line, "in the way")
    refused = await post(gate, {**JOB, "id": "mine"}, Idempotency_Key="k")
    assert refused.status >= 500
    kept = {broker.keys.job("mine"), broker.keys.idempotency("default", "k"), broker.keys.index("default")}
    assert not {key.decode() for key in await raw(broker).keys("*")} & kept
    await raw(broker).delete(line)
    again = await post(gate, {**JOB, "id": "mine"}, Idempotency_Key="k")
    assert (again.status, again.json["is_new"]) == (202, True)


async def test_a_tenant_hands_in_for_itself(broker: Broker) -> None:
    """A tenant's key makes the tenant's jobs; naming another one is 403; an operator names whose."""
    async with opened(Gate(broker, auth="always")) as gate:
        own, operator = await gate.key("acme"), await gate.key("*")
        taken = await gate.call("POST", JOBS, own, body=JOB)
        assert (await gate.store.get(taken.json["job_id"])).tenant == "acme"
        refused = await gate.call("POST", JOBS, own, body={**JOB, "tenant": "other"})
        assert (refused.status, refused.json["field"]) == (403, "tenant")
        for named, whose in (({"tenant": "other"}, "other"), ({}, "default")):
            taken = await gate.call("POST", JOBS, operator, body={**JOB, **named})
            assert (await gate.store.get(taken.json["job_id"])).tenant == whose


async def test_redis_going_away_is_told_to_all_that_wait(own_server: TestServer) -> None:
    """Submissions that went together fail together: each is a 503 that says when to come back."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0), JobsSettings(), own_server.url)
    gate = Gate(broker)
    await broker.ping()
    async with opened(gate):
        own_server.kill()
        answers: list[Answer] = []

        async def one() -> None:
            answers.append(await post(gate, JOB))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(one)
        assert {(answer.status, answer.json["code"]) for answer in answers} == {(503, "broker_unavailable")}
        own_server.start()
    await broker.close()
