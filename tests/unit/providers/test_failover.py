"""A chain of models: who is asked next, after what, and what of it is told."""

from __future__ import annotations

import pytest

from streamforge.errors import (
    ConfigError,
    PermanentError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    Snooze,
    StepTimeout,
    StreamForgeError,
)
from streamforge.providers.failover import Failover, MovesOn
from streamforge.providers.refusals import ContentRefused, KeyRefused
from streamforge.providers.text import TextRequest, TextResponse, Turn
from streamforge.testing import FakeClock
from streamforge.testing.scripted_text import ScriptedText

ASK = TextRequest(system="", turns=(Turn("user", "hello"),), timeout_s=120.0)


class Circuits:
    """A ``Breaker`` that rests the named models, and notes what it is told."""

    def __init__(self, *resting: str) -> None:
        self.resting = resting
        self.told: list[str] = []

    async def allow(self, name: str) -> bool:
        """Everybody but the resting."""
        return name not in self.resting

    async def succeeded(self, name: str) -> None:
        """Note it."""
        self.told.append(f"{name} works")

    async def failed(self, name: str) -> None:
        """Note it."""
        self.told.append(f"{name} fails")


class Late:
    """A model that needs some time of a clock, then fails."""

    name = "late:text"

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    async def complete(self, request: TextRequest) -> TextResponse:
        """Take the time."""
        del request
        self._clock.advance(self._seconds)
        raise StepTimeout("too late")

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("error", [ProviderUnavailable("x"), StepTimeout("x"), KeyRefused("x")])
async def test_the_next_model_answers_where_one_cannot(error: StreamForgeError) -> None:
    """Trouble of the provider, a timeout and a refused key lead on; both names stand in the answer."""
    first, second = ScriptedText(error, name="a:one"), ScriptedText("fine", name="b:two")
    answer = await Failover([first, second]).complete(ASK)
    assert (answer.text, answer.model, answer.tried) == ("fine", "b:two", ("a:one", "b:two"))


@pytest.mark.parametrize(
    "error",
    [ProviderRefused("x"), ContentRefused("x"), RateLimited("x"), ConfigError("x"), PermanentError("x"), Snooze("x")],
)
async def test_what_another_model_would_not_mend_is_raised(error: StreamForgeError) -> None:
    """Bad requests, refused content, pauses and settings are not hidden by asking somebody else."""
    second = ScriptedText("fine", name="b:two")
    with pytest.raises(type(error)):
        await Failover([ScriptedText(error, name="a:one"), second]).complete(ASK)
    assert second.left == 1


@pytest.mark.parametrize(
    ("error", "moves_on"),
    [(ContentRefused("x"), MovesOn(refusals=True)), (RateLimited("x"), MovesOn(rate_limits=True))],
)
async def test_refusals_and_pauses_lead_on_where_configured(error: StreamForgeError, moves_on: MovesOn) -> None:
    """Each of the two choices does what it says."""
    chain = Failover([ScriptedText(error, name="a:one"), ScriptedText("fine", name="b:two")], moves_on=moves_on)
    assert (await chain.complete(ASK)).text == "fine"


async def test_one_that_answers_is_the_only_one_asked() -> None:
    """Without trouble the first model has all the work."""
    second = ScriptedText(name="b:two")
    answer = await Failover([ScriptedText("fine", name="a:one"), second]).complete(ASK)
    assert answer.tried == ("a:one",)
    assert second.requests == []


async def test_the_last_error_is_raised_when_all_fail() -> None:
    """At the end of the chain its last word counts."""
    models = [ScriptedText(ProviderUnavailable("first"), name="a:one"), ScriptedText(StepTimeout("last"), name="b:two")]
    with pytest.raises(StepTimeout, match="last"):
        await Failover(models).complete(ASK)


async def test_a_resting_model_is_passed_over() -> None:
    """An open circuit costs no call; when all rest, that is transient trouble that names them."""
    first, second = ScriptedText(name="a:one"), ScriptedText("fine", name="b:two")
    circuits = Circuits("a:one")
    answer = await Failover([first, second], breaker=circuits).complete(ASK)
    assert answer.tried == ("b:two",)
    circuits.resting = ("a:one", "b:two")
    with pytest.raises(ProviderUnavailable, match="a:one, b:two"):
        await Failover([first, second], breaker=circuits).complete(ASK)


async def test_circuits_hear_of_failures_and_of_signs_of_life() -> None:
    """Trouble and timeouts count against a model; an answer, a refusal and a pause show that it works."""
    circuits = Circuits()
    script = (
        ProviderUnavailable("x"),
        StepTimeout("x"),
        "fine",
        ContentRefused("x"),
        RateLimited("x"),
        KeyRefused("x"),
    )
    chain = Failover([ScriptedText(*script, name="a:one")], breaker=circuits)
    for entry in script:
        if isinstance(entry, StreamForgeError):
            with pytest.raises(type(entry)):
                await chain.complete(ASK)
        else:
            await chain.complete(ASK)
    assert circuits.told == ["a:one fails"] * 2 + ["a:one works"] * 4


async def test_the_chain_as_a_whole_is_bounded() -> None:
    """A later model has the time that is left; when none is left it is not asked."""
    clock = FakeClock()
    second = ScriptedText("fine", "fine", name="b:two")
    await Failover([Late(clock, 50.0), second], clock=clock).complete(ASK)
    assert second.requests[0].timeout_s == pytest.approx(70.0)
    with pytest.raises(StepTimeout):
        await Failover([Late(clock, 120.0), second], clock=clock).complete(ASK)
    assert len(second.requests) == 1


@pytest.mark.parametrize("models", [[], [ScriptedText(name="a:one"), ScriptedText(name="a:one")]])
def test_a_chain_is_of_different_models(models: list[ScriptedText]) -> None:
    """An empty chain, or a model that follows itself, is a setting to mend."""
    with pytest.raises(ConfigError):
        Failover(models)


async def test_closing_closes_every_model() -> None:
    """No connection of the chain is left open."""
    models = [ScriptedText(name="a:one"), ScriptedText(name="b:two")]
    await Failover(models).aclose()
    assert all(model.is_closed for model in models)
