"""Typed answers: validated here, repaired once, paid for in full."""

from __future__ import annotations

from typing import Annotated, Literal

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


class Odd(Struct):
    """Something with a check of its own that repeats what it was given."""

    word: str

    def __post_init__(self) -> None:
        raise ValueError(f"Expected no {self.word}")


class Closed(Struct, forbid_unknown_fields=True):
    """Something that a model can miss in every way."""

    kind: Literal["a", "b"]
    many: Annotated[int, Meta(ge=0)]
    by: dict[str, int] = {}
    odd: Odd | None = None


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


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"kind": "Zanzibar merges", "many": 1}, "a value that is not allowed - at $.kind"),
        ({"kind": "a", "many": 1, "Zanzibar merges": 2}, "a value that is not allowed"),
        ({"kind": "a", "many": "Zanzibar merges"}, "Expected int, got str - at $.many"),
        ({"kind": "a", "many": -1}, "Expected int >= 0 - at $.many"),
        ({"kind": "a"}, "Object missing required field many"),
        ({"kind": "a", "many": 1, "by": {"Zanzibar merges": "Zanzibar"}}, "Expected int, got str - at $.by[...]"),
        ({"kind": "a", "many": 1, "odd": {"word": "Zanzibar - at $.x"}}, "a value that is not allowed - at $.odd"),
        ("Zanzibar merges", "it is not valid JSON"),
    ],
)
async def test_the_complaint_is_of_the_schema_alone(answer: object, told: str) -> None:
    """The error names the place and what is expected there; the model's own words are in the repair turn only."""
    model = ScriptedText(answer, answer)
    with pytest.raises(ProviderRefused) as caught:
        await structured(model, ASK, Closed)
    assert str(caught.value.message).endswith(f" calls: {told}")
    assert "Zanzibar" not in f"{caught.value} {caught.value!r}"


async def test_a_value_may_be_null() -> None:
    """None, where the type allows it, is an answer as any other."""
    made = await structured(ScriptedText("null"), ASK, type(None))
    assert (made.value, made.calls) == (None, 1)
