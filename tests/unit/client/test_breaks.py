"""Both clients where connections break: streams go on, files are whole or not there, uploads resume."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from streamforge.client import ApiError, AsyncClient, Client, ServerAway, flows
from streamforge.client.types import Event
from tests.unit.client.script import Script, answer

STOPPING = b'event: end\ndata: {"type": "end", "data": {"reason": "stopping"}}\n\n'
ENDED = b'event: end\ndata: {"type": "end", "data": {"reason": "job_ended"}}\n\n'
LATER = answer(status=503, Retry_After=0)
BYTES = bytes(range(256)) * 4

Act = Callable[..., Any]


def event(number: int) -> bytes:
    """An event as it is streamed."""
    told = {"id": f"{number}-0", "type": "job.progress", "job_id": "j"}
    return f"id: {number}-0\nevent: job.progress\ndata: {json.dumps(told)}\n\n".encode()


def stream(*parts: bytes, length: int | None = None) -> bytes:
    """An answer of events."""
    return answer(b"".join(parts), length=length, Content_Type="text/event-stream")


def blocking(url: str, name: str, *args: Any, tries: int = 3, **terms: Any) -> Any:  # noqa: ANN401 - any method
    """Call a method of ``Client``; a list of what it yields."""
    with Client(url, tries=tries) as client:
        found = getattr(client, name)(*args, **terms)
        return list(found) if name in LISTS else found


def asynchronous(url: str, name: str, *args: Any, tries: int = 3, **terms: Any) -> Any:  # noqa: ANN401 - the same
    """Call a method of ``AsyncClient``."""

    async def call() -> object:
        async with AsyncClient(url, tries=tries) as client:
            found = getattr(client, name)(*args, **terms)
            return [each async for each in found] if name in LISTS else await found

    return anyio.run(call)


LISTS = {"events", "jobs"}
BOTH = pytest.mark.parametrize("act", [blocking, asynchronous], ids=["blocking", "asynchronous"])


@BOTH
def test_events_go_on_through_a_restart(act: Act) -> None:
    """A daemon that stops, a proxy that answers 502 and 503 meanwhile, a connection that breaks: each event once."""
    answers = (
        stream(event(1), event(2), STOPPING),
        answer(b"<html>", status=502, Retry_After=0),
        LATER,
        stream(event(3), length=9999),
        stream(event(4), ENDED),
    )
    with Script(*answers) as server:
        seen: list[Event] = act(server.url, "events", "j", tries=4)
    assert [each.id for each in seen] == ["1-0", "2-0", "3-0", "4-0"]
    assert [asked.headers.get("last-event-id") for asked in server.asked] == [None, "2-0", "2-0", "2-0", "3-0"]


@BOTH
def test_events_that_stay_away_are_an_error(act: Act) -> None:
    """A server that goes on refusing is given up after the last try; one that says no is at once."""
    with Script(LATER, LATER) as server, pytest.raises(ApiError) as caught:
        act(server.url, "events", "j", tries=2)
    assert caught.value.status == 503
    with Script(answer({"code": "unknown_job"}, status=404)) as server, pytest.raises(ApiError) as caught:
        act(server.url, "events", "j")
    assert caught.value.reason == "unknown_job"


@BOTH
def test_events_that_will_never_come(act: Act) -> None:
    """204 is the end of a stream."""
    with Script(answer(status=204)) as server:
        assert act(server.url, "events", "j", last_id="9-0") == []


@BOTH
def test_a_download_goes_on_where_it_broke_off(act: Act, tmp_path: Path) -> None:
    """After a break the rest is asked for, of the same file alone; the path has the whole of it, and nothing beside."""
    answers = (
        answer(BYTES[:300], length=len(BYTES), ETag='"e"'),
        LATER,
        answer(BYTES[300:], status=206, ETag='"e"'),
    )
    with Script(*answers) as server:
        assert act(server.url, "download", "j", "a.bin", tmp_path / "a.bin") == tmp_path / "a.bin"
    assert (tmp_path / "a.bin").read_bytes() == BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    rest = server.asked[2].headers
    assert (rest["range"], rest["if-range"]) == ("bytes=300-", '"e"')


@BOTH
def test_a_file_that_has_changed_is_fetched_anew(act: Act) -> None:
    """Where the server sends all of it again, what had come before is no part of it."""
    answers = (answer(BYTES[:300], length=len(BYTES), ETag='"e"'), answer(BYTES[::-1], ETag='"f"'))
    with Script(*answers) as server:
        assert act(server.url, "download", "j", "a.bin") == BYTES[::-1]


@BOTH
def test_a_download_that_fails_leaves_what_was_there(act: Act, tmp_path: Path) -> None:
    """Half a file is never under the path's name, and the error is one of the client's own."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    half = answer(BYTES[:300], length=len(BYTES))
    with Script(half, half) as server, pytest.raises(ServerAway):
        act(server.url, "download", "j", "a.bin", path, tries=2)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@BOTH
def test_a_job_with_files_is_made_filled_and_started(act: Act, tmp_path: Path) -> None:
    """The files are announced with size and hash, sent, a refused one again, and the job is started."""
    (tmp_path / "b.txt").write_bytes(b"beta")
    answers = (
        answer({"job_id": "j", "state": "created"}, status=201),
        answer({"name": "a.txt", "is_here": True}),
        LATER,
        answer({"name": "b.txt", "is_here": True}),
        answer({"job_id": "j", "state": "queued"}, status=202),
    )
    with Script(*answers) as server:
        made = act(server.url, "submit", "k", {}, files={"a.txt": b"alpha", "b.txt": tmp_path / "b.txt"})
    assert (made.job_id, made.state, made.is_new) == ("j", "queued", True)
    wanted = json.loads(server.asked[0].body)["files"]
    assert [(file["name"], file["size"], len(file["sha256"])) for file in wanted] == [
        ("a.txt", 5, 64),
        ("b.txt", 4, 64),
    ]
    assert [(asked.method, asked.path.rpartition("/")[2], asked.body) for asked in server.asked[1:]] == [
        ("PUT", "a.txt", b"alpha"),
        ("PUT", "b.txt", b"beta"),
        ("PUT", "b.txt", b"beta"),
        ("POST", "process", b""),
    ]


@BOTH
def test_a_job_that_was_started_before_is_not_sent_its_files_again(act: Act) -> None:
    """The same key again: the first job, as it stands."""
    with Script(answer({"job_id": "j", "state": "running", "is_new": False}, status=201)) as server:
        assert not act(server.url, "submit", "k", {}, key="once", files={"a.txt": b"alpha"}).is_new
    assert len(server.asked) == 1


@BOTH
def test_a_large_file_goes_on_where_it_broke_off(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts from where the server has it, each with its place."""
    monkeypatch.setattr(flows, "PART_BYTES", 400)
    answers = (
        answer({"name": "a", "received": 300}),
        answer({"name": "a", "received": 700}, status=202),
        answer({"name": "a", "is_here": True, "size": 1024}),
    )
    with Script(*answers) as server:
        assert act(server.url, "upload", "j", "a", BYTES, resume=True).is_here
    assert [asked.headers.get("content-range") for asked in server.asked] == [
        None,
        "bytes 300-699/1024",
        "bytes 700-1023/1024",
    ]
    assert b"".join(asked.body for asked in server.asked) == BYTES[300:]


@BOTH
def test_a_server_that_keeps_nothing_is_not_sent_parts_for_ever(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part after which no more is there than before is an error."""
    monkeypatch.setattr(flows, "PART_BYTES", 400)
    with (
        Script(answer({"name": "a", "received": 0}, status=202)) as server,
        pytest.raises(ApiError, match="stays at 0"),
    ):
        act(server.url, "upload", "j", "a", BYTES)


@BOTH
def test_another_servers_page_is_an_error(act: Act) -> None:
    """200 with something that is no answer of the API."""
    with Script(answer(b"<html>")) as server, pytest.raises(ApiError, match="answered by something else"):
        act(server.url, "job", "j")


@BOTH
def test_a_list_ends_where_enough_has_come(act: Act) -> None:
    """Pages are asked for until the limit is reached, and none after it."""
    pages = [answer({"items": [{"id": f"{page}-{row}"} for row in range(3)], "next_cursor": "n"}) for page in range(2)]
    with Script(*pages) as server:
        assert [job.id for job in act(server.url, "jobs", limit=5)] == ["0-0", "0-1", "0-2", "1-0", "1-1"]
    assert [asked.path for asked in server.asked] == ["/api/v1/jobs", "/api/v1/jobs?cursor=n"]


def test_both_clients_have_the_same_methods() -> None:
    """The twins do not drift apart."""
    public = [{name for name in dir(kind) if not name.startswith("_")} for kind in (Client, AsyncClient)]
    assert public[0] - {"close"} == public[1] - {"aclose"}


def test_a_proxy_can_be_given() -> None:
    """Requests go by the proxy that is named, which none of the environment's is."""
    with Script(answer({"id": "j"})) as proxy, Client("http://forge.example", proxy=proxy.url) as client:
        assert client.job("j").id == "j"
    assert proxy.asked[0].path == "http://forge.example/api/v1/jobs/j"
