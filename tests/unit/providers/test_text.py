"""Requests, schemas and lazy imports."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Literal, Optional

import pytest
from msgspec import Meta, Struct

from streamforge.errors import ConfigError
from streamforge.pipelines.banner.design.answers import Draft
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.schema import structured_schema
from streamforge.providers.text import TextRequest, TextResponse, Turn, Usage
from streamforge.testing.model_server import schema_breach


class Part(Struct):
    """A part."""

    name: Annotated[str, Meta(max_length=9, pattern="^x")]
    kind: Literal["a", "b"] = "a"


class Whole(Struct):
    """A whole of parts."""

    parts: Annotated[list[Part], Meta(max_length=3)]
    share: Annotated[int, Meta(ge=1, le=5)]
    note: str | None = None


class Tree(Struct):
    """A type that contains itself."""

    child: Optional[Tree] = None  # noqa: UP045 - the union with a forward reference must be a typing form


def test_the_sdk_is_imported_only_when_used() -> None:
    """Importing the provider costs no SDK import: a worker without a key never pays for it."""
    probe = (
        "import sys, streamforge.providers.anthropic; sys.exit('anthropic' in sys.modules or 'httpx2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", probe], check=False, timeout=50).returncode == 0


def test_the_key_is_in_no_repr() -> None:
    """The model's repr and state names the model and the address, never the key."""
    model = AnthropicText(api_key="sk-very-secret", base_url="http://127.0.0.1:1")
    assert "secret" not in f"{model!r} {model} {model.name}"


def test_a_missing_key_is_a_config_error() -> None:
    """Without a key there is a clear error at once, not a failing call later."""
    with pytest.raises(ConfigError, match="no API key"):
        AnthropicText(api_key="  ")


def test_words_are_in_no_repr() -> None:
    """Requests, turns and responses can be logged: their reprs hold sizes, not words."""
    request = TextRequest(system="secret rules", turns=(Turn("user", "secret brief"),))
    response = TextResponse(text="secret answer", model="m", usage=Usage(output_tokens=3))
    assert "secret" not in f"{request!r} {response!r}"


def test_schemas_are_closed_flat_and_unbounded() -> None:
    """References are written out, objects closed, all fields required; bounds move into the description."""
    schema = structured_schema(Whole)
    assert schema_breach(schema) == ""
    assert schema["required"] == ["parts", "share", "note"]
    assert schema["properties"]["share"]["description"] == "(minimum: 1, maximum: 5)"  # type: ignore[index]
    assert schema["properties"]["parts"]["items"]["properties"]["kind"]["enum"] == ["a", "b"]  # type: ignore[index]


def test_the_designers_schema_is_accepted() -> None:
    """The schema sent for a banner holds nothing structured output rejects."""
    assert schema_breach(structured_schema(Draft)) == ""


def test_recursive_types_are_refused() -> None:
    """A type that contains itself is refused here, not by the provider."""
    with pytest.raises(ValueError, match="contains itself"):
        structured_schema(Tree)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 1},
        {"type": "object", "properties": {}},
        {"type": "array", "items": {"type": "string", "maxLength": 3}},
        {"anyOf": [{"$ref": "#/x"}]},
    ],
)
def test_the_stand_in_rejects_what_the_real_api_rejects(schema: dict[str, object]) -> None:
    """The check of the scripted server can fail: bounds, open objects and references are found at any depth."""
    assert schema_breach(schema)
