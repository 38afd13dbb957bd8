"""A typed answer: asked for by schema, validated here, and repaired once where it does not fit.

    recipe = await structured(model, request, Recipe)
    recipe.value.title, recipe.usage.output_tokens

No provider's promise of structured output is relied on: bounds are not part of it, some servers ignore the schema.
"""

from __future__ import annotations

import re
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streamforge.errors import ProviderRefused
from streamforge.providers.schema import structured_schema
from streamforge.providers.text import TextModel, TextRequest, TextResponse, Turn, Usage

T = TypeVar("T")
_NO_JSON = "it is not valid JSON"
_PLACE = re.compile(r"\$(?:\.\w+|\[\.\.\.\]|\[\d*\])*|key in \$[\w.\[\]]*", re.ASCII)
_TYPES = r"\w+(?: \| \w+)*"
_OF_SCHEMA = re.compile(
    rf"{_NO_JSON}|Object missing required field \w+"
    rf"|Expected {_TYPES}(?:, got {_TYPES}| (?:of length )?(?:<|<=|>|>=) -?[\d.]+)?",
    re.ASCII,
)
"""Messages of msgspec that name nothing but the schema."""
_REPAIR = "That does not fit: {complaint}. Answer again, with the whole corrected JSON value and nothing else."


class Structured(Struct, Generic[T], frozen=True):
    """The value, the answer that it came in, and what all calls together cost."""

    value: T
    answer: TextResponse
    usage: Usage
    calls: int


async def structured(model: TextModel, request: TextRequest, kind: type[T]) -> Structured[T]:
    """A value of ``kind`` (anything msgspec can decode); a second call repairs a first answer that does not fit.

    Raises what ``model.complete`` does, and ProviderRefused where the second does not fit either.
    """
    asked = replace(request, schema=structured_schema(kind))
    answer = await model.complete(asked)
    usage, calls = answer.usage, 1
    value, complaint = _read(answer.text, kind)
    if complaint:
        answer = await model.complete(_repair(asked, answer.text, complaint))
        usage, calls = _sum(usage, answer.usage), 2
        value, complaint = _read(answer.text, kind)
    if value is None:
        hint = "try again, or ask for less"
        raise ProviderRefused(f"{model.name} wrote no {_name(kind)} in {calls} calls: {_told(complaint)}", hint=hint)
    return Structured(value[0], answer, usage, calls)


def _repair(asked: TextRequest, text: str, complaint: str) -> TextRequest:
    key = f"{asked.idempotency_key}:repair" if asked.idempotency_key else ""
    turns = (*asked.turns, Turn("assistant", text), Turn("user", _REPAIR.format(complaint=complaint)))
    return replace(asked, turns=turns, idempotency_key=key)


def _read(text: str, kind: type[T]) -> tuple[tuple[T] | None, str]:
    """The value in a tuple (it may itself be None), or what is wrong, in words that may hold values of the text."""
    try:
        return (msgspec.json.decode(text, type=kind),), ""
    except msgspec.ValidationError as error:
        return None, str(error).replace("`", "")
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None, _NO_JSON


def _told(complaint: str) -> str:
    """What of a complaint anybody may read: types, bounds and the place, of the schema; no value that a model wrote."""
    what, _, place = complaint.rpartition(" - at ")
    where = f" - at {place}" if what and _PLACE.fullmatch(place) else ""
    known = (what or complaint) if _OF_SCHEMA.fullmatch(what or complaint) else "a value that is not allowed"
    return f"{known}{where}"


def _name(kind: object) -> str:
    return getattr(kind, "__name__", "value of that type")


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cache_read_tokens=one.cache_read_tokens + other.cache_read_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
    )
