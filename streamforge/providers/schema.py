"""A struct's JSON schema in the form structured output accepts.

Bounds, patterns and defaults are not part of that form: they move into the ``description``, where a model can
read them, and the answer is still to be validated. References are written out, objects are closed, every
field is required.
"""

from __future__ import annotations

from typing import Any

import msgspec

_KEPT = ("type", "enum", "const", "description")
_TOLD = ("minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "default")


def structured_schema(kind: Any) -> dict[str, object]:  # noqa: ANN401 - any type msgspec can decode
    """The schema for ``TextRequest.schema``. Raises ValueError for a recursive type, which no such schema can hold."""
    (root,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    return _closed(root, components, ())


def _closed(node: dict[str, Any], components: dict[str, Any], path: tuple[str, ...]) -> dict[str, object]:
    if "$ref" in node:
        name = str(node["$ref"])
        if name in path:
            raise ValueError(f"{name} contains itself; structured output has no recursion")
        return _closed({**components[name], **_without_ref(node)}, components, (*path, name))
    closed: dict[str, object] = {name: node[name] for name in _KEPT if name in node}
    if told := [f"{name}: {node[name]}" for name in _TOLD if name in node]:
        closed["description"] = f"{node.get('description', '')} ({', '.join(told)})".strip()
    if "properties" in node:
        fields: dict[str, Any] = node["properties"]
        closed["properties"] = {name: _closed(field, components, path) for name, field in fields.items()}
        closed["required"] = list(fields)
        closed["additionalProperties"] = False
    if "items" in node:
        closed["items"] = _closed(node["items"], components, path)
    if "anyOf" in node:
        closed["anyOf"] = [_closed(option, components, path) for option in node["anyOf"]]
    return closed


def _without_ref(node: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != "$ref"}
