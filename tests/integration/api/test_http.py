"""Every route over a real socket: what is accepted, what is refused and how, and what is served."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import pytest
from msgspec import Meta
from prometheus_client.parser import text_string_to_metric_families

from streamforge.api.server import ApiServer
from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings, JobsSettings, RedisSettings
from streamforge.errors import ConfigError
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.model import Artifact, JobState
from streamforge.jobs.store import JobStore
from streamforge.ops.health import Health
from streamforge.storage.objects import Objects
from streamforge.testing.server import TestServer
from tests.integration.api.gate import front_over
from tests.integration.moves import ERROR, checkpoint, entries, raw, settle, submit, take, take_one

PROBLEM = "application/problem+json"
LIMIT = 20_000
INPUT_LIMIT = 18_000


class Brief(msgspec.Struct):
    """Stands for the banner's input."""

    prompt: Annotated[str, Meta(min_length=1)]
    width: Annotated[int, Meta(ge=1, le=4000)] = 1200
    height: Annotated[int, Meta(ge=1, le=4000)] = 628


class Site:
    """A running server, a client, and what lies behind them."""

    def __init__(self, broker: Broker, objects: Objects) -> None:
        self.health = Health()
        self.store = JobStore(broker)
        self.objects = objects
        front = front_over(
            broker,
            objects,
            Kinds([Kind("banner", Brief)]),
            ApiSettings(port=0, max_body_bytes=LIMIT),
            store=self.store,
            health=self.health,
            limits=JobsSettings(max_input_bytes=INPUT_LIMIT),
        )
        self.server = ApiServer(front)
        self.session = aiohttp.ClientSession()

    async def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.server.url + path, headers=named) as response:
            return response.status, response.headers, await response.read()

    async def generate(self, body: Any = None, raw_body: bytes | None = None, **headers: str) -> Any:  # noqa: ANN401
        """Post to ``/generate``: status, headers, decoded body."""
        data = json.dumps({"prompt": "x"} if body is None else body).encode() if raw_body is None else raw_body
        named = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        async with self.session.post(f"{self.server.url}/api/v1/generate", data=data, headers=named) as response:
            return response.status, response.headers, json.loads(await response.read())

    async def input_of(self, job_id: str) -> dict[str, Any]:
        """What the job was given."""
        return json.loads(await self.store.input_of(job_id))


async def serve(broker: Broker, objects: Objects) -> AsyncIterator[Site]:
    """A site, up until the test is over."""
    site = Site(broker, objects)
    await site.server.start()
    yield site
    await site.session.close()
    site.server.stop()
    await site.server.run()


@pytest.fixture
async def site(broker: Broker) -> AsyncIterator[Site]:
    """A site over the emptied shared server."""
    async for made in serve(broker, Objects.open("memory://", Path())):
        yield made


async def test_a_brief_is_accepted(site: Site, broker: Broker) -> None:
    """202 with the job's id and where to ask; the job waits in its queue with defaults filled in."""
    status, headers, body = await site.generate({"prompt": "a sale"})
    assert status == 202
    job_id = body["job_id"]
    assert body == {
        "job_id": job_id,
        "state": "queued",
        "is_new": True,
        "status_url": f"/api/v1/status/{job_id}",
        "job_url": f"/api/v1/jobs/{job_id}",
        "events_url": f"/api/v1/jobs/{job_id}/events",
    }
    assert headers["Location"] == body["status_url"]
    assert await site.input_of(body["job_id"]) == {"prompt": "a sale", "width": 1200, "height": 628}
    assert await entries(broker) == [body["job_id"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"user_prompt": "x"}, (1200, 628)),
        ({"user_prompt": "x", "canvas_dimensions": "300x250"}, (300, 250)),
        ({"user_prompt": "x", "canvas_dimensions": " 300 X 250 "}, (300, 250)),
        ({"prompt": "x", "canvas_dimensions": {"width": 300, "height": 250}}, (300, 250)),
        ({"prompt": "x", "user_prompt": "y", "canvas_dimensions": None}, (1200, 628)),
        ({"prompt": "x", "width": 10, "height": 20}, (10, 20)),
    ],
    ids=str,
)
async def test_the_other_spellings_are_understood(site: Site, body: dict[str, Any], expected: tuple[int, int]) -> None:
    """``user_prompt`` and ``canvas_dimensions`` are taken for the fields they stand for."""
    status, _, answer = await site.generate(body)
    assert status == 202, answer
    made = await site.input_of(answer["job_id"])
    assert (made["prompt"], made["width"], made["height"]) == ("x", *expected)


async def test_a_repeated_request_is_one_job(site: Site, broker: Broker) -> None:
    """The same key and body give the same job, however the body is spelt; another body is 409."""
    first = await site.generate({"prompt": "x"}, Idempotency_Key="k")
    again = await site.generate({"height": 628, "user_prompt": "x"}, Idempotency_Key="k")
    assert again[0] == 202
    assert again[2] == first[2] | {"is_new": False}
    status, headers, problem = await site.generate({"prompt": "y"}, Idempotency_Key="k")
    assert (status, headers["Content-Type"], problem["code"]) == (409, PROBLEM, "idempotency_conflict")
    assert problem["hint"]
    assert len(await entries(broker)) == 1


@pytest.mark.parametrize(
    ("raw_body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"\xff", "body"),
        (b'{"prompt":"\xff"}', "body"),
        (b"[" * 15_000, "body"),
        (b'{"prompt":"x","more":' + b"[" * 15_000, "body"),
        (b"{}", "prompt"),
        (b'{"prompt":""}', "prompt"),
        (b'{"prompt":5}', "prompt"),
        (b'{"prompt":"x","width":0}', "width"),
        (b'{"prompt":"x","width":"wide"}', "width"),
        (b'{"prompt":"x","width":' + b"9" * 30 + b"}", "width"),
        (b'{"prompt":"x","canvas_dimensions":"big"}', "canvas_dimensions"),
        (b'{"prompt":"x","canvas_dimensions":"300"}', "canvas_dimensions"),
        (b'{"prompt":"x","canvas_dimensions":"-3x5"}', "canvas_dimensions"),
        (b'{"prompt":"x","canvas_dimensions":"' + b"9" * 5000 + b'x5"}', "canvas_dimensions"),
        (b'{"prompt":"x","canvas_dimensions":[3,5]}', "canvas_dimensions"),
        (b'{"prompt":"x","canvas_dimensions":{"width":0}}', "width"),
        (b'{"prompt":"x","canvas_dimensions":{"width":9,"prompt":"y"}}', "canvas_dimensions.prompt"),
        (b'{"prompt":"x","canvas_dimensions":{"logo":1}}', "canvas_dimensions.logo"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_wrong_brief_is_a_problem_that_names_the_field(
    site: Site, broker: Broker, raw_body: bytes, field: str
) -> None:
    """422 with field and hint, and no job."""
    status, headers, problem = await site.generate(raw_body=raw_body)
    assert (status, headers["Content-Type"], problem["field"]) == (422, PROBLEM, field), problem
    assert (problem["status"], problem["code"], problem["title"]) == (422, "invalid_input", "Unprocessable Entity")
    assert problem["hint"]
    assert await raw(broker).keys("*") == []


async def test_a_body_over_the_limit_is_413(site: Site) -> None:
    """The problem says what the limit is."""
    status, headers, problem = await site.generate({"prompt": "x" * LIMIT})
    assert (status, headers["Content-Type"], problem["code"]) == (413, PROBLEM, "body_too_large")
    assert str(LIMIT) in problem["detail"]


async def test_an_input_over_the_limit_is_refused(site: Site, broker: Broker) -> None:
    """Bytes count, not characters, as in the inbox: 9500 letters of two bytes are over 18 000."""
    body = {"prompt": "ä" * 9_500}
    status, _, problem = await site.generate(raw_body=json.dumps(body, ensure_ascii=False).encode())
    assert (status, problem["field"], problem["code"]) == (422, "prompt", "invalid_input")
    assert "jobs.max_input_bytes" in problem["hint"]
    assert await entries(broker) == []


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream"])
async def test_another_content_type_is_refused(site: Site, content_type: str) -> None:
    """Only JSON is read; the header is named."""
    status, _, problem = await site.generate(Content_Type=content_type)
    assert (status, problem["field"]) == (415, "Content-Type")
    assert (await site.generate(Content_Type="application/json; charset=utf-8"))[0] == 202


async def test_a_key_may_not_be_endless(site: Site) -> None:
    """An over-long Idempotency-Key is the client's mistake."""
    status, _, problem = await site.generate(Idempotency_Key="k" * 256)
    assert (status, problem["field"]) == (422, "Idempotency-Key")


async def test_status_follows_the_job(site: Site, broker: Broker) -> None:
    """PENDING, STARTED with its progress, PENDING again after a retry, then SUCCESS with the result; never cached."""
    _, _, body = await site.generate()

    async def status() -> dict[str, Any]:
        code, headers, answer = await site.get(body["status_url"])
        assert (code, headers["Cache-Control"]) == (200, "no-store")
        return json.loads(answer)

    assert (await status())["status"] == "PENDING"
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, progress=40.0, step="paint"))
    running = await status()
    assert (running["status"], running["progress"], running["step"]) == ("STARTED", 40.0, "paint")
    await settle(broker, claim, "retry")
    retrying = await status()
    assert (retrying["status"], retrying["state"], retrying["error"]["code"]) == ("PENDING", "scheduled", "internal")
    await broker.promote()
    await settle(broker, await take_one(broker), body=b'{"url":"x"}')
    done = await status()
    assert (done["status"], done["result"], done["attempt"]) == ("SUCCESS", {"url": "x"}, 2)
    assert "error" not in done


async def test_a_failure_says_why(site: Site, broker: Broker) -> None:
    """FAILURE with the error's code and message."""
    await submit(broker)
    await settle(broker, await take_one(broker), "failed", reason="x")
    failed = json.loads((await site.get("/api/v1/status/job-1"))[2])
    assert (failed["status"], failed["error"]) == ("FAILURE", failed["error"] | json.loads(ERROR))
    assert (await site.store.get("job-1")).state is JobState.FAILED


@pytest.mark.parametrize(
    "path", ["/api/v1/status/none", "/api/v1/artifacts/none/a.png", "/api/v1/status/" + "x" * 500, "/nowhere"]
)
async def test_what_is_not_there_is_404(site: Site, path: str) -> None:
    """Unknown jobs, files and paths are problems, not pages."""
    status, headers, body = await site.get(path)
    assert (status, headers["Content-Type"], json.loads(body)["status"]) == (404, PROBLEM, 404)


async def test_a_wrong_method_says_which_are_right(site: Site) -> None:
    """405 with the Allow header that HTTP asks for."""
    status, headers, _ = await site.get("/api/v1/generate")
    assert (status, headers["Content-Type"], headers["Allow"]) == (405, PROBLEM, "POST")


async def file_of(site: Site, broker: Broker, name: str = "a.png", data: bytes = b"\x89PNG") -> str:
    """A job with one file; the file's address."""
    await submit(broker)
    ref = await site.objects.put(data)
    facts = msgspec.json.encode(Artifact(name=name, key=ref.key, media_type="image/png", size=len(data)))
    claim = await take_one(broker)
    await broker.record(checkpoint(claim, name, facts, target="files"))
    await settle(broker, claim)
    return json.loads((await site.get("/api/v1/status/job-1"))[2])["result_url"]


@pytest.mark.parametrize("name", ["a.png", "a b.png", "100%.png", "what?.png", "no#1.png", "ü.png"])
async def test_a_file_is_served_as_it_is(site: Site, broker: Broker, name: str) -> None:
    """The bytes with their type, safe to look at, under the address that the status gives."""
    url = await file_of(site, broker, name)
    status, headers, body = await site.get(url)
    assert (status, body, headers["Content-Type"]) == (200, b"\x89PNG", "image/png")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_a_file_that_is_known_is_not_sent_again(site: Site, broker: Broker) -> None:
    """Its ETag, weak or in a list or as a star, is answered 304 without a body; another one is not."""
    url = await file_of(site, broker)
    etag = (await site.get(url))[1]["ETag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        status, headers, body = await site.get(url, If_None_Match=known)
        assert (status, body, headers["ETag"]) == (304, b"", etag), known
    assert (await site.get(url, If_None_Match='"other"'))[0] == 200


async def test_a_file_that_the_job_lacks_is_404_with_its_names(site: Site, broker: Broker) -> None:
    """The problem says which files there are."""
    await file_of(site, broker)
    status, _, body = await site.get("/api/v1/artifacts/job-1/b.png")
    assert (status, json.loads(body)["hint"]) == (404, "its files: a.png")


async def test_health_and_readiness(site: Site) -> None:
    """The first says that the process answers; readyz is 503 with reasons until every part is ready."""
    assert (await site.get("/healthz"))[0] == 200
    status, _, body = await site.get("/readyz")
    assert (status, json.loads(body)) == (503, {"ready": False, "reasons": {"daemon": "starting"}, "warnings": {}})
    reasons: list[str | None] = ["draining"]
    site.health.add("worker", lambda: reasons[-1])
    status, _, body = await site.get("/readyz")
    assert (status, json.loads(body)["reasons"]) == (503, {"worker": "draining"})
    reasons.append(None)
    assert (await site.get("/readyz"))[0] == 200


async def test_metrics_are_prometheus_text(site: Site, broker: Broker) -> None:
    """The page parses, and tells each queue's depth and the requests by route, never by path."""
    for number in range(3):
        await submit(broker, f"job-{number}")
    await take(broker, 1)
    await site.get("/api/v1/status/job-1")
    status, headers, body = await site.get("/metrics")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    samples = [sample for family in text_string_to_metric_families(body.decode()) for sample in family.samples]
    depths = {s.labels["priority"]: s.value for s in samples if s.name == "streamforge_queue_depth"}
    assert (depths["normal"], depths["high"]) == (2.0, 0.0)
    routes = {s.labels["route"] for s in samples if s.name == "streamforge_http_requests_total"}
    assert "/api/v1/status/{job_id}" in routes
    assert not any("job-1" in route for route in routes)


async def test_without_redis_clients_are_told_to_come_back(own_server: TestServer) -> None:
    """503 with Retry-After for what needs Redis; health and metrics answer all the same; then it works again."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0), JobsSettings(), own_server.url)
    async for site in serve(broker, Objects.open("memory://", Path())):
        await broker.ping()
        own_server.kill()
        status, headers, problem = await site.generate()
        assert (status, problem["code"], problem["detail"]) == (503, "broker_unavailable", "Redis did not answer.")
        assert problem.keys() == {"title", "status", "detail", "code", "friendly"}
        assert int(headers["Retry-After"]) > 0
        status, headers, _ = await site.get("/api/v1/status/x")
        assert (status, "Retry-After" in headers) == (503, True)
        assert [(await site.get(path))[0] for path in ("/healthz", "/metrics")] == [200, 200]
        own_server.start()
        await broker.wait_until_ready(10)
        assert (await site.generate())[0] == 202
    await broker.close()


async def test_an_address_in_use_is_a_config_error(site: Site, broker: Broker) -> None:
    """The second server on a port names the setting."""
    settings = ApiSettings(port=site.server.port)
    second = ApiServer(front_over(broker, site.objects, Kinds([]), settings))
    with pytest.raises(ConfigError) as caught:
        await second.start()
    assert caught.value.field == "api.port"
