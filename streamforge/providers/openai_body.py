"""The body of a chat completion's request, for servers that know all of the wire format, and for those that do not.

A server that answers 400 and names one of the parameters in ``OPTIONAL`` is asked again without it: a schema is then
written into the system text, a limit of tokens goes by its older name.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from streamforge.providers.text import TextRequest

OPTIONAL = ("response_format", "stream_options", "reasoning_effort", "max_completion_tokens")
"""Parameters that a server may not know."""

_ORDER = "\n\nAnswer with one JSON value of this JSON schema, and with nothing else:\n"
_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)


def body_of(request: TextRequest, model: str, unknown: Collection[str]) -> dict[str, object]:
    """The body, without the parameters that are ``unknown`` to the server."""
    form = response_format(request)
    is_written = request.schema is not None and (form is None or "response_format" in unknown)
    system = request.system + (_schema_order(request) if is_written else "")
    messages = [{"role": "system", "content": system}] if system else []
    messages += [{"role": turn.speaker, "content": turn.text} for turn in request.turns]
    optional: dict[str, object | None] = {
        "response_format": form,
        "stream_options": {"include_usage": True},
        "reasoning_effort": request.effort,
        "max_completion_tokens": request.max_tokens,
    }
    body: dict[str, object] = {"model": model, "messages": messages, "stream": True}
    body |= {name: value for name, value in optional.items() if value is not None and name not in unknown}
    return body if "max_completion_tokens" in body else {**body, "max_tokens": request.max_tokens}


def response_format(request: TextRequest) -> dict[str, object] | None:
    """The structured form asked for; None without a schema, or for one whose root is no object, which has no form."""
    schema = request.schema
    if schema is None or schema.get("type") != "object":
        return None
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def unknown_in(message: str, body: Collection[str]) -> str | None:
    """Which of the optional parameters in a body a server's complaint names."""
    return next((name for name in OPTIONAL if name in body and name in message), None)


def is_about_schema(message: str) -> bool:
    """Whether the complaint is about this schema only: the next one may do."""
    return "invalid schema" in message.lower() or "invalid_json_schema" in message


def unfenced(text: str) -> str:
    """The text out of a Markdown code block, where it is in one: models that are told of a schema like to add that."""
    match = _FENCE.fullmatch(text)
    return match[1] if match else text


def _schema_order(request: TextRequest) -> str:
    return _ORDER + msgspec.json.encode(request.schema, order="sorted").decode()
