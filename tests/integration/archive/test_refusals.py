"""What the database would not take: noted, passed by, and kept in Redis; all else goes on."""

from __future__ import annotations

from streamforge.archive.carrier import Carrier
from streamforge.archive.engines import Database
from streamforge.broker.broker import Broker
from streamforge.ops.metrics import REGISTRY
from tests.integration.archive.reading import row, rows
from tests.integration.moves import raw, settle, submit, take_one


async def test_one_bad_job_stops_no_other(broker: Broker, database: Database, carrier: Carrier) -> None:
    """A job whose record cannot be read is noted with the reason, and kept; those before and after it are archived."""
    await carrier.carry()
    for n in range(5):
        await submit(broker, f"job-{n}")
        await settle(broker, await take_one(broker))
    await raw(broker).hset(broker.keys.job("job-2"), "attempt", "many")
    counted = REGISTRY.get_sample_value
    before = counted("streamforge_archive_refused_total") or 0
    assert await carrier.carry() == 5
    assert [one["id"] for one in await rows(database, "jobs")] == ["job-0", "job-1", "job-3", "job-4"]
    noted = await row(database, "refused")
    assert (noted["subject"], "form that is not known" in noted["why"]) == ("job-2", True)
    assert counted("streamforge_archive_refused_total") == before + 1
    assert await raw(broker).pttl(broker.keys.job("job-2")) == -1
    assert await raw(broker).pttl(broker.keys.job("job-3")) > 0
    assert await raw(broker).xlen(broker.keys.outbox) == 0
    assert await carrier.carry() == 0


async def test_an_entry_that_nobody_can_read_is_noted(broker: Broker, database: Database, carrier: Carrier) -> None:
    """An act or a charge of a form that is not known is passed by with a note."""
    await carrier.carry()
    await raw(broker).xadd(broker.keys.outbox, {"act": b"{"})
    await raw(broker).xadd(broker.keys.charges, {"call": "c-1", "cost_uusd": "dear"})
    assert await carrier.carry() == 2
    assert [one["subject"] for one in await rows(database, "refused")] == ["c-1", "act"]


async def test_what_is_too_large_for_the_server_is_noted(broker: Broker, database: Database, carrier: Carrier) -> None:
    """MariaDB closes the connection on a statement over its limit (1 MiB here); that is no outage. Others take it."""
    await submit(broker, "large", input=b'{"text":"%s"}' % (b"x" * 1_500_000))
    await settle(broker, await take_one(broker))
    await submit(broker, "small")
    await settle(broker, await take_one(broker))
    while await carrier.carry():
        pass
    has_limit = database.dialect in ("mysql", "mariadb")
    assert [one["id"] for one in await rows(database, "jobs")] == (["small"] if has_limit else ["large", "small"])
    assert [one["subject"] for one in await rows(database, "refused")] == (["large"] if has_limit else [])


async def test_names_that_differ_by_a_blank_are_two(broker: Broker, database: Database, carrier: Carrier) -> None:
    """Case and trailing blanks tell names apart on every database, as they do in Redis."""
    await submit(broker)
    claim = await take_one(broker)
    file = '{"name":"%s","key":"k","media_type":"x","size":1}'
    for name in ("a", "A", "a "):
        await raw(broker).hset(broker.keys.files(claim.id), name, file % name)
    await raw(broker).hset(broker.keys.job(claim.id), "kept", 1)
    await settle(broker, claim)
    await carrier.carry()
    assert await rows(database, "refused") == []
    assert {one["name"] for one in await rows(database, "artifacts")} == {"a", "A", "a "}


async def test_a_number_over_64_bits_is_noted(broker: Broker, database: Database, carrier: Carrier) -> None:
    """No database has a place for it; that is no outage."""
    await submit(broker)
    claim = await take_one(broker)
    file = f'{{"name":"a","key":"k","media_type":"x","size":{2**70}}}'
    await raw(broker).hset(broker.keys.files(claim.id), "a", file)
    await raw(broker).hset(broker.keys.job(claim.id), "kept", 1)
    await settle(broker, claim)
    await carrier.carry()
    noted = await row(database, "refused")
    assert (noted["subject"], "database refused" in noted["why"]) == (claim.id, True)


async def test_nobody_replaces_what_is_anothers(broker: Broker, database: Database, carrier: Carrier) -> None:
    """An id that another tenant's job had, which only the archive knows: that job stays, and the newer one in Redis."""
    for name, tenant in (("job-1", "acme"), ("job-1", "beta"), ("job-2", "beta")):
        await submit(broker, name, tenant=tenant)
        await settle(broker, await take_one(broker))
        if tenant == "acme":
            await carrier.carry()
            await raw(broker).delete(broker.keys.job(name), broker.keys.log(name))
    while await carrier.carry():
        pass
    assert [(one["id"], one["tenant"]) for one in await rows(database, "jobs")] == [
        ("job-1", "acme"),
        ("job-2", "beta"),
    ]
    noted = await row(database, "refused")
    assert (noted["subject"], "another tenant" in noted["why"]) == ("job-1", True)
    assert await raw(broker).pttl(broker.keys.job("job-1")) == -1
