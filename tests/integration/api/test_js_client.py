"""The client for browsers, in a browser: Debian's Chromium against a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from streamforge.broker.broker import Broker
from streamforge.broker.deltas import DeltaVoice
from streamforge.jobs.model import Claim
from streamforge.runtime.deltas import Speech
from streamforge.testing.waiting import until
from tests.integration.api.live_site import LiveSite, run_job, said
from tests.integration.moves import raw, settle, submit, take_one

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ABSENT = "Chromium is not installed: nothing here proves that the client works in a browser (apt-get install chromium)"

FOLLOW = """async ([job, options]) => {
    const { StreamForge } = await import("/static/streamforge-client.js");
    const seen = (window.seen = { events: [], text: "", ends: 0, lost: 0, errors: [], connected: 0, gaps: 0 });
    const forge = new StreamForge(options ?? {});
    const handlers = {
        event: (e) => seen.events.push([e.id, e.type]),
        text: (step, text) => (seen.text = text),
        connected: () => seen.connected++,
        lost: () => seen.lost++,
        gap: () => seen.gaps++,
        end: (e) => { seen.ends++; seen.last = e?.type; },
        error: (e) => seen.errors.push(e.status),
    };
    window.following = job ? forge.follow(job, handlers) : forge.followAll(handlers);
}"""


@pytest.fixture
async def site(broker: Broker, tmp_path: Path) -> AsyncIterator[LiveSite]:
    """A server with a hub."""
    async with LiveSite(broker, tmp_path) as site:
        yield site


@pytest.fixture
async def page(site: LiveSite) -> AsyncIterator[Page]:
    """A page of the site's own origin; in CI there must be a browser."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(ABSENT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{site.server.url}/static/streamforge-client.js")
        yield page
        await browser.close()


async def seen(page: Page) -> dict[str, Any]:
    """What the handlers were told."""
    return await page.evaluate("window.seen")


async def wait(page: Page, condition: str) -> None:
    """Until the page says so."""
    await until(lambda: page.evaluate(f"(seen => Boolean({condition}))(window.seen)"), condition, 20.0)


def speech(claim: Claim, text: str, start: int = 0) -> bytes:
    """A piece of model text as a worker tells it."""
    piece = Speech(claim, "write")
    piece.add(text, start)
    return piece.message()


async def test_a_job_is_followed_to_its_end(site: LiveSite, page: Page) -> None:
    """Every event comes once, the end is told once, and nothing is asked for after it."""
    broker = site.broker
    await submit(broker)
    await page.evaluate(FOLLOW, ["job-1", None])
    claim = await take_one(broker)
    await broker.record(said(claim, "hi"))
    await settle(broker, claim)
    await wait(page, "seen.ends")
    told = await seen(page)
    assert [tuple(event) for event in told["events"]] == [
        (e.id, e.type) for e in await site.store.events_since("job-1")
    ]
    assert (told["ends"], told["last"], told["errors"], told["lost"]) == (1, "job.succeeded", [], 0)
    await until(lambda: site.hub.listeners() == 0, "nobody listens")


async def test_model_text_is_put_together(site: LiveSite, page: Page) -> None:
    """Pieces are put where they belong, counted in characters and not in code units; a call made anew starts over."""
    broker = site.broker
    await submit(broker)
    claim = await take_one(broker)
    await page.evaluate(FOLLOW, ["job-1", None])

    async def heard() -> bool:
        ((_, ears),) = await raw(broker).pubsub_numsub(broker.keys.deltas("job-1"))
        return bool(ears)

    await until(heard, "the hub hears")
    voice = DeltaVoice(broker)
    for text, start in (("🌷🌷 spr", 0), ("ing", 6)):
        await voice.tell([("job-1", speech(claim, text, start))])
    await wait(page, "seen.text === '🌷🌷 spring'")
    await voice.tell([("job-1", speech(claim, "sale", 3))])
    await wait(page, "seen.text === '🌷🌷 sale'")
    await voice.tell([("job-1", speech(claim, "New", 0))])
    await wait(page, "seen.text === 'New'")
    await settle(broker, claim)


async def test_it_comes_back_after_a_restart(broker: Broker, tmp_path: Path, site: LiveSite, page: Page) -> None:
    """A server that ends and another on the same port: the feed goes on where it was, nothing twice, nothing missed."""
    await page.evaluate(FOLLOW, [None, None])
    await wait(page, "seen.connected")
    await until(lambda: site.hub.listeners() == 1, "it listens")
    await run_job(broker, "job-1")
    await wait(page, "seen.events.length === 4")
    port = site.server.port
    await site.stop()
    await run_job(broker, "job-2")
    async with LiveSite(broker, tmp_path, port=port):
        await run_job(broker, "job-3")
        await wait(page, "seen.events.length >= 12")
        told = await seen(page)
        await page.evaluate("window.following.close()")
    wanted = [entry.decode() for entry, _ in await raw(broker).xrange(broker.keys.feed)]
    assert [event_id for event_id, _ in told["events"]] == wanted
    assert told["lost"] >= 1


async def test_there_is_no_use_in_trying_on(page: Page) -> None:
    """An unknown job is told as an error, once, and not asked for again."""
    await page.evaluate(FOLLOW, ["nobody", None])
    await wait(page, "seen.errors.length")
    assert (await seen(page))["errors"] == [404]
