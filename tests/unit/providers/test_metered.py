"""Counting a text model's calls."""

from __future__ import annotations

import pytest

from streamforge.errors import RateLimited
from streamforge.ops import metrics
from streamforge.providers.metered import MeteredText
from streamforge.providers.text import TextRequest, TextResponse, Turn, Usage

REQUEST = TextRequest(system="s", turns=(Turn("user", "u"),))


class Scripted:
    """A text model that gives one answer or raises one error."""

    @property
    def name(self) -> str:
        """Provider and model."""
        return "scripted:m-1"

    def __init__(self, answer: TextResponse | Exception) -> None:
        self._answer = answer

    async def aclose(self) -> None:
        """Nothing is open."""

    async def complete(self, request: TextRequest) -> TextResponse:
        """The scripted end."""
        assert request is REQUEST
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def counted(name: str, **labels: str) -> float:
    """A counter's value; 0 where nothing was counted."""
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


async def test_an_answer_counts_one_call_and_its_tokens() -> None:
    """A whole answer adds one ``ok`` call and each kind of token, by provider and model."""
    usage = Usage(input_tokens=11, output_tokens=7, cache_read_tokens=5, cache_write_tokens=3)
    answer = TextResponse(text="t", model="m-1", usage=usage)
    model = MeteredText(Scripted(answer))

    assert await model.complete(REQUEST) is answer
    assert model.name == "scripted:m-1"

    calls = counted("streamforge_llm_calls_total", provider="scripted", model="m-1", outcome="ok")
    tokens = {
        direction: counted("streamforge_llm_tokens_total", provider="scripted", model="m-1", direction=direction)
        for direction in ("input", "output", "cache_read", "cache_write")
    }
    assert (calls, tokens) == (1, {"input": 11, "output": 7, "cache_read": 5, "cache_write": 3})


async def test_an_error_counts_one_call_by_its_code_and_is_raised() -> None:
    """A failed call adds one call with the error's code, and the error goes on unchanged."""
    error = RateLimited(retry_after_s=3)

    with pytest.raises(RateLimited) as raised:
        await MeteredText(Scripted(error)).complete(REQUEST)

    assert raised.value is error
    assert counted("streamforge_llm_calls_total", provider="scripted", model="m-1", outcome="rate_limited") == 1
