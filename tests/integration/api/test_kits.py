"""Brand kits over HTTP, with the banner's own shelf behind them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.pipelines.banner.kits import Kits
from streamforge.pipelines.banner.pictures import Pictures
from streamforge.pipelines.banner.shelf import Shelf
from streamforge.storage.objects import Objects
from tests.integration.api.gate import Gate, opened

KITS = "/api/v1/kits"
KIT = {"name": "Acme", "colors": [{"hex": "#ff0000", "role": "primary"}], "forbidden": ["#00ff00"]}


async def unseen(picture: str, field: str) -> None:
    """Looks at no picture."""
    del picture, field


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks for keys, over kits in memory."""
    made = Gate(broker, auth="always")
    objects = Objects.open("memory://", Path())
    made.front = replace(made.front, kits=Shelf(Kits(objects, Pictures(), unseen)))
    made.serve()
    async with opened(made):
        yield made


async def test_a_kit_is_kept_and_found(gate: Gate) -> None:
    """As it is kept, with defaults filled in; listed by its name; gone when deleted."""
    key = await gate.key("acme")
    kept = await gate.call("PUT", f"{KITS}/spring-1", key, body=KIT)
    assert kept.status == 200
    assert (kept.json["name"], kept.json["clear_space"]) == ("Acme", 0.2)
    found = await gate.get(f"{KITS}/spring-1", key)
    assert (found.status, found.json) == (200, kept.json)
    assert (await gate.get(KITS, key)).json == {"items": [{"name": "spring-1", "url": f"{KITS}/spring-1"}]}
    assert (await gate.call("DELETE", f"{KITS}/spring-1", key)).status == 204
    assert (await gate.call("DELETE", f"{KITS}/spring-1", key)).status == 404
    assert (await gate.get(f"{KITS}/spring-1", key)).status == 404


async def test_a_list_goes_on_where_it_stopped(gate: Gate) -> None:
    """By name, page by page."""
    key = await gate.key("acme")
    for name in ("c", "a", "b"):
        await gate.call("PUT", f"{KITS}/{name}", key, body=KIT)
    first = (await gate.get(f"{KITS}?limit=2", key)).json
    rest = (await gate.get(f"{KITS}?limit=2&cursor={first['next_cursor']}", key)).json
    assert [item["name"] for item in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert "next_cursor" not in rest


async def test_tenants_kits_are_apart(gate: Gate) -> None:
    """The same name is another kit for another tenant; only an operator can name whose."""
    key, other, admin = await gate.key("acme"), await gate.key("other"), await gate.key("*")
    await gate.call("PUT", f"{KITS}/k", key, body=KIT)
    assert (await gate.get(f"{KITS}/k", other)).status == 404
    assert (await gate.get(f"{KITS}/k?tenant=acme", other)).status == 404
    assert (await gate.get(f"{KITS}?tenant=acme", other)).status == 404
    assert (await gate.call("PUT", f"{KITS}/k?tenant=acme", other, body={"name": "Mine"})).status == 404
    assert (await gate.get(f"{KITS}/k?tenant=acme", admin)).json["name"] == "Acme"
    assert (await gate.get(f"{KITS}/k", admin)).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colors": [{"hex": "red"}]}, "colors[0].hex"),
        ({"colours": []}, "colours"),
        ({"display_font": "comic"}, "display_font"),
        ({"logos": [{"picture": "file:///etc/passwd"}]}, "logos[0].picture"),
        ({"logos": [{"picture": "http://169.254.169.254/"}]}, "logos[0].picture"),
        ({"colors": [{"hex": "#0f0"}], "forbidden": ["#00ff00"]}, "colors"),
    ],
    ids=str,
)
async def test_a_kit_that_cannot_be_followed_is_refused(gate: Gate, body: dict[str, object], field: str) -> None:
    """The field is named, and nothing is kept; no address is fetched that the operator has not allowed."""
    key = await gate.key("acme")
    answer = await gate.call("PUT", f"{KITS}/k", key, body=body)
    assert (answer.status, answer.json["field"]) == (422, field), answer.json
    assert (await gate.get(KITS, key)).json == {"items": []}


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fk", "A", "a" * 65, "%00", "a.b"])
async def test_only_a_name_is_a_name(gate: Gate, name: str) -> None:
    """No path, and no form that could not be listed."""
    key = await gate.key("acme")
    for method in ("GET", "PUT", "DELETE"):
        answer = await gate.call(method, f"{KITS}/{name}", key, body=KIT if method == "PUT" else None)
        assert answer.status in (404, 422), answer.body


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[" * 50_000, b"\xff"])
async def test_what_is_no_kit_is_refused(gate: Gate, data: bytes) -> None:
    """Whatever the body holds, also depths that no parser should follow."""
    answer = await gate.call("PUT", f"{KITS}/k", await gate.key("acme"), data=data, Content_Type="application/json")
    assert answer.status == 422
    assert json.loads(answer.body)["code"] == "invalid_input"
