"""Model text while it is written: from the model's stream through the recipe to whoever watches, and to nobody else."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streamforge.broker.broker import Broker
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import TextModel, TextRequest, Turn
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from streamforge.testing.model_server import Answer, ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.api.live_site import Listener, LiveSite
from tests.integration.engine import Engine, Text, pipeline
from tests.integration.moves import raw

POEM = "Shall I compare thee to a summer's day? Thou art more lovely and more temperate."


pytestmark = pytest.mark.usefixtures("broker")  # which empties the server


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An object store."""
    return Objects.open("", tmp_path)


def text_of(listener: Listener, step: str = "write") -> str:
    """What a client has of a step's text, by the rule that clients are told."""
    text = ""
    for message in listener.seen:
        data: dict[str, Any] = message.data["data"]
        if message.event == "step.delta" and data["step"] == step:
            text = text[: data["offset"]] + data["text"]
    return text


async def heard(broker: Broker, job_id: str) -> bool:
    """Whether somebody is on the job's channel by now."""
    ((_, ears),) = await raw(broker).pubsub_numsub(broker.keys.deltas(job_id))
    return bool(ears)


async def test_text_is_seen_while_it_is_written(shared_server: TestServer, objects: Objects, tmp_path: Path) -> None:
    """Who comes in the middle of a step reads its text from there on, tagged with step and attempt; nobody keeps it."""
    begun, enough = asyncio.Event(), asyncio.Event()

    async def write(ctx: Context) -> str:
        while not enough.is_set():
            ctx.delta("word ")
            begun.set()
            await asyncio.sleep(0.001)
        return "done"

    async def recipe(ctx: Context, _: Text) -> str:
        return await ctx.step("write", lambda: write(ctx), returns=str)

    engine = Engine(shared_server.url, [pipeline(recipe)], objects=objects)
    async with engine, LiveSite(engine.broker, tmp_path) as site:
        job_id = await engine.submit()
        await begun.wait()
        listener, everything = await site.listen_to(job_id), await site.listen()
        await listener.until(lambda it: it.types.count("step.delta") > 2, "some text")
        enough.set()
        assert await listener.ended() == "job_ended"
        await everything.until(lambda it: "job.succeeded" in it.types, "the end")
        deltas = [message for message in listener.seen if message.event == "step.delta"]
        assert all(not message.id and message.data["attempt"] == 1 for message in deltas)
        places = [(delta.data["data"]["offset"], len(delta.data["data"]["text"])) for delta in deltas]
        assert all(start + length == after for (start, length), (after, _) in pairwise(places))
        assert {delta.data["data"]["step"] for delta in deltas} == {"write"}
        assert "step.delta" not in everything.types
        assert "step.delta" not in [event.type for event in await site.store.events_since(job_id)]


async def test_a_models_stream_comes_through(shared_server: TestServer, objects: Objects, tmp_path: Path) -> None:
    """A provider's pieces, handed on as they come, make up the very answer at the watcher's."""
    watched, seen = asyncio.Event(), asyncio.Event()

    async def recipe(ctx: Context, _: Text) -> str:
        async def write() -> str:
            await watched.wait()
            answer = await ctx.use(TextModel).complete(
                TextRequest(
                    system="You write.",
                    turns=(Turn("user", "a poem"),),
                    on_progress=lambda piece: ctx.delta(piece.text, at=piece.start),
                )
            )
            await seen.wait()  # a preview that comes after the job's end is seen by nobody
            return answer.text

        return await ctx.step("write", write, returns=str)

    async with ModelServer([Answer(POEM)]) as server:
        model = OpenAIChat(api_key="k", base_url=server.url)
        async with (
            Engine(shared_server.url, [pipeline(recipe)], objects=objects, resources={TextModel: model}) as engine,
            LiveSite(engine.broker, tmp_path) as site,
        ):
            job_id = await engine.submit()
            listener = await site.listen_to(job_id)
            await until(lambda: heard(engine.broker, job_id), "somebody hears")
            watched.set()
            await listener.until(lambda it: text_of(it) == POEM, "the whole poem")
            seen.set()
            assert await listener.ended() == "job_ended"
        await model.aclose()


async def test_a_call_that_is_made_anew_begins_anew(
    shared_server: TestServer, objects: Objects, tmp_path: Path
) -> None:
    """Where a second model starts over, the first one's text is replaced at the watcher's, by its place."""
    watched, first_seen = asyncio.Event(), asyncio.Event()

    async def write(ctx: Context) -> str:
        await watched.wait()
        ctx.delta("a first try that br", at=0)
        await first_seen.wait()
        ctx.delta("the second ", at=0)
        ctx.delta("try", at=11)
        return "the second try"

    async def recipe(ctx: Context, _: Text) -> str:
        await ctx.step("write", lambda: write(ctx), returns=str)
        await ctx.step("wait", hold.wait, returns=bool)
        return "done"

    hold = asyncio.Event()
    engine = Engine(shared_server.url, [pipeline(recipe)], objects=objects)
    async with engine, LiveSite(engine.broker, tmp_path) as site:
        job_id = await engine.submit()
        listener = await site.listen_to(job_id)
        await until(lambda: heard(engine.broker, job_id), "somebody hears")
        watched.set()
        await listener.until(lambda it: text_of(it).startswith("a first"), "the first try")
        first_seen.set()
        await listener.until(lambda it: text_of(it) == "the second try", "the second try alone")
        hold.set()
        assert await listener.ended() == "job_ended"


async def test_text_for_nobody_is_told_once_a_second(shared_server: TestServer, objects: Objects) -> None:
    """Thousands of pieces that nobody listens to make one message, and no error where Redis is not asked at all."""

    async def write(ctx: Context) -> str:
        for _ in range(200):
            ctx.delta("x" * 50)
            await asyncio.sleep(0.001)
        return "done"

    async def recipe(ctx: Context, _: Text) -> str:
        return await ctx.step("write", lambda: write(ctx), returns=str)

    async with Engine(shared_server.url, [pipeline(recipe)], objects=objects) as engine:
        await raw(engine.broker).config_resetstat()
        job = await engine.ended(await engine.submit())
        assert job.state == "succeeded"
        assert (await raw(engine.broker).info("commandstats"))["cmdstat_publish"]["calls"] <= 2
