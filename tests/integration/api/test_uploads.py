"""Jobs in two phases: created, their files sent one by one, then started with all of them or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings
from streamforge.errors import InvalidInput, TooLarge
from streamforge.jobs.kinds import Kind
from streamforge.jobs.model import FileWanted, JobState
from streamforge.jobs.uploads import check_files
from tests.integration.api.gate import Brief, Gate, Plain, opened
from tests.integration.moves import entries, raw, take_one

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"y" * 6000
LIMIT = 200_000


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that takes small files."""
    settings: dict[str, Any] = {"upload_max_bytes": LIMIT, "upload_total_bytes": LIMIT + 1000, "upload_ttl_s": 60.0}
    async with opened(Gate(broker, **settings)) as made:
        yield made


def at(job_id: str, name: str = "") -> str:
    """The address of a job's uploads, or of one."""
    return f"/api/v1/jobs/{job_id}/uploads" + (f"/{name}" if name else "")


async def state_of(gate: Gate, job_id: str) -> JobState:
    """Where the job stands."""
    return (await gate.store.get(job_id)).state


async def happened(gate: Gate, job_id: str) -> list[str]:
    """The types of the job's events."""
    return [event.type for event in await gate.store.events_since(job_id)]


async def test_a_job_runs_with_its_files(gate: Gate) -> None:
    """Nothing is queued until all files are there and the job is started; its input names them, with their content."""
    job = await gate.submit("j1", "acme", "logo", "hero.jpg")
    assert await entries(gate.broker, tenant="acme") == []
    first = await gate.call("PUT", at(job, "hero.jpg"), data=JPEG)
    assert (first.status, first.json) == (
        200,
        {
            "name": "hero.jpg",
            "url": at(job, "hero.jpg"),
            "media_type": "image/jpeg",
            "size": len(JPEG),
            "sha256": hashlib.sha256(JPEG).hexdigest(),
            "is_here": True,
        },
    )
    assert await state_of(gate, job) is JobState.UPLOADING
    early = await gate.call("POST", f"/api/v1/jobs/{job}/process")
    assert early.status == 409
    assert "'logo'" in early.json["detail"]
    assert (await gate.call("PUT", at(job, "logo"), data=PNG)).status == 200
    started = await gate.call("POST", f"/api/v1/jobs/{job}/process")
    assert started.status == 202
    assert started.json == {"job_id": job, "state": "queued", "is_new": True, "status_url": f"/api/v1/status/{job}"}
    assert await entries(gate.broker, tenant="acme") == [job]
    files = json.loads(await gate.store.input_of(job))["files"]
    assert [(file["name"], file["media_type"], file["size"]) for file in files] == [
        ("logo", "image/png", len(PNG)),
        ("hero.jpg", "image/jpeg", len(JPEG)),
    ]
    assert [await gate.objects.of("acme").get(file["key"]) for file in files] == [PNG, JPEG]
    assert await happened(gate, job) == ["job.created", "upload.received", "upload.received", "job.queued"]
    assert await raw(gate.broker).exists(gate.broker.keys.uploads(job)) == 0


async def test_starting_twice_is_starting_once(gate: Gate) -> None:
    """Ten at once make one entry; again later says that it was done; and no file is taken any more."""
    job = await gate.submit("j1", "acme", "a")
    await gate.call("PUT", at(job, "a"), data=PNG)
    answers = await asyncio.gather(*(gate.call("POST", f"/api/v1/jobs/{job}/process") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [202], [a.json for a in answers]
    await take_one(gate.broker)
    again = await gate.call("POST", f"/api/v1/jobs/{job}/process")
    assert (again.status, again.json["is_new"], again.json["state"]) == (200, False, "running")
    late = await gate.call("PUT", at(job, "a"), data=JPEG)
    assert late.status == 409
    assert (await gate.call("DELETE", at(job, "a"))).status == 409


async def test_the_list_says_what_is_missing(gate: Gate) -> None:
    """In the job's order, with what is here; each by itself, too."""
    job = await gate.submit("j1", "acme", "b", "a b.png")
    await gate.call("PUT", at(job, "a%20b.png"), data=PNG)
    items = (await gate.get(at(job))).json["items"]
    assert [(item["name"], item.get("is_here", False)) for item in items] == [("b", False), ("a b.png", True)]
    assert items[1]["url"] == at(job, "a%20b.png")
    assert (await gate.get(items[1]["url"])).json == items[1]
    assert (await gate.get(at(job, "c"))).status == 404


async def test_a_file_sent_again_takes_its_place(gate: Gate) -> None:
    """The newest counts; a removed one is missing again."""
    job = await gate.submit("j1", "acme", "a")
    await gate.call("PUT", at(job, "a"), data=PNG)
    assert (await gate.call("PUT", at(job, "a"), data=JPEG)).json["media_type"] == "image/jpeg"
    assert (await gate.call("DELETE", at(job, "a"))).status == 204
    assert (await gate.call("DELETE", at(job, "a"))).status == 404
    assert (await gate.call("POST", f"/api/v1/jobs/{job}/process")).status == 409
    assert "upload.removed" in await happened(gate, job)


@pytest.mark.parametrize(
    ("wanted", "data", "content_type", "status", "field"),
    [
        (FileWanted(name="a"), b"\x7fELF\2\1\1\0" + b"\0" * 99, "", 415, "Content-Type"),
        (FileWanted(name="a"), b"PK\3\4" + b"\0" * 99, "", 415, "Content-Type"),
        (FileWanted(name="a"), PNG, "image/jpeg", 415, "Content-Type"),
        (FileWanted(name="a", media_type="image/jpeg"), PNG, "image/png", 415, "Content-Type"),
        (FileWanted(name="a"), b"<html><script>", "text/plain", 415, "Content-Type"),
        (FileWanted(name="a"), b"", "", 422, "body"),
        (FileWanted(name="a", size=5), PNG, "", 413, "body"),
        (FileWanted(name="a", size=500), PNG, "", 422, "body"),
        (FileWanted(name="a", sha256="0" * 64), PNG, "", 422, "body"),
        (FileWanted(name="a"), PNG + b"z" * LIMIT, "", 413, "body"),
    ],
)
async def test_a_file_that_does_not_fit_is_refused(
    gate: Gate, wanted: FileWanted, data: bytes, content_type: str, status: int, field: str
) -> None:
    """By content, by what was announced, by the limits; the job is as it was, and takes the right one afterwards."""
    job = await gate.submit("j1", files=(wanted,))
    headers = {"Content_Type": content_type} if content_type else {}
    answer = await gate.call("PUT", at(job, "a"), data=data, **headers)
    assert (answer.status, answer.json["field"]) == (status, field), answer.json
    assert answer.json["hint"]
    assert await state_of(gate, job) is JobState.CREATED
    assert not (await gate.get(at(job, "a"))).json.get("is_here")


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        (PNG, "", "image/png"),
        (PNG, "application/octet-stream", "image/png"),
        (b"a,b\n1,2\n", "text/csv", "text/csv"),
        (b'{"a": 1}', "application/json; charset=utf-8", "application/json"),
        ("häh".encode(), "", "text/plain"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", "image/svg+xml"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/x-wav", "audio/wav"),
        (b"\x1aE\xdf\xa3" + b"\0" * 99, "audio/webm", "audio/webm"),
        (b"x", "text/plain", "text/plain"),
    ],
)
async def test_the_content_says_what_a_file_is(gate: Gate, data: bytes, content_type: str, expected: str) -> None:
    """Its sender's word refines it where the first bytes leave room."""
    job = await gate.submit("j1", "acme", "a")
    headers = {"Content_Type": content_type} if content_type else {}
    answer = await gate.call("PUT", at(job, "a"), data=data, **headers)
    assert (answer.status, answer.json.get("media_type")) == (200, expected), answer.json


async def test_all_files_together_have_a_limit(gate: Gate) -> None:
    """Each fits, both do not; sent again in place of itself a file is not counted twice."""
    job = await gate.submit("j1", "acme", "a", "b")
    large = PNG + b"z" * (LIMIT - 1000)
    for _ in range(2):
        assert (await gate.call("PUT", at(job, "a"), data=large)).status == 200
    answer = await gate.call("PUT", at(job, "b"), data=large)
    assert (answer.status, answer.json["field"]) == (413, "files")
    assert (await gate.call("PUT", at(job, "b"), data=PNG)).status == 200


async def test_a_body_without_a_length_is_limited_too(gate: Gate) -> None:
    """Chunks are counted as they come; nothing of it is kept."""
    job = await gate.submit("j1", "acme", "a")

    async def endless() -> AsyncIterator[bytes]:
        yield PNG
        for _ in range(1000):
            yield b"z" * 10_000

    answer = await gate.call("PUT", at(job, "a"), data=endless())
    assert (answer.status, answer.json["field"]) == (413, "body")
    assert await state_of(gate, job) is JobState.CREATED


async def test_a_connection_that_breaks_off_leaves_nothing(gate: Gate) -> None:
    """Half a file is no file; the same file can be sent again."""
    job = await gate.submit("j1", "acme", "a")
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.server.port)
    head = f"PUT {at(job, 'a')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    writer.write(head.encode() + PNG)
    await writer.drain()
    writer.close()
    await reader.read()
    assert (await gate.call("PUT", at(job, "a"), data=PNG)).status == 200
    assert (await gate.get(at(job, "a"))).json["size"] == len(PNG)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "a%0d%0ab", "%ff", "nowhere", "a" * 300])
async def test_only_the_names_of_the_job_exist(gate: Gate, name: str) -> None:
    """No path, control character or other name reaches anything."""
    job = await gate.submit("j1", "acme", "a")
    for method in ("GET", "PUT", "DELETE"):
        answer = await gate.call(method, at(job, name), data=PNG if method == "PUT" else None)
        assert answer.status in (400, 404), answer.body


async def test_a_job_without_files_takes_none(gate: Gate) -> None:
    """One that is queued already has no uploads, and starting it is nothing new."""
    job = await gate.submit("j1")
    assert (await gate.get(at(job))).json == {"items": []}
    assert (await gate.call("PUT", at(job, "a"), data=PNG)).status == 404
    assert (await gate.call("POST", f"/api/v1/jobs/{job}/process")).status == 200


async def test_a_cancelled_job_is_not_started(gate: Gate) -> None:
    """Its files are of no use any more."""
    job = await gate.submit("j1", "acme", "a")
    await gate.call("PUT", at(job, "a"), data=PNG)
    await gate.store.cancel(job)
    answer = await gate.call("POST", f"/api/v1/jobs/{job}/process")
    assert (answer.status, answer.json["code"]) == (409, "wrong_state")
    assert await entries(gate.broker, tenant="acme") == []


async def test_what_was_never_started_ends_in_time(gate: Gate) -> None:
    """Without a file it has expired; with some of them its upload has failed; what has arrived starts the time anew."""
    idle, begun = await gate.submit("idle", "acme", "a"), await gate.submit("begun", "acme", "a")
    await gate.call("PUT", at(begun, "a"), data=PNG)
    keys, client = gate.broker.keys, raw(gate.broker)
    waits = {job: await client.zscore(f"{keys.base}:expiring", job) for job in (idle, begun)}
    assert waits[begun] >= waits[idle]
    for job in waits:
        await client.zadd(f"{keys.base}:expiring", {job: 1})
    await gate.broker.promote()
    assert await state_of(gate, idle) is JobState.EXPIRED
    assert await state_of(gate, begun) is JobState.UPLOAD_FAILED
    assert (await happened(gate, begun))[-1] == "job.upload_failed"
    job = await gate.store.get(begun)
    assert job.error is not None
    assert (await gate.call("POST", f"/api/v1/jobs/{begun}/process")).status == 409
    assert await client.ttl(keys.job(begun)) > 0
    assert await client.zscore(f"{keys.base}:expiring", begun) is None


async def test_a_delayed_job_waits_for_its_time_with_its_files(gate: Gate) -> None:
    """Started before it is due it is scheduled; its own expiry holds as for any job."""
    later = 4_102_444_800_000
    job = await gate.submit("j1", "acme", "a", not_before_ms=later, expires_at_ms=later + 1000)
    await gate.call("PUT", at(job, "a"), data=PNG)
    assert (await gate.call("POST", f"/api/v1/jobs/{job}/process")).json["state"] == "scheduled"
    keys, client = gate.broker.keys, raw(gate.broker)
    assert await client.zscore(keys.scheduled, job) == later
    assert await client.zscore(f"{keys.base}:expiring", job) == later + 1000


async def test_files_of_many_callers_arrive_at_once(gate: Gate) -> None:
    """Twenty files side by side are all there, each with its own content."""
    names = [f"f{number}" for number in range(20)]
    job = await gate.submit("j1", "acme", *names)
    sent = {name: PNG + name.encode() * 900 for name in names}
    answers = await asyncio.gather(*(gate.call("PUT", at(job, name), data=data) for name, data in sent.items()))
    assert {answer.json["sha256"] for answer in answers} == {hashlib.sha256(d).hexdigest() for d in sent.values()}
    assert (await gate.call("POST", f"/api/v1/jobs/{job}/process")).status == 202


def wants(*files: FileWanted, given: bytes = b"{}", kind: Any = Brief, **settings: Any) -> None:  # noqa: ANN401
    """Check files as every door does."""
    check_files(Kind("k", kind), given, files, ApiSettings(**settings))


@pytest.mark.parametrize(
    ("files", "more", "field"),
    [
        ((FileWanted(name="a"),), {"kind": Plain}, "files"),
        ((FileWanted(name="a"), FileWanted(name="a")), {}, "files"),
        ((FileWanted(name="a"), FileWanted(name="b")), {"upload_max_files": 1}, "files"),
        ((FileWanted(name="a", size=0),), {}, "files"),
        ((), {"given": b'{"files": [{"key": "0"}]}'}, "input.files"),
        ((FileWanted(name="a"),), {"given": b'{"files": {}}'}, "input.files"),
    ],
)
def test_what_cannot_be_awaited_is_refused_at_the_door(files: tuple[FileWanted, ...], more: Any, field: str) -> None:  # noqa: ANN401
    """Kinds without a place for them, names twice, too many; and references that a caller makes up."""
    with pytest.raises(InvalidInput) as caught:
        wants(*files, **more)
    assert caught.value.field == field


def test_sizes_are_held_to_at_the_door() -> None:
    """Announced sizes over a limit are refused before anything is sent."""
    with pytest.raises(TooLarge):
        wants(FileWanted(name="a", size=11), upload_max_bytes=10)
    with pytest.raises(TooLarge):
        wants(FileWanted(name="a", size=6), FileWanted(name="b", size=6), upload_total_bytes=10)
    wants(FileWanted(name="a", size=5), FileWanted(name="b", size=5), upload_total_bytes=10)
    wants(given=b'{"files": []}')
    wants(given=b'{"files": [1]}', kind=Plain)


@pytest.mark.parametrize(
    "name", ["a{b}.png", "100%.png", "a%2fb", "größe", "a+b;c,d", "a?b#c", "a'\"b", "~", "x.y..z", "\u202eevil"]
)
async def test_every_name_can_be_sent_to_its_address(gate: Gate, name: str) -> None:
    """What the list gives as a file's address is where it goes, whatever characters its name has."""
    job = await gate.submit("j1", "acme", name)
    (item,) = (await gate.get(at(job))).json["items"]
    assert (await gate.call("PUT", item["url"], data=PNG)).status == 200
    assert (await gate.get(item["url"])).json["is_here"]
    assert (await gate.call("POST", f"/api/v1/jobs/{job}/process")).status == 202
    assert json.loads(await gate.store.input_of(job))["files"][0]["name"] == name


async def test_a_repeated_submission_waits_for_the_same_files(gate: Gate) -> None:
    """The same key and files are the same job, also when it has them already; other files are another request."""
    body = {"kind": "banner", "input": {"prompt": "x"}, "files": [{"name": "a"}], "idempotency_key": "k"}
    first = await gate.call("POST", "/api/v1/jobs", body=body)
    assert (first.status, first.json["state"]) == (201, "created")
    job_id = first.json["job_id"]
    await gate.call("PUT", at(job_id, "a"), data=PNG)
    await gate.call("POST", f"/api/v1/jobs/{job_id}/process")
    again = await gate.call("POST", "/api/v1/jobs", body=body)
    assert (again.json["job_id"], again.json["is_new"]) == (job_id, False)
    other = await gate.call("POST", "/api/v1/jobs", body={**body, "files": [{"name": "b"}]})
    assert (other.status, other.json["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/generate"])
async def test_nobody_hands_in_references_to_bytes(gate: Gate, path: str) -> None:
    """A caller who knows the hash of another's file does not get it by naming it in his input."""
    ref = await gate.objects.put(b"another tenant's")
    given = {"prompt": "x", "files": [{"name": "a", "key": ref.key, "media_type": "image/png", "size": ref.size}]}
    answer = await gate.call("POST", path, body={"kind": "banner", "input": given} if path.endswith("jobs") else given)
    assert (answer.status, answer.json["field"]) == (422, "input.files")
