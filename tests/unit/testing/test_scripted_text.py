"""A model that answers as it is told."""

from __future__ import annotations

import pytest

from streamforge.errors import PermanentError, RateLimited
from streamforge.providers.text import TextModel, TextRequest, TextResponse, Turn, Usage
from streamforge.testing import ScriptedText


def request(text: str) -> TextRequest:
    """A call."""
    return TextRequest(system="Be brief.", turns=(Turn("user", text),))


async def test_answers_come_in_order() -> None:
    """A text as it is, a value as JSON, a whole response untouched, an error raised; each call is kept."""
    whole = TextResponse(text="whole", model="m", usage=Usage(output_tokens=7))
    limited = RateLimited(retry_after_s=7)
    script = ScriptedText("hello", {"a": [1]}, limited, whole)
    model: TextModel = script
    assert [(await model.complete(request(text))).text for text in ("1", "2")] == ["hello", '{"a":[1]}']
    with pytest.raises(RateLimited) as caught:
        await model.complete(request("3"))
    assert caught.value is limited
    assert await model.complete(request("4")) is whole
    assert [seen.turns[0].text for seen in script.requests] == ["1", "2", "3", "4"]
    assert script.left == 0


async def test_a_call_too_many_is_told() -> None:
    """It fails for good, so that a job does not try it again and again."""
    model = ScriptedText(name="scripted:poet")
    with pytest.raises(PermanentError, match="no answer to call 1") as caught:
        await model.complete(request("1"))
    assert caught.value.field == model.name == "scripted:poet"


async def test_it_says_what_it_cost_and_that_it_was_closed() -> None:
    """As a real one: usage, the model's name, an id for each call."""
    model = ScriptedText("a", "b")
    answers = [await model.complete(request("x")) for _ in range(2)]
    assert all(answer.usage.output_tokens > 0 and answer.model == model.name for answer in answers)
    assert answers[0].request_id != answers[1].request_id
    assert not model.is_closed
    await model.aclose()
    assert model.is_closed
