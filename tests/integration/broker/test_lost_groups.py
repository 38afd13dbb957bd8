"""A consumer group that a failover or an operator has destroyed: what it knew is found again by who notices first."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.broker.leasing import LeaseKeeper
from streamforge.config import RedisSettings
from streamforge.jobs.model import Claim
from streamforge.testing.server import TestServer
from tests.integration.moves import ended, entries, field, raw, settle, submit, take, take_one


async def destroy_group(broker: Broker, claim: Claim) -> None:
    """As an operator's mistake would."""
    await raw(broker).execute_command("XGROUP", "DESTROY", claim.stream, "workers")


async def test_a_batch_with_a_hand_back_is_settled_whole(broker: Broker) -> None:
    """The release makes the group anew; nothing of the batch is lost, counted twice, or left behind."""
    await submit(broker, "a")
    await submit(broker, "b")
    first, second = await take(broker)
    await destroy_group(broker, first)
    assert await broker.settle([ended(first), ended(second, "released")]) == [1, 1]
    assert await raw(broker).hgetall(broker.keys.running) == {}
    assert await entries(broker) == ["b"]
    assert (await take_one(broker, worker="w2")).id == "b"


async def test_a_renewal_forgets_nobody(shared_server: TestServer, broker: Broker) -> None:
    """Where the renewal notices first, a job of the same line that was handed back still gets its turn."""
    keeper = LeaseKeeper(RedisSettings(), shared_server.url, broker.keys, "w1", 15_000)
    await submit(broker, "a")
    await submit(broker, "b")
    running, other = await take(broker)
    await settle(broker, other, "released")
    await take(broker)
    await destroy_group(broker, running)
    assert keeper.renew(b"{}", [running]) == [1]
    keeper.close()
    assert [claim.id for claim in await take(broker, worker="w2")] == ["b"]
    assert await settle(broker, running) == 1
    assert await field(broker, "a", "state") == "succeeded"


async def test_a_lost_answer_is_found_among_a_thousand(broker: Broker) -> None:
    """However many jobs a worker runs, it finds those that it was given without hearing of it."""
    for number in range(1060):
        await submit(broker, f"job-{number:04}")
    held: list[str] = []
    while len(held) < 1050:
        held += [claim.id for claim in await take(broker, 50)]
    unheard = {claim.id for claim in await take(broker)}
    assert {claim.id for claim in await take(broker, mode="lost", held=tuple(held))} == unheard
    assert len(unheard) == 10
