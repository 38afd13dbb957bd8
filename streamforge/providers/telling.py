"""What is told of a provider's error: names that are known beforehand, and its request's id.

Never its words: they quote keys and prompts, in part, masked, in other letters. Who needs them asks the provider.
"""

from __future__ import annotations

import re
from collections.abc import Container

ASK_PROVIDER = "look the request up at the provider: its words may quote the prompt, and are not repeated here"
"""What to do about a refusal that says no more of itself."""

FIELDS = frozenset(
    [
        *("model", "messages", "system", "max_tokens", "max_completion_tokens", "reasoning_effort", "output_config"),
        *("response_format", "stream", "stream_options", "temperature", "prompt", "n", "size", "file", "language"),
    ]
)
"""Parts of a request, which a provider may name where it complains."""

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_HEAD = re.compile(r"[a-z_]+(?=$|[.:\[])")


def named(label: str, value: object, known: Container[str]) -> list[str]:
    """``label value`` where the value is a name that is known, else nothing."""
    return [f"{label} {value}"] if isinstance(value, str) and value in known else []


def located(place: object) -> list[str]:
    """Which part of the request a complaint begins with (``messages.0.content: …``), where it does."""
    head = _HEAD.match(place) if isinstance(place, str) else None
    return named("at", head[0], FIELDS) if head else []


def traced(request_id: object) -> list[str]:
    """The request's id, where it looks like one."""
    return [f"request {request_id}"] if isinstance(request_id, str) and _ID.fullmatch(request_id) else []
