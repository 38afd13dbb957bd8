"""What people do: in the audit log, each once, and in the tables of the things that they did it to; never a secret."""

from __future__ import annotations

import msgspec

from streamforge.accounts.keys import ApiKeys, NewKey
from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.broker.broker import Broker
from streamforge.config import WebhookSettings
from streamforge.jobs.acts import ACTIONS, act, acting
from streamforge.jobs.store import JobStore
from streamforge.traffic.scripts import Scripts
from streamforge.webhooks.store import Webhooks
from tests.integration.archive.conftest import joined
from tests.integration.archive.reading import Row, everything, row, rows
from tests.integration.moves import raw, settle, submit, take_one


async def told(database: Database, action: str) -> Row:
    """The one entry of the audit log for an action."""
    return await row(database, "audit_log", action=action)


async def test_a_keys_life_is_told(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Made, rotated and revoked, by whom; the table has the hashes of its secrets, the log has nothing of them."""
    keys = ApiKeys(broker)
    with acting("key:admin"):
        issued = await keys.create(NewKey(tenant="acme", note="ci"))
        turned = await keys.rotate(issued.key.id, 60)
    await carrier.carry()
    kept = await row(database, "api_keys")
    assert (kept["id"], kept["tenant"], kept["note"], kept["removed_ms"]) == (issued.key.id, "acme", "ci", 0)
    assert msgspec.json.decode(kept["scopes"]) == ["submit"]
    hashes = [digest["sha256"] for digest in msgspec.json.decode(kept["digests"])]
    assert hashes == [digest.sha256 for digest in turned.key.digests]
    made = await told(database, "key.created")
    assert (made["actor"], made["tenant"], made["subject"]) == ("key:admin", "acme", issued.key.id)
    await keys.revoke(issued.key.id)
    await carrier.carry()
    assert (await row(database, "api_keys"))["removed_ms"] > 0
    assert (await told(database, "key.revoked"))["actor"] == "system"
    log = str(await rows(database, "audit_log"))
    whole = str(await everything(database))
    assert not any(value in log for value in hashes)
    assert not any(token.rpartition("_")[2] in whole for token in (issued.token, turned.token))


async def test_what_was_made_before_is_found(broker: Broker, database: Database) -> None:
    """An archive that comes later has the keys, endpoints and balances that were there, and none of their secrets."""
    issued = await ApiKeys(broker).create(NewKey(tenant="acme"))
    endpoint = await Webhooks(broker, WebhookSettings(), 1000).create("acme", "https://example.com/")
    await Scripts(broker.client, broker.keys).credit("acme", "e", 7)
    await (await joined(broker, database)).carry()
    assert (await row(database, "api_keys"))["id"] == issued.key.id
    kept = await row(database, "webhooks")
    assert (kept["id"], kept["url"]) == (endpoint.id, "https://example.com/")
    assert (await row(database, "accounts"))["balance_uusd"] == 7
    assert await rows(database, "refused") == []
    whole = str(await everything(database))
    assert endpoint.secret not in whole
    assert issued.token.rpartition("_")[2] not in whole


async def test_an_endpoints_life_is_told(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Made, changed and removed, without its secret."""
    webhooks = Webhooks(broker, WebhookSettings(), 1000)
    endpoint = await webhooks.create("acme", "https://example.com/hook", ["job.*"], "mine")
    new = await webhooks.rotate(endpoint.id)
    await carrier.carry()
    kept = await row(database, "webhooks")
    assert (kept["id"], kept["url"], kept["description"]) == (endpoint.id, "https://example.com/hook", "mine")
    assert (msgspec.json.decode(kept["events"]), kept["removed_ms"]) == (["job.*"], 0)
    await webhooks.delete(endpoint.id)
    await carrier.carry()
    assert (await row(database, "webhooks"))["removed_ms"] > 0
    actions = [one["action"] for one in await rows(database, "audit_log")]
    assert actions == ["archive.claimed", "webhook.created", "webhook.changed", "webhook.removed"]
    whole = str(await everything(database))
    assert endpoint.secret not in whole
    assert new.secret not in whole


async def test_a_moved_balance_is_told(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Each entry once, with the balance that it left; an entry that was made before is no second act."""
    scripts = Scripts(broker.client, broker.keys)
    for _ in range(2):
        await scripts.credit("acme", "invoice-1", 5_000_000)
    await scripts.credit("acme", "refund", -1_000_000)
    await carrier.carry()
    moved = [(one["entry"], one["amount_uusd"]) for one in await rows(database, "credits")]
    assert moved == [("invoice-1", 5_000_000), ("refund", -1_000_000)]
    account = await row(database, "accounts")
    assert (account["balance_uusd"], account["granted_uusd"], account["spent_uusd"]) == (
        4_000_000,
        5_000_000,
        1_000_000,
    )
    assert len(await rows(database, "audit_log", action="credits.moved")) == 2


async def test_what_is_done_to_jobs_and_queues_is_told(
    broker: Broker, store: JobStore, database: Database, carrier: Carrier
) -> None:
    """Cancelled, tried again, requeued, forgotten, paused, resumed, drained: with the tenant where it is one's."""
    await submit(broker, tenant="acme")
    await store.cancel("job-1", "no need")
    await store.cancel("job-1", "again")  # it had ended: nothing was done
    await store.restart("job-1")
    claim = await take_one(broker)
    await settle(broker, claim, "failed", reason="x")
    (letter,) = await store.letters.list()
    await store.letters.requeue(letter.id)
    await settle(broker, await take_one(broker), "failed", reason="x")
    (letter,) = await store.letters.list()
    await store.letters.purge([letter.id])
    await store.pause("default")
    await store.resume("default")
    await store.drain("w1")
    await carrier.carry()
    log = [(one["action"], one["tenant"], one["subject"]) for one in await rows(database, "audit_log")]
    assert log[1:4] == [
        ("job.cancelled", "acme", "job-1"),
        ("job.retried", "acme", "job-1"),
        ("letter.requeued", "acme", log[3][2]),
    ]
    others = ["letter.forgotten", "queue.paused", "queue.resumed", "worker.drained"]
    assert [action for action, _, _ in log[4:]] == others
    reason = msgspec.json.decode((await told(database, "job.cancelled"))["data"])
    assert reason == {"reason": "no need"}


async def test_kits_are_told(store: JobStore, database: Database, carrier: Carrier) -> None:
    """A kit's name and size; the kit itself is the object store's."""
    await store.note(act("kit.put", "brand", "acme", {"bytes": 17}))
    await carrier.carry()
    kept = await row(database, "kits")
    assert (kept["tenant"], kept["name"], kept["bytes"], kept["removed_ms"]) == ("acme", "brand", 17, 0)
    await store.note(act("kit.deleted", "brand", "acme"))
    await carrier.carry()
    assert (await row(database, "kits"))["removed_ms"] > 0


async def test_a_job_that_was_erased_does_not_come_back(broker: Broker, database: Database, carrier: Carrier) -> None:
    """An erasure takes rows out that a batch had brought before it; what it costs stays in the ledger."""
    for name in ("job-1", "job-2"):
        await submit(broker, name)
        await settle(broker, await take_one(broker))
    await carrier.carry()
    await raw(broker).delete(broker.keys.job("job-1"))
    await raw(broker).xadd(broker.keys.outbox, {"act": act("job.erased", "job-1", "default")})
    await carrier.carry()
    for table, name in (("jobs", "id"), ("bodies", "job_id"), ("attempts", "job_id")):
        assert [one[name] for one in await rows(database, table)] == ["job-2"]
    assert (await told(database, "job.erased"))["subject"] == "job-1"


async def test_of_an_erased_tenant_nothing_is_left_but_the_log(
    broker: Broker, database: Database, carrier: Carrier
) -> None:
    """His jobs, keys, balances and calls go, what waited in the same batch too; other tenants' stay."""
    for tenant in ("acme", "other"):
        await submit(broker, f"of-{tenant}", tenant=tenant)
        await settle(broker, await take_one(broker))
        await ApiKeys(broker).create(NewKey(tenant=tenant))
        await Scripts(broker.client, broker.keys).credit(tenant, "e", 5)
    await carrier.carry()
    await ApiKeys(broker).create(NewKey(tenant="acme", note="late"))
    await raw(broker).delete(broker.keys.job("of-acme"), broker.keys.credits("acme"))
    await raw(broker).xadd(broker.keys.outbox, {"act": act("tenant.erased", "acme")})
    await carrier.carry()
    for table in ("jobs", "api_keys", "credits", "accounts"):
        assert {one["tenant"] for one in await rows(database, table)} == {"other"}, table
    assert "acme" in {one["tenant"] for one in await rows(database, "audit_log")}


async def test_every_act_is_archived(store: JobStore, database: Database, carrier: Carrier) -> None:
    """Each action of the table leaves its entry, whatever it is about, and none is refused."""
    facts: dict[str, object] = {"bytes": 1, "amount_uusd": 1, "created_ms": 1, "expires_ms": 0, "entry": "e"}
    facts |= {"note": "", "url": "u", "description": "", "scopes": (), "digests": (), "events": ()}
    await carrier.carry()
    for action in ACTIONS:
        await store.note(act(action, "subject", "acme", facts))
    await carrier.carry()
    log = await rows(database, "audit_log")
    assert [one["action"] for one in log] == ["archive.claimed", *ACTIONS]
    assert await rows(database, "refused") == []
