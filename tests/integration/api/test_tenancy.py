"""Every route, with another tenant's key and ids: nothing is told, nothing is changed.

The test walks the table of routes. A route with a parameter that this file knows nothing of fails it, so a new one is
covered here or not merged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Final

import anyio
import msgspec
import pytest
from msgspec import Struct

from streamforge.api.route import Route, Scope
from streamforge.api.routes import ROUTES
from streamforge.broker.broker import Broker
from tests.integration.api.gate import Answer, Gate, opened
from tests.integration.moves import raw, settle, take_one

OWNER, INTRUDER = "plantedcorp", "intruder"
JOBS = ("planted-done", "planted-open", "planted-dead")
SECRET = b"planted bytes of a file"

OPERATORS: Final = frozenset(
    {
        "POST /api/v1/queues/{queue}/pause",
        "POST /api/v1/queues/{queue}/resume",
        "POST /api/v1/workers/{worker}/drain",
        "POST /api/v1/accounts/{tenant}/credits",
        "DELETE /api/v1/tenants/{tenant}",
    }
)
"""What only those may who see every tenant: there a refusal tells nothing."""
OF_NOBODY: Final = frozenset({"/api/v1/kinds/{kind}"})
"""What is the same for every tenant."""
BY_NAME: Final = frozenset({"/api/v1/kits/{name}"})
"""What each tenant has under names of his own; another's are meant by ``?tenant=``."""

BODIES: Final[dict[str, Any]] = {
    "/api/v1/generate": {"prompt": "mine"},
    "/api/v1/jobs": {"kind": "banner", "input": {"prompt": "mine"}},
    "/api/v1/jobs/batch": {"jobs": [{"kind": "banner", "input": {"prompt": "mine"}}]},
    "/api/v1/webhooks": {"url": "https://example.com/hook"},
    "/api/v1/accounts/{tenant}/credits": {"usd": 1, "id": "c1"},
    "/api/v1/kits/{name}": {"name": "mine"},
}
"""What routes are sent that do not take an empty object."""


class World(Struct):
    """A gate, what the owner has, and the key of somebody else."""

    gate: Gate
    key: str
    ids: dict[str, str]
    unknown: dict[str, str]
    told: list[str]


@pytest.fixture
async def world(broker: Broker) -> AsyncIterator[World]:
    """The owner has a job that is done, one that waits for files, one that is dead, a kit, a key and a webhook."""
    async with opened(Gate(broker, auth="always")) as gate:
        brief = {"input": b'{"prompt":"planted prompt"}'}
        await gate.submit("planted-dead", OWNER, **brief)
        await settle(broker, await take_one(broker), "failed", body=b'{"code":"x","message":"planted"}', reason="x")
        await gate.finished("planted-done", {"planted.png": SECRET}, OWNER)
        await gate.submit("planted-open", OWNER, "planted.png", **brief)
        owner = await gate.key(OWNER)
        await gate.call("PUT", "/api/v1/jobs/planted-open/uploads/planted.png", owner, data=b"\x89PNG\r\n\x1a\nplanted")
        await gate.shelf.put(OWNER, "planted-kit", b'{"name":"planted"}')
        hooks = gate.front.webhooks
        assert hooks is not None
        hook = await hooks.create(OWNER, "https://planted.example/hook")
        letter = (await gate.store.letters.list())[0].id
        ids = {
            "job_id": "planted-done",
            "key_id": owner.split("_")[1],
            "letter": letter,
            "name": "planted.png",
            "tenant": OWNER,
            "webhook_id": hook.id,
            "endpoint_id": hook.id,
            "delivery_id": await hooks.ping(hook.id),
            "queue": "default",
            "worker": "planted-worker",
        }
        unknown = {
            "job_id": "missing-done",
            "key_id": "a" * 12,
            "letter": f"{int(letter.split('-')[0]) + 5}-0",
            "tenant": "missingcorp",
            "webhook_id": hook.id[:-4] + "0000",
            "endpoint_id": hook.id[:-4] + "0000",
            "delivery_id": f"msg_{'0' * 32}",
            "worker": "missing-worker",
        }
        told = ["planted", hashlib.sha256(SECRET).hexdigest()[:16], ids["key_id"], hook.id, letter]
        yield World(gate, await gate.key(INTRUDER), ids, unknown, told)


def parameters(path: str) -> list[str]:
    """The names in a path's braces."""
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def guarded() -> list[Route]:
    """Every route that asks who calls, on this machine as elsewhere."""
    return [route for route in ROUTES if route.scope is not None and not route.is_for_this_machine]


def in_path() -> list[Route]:
    """Those whose path names something of a tenant's."""
    return [route for route in guarded() if parameters(route.path) and route.path not in OF_NOBODY | BY_NAME]


def elsewhere() -> list[Route]:
    """The others."""
    return [route for route in guarded() if route not in in_path()]


def title(route: Route) -> str:
    """A route's name in the tests' report."""
    return f"{route.method} {route.path}"


def is_endless(route: Route) -> bool:
    """Whether its answer goes on for as long as somebody listens."""
    return any(
        answer.media_type == "text/event-stream" or answer.status is HTTPStatus.SWITCHING_PROTOCOLS
        for answer in route.answers
    )


async def ask(world: World, route: Route, names: dict[str, str], query: str = "", body: object = None) -> Answer:
    """The route's answer to the intruder, for a path with these names."""
    path = route.path.format(**{name: names.get(name, "x") for name in parameters(route.path)}) + query
    if route.body is bytes:
        return await world.gate.call(route.method, path, world.key, data=b"\x89PNG\r\n\x1a\n mine")
    sent = BODIES.get(route.path, {}) if body is None and route.body is not None else body
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    is_socket = any(answer.status is HTTPStatus.SWITCHING_PROTOCOLS for answer in route.answers)
    headers = upgrade | {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="} if is_socket else {}
    return await world.gate.call(route.method, path, world.key, body=sent, **headers)


async def kept(world: World) -> dict[bytes, bytes]:
    """Everything of the owner's that is in Redis, but how often and when."""
    keys, client = world.gate.broker.keys, raw(world.gate.broker)
    names = [make(job) for make in (keys.job, keys.log, keys.files) for job in JOBS]
    names += [keys.uploads("planted-open"), keys.dead, keys.paused]
    found = {name.encode(): await client.dump(name) for name in names}
    found[b"key"] = await client.hget(keys.api_keys, world.ids["key_id"])
    return found


def cases() -> list[Any]:
    """Each of these routes; one that names a job for each of the owner's."""
    return [
        pytest.param(route, job, id=f"{title(route)} {job if 'job_id' in parameters(route.path) else ''}".strip())
        for route in in_path()
        for job in (JOBS if "job_id" in parameters(route.path) else JOBS[:1])
    ]


@pytest.mark.parametrize(("route", "job"), cases())
async def test_another_tenants_things_do_not_exist(world: World, route: Route, job: str) -> None:
    """The answer is the one for what was never there, to the letter; and what is there stays as it is."""
    names = parameters(route.path)
    assert set(names) <= world.ids.keys(), f"say in this file what {names} of {route.path} name"
    theirs, nothing = {**world.ids, "job_id": job}, {**world.ids, **world.unknown}
    before = await kept(world)
    found, control = await ask(world, route, theirs), await ask(world, route, nothing)
    is_operators = f"{route.method} {route.path}" in OPERATORS
    assert found.status == (HTTPStatus.FORBIDDEN if is_operators else HTTPStatus.NOT_FOUND), found.body
    assert found.status == control.status
    assert anonymous(found, theirs, names) == anonymous(control, nothing, names)
    assert found.headers.keys() == control.headers.keys()
    assert await kept(world) == before


def anonymous(answer: Answer, ids: dict[str, str], names: list[str]) -> str:
    """What an answer says, with the names taken out that were sent."""
    text = answer.body.decode()
    for name in names:
        text = text.replace(ids[name], name.upper())
    return text


@pytest.mark.parametrize("route", [r for r in elsewhere() if not is_endless(r)], ids=title)
async def test_no_answer_tells_of_another_tenant(world: World, route: Route) -> None:
    """Lists, counts and the answers to what is handed in hold nothing of the owner's, asked for or not."""
    queries = [""] + [f"?tenant={OWNER}"] * any(param.name == "tenant" for param in route.params)
    before = await kept(world)
    for query in queries:
        answer = await ask(world, route, {"name": "planted-kit", "kind": "banner"}, query)
        assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, answer.body
        assert answer.status not in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST), answer.body
        sent = ("planted-kit", OWNER)
        text = answer.body.decode()
        for word in sent if query or "{" in route.path else ():
            text = text.replace(word, "")
        assert [word for word in world.told if word in text] == []
    assert await kept(world) == before


def names_a_tenant(route: Route) -> bool:
    """Whether its body may say whose something is."""
    return "tenant" in getattr(route.body, "__struct_fields__", ())


@pytest.mark.parametrize("route", [route for route in guarded() if names_a_tenant(route)], ids=title)
async def test_nothing_is_done_in_another_tenants_name(world: World, route: Route) -> None:
    """A body that names the owner is refused wherever a body may name a tenant."""
    body = {**BODIES.get(route.path, {}), "tenant": OWNER}
    for tenant in (OWNER, "*"):
        answer = await ask(world, route, world.unknown, body={**body, "tenant": tenant})
        assert answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY), answer.body
    assert await raw(world.gate.broker).exists(world.gate.broker.keys.lines("default")) == 0


async def test_no_tenant_chooses_ids(world: World) -> None:
    """An id of one's own is refused, whoever has it: nobody takes others' away, or learns which there are."""
    refusals: list[dict[str, object]] = []
    for job_id in ("planted-done", "free", "in-1795290858033-0"):
        body = {"kind": "banner", "id": job_id, "input": {"prompt": "x"}}
        alone = await world.gate.call("POST", "/api/v1/jobs", world.key, body=body)
        batch = await world.gate.call("POST", "/api/v1/jobs/batch", world.key, body={"jobs": [body]})
        refusals += [alone.json, batch.json["items"][0]["error"]]
    assert [refusal["field"] for refusal in refusals] == ["id"] * 6
    assert "Idempotency-Key" in str(refusals[0]["hint"])
    assert all(refusal == refusals[0] for refusal in refusals)


async def test_an_idempotency_key_is_a_tenants_own(world: World) -> None:
    """The same key and input of two tenants are two jobs."""
    body = {"kind": "banner", "input": {"prompt": "x"}, "idempotency_key": "k"}
    keys = (world.key, await world.gate.key(OWNER))
    made = [await world.gate.call("POST", "/api/v1/jobs", key, body=body) for key in keys]
    assert made[0].json["job_id"] != made[1].json["job_id"]
    assert [answer.json["is_new"] for answer in made] == [True, True]


@pytest.mark.parametrize("route", [r for r in elsewhere() if is_endless(r)], ids=title)
@pytest.mark.parametrize("query", ["?last_event_id=0", f"?last_event_id=0&tenant={OWNER}"])
async def test_streams_carry_a_tenants_own_events(world: World, route: Route, query: str) -> None:
    """From the feed's beginning on, the intruder hears of his own job and of nothing else."""
    received = bytearray()
    url = world.gate.server.url + route.path + query
    headers = {"Authorization": f"Bearer {world.key}"}
    await world.gate.submit("mine", INTRUDER)
    with anyio.fail_after(10):
        if route.path.endswith("ws"):
            await read_socket(world, url, headers, received)
        else:
            await read_events(world, url, headers, received)
    text = received.decode().replace(OWNER, "") if "tenant" in query else received.decode()
    assert [word for word in world.told if word in text] == []
    assert ("job.queued" in text) is ("tenant" not in query)


async def read_events(world: World, url: str, headers: dict[str, str], received: bytearray) -> None:
    """Read an event stream until the intruder's own job shows, or it is refused."""
    async with world.gate.session.get(url, headers=headers) as response:
        async for chunk in response.content.iter_any():
            received.extend(chunk)
            if b'"mine"' in received:
                return


async def read_socket(world: World, url: str, headers: dict[str, str], received: bytearray) -> None:
    """The same over a WebSocket."""
    import aiohttp  # noqa: PLC0415

    try:
        async with world.gate.session.ws_connect(url, headers=headers) as socket:
            async for message in socket:
                received.extend(str(message.data).encode())
                if b'"mine"' in received:
                    return
    except aiohttp.WSServerHandshakeError as error:
        assert error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)  # noqa: PT017


async def test_the_owner_himself_finds_everything(world: World) -> None:
    """What the intruder is told does not exist is there for its owner: the test above could fail."""
    owner = await world.gate.key(OWNER)
    paths = [
        "/api/v1/jobs/planted-done",
        "/api/v1/status/planted-open",
        "/api/v1/artifacts/planted-done/planted.png",
        "/api/v1/jobs/planted-open/uploads/planted.png",
        f"/api/v1/dead/{world.ids['letter']}",
        "/api/v1/kits/planted-kit",
    ]
    assert [(await world.gate.get(path, owner)).status for path in paths] == [200] * len(paths)
    listed = json.dumps(
        [(await world.gate.get(f"/api/v1/{path}", owner)).json for path in ("jobs", "dead", "keys", "kits")]
    )
    assert all(
        word in listed
        for word in ("planted-done", "planted-open", world.ids["letter"], world.ids["key_id"], "planted-kit")
    )


@pytest.mark.parametrize("route", guarded(), ids=title)
async def test_no_route_answers_a_stranger(world: World, route: Route) -> None:
    """Without a key, with a made-up one, and with one whose scope is too small: nothing but a refusal."""
    names = {**world.ids, "kind": "banner"}
    for key in ("", "sf_" + "a" * 12 + "_" + "b" * 40):
        answer = await ask(msgspec.structs.replace(world, key=key), route, names)
        assert answer.status == HTTPStatus.UNAUTHORIZED
        assert not any(word in answer.body.decode() for word in world.told)
    if route.scope is not Scope.READ:
        reader = await world.gate.key(OWNER, Scope.READ)
        assert (await ask(msgspec.structs.replace(world, key=reader), route, names)).status == HTTPStatus.FORBIDDEN
