"""What a scripted model server is told to do: answers, faults, and faults by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast, get_args

from msgspec import Struct

FaultKind = Literal[
    "rate_limited",  # 429, with retry-after where the fault names one
    "spend_limit",  # 429 that no waiting lifts
    "overloaded",  # 529; 503 in the OpenAI dialect
    "server_error",  # 500
    "gateway",  # 502 with a page instead of JSON
    "bad_request",  # 400
    "unauthorised",  # 401
    "no_money",  # 402
    "forbidden",  # 403
    "no_model",  # 404
    "slow_first_token",  # 200, nothing of the answer until `release`, or for `delay_s`
    "stalled",  # 200, then nothing more in the middle until `release`, or for `delay_s`
    "truncated",  # 200, a stream that ends cleanly before its message does
    "dropped",  # 200, the connection dies in the middle of the stream
    "mid_stream",  # 200, then an error event: overloaded
    "garbled",  # 200, an event whose data is not JSON
    "refusal",  # 200, stop_reason refusal; finish_reason content_filter
    "max_tokens",  # 200, stop_reason max_tokens, half the text; finish_reason length
    "empty",  # 200, a whole message without text
]


class Answer(Struct, frozen=True):
    """A whole answer: a string as it is (also invalid JSON, or the wrong shape), anything else as JSON.

    ``delay_s`` passes before the first piece, ``piece_s`` before each other one. Bytes are a picture, where one is
    asked for; any other content then stands for a grey one.
    """

    content: Any
    delay_s: float = 0.0
    piece_s: float = 0.0


class Slow(Struct, frozen=True):
    """An answer that starts its stream at once and finishes it only when ``ModelServer.release`` is set."""

    content: Any = ""


class Fault(Struct, frozen=True):
    """A failure. ``retry_after_s`` goes into a 429's header; ``text`` arrives before a stream breaks.

    A slow or stalled one goes on after ``delay_s``; without, when ``ModelServer.release`` is set.
    """

    kind: FaultKind
    retry_after_s: float | None = None
    text: str = '{"half":'
    delay_s: float | None = None


class Seen(Struct, frozen=True):
    """A request as it arrived, headers in lower case. An upload's body holds its fields, of its file the size."""

    headers: dict[str, str]
    body: dict[str, Any]
    path: str = "/v1/messages"

    @property
    def last_turn(self) -> str:
        """The text of the last message, or the prompt of a picture."""
        if "messages" in self.body:
            return str(self.body["messages"][-1]["content"])
        return str(self.body.get("prompt", ""))

    @property
    def key(self) -> str:
        """The API key, from either dialect's header; empty for none."""
        bearer = self.headers.get("authorization", "")
        return self.headers.get("x-api-key", "") or bearer.removeprefix("Bearer ").strip()

    @property
    def is_stream(self) -> bool:
        """Whether the answer is wanted in pieces."""
        return bool(self.body.get("stream"))


Step = Answer | Slow | Fault
Script = Sequence[Step] | Callable[[Seen], Step]


class RandomFaults:
    """A script of answers with faults by chance; equal seeds give equal scripts.

    ``shares`` names the kinds with the share of requests that meets each, all together at most 1. A 429 asks for
    ``retry_after_s``; slow and stalled answers go on after ``delay_s``.
    """

    def __init__(
        self,
        shares: Mapping[FaultKind, float],
        *,
        seed: int,
        answer: Callable[[Seen], Step] | Answer | None = None,
        retry_after_s: float | None = 1.0,
        delay_s: float = 1.0,
    ) -> None:
        if sum(shares.values()) > 1 or min(shares.values(), default=0) < 0:
            raise ValueError(f"shares {dict(shares)}: each at least 0, together at most 1")
        self._shares = dict(shares)
        self._random = random.Random(seed)  # noqa: S311 - chance for tests, to be repeated
        self._answer = answer or Answer("ok")
        self._retry_after_s = retry_after_s
        self._delay_s = delay_s

    def __call__(self, seen: Seen) -> Step:
        """The next step."""
        chance = self._random.random()
        for kind, share in self._shares.items():
            if chance < share:
                return Fault(kind, retry_after_s=self._retry_after_s, delay_s=self._delay_s)
            chance -= share
        return self._answer(seen) if callable(self._answer) else self._answer


def faults_from(text: str, *, seed: int, answer: Callable[[Seen], Step] | None = None) -> RandomFaults:
    """Faults by chance as written on a command line: ``rate_limited=0.05,stalled=0.01``. Raises ValueError.

    Without ``answer`` the others answer as ``fitting`` does.
    """
    known: dict[str, FaultKind] = {kind: kind for kind in get_args(FaultKind)}
    shares: dict[FaultKind, float] = {}
    for entry in filter(None, text.split(",")):
        name, _, share = entry.strip().partition("=")
        if name not in known:
            raise ValueError(f"{name!r} is no fault: one of {', '.join(known)}")
        shares[known[name]] = float(share)
    return RandomFaults(shares, seed=seed, answer=answer or fitting)


def fitting(seen: Seen) -> Answer:
    """An answer that fits the schema of the request; without one, a sentence."""
    body: Any = seen.body
    form = body.get("response_format")
    if isinstance(form, dict):
        asked = cast("dict[str, Any]", form).get("json_schema")
    else:
        asked = body.get("output_config", {}).get("format")
    schema: Any = asked.get("schema") if asked else None
    return Answer(example_of(schema) if schema else "This is a scripted answer.")


def example_of(schema: dict[str, Any]) -> object:
    """A small value of a JSON schema of the kind that structured output accepts."""
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0])
    if schema.get("type") == "object":
        return {name: example_of(field) for name, field in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"])] if "items" in schema else []
    examples: dict[str, object] = {"string": "example", "integer": 1, "number": 1.0, "boolean": True}
    return examples.get(str(schema.get("type")))


def echo(text: str) -> str:
    """A text in the ways in which providers quote it: whole, its beginning, shouted, masked, with other spaces."""
    spaced = text.replace(" ", "\N{NO-BREAK SPACE}")
    return f"{text!r} {text[:24]}... {text.upper()} {text[:10]}***{text[-4:]} {spaced}"


REFUSALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "rate_limited": (429, "rate_limit_error", {}),
    "spend_limit": (429, "rate_limit_error", {"error_code": "enforced_spend_limit_reached"}),
    "overloaded": (529, "overloaded_error", {}),
    "server_error": (500, "api_error", {}),
    "gateway": (502, "api_error", {}),
    "bad_request": (400, "invalid_request_error", {}),
    "unauthorised": (401, "authentication_error", {}),
    "no_money": (402, "billing_error", {}),
    "forbidden": (403, "permission_error", {}),
    "no_model": (404, "not_found_error", {}),
}
"""Faults that are an answer of their own: status, Anthropic's type and details."""

OPENAI_REFUSALS: dict[str, tuple[int, str, str | None]] = {
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "spend_limit": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", "server_overloaded"),
    "server_error": (500, "server_error", None),
    "gateway": (502, "server_error", None),
    "bad_request": (400, "invalid_request_error", "invalid_value"),
    "unauthorised": (401, "invalid_request_error", "invalid_api_key"),
    "no_money": (402, "invalid_request_error", "billing_not_active"),
    "forbidden": (403, "permission_error", None),
    "no_model": (404, "invalid_request_error", "model_not_found"),
    "refused_content": (400, "invalid_request_error", "content_policy_violation"),
}
"""The same in OpenAI's words: status, type, code."""
