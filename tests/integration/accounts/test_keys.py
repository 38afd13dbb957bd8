"""API keys over a real server: kept as hashes, told from memory, refused soon after they are revoked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streamforge.accounts import keys as api_keys
from streamforge.accounts import lately
from streamforge.accounts.accounts import Accounts
from streamforge.accounts.door import Door
from streamforge.accounts.keyring import NOTED_S, Keyring
from streamforge.accounts.keys import ApiKeys, NewKey
from streamforge.accounts.lately import FRESH_S, Lately
from streamforge.accounts.model import Scope, new_id, new_secret, parts_of, written
from streamforge.broker.broker import Broker
from streamforge.config import ApiSettings
from streamforge.errors import ConfigError, InvalidInput, NotFound
from tests.integration.moves import raw

NEW = NewKey(tenant="acme", scopes=(Scope.SUBMIT, Scope.READ, Scope.SUBMIT), note="the shop")


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.s


class Counting(ApiKeys):
    """Counts the questions to Redis."""

    asked = 0
    noted = 0

    async def find(self, key_id: str) -> Any:  # noqa: ANN401 - as it is there
        """Count, and ask."""
        self.asked += 1
        return await super().find(key_id)

    async def note_use(self, key_id: str) -> None:
        """Count, and write."""
        self.noted += 1
        await super().note_use(key_id)


@pytest.fixture
def keys(broker: Broker) -> Counting:
    """The keys of the emptied shared server."""
    return Counting(broker)


async def test_a_key_is_made_and_listed_without_its_secret(keys: ApiKeys, broker: Broker) -> None:
    """The record has what was asked for, each scope once; no byte of the secret is anywhere in Redis."""
    issued = await keys.create(NEW)
    (listed,) = await keys.list()
    assert listed.key == issued.key
    assert (listed.key.tenant, listed.key.scopes, listed.key.note) == ("acme", (Scope.SUBMIT, Scope.READ), "the shop")
    assert listed.used_ms == 0
    parts = parts_of(issued.token)
    assert parts is not None
    kept = [await raw(broker).dump(key) for key in await raw(broker).keys("*")]
    assert not any(parts[1].encode() in blob or parts[1][:12].encode() in blob for blob in kept)


async def test_tenants_are_listed_apart(keys: ApiKeys) -> None:
    """A tenant's list has its own keys alone, in the order of their making."""
    made = [(await keys.create(NewKey(tenant=tenant))).key.id for tenant in ("acme", "other", "acme")]
    assert {entry.key.id for entry in await keys.list("acme")} == {made[0], made[2]}
    assert [entry.key.id for entry in await keys.list("nobody")] == []
    times = [entry.key.created_ms for entry in await keys.list()]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (NewKey(tenant="a/b"), "tenant"),
        (NewKey(tenant="acme", scopes=()), "scopes"),
        (NewKey(tenant="acme", note="x" * 201), "note"),
        (NewKey(tenant="acme", expires_in_s=-1), "expires_in_s"),
        (NewKey(tenant="acme", expires_in_s=float("inf")), "expires_in_s"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(keys: ApiKeys, wanted: NewKey, field: str) -> None:
    """The field that is wrong is named, and nothing is kept."""
    with pytest.raises(InvalidInput) as caught:
        await keys.create(wanted)
    assert caught.value.field == field
    assert await keys.list() == []


async def test_a_rotated_key_has_two_secrets_for_a_while(keys: ApiKeys) -> None:
    """With an overlap both are good; without one the secret before is good no more; the id stays."""
    ring = Keyring(keys)
    first = await keys.create(NEW)
    second = await keys.rotate(first.key.id, overlap_s=60)
    assert second.key.id == first.key.id
    assert await ring.holder_of(first.token) is not None
    third = await keys.rotate(first.key.id)
    ring.forget(first.key.id)
    good = [await ring.holder_of(issued.token) is not None for issued in (first, second, third)]
    assert good == [False, False, True]


async def test_rotations_at_once_lose_no_secret(keys: ApiKeys) -> None:
    """Ten at once end with the last one's secret as the newest, and one before it: none is written over unseen."""
    key_id = (await keys.create(NEW)).key.id
    issued = await asyncio.gather(*(keys.rotate(key_id, overlap_s=60) for _ in range(10)))
    found = await keys.find(key_id)
    assert found is not None
    digests = {entry.key.digests[0].sha256 for entry in issued}
    assert len(digests) == 10
    assert {digest.sha256 for digest in found.digests} <= digests
    assert [bool(digest.until_ms) for digest in found.digests] == [False, True]


async def test_what_is_not_there_cannot_be_changed(keys: ApiKeys) -> None:
    """Rotating or revoking an unknown key says so."""
    for act in (keys.rotate, keys.revoke):
        with pytest.raises(NotFound):
            await act(new_id())


async def test_a_key_in_use_costs_redis_nothing(keys: Counting) -> None:
    """A hundred requests within the time of freshness ask once, and write its use once."""
    clock, token = Clock(), (await keys.create(NEW)).token
    ring = Keyring(keys, clock)
    for _ in range(100):
        assert await ring.holder_of(token) is not None
    assert (keys.asked, keys.noted) == (1, 1)
    clock.s += FRESH_S
    assert await ring.holder_of(token) is not None
    assert (keys.asked, keys.noted) == (2, 1)
    clock.s += NOTED_S
    assert await ring.holder_of(token) is not None
    assert keys.noted == 2
    assert (await keys.list())[0].used_ms > 0


async def test_a_revoked_key_is_refused_soon_everywhere(keys: ApiKeys) -> None:
    """Another process believes it for ``FRESH_S`` at the most; the one that revoked it not at all."""
    clock, issued = Clock(), await keys.create(NEW)
    here, elsewhere = Keyring(keys, clock), Keyring(keys, clock)
    for ring in (here, elsewhere):
        assert await ring.holder_of(issued.token) is not None
    await keys.revoke(issued.key.id)
    here.forget(issued.key.id)
    assert await here.holder_of(issued.token) is None
    assert await elsewhere.holder_of(issued.token) is not None
    clock.s += FRESH_S
    assert await elsewhere.holder_of(issued.token) is None
    assert not await elsewhere.is_good(issued.key.id)


async def test_a_session_ends_with_its_secret(keys: ApiKeys) -> None:
    """What was opened with a secret holds while that secret does, whatever other secret the key has now."""
    ring = Keyring(keys)
    issued = await keys.create(NEW)
    holder = await ring.holder_of(issued.token)
    assert holder is not None
    assert await ring.holder_by(issued.key.id, holder.fingerprint) is not None
    await keys.rotate(issued.key.id)
    ring.forget(issued.key.id)
    assert await ring.holder_by(issued.key.id, holder.fingerprint) is None
    assert await ring.is_good(issued.key.id)


async def test_made_up_keys_do_not_fill_the_memory(keys: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a flood of unknown ids only the latest are remembered, and those are not asked about again."""
    monkeypatch.setattr(lately, "MOST", 8)
    ring = Keyring(keys)
    tokens = [written(new_id(), new_secret()) for _ in range(50)]
    for token in tokens:
        assert await ring.holder_of(token) is None
    for token in tokens[-8:]:
        assert await ring.holder_of(token) is None
    assert keys.asked == 50
    assert await ring.holder_of(tokens[-9]) is None
    assert keys.asked == 51
    assert keys.noted == 0


async def test_an_answer_on_its_way_does_not_undo_what_was_done_meanwhile() -> None:
    """What this process has just changed stands, though the question was asked before that."""
    clock, begun, may_end = Clock(), asyncio.Event(), asyncio.Event()

    async def ask(_: str) -> bool:
        begun.set()
        await may_end.wait()
        return True

    answers = Lately(ask, clock=clock)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(answers.of("session"))
        await begun.wait()
        clock.s += 0.1
        answers.put("session", False)
        may_end.set()
    assert not asked.result()
    assert not await answers.of("session")


async def test_keys_made_at_once_are_counted(keys: ApiKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask at the same time, there are never more than there may be."""
    monkeypatch.setattr(api_keys, "MOST_KEYS", 5)
    made = await asyncio.gather(*(keys.create(NEW) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, InvalidInput) for one in made) == 15
    assert len(await keys.list()) == 5


async def test_an_expired_key_is_listed_and_refused(keys: ApiKeys) -> None:
    """Its record stays for its administrator to see."""
    issued = await keys.create(NewKey(tenant="acme", expires_in_s=0.001))
    late = Keyring(keys, now_ms=lambda: issued.key.expires_ms)
    assert await late.holder_of(issued.token) is None
    assert [entry.key.id for entry in await keys.list()] == [issued.key.id]


async def test_signatures_are_the_same_on_every_daemon(broker: Broker) -> None:
    """Two that start at once sign alike; another fact, another order, another purpose is another signature."""
    one, two = Accounts(broker).signer, Accounts(broker).signer
    first, second = await asyncio.gather(one.sign("file", "a", 1), two.sign("file", "a", 1))
    assert first == second
    assert await two.is_signed(first, "file", "a", 1)
    others: list[tuple[str, list[str | int]]] = [
        ("file", ["a", 2]),
        ("file", [1, "a"]),
        ("session", ["a", 1]),
        ("file", ["a1"]),
        ("file", ["a", "1"]),
    ]
    assert not any([await two.is_signed(first, purpose, *facts) for purpose, facts in others])
    assert not await two.is_signed("é", "file", "a", 1)


async def test_a_ticket_is_good_once(broker: Broker) -> None:
    """It gives back what it stands for, then nothing; it is not kept as it is written, and not for ever."""
    tickets = Accounts(broker).tickets
    ticket = await tickets.issue(b"somebody")
    names = await raw(broker).keys("*ticket*")
    assert len(names) == 1
    assert ticket.encode() not in names[0]
    assert 0 < await raw(broker).ttl(names[0]) <= 30
    found = await asyncio.gather(*(tickets.redeem(ticket) for _ in range(5)))
    assert sorted(found, key=str) == sorted([b"somebody", None, None, None, None], key=str)
    assert await tickets.redeem("another") is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104 - it must be refused
async def test_an_open_address_without_keys_is_refused_at_start(keys: ApiKeys, host: str) -> None:
    """The error names the setting and the command that helps; with a key the same start succeeds."""
    door = Door(keys, ApiSettings(host=host))
    with pytest.raises(ConfigError, match="there is no API key yet") as caught:
        await door.start()
    assert caught.value.field == "api.host"
    assert "streamforge keys create --admin" in (caught.value.hint or "")
    await keys.create(NEW)
    await door.start()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize("auth", ["auto", "always"])
async def test_a_loopback_address_needs_no_key_to_start(keys: ApiKeys, host: str, auth: Any) -> None:  # noqa: ANN401
    """The first key can be made over it, or beside it."""
    await Door(keys, ApiSettings(host=host, auth=auth)).start()
