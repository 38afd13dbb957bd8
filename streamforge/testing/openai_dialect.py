"""OpenAI's API as the scripted model server speaks it: chat completions, and the errors of all it does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from streamforge.testing.anthropic_dialect import schema_breach
from streamforge.testing.model_accounts import Account, Tokens, counted
from streamforge.testing.model_script import OPENAI_REFUSALS, Seen

_REASONS = {"end": "stop", "refusal": "content_filter", "max_tokens": "length"}


class OpenAIDialect:
    """How things are said. ``unknown`` names parameters that this server does not know, as older ones do not."""

    done = b"data: [DONE]\n\n"

    def __init__(self, unknown: Collection[str] = ()) -> None:
        self.unknown = unknown

    def breach(self, seen: Seen) -> str:
        """What is answered with 400; an empty string for a proper request."""
        body: Any = seen.body
        if strange := sorted(set(self.unknown) & body.keys()):
            return f"Unrecognized request argument supplied: {strange[0]}"
        if not body.get("messages"):
            return "messages: required"
        if "max_tokens" in body and "max_completion_tokens" not in self.unknown:
            return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        form: Any = body.get("response_format") or {}
        schema: Any = form.get("json_schema", {}).get("schema")
        problem = schema_breach(schema) if schema is not None else ""
        return f"Invalid schema for response_format 'answer': {problem}" if problem else ""

    def headers(self, account: Account, number: int) -> dict[str, str]:
        """Request id and rate headers; without limits, those of 50 requests that run out."""
        told = account.openai_headers() or {
            "x-ratelimit-limit-requests": "50",
            "x-ratelimit-remaining-requests": str(max(50 - number, 0)),
            "x-ratelimit-reset-requests": "1m12s",
        }
        return {"x-request-id": f"req_test_{number}", **told}

    def error(self, kind: str, message: str, number: int) -> tuple[int, bytes]:
        """Status and body of an answer that is an error."""
        del number
        status, name, code = OPENAI_REFUSALS[kind]
        return status, _error(message, name, code)

    def count(self, seen: Seen, text: str, account: Account) -> Tokens:
        """Tokens by length; a system text that was there before is read from the cache."""
        turns = seen.body.get("messages", ())
        system = "".join(str(turn["content"]) for turn in turns if turn["role"] == "system")
        others = "".join(str(turn["content"]) for turn in turns if turn["role"] != "system")
        is_cached = system in account.prefixes
        account.prefixes.add(system)
        return counted(others, system, text, is_cached=is_cached)

    def limited(self, tokens: Tokens) -> int:
        """Input that counts against a limit: all of it."""
        return tokens.prompt

    def told_first(self, tokens: Tokens) -> Tokens:
        """What a stream says of its cost before its end: nothing."""
        del tokens
        return Tokens()

    def whole(self, seen: Seen, text: str, end: str, tokens: Tokens) -> bytes:
        """An answer in one piece."""
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": _REASONS[end]}
        return msgspec.json.encode({**_head(seen, "chat.completion"), "choices": [choice], "usage": _usage(tokens)})

    def opening(self, seen: Seen, tokens: Tokens) -> bytes:
        """The piece before the first: who speaks."""
        del tokens
        return _chunk(seen, {"role": "assistant", "content": ""})

    def first(self) -> bytes:
        """A comment, as some servers send while they think."""
        return b": still there\n\n"

    def piece(self, seen: Seen, text: str) -> bytes:
        """Some of the text."""
        return _chunk(seen, {"content": text})

    def ending(self, seen: Seen, end: str, tokens: Tokens) -> bytes:
        """The last piece, and the count where it is asked for."""
        last = _chunk(seen, {}, _REASONS[end])
        options: Any = seen.body.get("stream_options")
        if not (options and options.get("include_usage")):
            return last + self.done
        head = _head(seen, "chat.completion.chunk")
        return last + _data({**head, "choices": [], "usage": _usage(tokens)}) + self.done

    def trouble(self) -> bytes:
        """An error in the middle of a stream."""
        return b"data: " + _error("The server is overloaded", "server_error", "server_overloaded") + b"\n\n"

    def garbage(self) -> bytes:
        """An event that is not JSON."""
        return b"data: {not json\n\n"


def _head(seen: Seen, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-test", "object": kind, "created": 1_767_268_800, "model": str(seen.body["model"])}


def _chunk(seen: Seen, delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _data({**_head(seen, "chat.completion.chunk"), "choices": [choice], "usage": None})


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.prompt + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
    }


def _data(value: object) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _error(message: str, kind: str, code: str | None) -> bytes:
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": message[-40:], "code": code}})
