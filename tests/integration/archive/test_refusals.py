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
    """What a database takes for one name is refused there, not lost: MariaDB does not tell trailing blanks apart."""
    await submit(broker)
    claim = await take_one(broker)
    file = '{"name":"%s","key":"k","media_type":"x","size":1}'
    for name in ("a", "A", "a "):
        await raw(broker).hset(broker.keys.files(claim.id), name, file % name)
    await raw(broker).hset(broker.keys.job(claim.id), "kept", 1)
    await settle(broker, claim)
    await carrier.carry()
    names = {one["name"] for one in await rows(database, "artifacts")}
    noted = await rows(database, "refused")
    assert names == {"a", "A", "a "} if not noted else database.dialect in ("mysql", "mariadb")
    assert len(await rows(database, "jobs")) == (0 if noted else 1)
