"""From an event to a receiver: told once where all is well, again where it is not, and to nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from aiohttp import web

from streamforge.broker.broker import Broker
from streamforge.config.web import WebhookSettings
from streamforge.errors import InvalidInput, InvalidSignature, NotFound, TooLarge
from streamforge.testing.waiting import until
from streamforge.webhooks.model import Delivery
from streamforge.webhooks.store import Webhooks
from tests.integration.api.live_site import run_job
from tests.integration.moves import raw, settle, submit, take_one
from tests.integration.webhooks.receiver import Post, Receiver


async def tell(webhooks: Webhooks, url: str, *events: str, tenant: str = "default") -> tuple[str, str]:
    """A new endpoint: its id and secret."""
    endpoint = await webhooks.create(tenant, url, events)
    return endpoint.id, endpoint.secret


async def only(webhooks: Webhooks, endpoint_id: str) -> Delivery:
    """The endpoint's one delivery."""
    (delivery,), place = await webhooks.deliveries(endpoint_id)
    assert place is None
    return delivery


async def ended(webhooks: Webhooks, endpoint_id: str, state: str) -> Delivery:
    """The endpoint's one delivery, once it has ended so."""

    async def look() -> Delivery | None:
        found, _ = await webhooks.deliveries(endpoint_id)
        return found[0] if found and found[0].state == state else None

    delivery = await until(look, f"the delivery is {state}")
    assert delivery is not None
    return delivery


async def test_an_endpoint_is_told_how_a_job_ended(broker: Broker) -> None:
    """Its request is signed with its secret, and holds the event as the streams tell it."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, secret = await tell(post.webhooks, f"{receiver.url}/hook?key=1")
        await run_job(broker, "job-1")
        await until(lambda: receiver.requests, "a request")
        (request,) = receiver.requests
        payload = request.verified(secret)
        assert (payload["type"], request.path) == ("job.succeeded", "/hook")
        assert payload["data"]["job_id"] == "job-1"
        assert payload["data"].keys() == {"id", "type", "job_id", "tenant", "kind", "at_ms", "attempt", "data"}
        assert payload["timestamp"].endswith("Z")
        assert request.headers["content-type"] == "application/json"
        delivery = await ended(post.webhooks, endpoint_id, "delivered")
        assert (delivery.id, delivery.event_id, delivery.failures) == (request.id, payload["data"]["id"], 0)
        assert [(attempt.number, attempt.status) for attempt in delivery.tries] == [(1, 204)]
        with pytest.raises(InvalidSignature):
            request.verified("whsec_AAAA")


async def test_failures_are_tried_again(broker: Broker) -> None:
    """Until the receiver takes it the same message comes again, under the same id, signed anew; each try is noted."""
    async with Receiver(500, 302, 204) as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, secret = await tell(post.webhooks, receiver.url)
        await run_job(broker, "job-1")
        delivery = await ended(post.webhooks, endpoint_id, "delivered")
        assert [attempt.status for attempt in delivery.tries] == [500, 302, 204]
        assert delivery.tries[0].error == "answered with 500"
        assert len({request.id for request in receiver.requests}) == 1
        assert all(request.verified(secret) for request in receiver.requests)
        assert (await post.webhooks.endpoint(endpoint_id)).health.failing_ms == 0


async def test_what_is_given_up_can_be_sent_again(broker: Broker) -> None:
    """After the last pause a delivery is a dead letter; a replay delivers it under its id."""
    async with Receiver(503) as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, _ = await tell(post.webhooks, receiver.url)
        await run_job(broker, "job-1")
        delivery = await ended(post.webhooks, endpoint_id, "dead")
        assert len(delivery.tries) == len(receiver.requests) == 4
        (letter,), _ = await post.webhooks.dead()
        assert letter.id == delivery.id
        receiver.answers = [204]
        await post.webhooks.replay(endpoint_id, delivery.id)
        again = await ended(post.webhooks, endpoint_id, "delivered")
        assert (again.id, receiver.requests[-1].id) == (delivery.id, delivery.id)
        assert await post.webhooks.dead() == ([], None)


async def test_only_who_asked_is_told(broker: Broker) -> None:
    """Endpoints hear of their own tenant's jobs and of the types they named; an operator's of everybody's."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        webhooks = post.webhooks
        await tell(webhooks, f"{receiver.url}/ends")
        await tell(webhooks, f"{receiver.url}/starts", "job.started", "step.*")
        await tell(webhooks, f"{receiver.url}/other", "*", tenant="other")
        await tell(webhooks, f"{receiver.url}/all", "job.succeeded", tenant="*")
        await run_job(broker, "job-1", tenant="other")
        await run_job(broker, "job-2")
        await until(lambda: len(receiver.requests) >= 8, "all requests")
        told = sorted((request.path, request.payload["data"]["job_id"]) for request in receiver.requests)
        assert told == [
            ("/all", "job-1"),
            ("/all", "job-2"),
            ("/ends", "job-2"),
            *[("/other", "job-1")] * 4,
            ("/starts", "job-2"),
        ]


async def test_a_job_brings_its_own_address(broker: Broker) -> None:
    """``callback_url`` is told of the job's end alone, signed with the secret of the tenant's callbacks."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        secret = (await post.webhooks.callback_endpoint("default")).secret
        await submit(broker, callback_url=f"{receiver.url}/done")
        await settle(broker, await take_one(broker))
        await run_job(broker, "job-2")
        await until(lambda: receiver.requests, "a request")
        await submit(broker, "job-3", callback_url=f"{receiver.url}/third")
        await settle(broker, await take_one(broker), "failed", reason="x")
        await until(lambda: len(receiver.requests) == 2, "the third's")
        assert [request.path for request in receiver.requests] == ["/done", "/third"]
        payloads = [request.verified(secret) for request in receiver.requests]
        assert [payload["type"] for payload in payloads] == ["job.succeeded", "job.failed"]


async def test_the_first_callback_needs_nothing_before_it(broker: Broker) -> None:
    """On a Redis that never saw a webhook, the first job with an address of its own is told of."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)):
        await submit(broker, callback_url=receiver.url)
        await settle(broker, await take_one(broker))
        await until(lambda: receiver.requests, "a request")


async def test_nothing_is_missed_while_nobody_delivers(broker: Broker) -> None:
    """What happens while every daemon is down is told as soon as one is there."""
    async with Receiver() as receiver:
        post = Post(broker, private_hosts=(receiver.url,))
        await tell(post.webhooks, receiver.url)
        for number in range(5):
            await run_job(broker, f"job-{number}")
        async with post:
            await until(lambda: len(receiver.requests) == 5, "five requests")
        jobs = {request.payload["data"]["job_id"] for request in receiver.requests}
        assert jobs == {f"job-{number}" for number in range(5)}


async def test_daemons_share_the_work(broker: Broker) -> None:
    """Three that deliver make each delivery once, and when the one that reads the feed stops another goes on."""
    async with Receiver() as receiver:
        first, *others = (Post(broker, private_hosts=(receiver.url,)) for _ in range(3))
        async with others[0], others[1]:
            async with first:
                await tell(first.webhooks, receiver.url)
                for number in range(20):
                    await run_job(broker, f"job-{number}")
                await until(lambda: len(receiver.requests) >= 20, "twenty requests")
            for number in range(20, 30):
                await run_job(broker, f"job-{number}")
            await until(lambda: len(receiver.requests) >= 30, "ten more")
        assert len({request.id for request in receiver.requests}) == len(receiver.requests) == 30


async def test_a_slow_receiver_holds_up_nobody(broker: Broker) -> None:
    """While one receiver takes for ever, with more waiting than there are hands, another is told at once."""
    hold = asyncio.Event()

    async def wait(_: web.Request) -> web.StreamResponse:
        await hold.wait()
        return web.Response(status=204)

    async with Receiver(wait) as slow, Receiver() as quick:
        hosts = (slow.url, quick.url)
        async with Post(broker, private_hosts=hosts, concurrency=4, concurrency_per_endpoint=2) as post:
            await tell(post.webhooks, slow.url)
            await tell(post.webhooks, quick.url)
            for number in range(10):
                await run_job(broker, f"job-{number}")
            await until(lambda: len(quick.requests) == 10, "the quick one's")
            assert len(slow.requests) == 2
            hold.set()
            await until(lambda: len(slow.requests) == 10, "the slow one's")


async def test_a_rotated_secret_signs_beside_the_old(broker: Broker) -> None:
    """Receivers may change to the new secret in their own time, within the overlap; after it the old one is void."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, old = await tell(post.webhooks, receiver.url)
        new = (await post.webhooks.rotate(endpoint_id)).secret
        await run_job(broker, "job-1")
        await until(lambda: receiver.requests, "a request")
        assert receiver.requests[0].verified(old) == receiver.requests[0].verified(new)
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,), secret_overlap_s=0.001) as post:
        endpoint_id, old = await tell(post.webhooks, receiver.url)
        new = (await post.webhooks.rotate(endpoint_id)).secret
        await post.webhooks.ping(endpoint_id)
        await until(lambda: receiver.requests, "a request")
        assert receiver.requests[0].verified(new)["type"] == "webhook.ping"
        with pytest.raises(InvalidSignature):
            receiver.requests[0].verified(old)


async def test_one_that_is_gone_is_told_no_more(broker: Broker) -> None:
    """410 disables an endpoint at once, with an event; enabled again it is told of what happens from then on."""
    async with Receiver(410) as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, _ = await tell(post.webhooks, receiver.url)
        await run_job(broker, "job-1")
        await ended(post.webhooks, endpoint_id, "dead")
        health = (await post.webhooks.endpoint(endpoint_id)).health
        assert (health.why, health.disabled_ms > 0) == ("gone", True)
        newest = (await raw(broker).xrevrange(broker.keys.feed, count=1))[0][1]
        assert (newest[b"type"], newest[b"tenant"]) == (b"webhook.disabled", b"default")
        receiver.answers = [204]
        await run_job(broker, "job-2")
        await until(lambda: _all_read(broker), "the second job's end is read, and passed over")
        await post.webhooks.enable(endpoint_id)
        await run_job(broker, "job-3")
        await until(lambda: len(receiver.requests) == 2, "the third job's")
        assert receiver.requests[1].payload["data"]["job_id"] == "job-3"


async def _all_read(broker: Broker) -> bool:
    ((newest, _),) = await raw(broker).xrevrange(broker.keys.feed, count=1)
    return await raw(broker).get(broker.keys.hooks_cursor) == newest


async def test_one_that_fails_for_long_is_told_no_more(broker: Broker) -> None:
    """Without one success for the time that is set an endpoint is disabled; callbacks, which are many, never are."""
    how: dict[str, Any] = {"disable_after_s": 0.001, "retry_pauses_s": (0.01, 60.0)}
    async with Receiver(500) as receiver, Post(broker, private_hosts=(receiver.url,), **how) as post:
        endpoint_id, _ = await tell(post.webhooks, f"{receiver.url}/endpoint")
        await submit(broker, callback_url=f"{receiver.url}/callback")
        await settle(broker, await take_one(broker))

        async def disabled() -> bool:
            return (await post.webhooks.endpoint(endpoint_id)).health.disabled_ms > 0

        await until(disabled, "it is disabled")
        await until(
            lambda: len([1 for one in receiver.requests if one.path == "/callback"]) == 2, "the callback's tries"
        )
        callbacks = await post.webhooks.callback_endpoint("default")
        assert (await post.webhooks.endpoint(callbacks.id)).health.disabled_ms == 0


async def test_a_deleted_endpoint_is_forgotten(broker: Broker) -> None:
    """Deleting takes what was to be delivered along, and leaves no key of the endpoint behind."""
    async with Receiver(500) as receiver:
        async with Post(broker, private_hosts=(receiver.url,), retry_pauses_s=(60.0,)) as post:
            endpoint_id, _ = await tell(post.webhooks, receiver.url)
            await run_job(broker, "job-1")
            await until(lambda: receiver.requests, "the first try")
            await until(lambda: _failed_once(post.webhooks, endpoint_id), "it is noted")
            await post.webhooks.delete(endpoint_id)
            with pytest.raises(NotFound):
                await post.webhooks.deliveries(endpoint_id)
            await run_job(broker, "job-2")
        left = [key.decode() for key in await raw(broker).keys("*hooks*")]
        assert not [key for key in left if endpoint_id in key]
        assert await raw(broker).zcard(f"{broker.keys.hooks}:due") == 0


async def _failed_once(webhooks: Webhooks, endpoint_id: str) -> bool:
    return (await only(webhooks, endpoint_id)).failures == 1


async def test_the_number_of_endpoints_is_never_passed(broker: Broker) -> None:
    """Many made at the same moment are as many as a tenant may have, and no more; another tenant has its own number."""
    webhooks = Webhooks(broker, WebhookSettings(max_endpoints=3), 1000)
    ends: list[bool] = []

    async def make() -> None:
        try:
            await webhooks.create("acme", "https://example.com/hook")
            ends.append(True)
        except TooLarge:
            ends.append(False)

    async with anyio.create_task_group() as many:
        for _ in range(30):
            many.start_soon(make)
    assert (sum(ends), len(ends), len(await webhooks.endpoints("acme"))) == (3, 30, 3)
    await webhooks.create("other", "https://example.com/hook")


async def test_what_is_kept_is_bounded(broker: Broker) -> None:
    """Every key of a delivery has an end, and so has the number of a tenant's endpoints."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,), max_endpoints=2) as post:
        endpoint_id, _ = await tell(post.webhooks, receiver.url)
        await run_job(broker, "job-1")
        await ended(post.webhooks, endpoint_id, "delivered")
        for_ever = {"endpoints", "cursor", "version", "bell"}
        for key in await raw(broker).keys("*:hooks:*"):
            name = key.decode().rpartition(":hooks:")[2]
            assert name in for_ever or await raw(broker).ttl(key) > 0, name
        await tell(post.webhooks, receiver.url)
        with pytest.raises(TooLarge):
            await tell(post.webhooks, receiver.url)
        await tell(post.webhooks, receiver.url, tenant="other")


async def test_tenants_do_not_see_each_other(broker: Broker) -> None:
    """Whatever is asked for with another tenant's name is not found."""
    async with Receiver(500) as receiver, Post(broker, private_hosts=(receiver.url,), retry_pauses_s=(0.01,)) as post:
        webhooks = post.webhooks
        endpoint_id, _ = await tell(webhooks, receiver.url)
        await run_job(broker, "job-1")
        delivery = await ended(webhooks, endpoint_id, "dead")
        assert await webhooks.endpoints("other") == []
        assert await webhooks.dead("other") == ([], None)
        for ask in (
            webhooks.endpoint(endpoint_id, "other"),
            webhooks.rotate(endpoint_id, "other"),
            webhooks.enable(endpoint_id, "other"),
            webhooks.delete(endpoint_id, "other"),
            webhooks.ping(endpoint_id, "other"),
            webhooks.deliveries(endpoint_id, "other"),
            webhooks.delivery(delivery.id, "other"),
            webhooks.replay(endpoint_id, delivery.id, "other"),
        ):
            with pytest.raises(NotFound):
                await ask


async def test_lists_go_on_where_they_ended(broker: Broker) -> None:
    """Page by page every delivery comes once, newest first, whatever was written in the same millisecond."""
    async with Receiver() as receiver, Post(broker, private_hosts=(receiver.url,)) as post:
        endpoint_id, _ = await tell(post.webhooks, receiver.url, "job.log")
        await run_job(broker, "job-1", lines=30)
        await until(lambda: len(receiver.requests) == 30, "all of them")
        seen: list[Delivery] = []
        page, place = await post.webhooks.deliveries(endpoint_id, limit=7)
        while place is not None:
            seen += page
            page, place = await post.webhooks.deliveries(endpoint_id, limit=7, after=place)
        seen += page
        assert len({delivery.id for delivery in seen}) == len(seen) == 30
        assert [delivery.created_ms for delivery in seen] == sorted((d.created_ms for d in seen), reverse=True)


async def test_bad_addresses_are_refused(broker: Broker) -> None:
    """What would never be told anything is refused when it is given, with the field named."""
    webhooks = Post(broker, private_hosts=("https://10.0.0.8",)).webhooks
    for url in (
        "http://example.com/hook",
        "https://example.com:8443/",
        "ftp://example.com",
        "https://user:pass@example.com",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.7",
        "https://192.168.1.1",
        "https://100.64.0.1",
        "https://0.0.0.0",
        "https://example.com/" + "x" * 2000,
        "nonsense",
        "",
    ):
        with pytest.raises(InvalidInput) as refused:
            await webhooks.create("default", url)
        assert refused.value.field == "url", url
    webhooks.check_url("https://10.0.0.8/allowed")
    webhooks.check_url("https://example.com/hook")
