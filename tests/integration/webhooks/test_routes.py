"""Webhooks over HTTP: made, listed, tried, changed and forgotten by an administrator, and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.testing.waiting import until
from tests.integration.api.live_site import LiveSite, run_job
from tests.integration.webhooks.receiver import Post, Receiver

ROOT = "/api/v1/webhooks"


class Desk:
    """A site, its post, and a receiver."""

    def __init__(self, site: LiveSite, post: Post, receiver: Receiver) -> None:
        self.site = site
        self.post = post
        self.receiver = receiver

    async def ask(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        """Status and decoded body."""
        async with self.site.session.request(method, self.site.server.url + ROOT + path, json=body) as response:
            return response.status, await response.json() if response.content_length else None


@pytest.fixture
async def desk(broker: Broker, tmp_path: Path) -> AsyncIterator[Desk]:
    """All of it, running."""
    async with (
        Receiver() as receiver,
        Post(broker, private_hosts=(receiver.url,)) as post,
        LiveSite(broker, tmp_path, webhooks=post.webhooks) as site,
    ):
        yield Desk(site, post, receiver)


async def test_an_endpoints_life(desk: Desk) -> None:
    """Made with a secret that is told once, tried, told of a job, looked at, replayed, rotated, deleted."""
    url = f"{desk.receiver.url}/hook"
    status, made = await desk.ask("POST", "", {"url": url, "description": "mine"})
    assert (status, made["tenant"], made["secret"][:6]) == (201, "default", "whsec_")
    one = f"/{made['id']}"
    status, listed = await desk.ask("GET")
    assert status == 200
    assert [(item["id"], item["url"], item["description"]) for item in listed["items"]] == [(made["id"], url, "mine")]
    assert "secret" not in str(listed)
    status, sent = await desk.ask("POST", f"{one}/test")
    assert status == 202
    await until(lambda: len(desk.receiver.requests) == 1, "the ping")
    assert desk.receiver.requests[0].id == sent["delivery_id"]
    await run_job(desk.site.broker, "job-1")
    await until(lambda: len(desk.receiver.requests) == 2, "the job's end")
    status, log = await desk.ask("GET", f"{one}/deliveries?limit=1")
    assert (status, log["items"][0]["job_id"], len(log["items"])) == (200, "job-1", 1)
    _, rest = await desk.ask("GET", f"{one}/deliveries?limit=1&cursor={log['next_cursor']}")
    assert rest["items"][0]["type"] == "webhook.ping"
    status, _ = await desk.ask("POST", f"{one}/deliveries/{log['items'][0]['id']}/replay")
    assert status == 202
    await until(lambda: len(desk.receiver.requests) == 3, "the replay")
    status, rotated = await desk.ask("POST", f"{one}/rotate")
    assert status == 200
    assert rotated["secret"] != made["secret"]
    assert (await desk.ask("DELETE", one))[0] == 204
    assert (await desk.ask("GET"))[1]["items"] == []


async def test_the_secret_of_callbacks(desk: Desk) -> None:
    """Whoever wants to check the requests to ``callback_url`` asks for their secret by name, before or after."""
    _, first = await desk.ask("POST", "/callback/rotate")
    _, listed = await desk.ask("GET")
    assert [(item["id"], item.get("url", "")) for item in listed["items"]] == [(first["id"], "")]
    assert (await desk.ask("GET", "/callback/deliveries")) == (200, {"items": []})
    assert (await desk.ask("POST", "/callback/test"))[0] == 422


async def test_dead_letters(desk: Desk) -> None:
    """What nobody took is listed with every try, and can be delivered after all."""
    desk.receiver.answers = [500]
    _, made = await desk.ask("POST", "", {"url": desk.receiver.url})
    await run_job(desk.site.broker, "job-1")

    async def dead() -> list[Any]:
        return (await desk.ask("GET", "/dead"))[1]["items"]

    (letter,) = await until(dead, "a dead letter")
    assert [one["status"] for one in letter["tries"]] == [500] * 4
    assert (letter["state"], letter["endpoint_id"]) == ("dead", made["id"])
    desk.receiver.answers = [200]
    await desk.ask("POST", f"/{made['id']}/deliveries/{letter['id']}/replay")
    await until(lambda: len(desk.receiver.requests) == 5, "the replay")
    assert await dead() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "", {"url": "http://example.com"}, 422, "url"),
        ("POST", "", {"url": "https://169.254.169.254/"}, 422, "url"),
        ("POST", "", {"url": "https://example.com", "events": ["nonsense"]}, 422, "events[0]"),
        ("POST", "", {"url": "https://example.com", "evnts": []}, 422, "evnts"),
        ("DELETE", "/ep_00000000000000000000", None, 404, "endpoint_id"),
        ("POST", "/nonsense/rotate", None, 404, "endpoint_id"),
        ("GET", "/ep_00000000000000000000/deliveries", None, 404, "endpoint_id"),
        ("POST", "/callback/deliveries/msg_nonsense/replay", None, 404, "delivery_id"),
        ("GET", "/dead?cursor=xxxx", None, 422, "cursor"),
    ],
)
async def test_bad_questions(desk: Desk, method: str, path: str, body: Any, status: int, field: str) -> None:  # noqa: ANN401
    """What cannot be is refused with the field that is wrong."""
    answered, problem = await desk.ask(method, path, body)
    assert (answered, problem["field"]) == (status, field)
