"""A scripted stand-in for the Anthropic Messages API: the real wire format over real HTTP, faults on demand.

    async with ModelServer([Answer({"a": 1}), Fault("rate_limited", retry_after_s=7)]) as server:
        model = AnthropicText(api_key="test-key", base_url=server.url)

Each request takes the next step of the script; when it is used up, the last step repeats. What was asked
stays readable in ``requests``. ``Slow`` steps hold their answer until ``release`` is set (or the client goes
away), so no test has to sleep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import msgspec
from aiohttp import web
from msgspec import Struct

FaultKind = Literal[
    "rate_limited",  # 429 with retry-after
    "spend_limit",  # 429 that no waiting lifts
    "overloaded",  # 529
    "server_error",  # 500
    "bad_request",  # 400
    "unauthorised",  # 401
    "truncated",  # 200, a stream that ends cleanly before its message does
    "dropped",  # 200, the connection dies in the middle of the stream
    "mid_stream",  # 200, then an error event: overloaded_error
    "refusal",  # 200, stop_reason refusal
    "max_tokens",  # 200, stop_reason max_tokens, half the text
    "garbled",  # 200, an event whose data is not JSON
    "empty",  # 200, a whole message without text
]


class Answer(Struct, frozen=True):
    """A whole answer: a string as it is (also invalid JSON, or the wrong shape), anything else as JSON."""

    content: Any


class Slow(Struct, frozen=True):
    """An answer that starts its stream at once and finishes it only when ``ModelServer.release`` is set."""

    content: Any = ""


class Fault(Struct, frozen=True):
    """A failure. ``retry_after_s`` goes into a 429's header; ``text`` arrives before a stream breaks."""

    kind: FaultKind
    retry_after_s: float | None = None
    text: str = '{"half":'


class Seen(Struct, frozen=True):
    """A request as it arrived."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def last_turn(self) -> str:
        """The text of the last message."""
        return str(self.body["messages"][-1]["content"])


Step = Answer | Slow | Fault
Script = Sequence[Step] | Callable[[Seen], Step]

_STATUSES: dict[str, tuple[int, str, dict[str, str]]] = {
    "rate_limited": (429, "rate_limit_error", {}),
    "spend_limit": (429, "rate_limit_error", {"error_code": "enforced_spend_limit_reached"}),
    "overloaded": (529, "overloaded_error", {}),
    "server_error": (500, "api_error", {}),
    "bad_request": (400, "invalid_request_error", {}),
    "unauthorised": (401, "authentication_error", {}),
}
_USAGE = {
    "input_tokens": 11,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 2000,
    "output_tokens": 1,
}
_OUTPUT_TOKENS = 42


class ModelServer:
    """Serves the script on a loopback port of its own; use as an async context manager."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Seen] = []
        self.arrived = asyncio.Event()
        self.release = asyncio.Event()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Bind a free port."""
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/v1/messages", self._messages)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let held answers go and close the port."""
        self.release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read(), type=dict[str, Any])
        seen = Seen({name.lower(): value for name, value in request.headers.items()}, body)
        self.requests.append(seen)
        self.arrived.set()
        if problem := _contract_breach(seen):
            return _error(400, "invalid_request_error", problem, len(self.requests))
        step = self._next(seen)
        if isinstance(step, Fault) and step.kind in _STATUSES:
            return _refuse(step, len(self.requests))
        return await self._stream(request, step, str(body["model"]))

    def _next(self, seen: Seen) -> Step:
        if callable(self.script):
            return self.script(seen)
        return self.script[min(len(self.requests), len(self.script)) - 1]

    async def _stream(self, request: web.Request, step: Step, model: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", **_headers(len(self.requests))})
        await response.prepare(request)
        await _open_message(response, model)
        if isinstance(step, Fault):
            await _break(request, response, step)
            return response
        if isinstance(step, Slow):
            await self.release.wait()
        content: Any = step.content
        await _say(response, content if isinstance(content, str) else msgspec.json.encode(content).decode())
        await _finish(response, "end_turn")
        return response


def _contract_breach(seen: Seen) -> str:
    """What the real API of this version answers with 400; an empty string for a proper request."""
    body = seen.body
    for gone in ("temperature", "top_p", "top_k", "output_format"):
        if gone in body:
            return f"{gone}: Extra inputs are not permitted"
    if not (seen.headers.get("authorization") or seen.headers.get("x-api-key")):
        return "authorization: missing"
    if body["messages"][-1]["role"] != "user":
        return "messages: assistant prefill is not supported by this model"
    if not body.get("stream"):
        return "stream: this stand-in only streams"
    schema = body.get("output_config", {}).get("format", {}).get("schema")
    return schema_breach(schema) if schema is not None else ""


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


def _headers(number: int) -> dict[str, str]:
    return {
        "request-id": f"req_test_{number}",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": str(max(50 - number, 0)),
    }


def _refuse(fault: Fault, number: int) -> web.Response:
    status, kind, details = _STATUSES[fault.kind]
    response = _error(status, kind, f"scripted {fault.kind}", number, details)
    if fault.retry_after_s is not None:
        response.headers["retry-after"] = f"{fault.retry_after_s:g}"
    return response


def _error(status: int, kind: str, message: str, number: int, details: dict[str, str] | None = None) -> web.Response:
    error: dict[str, Any] = {"type": kind, "message": message, **({"details": details} if details else {})}
    body = msgspec.json.encode({"type": "error", "error": error, "request_id": f"req_test_{number}"})
    return web.Response(status=status, body=body, content_type="application/json", headers=_headers(number))


async def _open_message(response: web.StreamResponse, model: str) -> None:
    """The events before the text: message, ping, a thinking block (every answer has one), text block."""
    message: dict[str, Any] = {
        "id": "msg_test", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": _USAGE,
    }  # fmt: skip
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    await _send(response, "message_start", {"message": message})
    await _send(response, "ping", {})
    await _send(response, "content_block_start", {"index": 0, "content_block": thinking})
    await _send(response, "content_block_stop", {"index": 0})
    await _send(response, "content_block_start", {"index": 1, "content_block": {"type": "text", "text": ""}})


async def _say(response: web.StreamResponse, text: str, piece: int = 40) -> None:
    for start in range(0, len(text), piece):
        delta = {"type": "text_delta", "text": text[start : start + piece]}
        await _send(response, "content_block_delta", {"index": 1, "delta": delta})


async def _finish(response: web.StreamResponse, reason: str, details: dict[str, str] | None = None) -> None:
    delta = {"stop_reason": reason, "stop_sequence": None, "stop_details": details}
    await _send(response, "content_block_stop", {"index": 1})
    await _send(response, "message_delta", {"delta": delta, "usage": {"output_tokens": _OUTPUT_TOKENS}})
    await _send(response, "message_stop", {})


async def _break(request: web.Request, response: web.StreamResponse, fault: Fault) -> None:
    if fault.kind != "empty":
        await _say(response, fault.text)
    if fault.kind == "dropped" and request.transport is not None:
        request.transport.abort()
    elif fault.kind == "mid_stream":
        error = {"type": "overloaded_error", "message": "Overloaded"}
        await _send(response, "error", {"error": error})
    elif fault.kind == "garbled":
        await response.write(b"event: content_block_delta\ndata: {not json\n\n")
    elif fault.kind == "refusal":
        await _finish(response, "refusal", {"type": "refusal", "category": "general_harms"})
    elif fault.kind == "max_tokens":
        await _finish(response, "max_tokens")
    elif fault.kind == "empty":
        await _finish(response, "end_turn")


async def _send(response: web.StreamResponse, event: str, data: dict[str, Any]) -> None:
    payload = msgspec.json.encode({"type": event, **data})
    await response.write(b"event: " + event.encode() + b"\ndata: " + payload + b"\n\n")
