"""An example of a JSON schema, as msgspec writes them: what is required, and what has examples of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

Schema = Mapping[str, Any]


def anything(_: type[Any]) -> dict[str, Any]:
    """The schema of a type that JSON Schema has no words for."""
    return {"description": "Anything."}


def sample(schema: Schema) -> Any:  # noqa: ANN401 - whatever the schema describes
    """A value that fits, as small as it can be."""
    return _sample(schema, schema.get("$defs", {}))


def _sample(schema: Schema, named: Schema) -> Any:  # noqa: ANN401
    if "$ref" in schema:
        return _sample(named[str(schema["$ref"]).rpartition("/")[2]], named)
    if schema.get("examples"):
        return schema["examples"][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    for word in ("enum", "anyOf", "oneOf"):
        if arms := schema.get(word):
            return arms[0] if word == "enum" else _sample(arms[0], named)
    return _by_type(schema, named)


def _by_type(schema: Schema, named: Schema) -> Any:  # noqa: ANN401
    match schema.get("type"):
        case "object":
            return _object(schema, named)
        case "array":
            return [_sample(schema.get("items", {}), named)] * int(schema.get("minItems", 0))
        case "string":
            return "text".ljust(int(schema.get("minLength", 0)), "x")[: schema.get("maxLength")]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return None


def _object(schema: Schema, named: Schema) -> dict[str, Any]:
    required = cast("list[str]", schema.get("required", []))
    fields = cast("Mapping[str, Schema]", schema.get("properties", {}))
    return {name: _sample(told, named) for name, told in fields.items() if name in required or told.get("examples")}
