"""Finished files: whole, in part, known already, by a link; and nothing of them to anybody else."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from streamforge.accounts.model import Scope
from streamforge.broker.broker import Broker
from tests.integration.api.gate import Answer, Gate, opened

DATA = bytes(range(256)) * 4000
SHA = hashlib.sha256(DATA).hexdigest()
PATH = "/api/v1/artifacts/j1/banner.png"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks for keys, with a job that has files."""
    async with opened(Gate(broker, auth="always")) as made:
        await made.finished("j1", {"banner.png": DATA, "größe 1.png": b"\x89PNG", "empty": b""})
        yield made


@pytest.fixture
async def key(gate: Gate) -> str:
    """One that may read."""
    return await gate.key("acme", Scope.READ)


async def test_a_file_is_sent_whole(gate: Gate, key: str) -> None:
    """With its type, its length, its tag, and nothing that would let it run in a browser."""
    answer = await gate.get(PATH, key)
    assert (answer.status, answer.body) == (200, DATA)
    headers = answer.headers
    assert headers["ETag"] == f'"{SHA}"'
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Length"] == str(len(DATA))
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Disposition"].startswith('inline; filename="banner.png"')
    assert (await gate.get("/api/v1/artifacts/j1/empty", key)).body == b""


async def test_its_head_alone_can_be_had(gate: Gate, key: str) -> None:
    """HEAD says what GET would, without the bytes."""
    answer = await gate.call("HEAD", PATH, key)
    assert (answer.status, answer.body) == (200, b"")
    assert (answer.headers["Content-Length"], answer.headers["ETag"]) == (str(len(DATA)), f'"{SHA}"')
    assert (await gate.call("HEAD", "/api/v1/artifacts/j1/none", key)).status == 404


@pytest.mark.parametrize("asked", [f'"{SHA}"', f'W/"{SHA}"', f'"x", "{SHA}"', "*"])
async def test_what_is_known_is_not_sent_again(gate: Gate, key: str, asked: str) -> None:
    """A tag that fits is answered 304 with nothing but itself."""
    answer = await gate.get(PATH, key, If_None_Match=asked)
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", f'"{SHA}"')
    assert (await gate.get(PATH, key, If_None_Match='"other"')).status == 200


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1000, len(DATA)),
        ("bytes=-5", len(DATA) - 5, len(DATA)),
        ("bytes=-99999999", 0, len(DATA)),
        (f"bytes={len(DATA) - 1}-99999999", len(DATA) - 1, len(DATA)),
        ("bytes=0-", 0, len(DATA)),
    ],
)
async def test_a_part_is_sent(gate: Gate, key: str, asked: str, start: int, end: int) -> None:
    """206 with exactly those bytes, and where they lie."""
    answer = await gate.get(PATH, key, Range=asked)
    assert (answer.status, answer.body) == (206, DATA[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    head = await gate.call("HEAD", PATH, key, Range=asked)
    assert (head.status, head.headers["Content-Length"]) == (206, str(end - start))


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=99999999-", "bytes=-0"])
async def test_a_part_that_does_not_exist_is_refused(gate: Gate, key: str, asked: str) -> None:
    """416, with how long the file is."""
    answer = await gate.get(PATH, key, Range=asked)
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "asked", ["bytes=a-b", "bytes=5-1", "lines=0-1", "bytes=0-1,5-6", "bytes=", "bytes=" + "9" * 5000 + "-"]
)
async def test_a_range_that_makes_no_sense_is_the_whole(gate: Gate, key: str, asked: str) -> None:
    """As the standard allows; never an error of ours."""
    answer = await gate.get(PATH, key, Range=asked)
    assert (answer.status, answer.body) == (200, DATA)


async def test_a_download_goes_on_only_with_the_same_file(gate: Gate, key: str) -> None:
    """If-Range with another tag gives the whole new file."""
    same = await gate.get(PATH, key, Range="bytes=0-9", If_Range=f'"{SHA}"')
    other = await gate.get(PATH, key, Range="bytes=0-9", If_Range='"other"')
    assert (same.status, other.status, len(other.body)) == (206, 200, len(DATA))


async def test_a_file_can_be_saved_under_its_name(gate: Gate, key: str) -> None:
    """Any name crosses a header, and any browser can read it."""
    answer = await gate.get("/api/v1/artifacts/j1/gr%C3%B6%C3%9Fe%201.png?download=true", key)
    assert answer.status == 200
    expected = "attachment; filename=\"gr__e_1.png\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.png"
    assert answer.headers["Content-Disposition"] == expected


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2F..%2Fredis.conf", "%2Fetc%2Fpasswd", "banner.png%00", "a%0d%0aX:%20y", "%ff", "n" * 4000],
)
async def test_a_name_is_never_a_path(gate: Gate, key: str, name: str) -> None:
    """Only the names that the job has lead anywhere."""
    answer = await gate.get(f"/api/v1/artifacts/j1/{name}", key)
    assert answer.status in (400, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "X" not in answer.headers


async def made_link(gate: Gate, key: str, expires_in_s: int = 60) -> str:
    """A link to the file."""
    answer: Answer = await gate.call("POST", f"{PATH}/link", key, body={"expires_in_s": expires_in_s})
    assert answer.status == 201
    return answer.json["url"]


async def test_a_link_opens_one_file_without_a_key(gate: Gate, key: str) -> None:
    """Whole or in part, on other sites' pages too; and may be kept by a browser, since it never shows another file."""
    url = await made_link(gate, key)
    assert url.startswith(f"{PATH}?")
    answer = await gate.get(url)
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await gate.get(url, Range="bytes=0-9")).body == DATA[:10]
    assert (await gate.get(f"{url}&download=true")).headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("part", ["version", "expires", "signature", "job", "name"])
async def test_an_altered_link_opens_nothing(gate: Gate, key: str, part: str) -> None:
    """Another file, another time, another content: 401 each, as without any link."""
    await gate.finished("j2", {"banner.png": DATA})
    path, _, query = (await made_link(gate, key)).partition("?")
    facts = dict(parse_qsl(query))
    if part == "job":
        path = path.replace("j1", "j2")
    elif part == "name":
        path = path.replace("banner.png", "empty")
    else:
        facts[part] = str(int(facts[part]) + 1) if part == "expires" else facts[part][::-1]
    assert (await gate.get(f"{path}?{urlencode(facts)}")).status == 401


@pytest.mark.parametrize(
    "query", ["signature=", "signature=x", "signature=x&expires=" + "9" * 5000, "signature=%ff&expires=%C2%B2"]
)
async def test_what_is_no_link_is_refused(gate: Gate, query: str) -> None:
    """Whatever stands in the query."""
    assert (await gate.get(f"{PATH}?{query}")).status in (400, 401, 422)


async def test_a_link_ends_in_time_and_with_its_content(gate: Gate, key: str) -> None:
    """After its time it opens nothing; nor does it show what has taken the file's place."""
    url = await made_link(gate, key)
    signer, expired = gate.accounts.signer, 1_700_000_000_000
    signature = await signer.sign("file", "j1", "banner.png", SHA[:16], expired)
    assert (
        await gate.get(f"{PATH}?{urlencode({'version': SHA[:16], 'expires': expired, 'signature': signature})}")
    ).status == 401
    other = await gate.objects.of("acme").put(b"other")
    record = f'{{"name":"banner.png","key":"{other.key}","media_type":"image/png","size":5}}'
    await gate.broker.client.hset(gate.broker.keys.files("j1"), "banner.png", record)
    assert (await gate.get(url)).status == 404
    assert (await gate.get(PATH, key)).body == b"other"


async def test_a_link_is_made_for_a_sensible_time(gate: Gate, key: str) -> None:
    """From a second to a week; and not for a file that is not there."""
    for seconds in (0, 604_801, -1):
        assert (await gate.call("POST", f"{PATH}/link", key, body={"expires_in_s": seconds})).status == 422
    assert (await gate.call("POST", "/api/v1/artifacts/j1/none/link", key, body={})).status == 404


async def test_a_store_without_addresses_gives_none(gate: Gate, key: str) -> None:
    """Files in a directory have no address but ours."""
    answer = await gate.call("POST", f"{PATH}/link", key, body={"is_direct": True})
    assert (answer.status, answer.json["field"]) == (422, "is_direct")


async def test_a_missing_object_is_told_before_the_answer_begins(gate: Gate, key: str) -> None:
    """A file whose bytes are gone is an error with a status, not half an answer."""
    record = f'{{"name":"gone","key":"{"0" * 64}","media_type":"image/png","size":5}}'
    await gate.broker.client.hset(gate.broker.keys.files("j1"), "gone", record)
    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = await gate.get("/api/v1/artifacts/j1/gone", key, **headers)
        assert answer.status == 500
        assert answer.json["code"] == "object_missing"


@pytest.mark.parametrize("name", ["a{b}.png", "100%.png", "a%2fb", "größe", "a+b;c,d", "a?b#c", "a'\"b", "x.y..z"])
async def test_every_name_has_an_address(gate: Gate, key: str, name: str) -> None:
    """Directly and by a signed link, whatever characters it has."""
    await gate.finished("j2", {name: b"data"})
    path = f"/api/v1/artifacts/j2/{quote(name, safe='')}"
    assert (await gate.get(path, key)).body == b"data"
    url = (await gate.call("POST", f"{path}/link", key, body={})).json["url"]
    assert (await gate.get(url)).body == b"data"
