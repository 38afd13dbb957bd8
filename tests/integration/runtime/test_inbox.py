"""The inbox: jobs from anybody who can say XADD, and a dead letter for everything else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from structlog.testing import capture_logs

from streamforge.broker.broker import Broker
from streamforge.broker.keys import INBOX_GROUP
from streamforge.broker.messages import Refused
from streamforge.config import JobsSettings, RedisSettings
from streamforge.jobs.dead import DeadLetter
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.jobs.model import JobState, Priority
from streamforge.jobs.store import JobStore
from streamforge.runtime import inbox as inbox_module
from streamforge.runtime.inbox import Inbox, readable
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.moves import entries, raw


class Poster(msgspec.Struct):
    """The input of the tests' kind."""

    title: Annotated[str, Meta(min_length=1)]
    width: Annotated[int, Meta(ge=1, le=4000)] = 100
    tags: list[str] = []
    ratio: float = 1.0


KINDS = Kinds([Kind("poster", Poster, queue="art")])
LIMIT = 10_000


@pytest.fixture
async def inbox(broker: Broker, store: JobStore) -> Inbox:
    """An inbox, made within the event loop, not yet running."""
    return Inbox(broker, store, KINDS, "w1", LIMIT)


@asynccontextmanager
async def running(inbox: Inbox) -> AsyncGenerator[None]:
    """Run it meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(inbox.run())
        try:
            yield
        finally:
            inbox.stop()


async def send(broker: Broker, **fields: Any) -> str:  # noqa: ANN401
    """One message; its entry id."""
    return (await raw(broker).xadd(broker.keys.inbox, fields)).decode()


async def handled(broker: Broker) -> None:
    """Every message has left the inbox, and nobody holds one."""

    async def is_empty() -> bool:
        return not await raw(broker).xlen(broker.keys.inbox)

    await until(is_empty, "the inbox is empty")
    assert (await raw(broker).xpending(broker.keys.inbox, INBOX_GROUP))["pending"] == 0


async def refused(inbox: Inbox, broker: Broker, store: JobStore, fields: dict[Any, Any]) -> DeadLetter:
    """Send that and then a good message: the letter of the first, once the second is a job."""
    bad = (await raw(broker).xadd(broker.keys.inbox, fields)).decode()
    good = await send(broker, kind="poster", title="good")
    async with running(inbox):
        await handled(broker)
    assert (await store.get(f"in-{good}")).state is JobState.QUEUED
    (letter,) = await store.letters.list()
    assert letter.source == "inbox"
    assert (await raw(broker).xrange(broker.keys.dead))[0][1][b"entry"].decode() == bad
    return letter


async def test_a_message_becomes_a_job(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """JSON input: normalised, on the kind's queue, under an id made from the entry's."""
    entry = await send(broker, kind="poster", input='{"title":"hello"}')
    async with running(inbox):
        await handled(broker)
    job = await store.get(f"in-{entry}")
    assert (job.kind, job.queue, job.priority, job.source) == ("poster", "art", Priority.NORMAL, "inbox")
    assert msgspec.json.decode(await store.input_of(job.id)) == {
        "title": "hello",
        "width": 100,
        "tags": [],
        "ratio": 1.0,
    }
    assert await entries(broker, "art") == [job.id]


async def test_flat_fields_are_converted(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """Text fields take the input's types: numbers, lists by comma or as JSON, brackets in a title left alone."""
    first = await send(broker, kind="poster", title="[not json", width="300", tags="a, b", ratio="1.5")
    second = await send(broker, kind="poster", title="5", tags='["x,y"]')
    async with running(inbox):
        await handled(broker)
    assert await store.letters.list() == []
    found = [msgspec.json.decode(await store.input_of(f"in-{entry}"), type=Poster) for entry in (first, second)]
    assert found == [Poster("[not json", 300, ["a", "b"], 1.5), Poster("5", tags=["x,y"])]


async def test_the_envelope_is_heeded(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """Id, queue, priority, tenant and time are taken from their fields, and are no part of the input."""
    await send(
        broker,
        kind="poster",
        input='{"title":"x"}',
        id="my-id",
        queue="other",
        priority="high",
        tenant="acme",
        not_before_ms="4102444800000",
        idempotency_key="k",
    )
    async with running(inbox):
        await handled(broker)
    job = await store.get("my-id")
    assert (job.queue, job.priority, job.tenant) == ("other", Priority.HIGH, "acme")
    assert (job.state, job.due_ms) == (JobState.SCHEDULED, 4102444800000)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"kind": "postr", "title": "x"}, "kind", "unknown_kind"),
        ({"title": "x"}, "kind", "invalid_input"),
        ({"kind": "", "title": "x"}, "kind", "invalid_input"),
        ({"kind": "poster", "input": '{"title":'}, "input", "invalid_input"),
        ({"kind": "poster", "input": "[1]"}, "input", "invalid_input"),
        ({"kind": "poster", "input": '{"title":"x"}', "width": "3"}, "width", "invalid_input"),
        ({"kind": "poster", "input": '{"width":3}'}, "title", "invalid_input"),
        ({"kind": "poster", "input": '{"title":"x","width":0}'}, "width", "invalid_input"),
        ({"kind": "poster", "title": "x", "width": "many"}, "width", "invalid_input"),
        ({"kind": "poster", "title": ""}, "title", "invalid_input"),
        ({"kind": "poster", "title": "x" * LIMIT}, "title", "invalid_input"),
        ({"kind": "poster", "input": '{"title":"%s"}' % ("x" * LIMIT)}, "title", "invalid_input"),
        ({"kind": "poster", "title": "ä" * (LIMIT * 2 // 3)}, "title", "invalid_input"),
        ({"kind": "poster", "title": "x", "n" * LIMIT: "x"}, "n" * 80, "invalid_input"),
        ({"kind": "poster", "title": "x", "id": "a b"}, "id", "invalid_input"),
        ({"kind": "poster", "title": "x", "id": "../x"}, "id", "invalid_input"),
        ({"kind": "poster", "title": "x", "priority": "urgent"}, "priority", "invalid_input"),
        ({"kind": "poster", "title": "x", "tenant": "a:b"}, "tenant", "invalid_input"),
        ({"kind": "poster", "title": "x", "queue": "A B"}, "queue", "invalid_input"),
        ({"kind": "poster", "title": "x", "not_before_ms": "soon"}, "not_before_ms", "invalid_input"),
        ({"kind": "poster", "title": "x", "not_before_ms": "-1"}, "not_before_ms", "invalid_input"),
        ({"kind": "poster", "title": "x", "idempotency_key": "k" * 256}, "idempotency_key", "invalid_input"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_cannot_be_a_job_is_a_letter(
    inbox: Inbox, broker: Broker, store: JobStore, fields: dict[str, str], field: str, code: str
) -> None:
    """The letter names the field and the fix, keeps the message's own fields, and the next message becomes a job."""
    letter = await refused(inbox, broker, store, fields)
    assert (letter.error.field, letter.error.code, letter.reason) == (field, code, code)
    assert letter.error.hint
    assert (await store.letters.get(letter.id)).fields == fields


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "poster", "input": '{"title":"x","more":' + "[" * 4000 + "}"},
        {"kind": "poster", "input": "[" * 9000},
        {"kind": "poster", "title": "x", "tags": "[" * 9000},
        {"kind": "poster", "title": "x", "width": "9" * 5000},
        {"kind": "poster", "input": '{"title":"x","width":' + "9" * 5000 + "}"},
        {"kind": "poster", "input": '{"title":"\\ud800"}'},
        {"kind": "poster", "input": '{"title":"x","ratio":1e999}'},
        {"kind": b"\xff\xfe", b"\xff": b"\xfe"},
        {"kind": "poster", "input": b'{"title":"\xff"'},
        {b"\x00": b"\x00", "kind": b"poster\x00"},
    ],
    ids=lambda value: str(value)[:60],
)
async def test_hostile_messages_do_not_kill_the_service(
    inbox: Inbox, broker: Broker, store: JobStore, fields: dict[Any, Any]
) -> None:
    """Endless nesting, endless numbers, broken text: a dead letter each, and the next message becomes a job."""
    letter = await refused(inbox, broker, store, fields)
    assert letter.error.message


@pytest.mark.parametrize(
    ("fields", "field", "kept"),
    [
        ({"kind": "poster", "title": rb"a\b caf" + b"\xe9"}, "title", {"title": r"a\\b caf\xe9"}),
        ({"kind": "poster", "input": b'{"title":"\xff"}'}, "input", {"input": r'{"title":"\xff"}'}),
        ({b"\xff": "x", "kind": "poster"}, r"\xff", {r"\xff": "x"}),
        ({"kind": "poster", "title": rb"a\b", "n": b"\x80"}, "n", {"title": r"a\b", "n": r"\x80"}),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bytes_that_are_no_text_are_refused(
    inbox: Inbox, broker: Broker, store: JobStore, fields: dict[Any, Any], field: str, kept: dict[str, str]
) -> None:
    """No job runs with text that nobody wrote; the letter names the field and holds its bytes as escapes."""
    letter = await refused(inbox, broker, store, fields)
    assert (letter.error.field, letter.error.message) == (field, "not UTF-8")
    assert letter.error.hint
    assert kept.items() <= (await store.letters.get(letter.id)).fields.items()


@given(st.binary(max_size=30) | st.binary(max_size=5).map(lambda some: b"\\x" + some + b"\xff"))
def test_the_bytes_can_be_had_again(data: bytes) -> None:
    """Escapes that a letter holds are undone without loss; UTF-8 is kept as it is."""
    told = readable(data)
    try:
        assert told == data.decode()
    except UnicodeDecodeError:
        undone = re.sub(
            rb"\\(\\|x[0-9a-f]{2})",
            lambda found: b"\\" if found[1] == b"\\" else bytes.fromhex(found[1][1:].decode()),
            told.encode(),
        )
        assert undone == data


async def test_a_queue_that_nobody_serves_is_warned_of(broker: Broker, store: JobStore) -> None:
    """The job is taken, since another daemon may serve its queue, and the log says which queue waits."""
    inbox = Inbox(broker, store, KINDS, "w1", LIMIT, queues=("art",))
    entry = await send(broker, kind="poster", title="x", queue="attic")
    await send(broker, kind="poster", title="x")
    with capture_logs() as said:
        async with running(inbox):
            await handled(broker)
    warned = [line for line in said if line["event"] == "queue_not_served"]
    assert [(line["log_level"], line["job_id"], line["queue"]) for line in warned] == [
        ("warning", f"in-{entry}", "attic")
    ]


async def test_the_same_id_again_is_no_second_job(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """Two messages under one id are one job; neither is a dead letter."""
    for _ in range(2):
        await send(broker, kind="poster", title="x", id="one")
    async with running(inbox):
        await handled(broker)
    assert await entries(broker, "art") == ["one"]
    assert await store.letters.list() == []


async def test_a_key_used_for_something_else_is_a_letter(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """A conflict of idempotency keys is told like every other mistake of the sender."""
    for title in ("a", "b"):
        await send(broker, kind="poster", title=title, idempotency_key="k")
    async with running(inbox):
        await handled(broker)
    (letter,) = await store.letters.list()
    assert (letter.reason, letter.error.field) == ("idempotency_conflict", "idempotency_key")


@pytest.mark.parametrize("submitted", [False, True])
async def test_a_crash_between_submit_and_ack(
    inbox: Inbox, broker: Broker, store: JobStore, *, submitted: bool
) -> None:
    """A message that a dead process of this name had read, and maybe submitted, becomes one job."""
    entry = await send(broker, kind="poster", title="x")
    ((read, fields),) = await broker.read_inbox("w1", 10)
    assert read == entry
    if submitted:
        await store.submit(inbox.parse(entry, fields))
    async with running(inbox):
        await handled(broker)
    assert await entries(broker, "art") == [f"in-{entry}"]


async def test_a_crash_between_letter_and_ack(inbox: Inbox, broker: Broker, store: JobStore) -> None:
    """Refusing twice, because an answer was lost or the process died between the two calls, leaves one letter."""
    entry = await send(broker, kind="nobody")
    await broker.read_inbox("w1", 10)
    letter = Refused(tenant="", given=b"{}", facts={"source": "inbox", "reason": "x"})
    assert await broker._scripts.refuse(entry, letter)  # pyright: ignore[reportPrivateUsage] - half of it
    for _ in range(2):
        await broker.refuse_inbox(entry, letter)
    async with running(inbox):
        await handled(broker)
    assert len(await store.letters.list()) == 1


async def test_what_a_dead_daemon_had_read_is_adopted(
    inbox: Inbox, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages that another consumer left for too long become jobs here."""
    entry = await send(broker, kind="poster", title="x")
    await broker.read_inbox("another", 10)
    monkeypatch.setattr(inbox_module, "ADOPT_IDLE_MS", 0)
    async with running(inbox):
        await handled(broker)
    assert await entries(broker, "art") == [f"in-{entry}"]


@pytest.mark.parametrize("reader", ["w1", "another"])
async def test_a_message_withdrawn_after_it_was_read(
    inbox: Inbox, broker: Broker, store: JobStore, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    """A pending entry that its sender has deleted is forgotten, without a letter, and the next becomes a job."""
    entry = await send(broker, kind="poster", title="x")
    await broker.read_inbox(reader, 10)
    await raw(broker).xdel(broker.keys.inbox, entry)
    monkeypatch.setattr(inbox_module, "ADOPT_IDLE_MS", 0)
    good = await send(broker, kind="poster", title="good")
    async with running(inbox):
        await until(lambda: entries(broker, "art"), "the next message is a job")
        await handled(broker)
    assert await entries(broker, "art") == [f"in-{good}"]
    assert await store.letters.list() == []


async def test_a_flushed_server_is_begun_anew(inbox: Inbox, broker: Broker) -> None:
    """A server that lost the stream and its group while the inbox waits for messages does not end the service."""
    async with running(inbox):
        await send(broker, kind="poster", title="x")
        await handled(broker)
        await raw(broker).flushall()
        entry = await send(broker, kind="poster", title="y")
        await until(lambda: entries(broker, "art"), "the message after the flush is a job")
    assert await entries(broker, "art") == [f"in-{entry}"]


async def test_messages_survive_a_restart_of_the_server(own_server: TestServer) -> None:
    """Killed and started again with messages unread and in hand: each becomes one job."""
    broker = Broker(RedisSettings(socket_timeout_s=1.0), JobsSettings(), own_server.url)
    inbox = Inbox(broker, JobStore(broker), KINDS, "w1", LIMIT)
    async with running(inbox):
        sent = [await send(broker, kind="poster", title=str(number)) for number in range(40)]
        own_server.kill()
        own_server.start()
        await broker.wait_until_ready(10)
        sent += [await send(broker, kind="poster", title="late")]
        await handled(broker)
    assert await entries(broker, "art") == [f"in-{entry}" for entry in sent]
    await broker.close()
