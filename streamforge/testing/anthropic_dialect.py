"""Anthropic's Messages API as the scripted model server speaks it: its errors, its stream, what it refuses."""

from __future__ import annotations

from typing import Any

import msgspec

from streamforge.testing.model_accounts import Account, Tokens, counted
from streamforge.testing.model_script import REFUSALS, Seen

FIXED = Tokens(input=11, cache_read=2000, cache_write=3, output=42)
"""What an answer costs where nobody counts."""

_REASONS = {"end": "end_turn", "refusal": "refusal", "max_tokens": "max_tokens"}
_REFUSAL = {"type": "refusal", "category": "general_harms"}


class AnthropicDialect:
    """How things are said."""

    done = b""

    def breach(self, seen: Seen) -> str:
        """What the real API of this version answers with 400; an empty string for a proper request."""
        body = seen.body
        for gone in ("temperature", "top_p", "top_k", "output_format"):
            if gone in body:
                return f"{gone}: Extra inputs are not permitted"
        if not seen.key:
            return "authorization: missing"
        if body["messages"][-1]["role"] != "user":
            return "messages: assistant prefill is not supported by this model"
        schema = body.get("output_config", {}).get("format", {}).get("schema")
        return schema_breach(schema) if schema is not None else ""

    def headers(self, account: Account, number: int) -> dict[str, str]:
        """Request id and rate headers; without limits, those of 50 requests that run out."""
        told = account.anthropic_headers() or {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": str(max(50 - number, 0)),
        }
        return {"request-id": f"req_test_{number}", **told}

    def error(self, kind: str, message: str, number: int) -> tuple[int, bytes]:
        """Status and body of an answer that is an error."""
        status, name, details = REFUSALS[kind]
        error: dict[str, Any] = {"type": name, "message": message, **({"details": details} if details else {})}
        return status, msgspec.json.encode({"type": "error", "error": error, "request_id": f"req_test_{number}"})

    def count(self, seen: Seen, text: str, account: Account) -> Tokens:
        """Tokens by length; the system text is cached where the request marks it so."""
        system = seen.body.get("system") or ""
        turns = "".join(_text_of(turn.get("content")) for turn in seen.body["messages"])
        if not (isinstance(system, list) and any("cache_control" in block for block in system)):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return counted(turns + _text_of(system), "", text, is_cached=False)
        prefix = _text_of(system)  # pyright: ignore[reportUnknownArgumentType]
        is_cached = prefix in account.prefixes
        account.prefixes.add(prefix)
        return counted(turns, prefix, text, is_cached=is_cached)

    def limited(self, tokens: Tokens) -> int:
        """Input that counts against a limit: what is read from the cache does not."""
        return tokens.input + tokens.cache_write

    def told_first(self, tokens: Tokens) -> Tokens:
        """What a stream says of its cost before its end: all but the output, of which it says one token."""
        return msgspec.structs.replace(tokens, output=min(1, tokens.output))

    def whole(self, seen: Seen, text: str, end: str, tokens: Tokens) -> bytes:
        """An answer in one piece."""
        content = [{"type": "thinking", "thinking": "", "signature": ""}, *([_text(text)] if text else [])]
        usage = {**_usage(tokens), "output_tokens": tokens.output}
        return msgspec.json.encode(
            {**_message(seen, usage), "content": content, "stop_reason": _REASONS[end], **_details(end)}
        )

    def opening(self, seen: Seen, tokens: Tokens) -> bytes:
        """The events before the first piece: message, ping."""
        return _event("message_start", {"message": _message(seen, _usage(tokens))}) + _event("ping", {})

    def first(self) -> bytes:
        """A thinking block (every answer has one), then the text's begins."""
        thinking = {"type": "thinking", "thinking": "", "signature": ""}
        return (
            _event("content_block_start", {"index": 0, "content_block": thinking})
            + _event("content_block_stop", {"index": 0})
            + _event("content_block_start", {"index": 1, "content_block": _text("")})
        )

    def piece(self, seen: Seen, text: str) -> bytes:
        """Some of the text."""
        del seen
        return _event("content_block_delta", {"index": 1, "delta": {"type": "text_delta", "text": text}})

    def ending(self, seen: Seen, end: str, tokens: Tokens) -> bytes:
        """The last events, with the final count."""
        del seen
        delta = {"stop_reason": _REASONS[end], "stop_sequence": None, **_details(end)}
        return (
            _event("content_block_stop", {"index": 1})
            + _event("message_delta", {"delta": delta, "usage": {"output_tokens": tokens.output}})
            + _event("message_stop", {})
        )

    def trouble(self) -> bytes:
        """An error in the middle of a stream."""
        return _event("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}})

    def garbage(self) -> bytes:
        """An event that is not JSON."""
        return b"event: content_block_delta\ndata: {not json\n\n"


def _message(seen: Seen, usage: dict[str, int]) -> dict[str, Any]:
    return {
        "id": "msg_test", "type": "message", "role": "assistant", "model": str(seen.body["model"]), "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _usage(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "output_tokens": min(1, tokens.output),
    }


def _details(end: str) -> dict[str, Any]:
    return {"stop_details": _REFUSAL if end == "refusal" else None}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _text_of(content: Any) -> str:  # noqa: ANN401 - a string or a list of blocks
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text", "")) for block in content or ())


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode({"type": name, **data}) + b"\n\n"


_UNSUPPORTED = frozenset(
    [
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern", "maxItems", "uniqueItems", "prefixItems"),
        *("minProperties", "maxProperties", "patternProperties", "not", "if", "then", "else"),
    ]
)


def schema_breach(schema: Any, path: str = "schema") -> str:  # noqa: ANN401 - a JSON schema is any JSON
    """Why structured output rejects the schema (bounds, recursion, open objects); empty if it does not."""
    if isinstance(schema, list):
        return next((found for item in schema if (found := schema_breach(item, path))), "")  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return ""
    node: dict[str, Any] = schema  # pyright: ignore[reportUnknownVariableType]
    if unsupported := sorted(_UNSUPPORTED & node.keys()):
        return f"{path}: {unsupported[0]} is not supported"
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        return f"{path}: additionalProperties must be false"
    if "$ref" in node:
        return f"{path}: $ref is not supported by this stand-in"
    children = {**node.get("properties", {}), "items": node.get("items"), "anyOf": node.get("anyOf")}
    return next((found for name, child in children.items() if (found := schema_breach(child, f"{path}.{name}"))), "")
