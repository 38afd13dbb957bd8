"""Pictures and recordings on the same way as texts."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator

import pytest

from streamforge.broker.broker import Broker
from streamforge.config.secret import Secret
from streamforge.errors import Billing
from streamforge.jobs.caller import JobCaller, calling
from streamforge.providers.images import ImageModel, ImageRequest
from streamforge.providers.openai_images import OpenAIImages
from streamforge.providers.openai_speech import OpenAISpeech
from streamforge.providers.speech import SpeechModel, SpeechRequest
from streamforge.testing.model_script import Answer, Fault
from streamforge.testing.model_server import ModelServer
from streamforge.traffic.budgets import Allowance, Budgets
from streamforge.traffic.gateway import Gate, GatewayImages, GatewaySpeech, Route
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.ledger import Books, Ledger
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Parked, Scope
from streamforge.traffic.prices import Price, Prices
from streamforge.traffic.scripts import Scripts
from tests.integration.traffic.road import RULES, WIDE

DRAWS = Scope("openai", "draws")
LISTENS = Scope("openai", "listens")
PRICES = Prices({DRAWS.name: Price(image=0.04), LISTENS.name: Price(audio_minute=0.006)})
POOL = KeyPool("openai", [Secret("sk-oai-only-555666777")])
PICTURE = ImageRequest(prompt="a lighthouse", width=1024, height=1024)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server whose script the test writes."""
    async with ModelServer([Answer("hello")], limits=WIDE) as server:
        yield server


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A gate with one tenant who may spend five cents a day."""
    scripts = Scripts(broker.client, broker.keys, RULES)
    budgets = Budgets(own={"frugal": Allowance(day_usd=0.05)})
    gate = Gate(Limiter(scripts), Ledger(scripts), budgets, PRICES)
    yield gate
    await gate.aclose()


@pytest.fixture
def images(gate: Gate, server: ModelServer) -> GatewayImages:
    """A chain of one image model."""

    def make(key: str) -> ImageModel:
        return OpenAIImages(api_key=key, model=DRAWS.model, base_url=server.url)

    return GatewayImages([Route[ImageModel](scope=DRAWS, pool=POOL, make=make)], gate)


def recording(seconds: int) -> bytes:
    """Silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(b"\x80" * 8000 * seconds)
    return file.getvalue()


async def test_a_picture_costs_its_price(images: GatewayImages, broker: Broker) -> None:
    """One image, to the job that asked for it; the second one is over the budget before it is drawn."""
    books = Books(broker.client, broker.keys)
    with calling(JobCaller("job-1", "frugal")):
        assert (await images.draw(PICTURE)).media_type == "image/png"
        with pytest.raises(Billing):
            await images.draw(PICTURE)
    (entry,) = await books.job("job-1")
    assert (entry.model, entry.used[4], entry.cost) == ("draws", 1, 40_000)
    assert (await books.day("frugal", await books.today())).charged_uusd == 40_000


async def test_a_busy_image_model_parks_the_job(images: GatewayImages, server: ModelServer) -> None:
    """As any model does."""
    server.script = [Fault("rate_limited", retry_after_s=60)]
    with pytest.raises(Parked):
        await images.draw(PICTURE)


async def test_a_recording_costs_by_its_length(gate: Gate, server: ModelServer, broker: Broker) -> None:
    """As the service measures it."""

    def make(key: str) -> SpeechModel:
        return OpenAISpeech(api_key=key, model=LISTENS.model, base_url=server.url)

    speech = GatewaySpeech([Route[SpeechModel](scope=LISTENS, pool=POOL, make=make)], gate)
    with calling(JobCaller("job-1")):
        answer = await speech.transcribe(SpeechRequest(audio=recording(30), media_type="audio/wav"))
    (entry,) = await Books(broker.client, broker.keys).job("job-1")
    assert (answer.text, entry.used[5], entry.cost) == ("hello", 30_000, 3000)
