"""Typed answers: validated here, repaired once, paid for in full."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import Meta, Struct

from streamforge.errors import ProviderRefused
from streamforge.providers.structured import structured
from streamforge.providers.text import TextRequest, Turn, Usage
from streamforge.testing.scripted_text import ScriptedText

ASK = TextRequest(system="s", turns=(Turn("user", "one recipe"),), idempotency_key="job-7")


class Recipe(Struct):
    """Something with a bound that no provider holds."""

    title: str
    minutes: Annotated[int, Meta(ge=1, le=600)]


async def test_a_fitting_answer_costs_one_call() -> None:
    """The value is typed, the schema was asked for."""
    model = ScriptedText({"title": "soup", "minutes": 20})
    made = await structured(model, ASK, Recipe)
    assert (made.value, made.calls) == (Recipe("soup", 20), 1)
    assert model.requests[0].schema is not None


@pytest.mark.parametrize("first", [{"title": "soup", "minutes": 0}, {"title": "soup"}, "no JSON", '{"title": "so'])
async def test_an_answer_that_does_not_fit_is_repaired_once(first: object) -> None:
    """The model hears what is wrong, under an idempotency key of its own; both calls are paid for."""
    model = ScriptedText(first, {"title": "soup", "minutes": 20})
    made = await structured(model, ASK, Recipe)
    assert (made.value.minutes, made.calls) == (20, 2)
    assert made.usage == Usage(input_tokens=20, output_tokens=40)
    again = model.requests[1]
    assert [turn.speaker for turn in again.turns] == ["user", "assistant", "user"]
    assert again.idempotency_key == "job-7:repair"


async def test_a_second_miss_is_a_refusal_without_the_words() -> None:
    """It says what is wrong, and holds nothing of what the model wrote."""
    secret = {"title": "the secret launch of Xyzzy", "minutes": "the secret launch of Xyzzy"}
    with pytest.raises(ProviderRefused, match=r"Expected int, got str.*minutes") as caught:
        await structured(ScriptedText(secret, secret), ASK, Recipe)
    assert "secret" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__cause__ is None


async def test_a_value_may_be_null() -> None:
    """None, where the type allows it, is an answer as any other."""
    made = await structured(ScriptedText("null"), ASK, type(None))
    assert (made.value, made.calls) == (None, 1)
