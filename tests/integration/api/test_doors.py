"""Doors that stay shut: to metrics from elsewhere, and to pages of every origin."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.door import Door
from streamforge.accounts.model import Scope
from streamforge.api import auth
from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings
from streamforge.errors import ConfigError
from tests.integration.api.gate import Gate, opened


@pytest.fixture
async def closed(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks everybody for a key."""
    async with opened(Gate(broker, auth="always")) as made:
        yield made


def elsewhere(_: str) -> bool:
    """As on an address that others can reach."""
    return False


async def test_metrics_are_an_operators(closed: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine they need no key; what a proxy passed on needs an operator's, and so does another address."""
    tenant, operator = await closed.key("acme"), await closed.key("*", Scope.READ)
    assert (await closed.get("/metrics")).status == 200
    for header in ("X-Forwarded-For", "Via", "X-Forwarded-Proto", "CF-Ray"):
        assert (await closed.get("/metrics", **{header: "1"})).status == 401, header
    assert (await closed.get("/metrics", tenant)).status == 403
    assert (await closed.get("/metrics", operator, Via="1.1 proxy")).status == 200
    monkeypatch.setattr(auth, "is_loopback", elsewhere)
    assert (await closed.get("/metrics")).status == 401
    assert (await closed.get("/metrics", operator)).status == 200


async def test_a_door_stays_shut_to_every_origin(broker: Broker) -> None:
    """Where no key is asked for, pages of all origins may not be let in: the daemon does not start."""
    keys = Accounts(broker).keys
    with pytest.raises(ConfigError) as caught:
        await Door(keys, ApiSettings(cors_origins=("*",))).start()
    assert caught.value.field == "api.cors_origins"
    await Door(keys, ApiSettings(cors_origins=("https://app.example.com",))).start()
    await Door(keys, ApiSettings(cors_origins=("*",), auth="always")).start()
