"""API keys over HTTP: what administrators can do with them, each within his own walls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from streamforge.accounts.model import Scope
from streamforge.broker.broker import Broker
from tests.integration.api.gate import Gate, opened

KEYS = "/api/v1/keys"
ME = "/api/v1/me"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks everybody for a key."""
    async with opened(Gate(broker, auth="always")) as made:
        yield made


async def test_an_operator_makes_keys_for_every_tenant(gate: Gate) -> None:
    """The secret is in the answer to its making and nowhere else; the key works at once."""
    admin = await gate.key("*")
    wanted = {"tenant": "acme", "scopes": ["submit", "read"], "note": "the shop", "expires_in_s": 60}
    made = await gate.call("POST", KEYS, admin, body=wanted)
    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert (made.json["tenant"], made.json["scopes"]) == ("acme", ["submit", "read"])
    assert (await gate.get(ME, made.json["key"])).json["tenant"] == "acme"
    listed = await gate.get(KEYS, admin)
    assert made.json["key"].split("_")[2] not in listed.body.decode()
    own, other = listed.json["items"]
    assert own["tenant"] == "*"
    assert (other["id"], other["note"]) == (made.json["id"], "the shop")
    assert other["expires_ms"] - other["created_ms"] == 60_000
    assert other["last_used_ms"] >= other["created_ms"]
    assert not other.get("is_expired")


async def test_a_tenants_administrator_sees_his_own(gate: Gate) -> None:
    """His keys are listed, made and revoked; another tenant's are not there; none is made for another."""
    admin, other = await gate.key("acme"), await gate.key("other")
    assert {item["tenant"] for item in (await gate.get(KEYS, admin)).json["items"]} == {"acme"}
    assert (await gate.call("POST", KEYS, admin, body={})).json["tenant"] == "acme"
    for tenant in ("other", "*"):
        refused = await gate.call("POST", KEYS, admin, body={"tenant": tenant})
        assert (refused.status, refused.json["field"]) == (403, "tenant")
    for method, path in (("DELETE", ""), ("POST", "/rotate")):
        for key_id in (other.split("_")[1], "a" * 12):
            answer = await gate.call(method, f"{KEYS}/{key_id}{path}", admin, body={} if path else None)
            assert (answer.status, answer.json["detail"]) == (404, f"no API key '{key_id}'")
    assert (await gate.get(ME, other)).status == 200


async def test_a_list_goes_on_where_it_stopped(gate: Gate) -> None:
    """Page by page every key comes once."""
    admin = await gate.key("*")
    made = [admin.split("_")[1], *[(await gate.key("acme")).split("_")[1] for _ in range(4)]]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await gate.get(f"{KEYS}?limit=2&cursor={cursor}", admin)).json
        seen += [item["id"] for item in page["items"]]
        cursor = page.get("next_cursor", "")
    assert sorted(seen) == sorted(made)
    assert not cursor


async def test_a_key_is_rotated_with_an_overlap(gate: Gate) -> None:
    """Old and new secret are good side by side, then the old one alone no more."""
    admin, old = await gate.key("*"), await gate.key("acme", Scope.READ)
    path = f"{KEYS}/{old.split('_')[1]}/rotate"
    new = (await gate.call("POST", path, admin, body={"overlap_s": 60})).json
    assert (new["id"], new["scopes"]) == (old.split("_")[1], ["read"])
    assert [(await gate.get(ME, key)).status for key in (old, new["key"])] == [200, 200]
    newest = (await gate.call("POST", path, admin, body={})).json["key"]
    assert [(await gate.get(ME, key)).status for key in (old, new["key"], newest)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tenant": "a/b"}, "tenant"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes[0]"),
        ({"note": "x" * 201}, "note"),
        ({"note": "\n"}, "note"),
        ({"expires_in_s": -1}, "expires_in_s"),
        ({"expires_in_s": 1e12}, "expires_in_s"),
        ({"more": 1}, "more"),
        ([], "body"),
    ],
    ids=str,
)
async def test_a_key_that_cannot_be_is_refused(gate: Gate, body: Any, field: str) -> None:  # noqa: ANN401
    """The wrong field is named, and no key is made."""
    admin = await gate.key("*")
    answer = await gate.call("POST", KEYS, admin, body=body)
    assert answer.status == 422
    assert answer.json["field"] in (field, "input")
    assert len((await gate.get(KEYS, admin)).json["items"]) == 1
