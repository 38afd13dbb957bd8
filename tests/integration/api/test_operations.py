"""What operators look at and do: kinds, queues, workers, dead letters, accounts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from time import time_ns

import pytest
from msgspec.structs import replace

from streamforge.accounts.model import Scope
from streamforge.api.circuits import Circuits
from streamforge.api.money import Money
from streamforge.broker.broker import Broker
from streamforge.traffic.benches import Benches
from streamforge.traffic.breaker import Breaker
from streamforge.traffic.budgets import Allowance, Budgets, Credits
from streamforge.traffic.ledger import Books
from streamforge.traffic.model import Scope as ModelScope
from streamforge.traffic.money import Charge, hold_name
from streamforge.traffic.prices import Used
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts
from tests.integration.api.gate import Gate, opened
from tests.integration.moves import raw, settle, submit, take, take_one


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks for keys."""
    async with opened(Gate(broker, auth="always")) as made:
        yield made


async def dead(broker: Broker, job_id: str, tenant: str = "acme", kind: str = "echo") -> str:
    """A job that failed; the id of its dead letter."""
    await submit(broker, job_id, tenant=tenant, kind=kind)
    await settle(broker, await take_one(broker), "failed", reason="internal")
    return (await raw(broker).xrevrange(broker.keys.dead, count=1))[0][0].decode()


async def test_kinds_tell_their_input(gate: Gate) -> None:
    """Each with its schema and an example that would be accepted; an unknown one is 404 with what is near."""
    key = await gate.key()
    rows = (await gate.get("/api/v1/kinds", key)).json["items"]
    assert [row["kind"] for row in rows] == ["banner", "plain"]
    kind = (await gate.get("/api/v1/kinds/banner", key)).json
    assert "prompt" in json.dumps(kind["input_schema"])
    taken = await gate.call("POST", "/api/v1/jobs", key, body={"kind": "banner", "input": kind["example"]})
    assert taken.status == 202
    unknown = await gate.get("/api/v1/kinds/baner", key)
    assert (unknown.status, unknown.json["hint"]) == (404, "did you mean 'banner'?")


async def test_queues_tell_what_is_in_them(gate: Gate, broker: Broker) -> None:
    """How much waits and runs, by priority and tenant, and for how long; a tenant sees its own alone."""
    for number in range(3):
        await submit(broker, f"job-{number}", tenant="acme")
    await submit(broker, "theirs", tenant="other")
    await take(broker, 1)
    (everything,) = (await gate.get("/api/v1/queues", await gate.key("*"))).json["items"]
    assert (everything["queue"], everything["paused"]) == ("default", False)
    assert (everything["waiting"], everything["running"]) == (3, 1)
    assert everything["priorities"] == {"high": 0, "normal": 3, "low": 0}
    assert {line["tenant"] for line in everything["lines"]} == {"acme", "other"}
    assert everything["oldest_age_s"] >= 0
    (own,) = (await gate.get("/api/v1/queues", await gate.key("other"))).json["items"]
    assert own["waiting"] + own["running"] == 1
    assert [line["tenant"] for line in own["lines"]] == ["other"]


async def test_an_operator_pauses_and_resumes(gate: Gate, broker: Broker) -> None:
    """Nothing more is started while it is paused; the second time nothing changes."""
    key, path = await gate.key("*"), "/api/v1/queues/default"
    await submit(broker)
    for changed in (True, False):
        paused = await gate.call("POST", f"{path}/pause", key)
        assert (paused.status, paused.json) == (200, {"queue": "default", "paused": True, "changed": changed})
    assert await take(broker) == []
    assert (await gate.get("/api/v1/queues", key)).json["items"][0]["paused"] is True
    assert (await gate.call("POST", f"{path}/resume", key)).json["changed"] is True
    assert len(await take(broker)) == 1


async def test_what_concerns_everybody_is_an_operators(gate: Gate) -> None:
    """A tenant's own admin can stop no queue, send no worker home and give nobody credits."""
    key = await gate.key("acme")
    for path in ("queues/default/pause", "queues/default/resume", "workers/w1/drain", "accounts/acme/credits"):
        refused = await gate.call("POST", f"/api/v1/{path}", key, body={"usd": 1, "id": "p1"})
        assert (refused.status, refused.json["code"]) == (403, "not_allowed")
    for method, path in (("GET", "models"), ("POST", "models/lift")):
        assert (await gate.call(method, f"/api/v1/{path}", key)).status == 403
    assert await gate.store.paused() == []


async def test_workers_tell_what_they_hold(gate: Gate, broker: Broker) -> None:
    """Those alive, with how many jobs they hold in each queue; a tenant's own jobs alone are counted for it."""
    keys = broker.keys
    await raw(broker).sadd(keys.workers, "w1", "w2", "gone")
    for name in ("w1", "w2"):
        await raw(broker).set(keys.worker(name), b"alive")
    await submit(broker, "a", tenant="acme")
    await submit(broker, "b", tenant="other")
    await take(broker, worker="w1")
    everything = (await gate.get("/api/v1/workers", await gate.key("*"))).json["items"]
    assert everything == [
        {"name": "w1", "busy": 2, "queues": {"default": 2}},
        {"name": "w2", "busy": 0, "queues": {}},
    ]
    own = (await gate.get("/api/v1/workers", await gate.key("acme"))).json["items"]
    assert [worker["busy"] for worker in own] == [1, 0]


async def test_a_worker_is_told_to_end(gate: Gate, broker: Broker) -> None:
    """The message goes out on the control channel; a worker that nobody knows is 404."""
    await raw(broker).sadd(broker.keys.workers, "w1")
    await raw(broker).set(broker.keys.worker("w1"), b"alive")
    key = await gate.key("*")
    async with raw(broker).pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(broker.keys.control)
        await channel.get_message(timeout=1)  # the subscription's own
        told = await gate.call("POST", "/api/v1/workers/w1/drain", key)
        assert (told.status, told.json) == (202, {"name": "w1", "heard": 1})
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=5)
        assert json.loads(message["data"]) == {"drain": "w1"}
    assert (await gate.call("POST", "/api/v1/workers/w9/drain", key)).status == 404


async def test_letters_are_found_and_looked_at(gate: Gate, broker: Broker) -> None:
    """Page by page, filtered; one of them with the input of its job and a friendly sentence."""
    letters = [await dead(broker, f"job-{number}", kind=kind) for number, kind in enumerate(("echo", "other", "echo"))]
    key = await gate.key("acme")
    first = (await gate.get("/api/v1/dead?limit=2", key)).json
    assert [row["id"] for row in first["items"]] == letters[:0:-1]
    last = (await gate.get(f"/api/v1/dead?limit=2&cursor={first['next_cursor']}", key)).json
    assert ([row["id"] for row in last["items"]], "next_cursor" in last) == (letters[:1], False)
    (other,) = (await gate.get("/api/v1/dead?kind=other", key)).json["items"]
    assert (other["job_id"], other["reason"], other["source"]) == ("job-1", "internal", "job")
    one = (await gate.get(f"/api/v1/dead/{letters[0]}", key)).json
    assert (one["input"], one["error"]["code"]) == ({"text": "hi"}, "internal")
    assert one["error"]["friendly"]


async def test_letters_are_their_tenants(gate: Gate, broker: Broker) -> None:
    """Another tenant's letter is 404 for whatever is done with it; an operator sees all, refused messages, too."""
    letter = await dead(broker, "job-1")
    message = {
        "source": "inbox",
        "reason": "invalid_input",
        "error": b'{"code":"invalid_input","message":"x"}',
        "at": "1",
    }
    await raw(broker).xadd(broker.keys.dead, {**message, "fields": b'{"kind":"echo"}'})
    stranger = await gate.key("other")
    assert (await gate.get("/api/v1/dead", stranger)).json == {"items": []}
    assert (await gate.get("/api/v1/dead?tenant=acme", stranger)).json == {"items": []}
    for method, path in (("GET", ""), ("POST", "/requeue"), ("DELETE", "")):
        assert (await gate.call(method, f"/api/v1/dead/{letter}{path}", stranger)).status == 404
    rows = (await gate.get("/api/v1/dead", await gate.key("*"))).json["items"]
    assert [row["source"] for row in rows] == ["inbox", "job"]
    shown = (await gate.get(f"/api/v1/dead/{rows[0]['id']}", await gate.key("*"))).json
    assert shown["fields"] == {"kind": "echo"}


async def test_a_letter_is_tried_again_or_forgotten(gate: Gate, broker: Broker) -> None:
    """202 and its job waits again; 204 and it is gone; then both are 404, and a job that runs is 409."""
    key = await gate.key("acme")
    again, forgotten, busy = [await dead(broker, f"job-{number}") for number in (1, 2, 3)]
    tried = await gate.call("POST", f"/api/v1/dead/{again}/requeue", key, body={"fresh": True})
    assert (tried.status, tried.json["job_id"]) == (202, "job-1")
    assert (await gate.get("/api/v1/jobs/job-1", key)).json["state"] == "queued"
    assert (await gate.call("DELETE", f"/api/v1/dead/{forgotten}", key)).status == 204
    for letter in (again, forgotten):
        assert (await gate.call("POST", f"/api/v1/dead/{letter}/requeue", key)).status == 404
    await raw(broker).hset(broker.keys.job("job-3"), "state", "running")
    refused = await gate.call("POST", f"/api/v1/dead/{busy}/requeue", key)
    assert (refused.status, refused.json["code"]) == (409, "wrong_state")


@pytest.fixture
async def bank(broker: Broker) -> AsyncIterator[Gate]:
    """A server that keeps books; acme pays beforehand and may spend two dollars a day."""
    scripts = Scripts(broker.client, broker.keys, Rules())
    own = {"acme": Allowance(day_usd=2.0, is_prepaid=True)}
    money = Money(Books(broker.client, broker.keys), Credits(broker.client, broker.keys, scripts), Budgets(own=own))
    gate = Gate(broker, auth="always")
    gate.front = replace(gate.front, money=money)
    gate.serve()
    async with opened(gate) as made:
        await scripts.charge(
            Charge(
                id="job-1.x.1",
                call="job-1.x.1",
                hold=hold_name("nobody", 0),
                is_answered=True,
                scope=ModelScope("anthropic", "claude"),
                tenant="acme",
                job_id="job-1",
                step="design",
                cost=500_000,
                used=Used(input_tokens=1000, output_tokens=200),
                fingerprint="f",
            )
        )
        yield made


async def test_an_account_tells_what_was_spent(bank: Gate) -> None:
    """Today's spending by model, what is left of the budget, and the credits; ``me`` is the caller's own."""
    account = (await bank.get("/api/v1/accounts/me", await bank.key("acme"))).json
    assert (account["tenant"], account["spent_today_usd"], account["calls_today"]) == ("acme", 0.5, 1)
    assert (account["budget_usd"], account["left_today_usd"], account["is_prepaid"]) == (2.0, 1.5, True)
    assert account["models"]["anthropic/claude"]["input_tokens"] == 1000
    assert account["resets_ms"] % 86_400_000 == 0
    operator = await bank.key("*")
    assert (await bank.get("/api/v1/accounts/acme", operator)).json["tenant"] == "acme"
    idle = (await bank.get("/api/v1/accounts/idle", operator)).json
    assert (idle["spent_today_usd"], "budget_usd" in idle, "balance_usd" in idle) == (0.0, False, False)
    assert (await bank.get("/api/v1/accounts/acme", await bank.key("other"))).status == 404


async def test_credits_are_given_once(bank: Gate) -> None:
    """The same payment sent twice counts once, and each answer tells the balance; with another amount it is 409."""
    key, path = await bank.key("*"), "/api/v1/accounts/fresh/credits"
    for is_new in (True, False):
        given = await bank.call("POST", path, key, body={"usd": 10.5, "id": "pay-1", "note": "invoice 7"})
        assert (given.status, given.json) == (200, {"tenant": "fresh", "balance_usd": 10.5, "is_new": is_new})
    other = await bank.call("POST", path, key, body={"usd": 11, "id": "pay-1"})
    assert (other.status, other.json["field"]) == (409, "id")
    assert (await bank.get("/api/v1/accounts/fresh", key)).json["granted_usd"] == 10.5


async def test_a_day_tells_what_was_spent(bank: Gate) -> None:
    """In all and by model, of today or the day that is named; another tenant's day does not exist."""
    key = await bank.key("acme")
    today = (await bank.get("/api/v1/accounts/me/spending", key)).json
    assert (today["tenant"], today["total"]["usd"], today["total"]["calls"]) == ("acme", 0.5, 1)
    assert today["models"]["anthropic/claude"]["output_tokens"] == 200
    assert (await bank.get(f"/api/v1/accounts/me/spending?day={today['day']}", key)).json == today
    earlier = (await bank.get("/api/v1/accounts/acme/spending?day=2020-02-29", key)).json
    assert (earlier["day"], earlier["total"]["calls"], earlier["models"]) == ("2020-02-29", 0, {})
    for day in ("2021-02-29", "today", "", "-1", "null"):
        refused = await bank.get(f"/api/v1/accounts/me/spending?day={day}", key)
        assert (refused.status, refused.json["field"]) == (422, "day")
    assert (await bank.get("/api/v1/accounts/acme/spending", await bank.key("other"))).status == 404


async def test_credits_are_told_to_the_last(bank: Gate) -> None:
    """What is left, and all that came and went; none of another tenant's."""
    operator = await bank.key("*")
    await bank.call("POST", "/api/v1/accounts/fresh/credits", operator, body={"usd": 10.5, "id": "pay-1"})
    told = (await bank.get("/api/v1/accounts/me/credits", await bank.key("fresh"))).json
    assert told == {"tenant": "fresh", "left_usd": 10.5, "granted_usd": 10.5, "spent_usd": 0.0, "held_usd": 0.0}
    assert (await bank.get("/api/v1/accounts/fresh/credits", await bank.key("other"))).status == 404


async def test_models_are_looked_at_and_lifted(broker: Broker) -> None:
    """Operators see which models are held back and which keys were refused, and have them tried at once."""
    scope, keys = ModelScope("anthropic", "claude"), broker.keys
    later_ms = time_ns() // 1_000_000 + 60_000
    await raw(broker).hset(keys.model(scope.name), mapping={"open_until": later_ms, "opens": 1})
    await raw(broker).hset(keys.benched("anthropic"), "f00d", f"{later_ms} unauthorized")
    gate = Gate(broker, auth="always")
    watched = Circuits(Breaker(broker.client, keys), Benches(broker.client, keys), (scope.name,), ("anthropic",))
    gate.front = replace(gate.front, circuits=watched)
    gate.serve()
    async with opened(gate):
        key = await gate.key("*")
        before = (await gate.get("/api/v1/models", key)).json
        assert [one["state"] for one in before["circuits"]] == ["open"]
        assert before["keys"] == [
            {"provider": "anthropic", "fingerprint": "f00d", "model": "", "reason": "unauthorized", "lifted": False}
        ]
        assert (await gate.call("POST", "/api/v1/models/lift", await gate.key("*", Scope.SUBMIT))).status == 403
        lifted = (await gate.call("POST", "/api/v1/models/lift", key)).json
        assert (lifted["circuits"][0]["state"], lifted["keys"][0]["lifted"]) == ("closed", True)
        assert (await gate.get("/api/v1/models", key)).json["keys"] == []


async def test_a_jobs_cost_is_in_its_view(bank: Gate) -> None:
    """What its calls came to, in dollars and tokens; a job that made none has no cost."""
    key = await bank.key("acme")
    await bank.submit("job-1")
    await bank.submit("job-2")
    cost = (await bank.get("/api/v1/jobs/job-1", key)).json["cost"]
    assert (cost["usd"], cost["calls"], cost["input_tokens"], cost["output_tokens"]) == (0.5, 1, 1000, 200)
    assert "cost" not in (await bank.get("/api/v1/jobs/job-2", key)).json
