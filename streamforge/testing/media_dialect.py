"""Pictures and recordings as the scripted model server answers for them, in OpenAI's wire format."""

from __future__ import annotations

import base64
import io
import wave
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from streamforge.testing.image_server import flat_png
from streamforge.testing.model_accounts import Tokens
from streamforge.testing.model_script import Answer, Fault, Step

if TYPE_CHECKING:
    from streamforge.testing.model_server import Call, ModelServer

IMAGE_COST = Tokens(input=57, output=1056)
_SPEECH_FIELDS = frozenset({"file", "model", "language", "prompt", "response_format", "temperature", "stream"})
_HELD = frozenset({"slow_first_token", "stalled"})
_CUT = frozenset({"truncated", "dropped"})


class MediaEndpoints:
    """``/v1/images/generations`` and ``/v1/audio/transcriptions``, by the server's script."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/v1/images/generations", self._images)
        app.router.add_post("/v1/audio/transcriptions", self._speech)
        app.router.add_get("/drawn/{width}x{height}.png", self._drawn)

    async def _images(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read(), type=dict[str, Any])
        async with self._server.begun(request, body) as call:
            if not body.get("prompt"):
                return self._server.refuse(call, "bad_request", "prompt: required")
            step = self._server.step(call)
            return await self._answer(call, step, self._drawing(call, step), IMAGE_COST)

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        file = form.get("file")
        audio = file.file.read() if isinstance(file, web.FileField) else b""
        fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        async with self._server.begun(request, fields | {"file": len(audio)}) as call:
            if not audio or set(form) - _SPEECH_FIELDS:
                return self._server.refuse(call, "bad_request", "file: required, and nothing that is unknown")
            step = self._server.step(call)
            seconds = _seconds(audio)
            response = await self._answer(call, step, _transcript(call, step, seconds), Tokens(output=1))
            call.account.tally.audio_seconds += seconds if call.is_spent else 0
            return response

    async def _drawn(self, request: web.Request) -> web.Response:
        data = _grey(int(request.match_info["width"]), int(request.match_info["height"]))
        return web.Response(body=data, content_type="image/png")

    def _drawing(self, call: Call, step: Step) -> bytes:
        if isinstance(step, Fault) and step.kind == "empty":
            return msgspec.json.encode({"created": 1, "data": []})
        size = str(call.seen.body.get("size", "auto"))
        width, height = (1024, 1024) if size == "auto" else map(int, size.split("x"))
        content: Any = getattr(step, "content", None)
        data = content if isinstance(content, bytes) else _grey(width, height)
        datum = {"b64_json": base64.b64encode(data).decode()}
        if call.seen.body.get("response_format") == "url":
            datum = {"url": f"{self._server.url}/drawn/{width}x{height}.png"}
        usage = {"input_tokens": IMAGE_COST.input, "output_tokens": IMAGE_COST.output}
        return msgspec.json.encode({"created": 1_767_268_800, "data": [datum], "usage": usage})

    async def _answer(self, call: Call, step: Step, body: bytes, tokens: Tokens) -> web.StreamResponse:
        """What both have in common: limits, faults, waiting, and what it costs."""
        server = self._server
        if refusal := server.obstacle(call, step, tokens):
            return refusal
        kind = step.kind if isinstance(step, Fault) else ""
        if kind in {"mid_stream", "refusal", "max_tokens"}:
            return server.refuse(call, {"refusal": "refused_content"}.get(kind, "overloaded"), f"scripted {kind}")
        if kind in _HELD or not isinstance(step, Answer | Fault):
            await server.pause(step.delay_s if isinstance(step, Fault) else None)
        elif isinstance(step, Answer) and step.delay_s:
            await server.pause(step.delay_s)
        if kind in _CUT:
            call.account.tally.broken += 1
            return await cut(call.request, body[:20])
        if kind == "garbled":
            call.account.tally.broken += 1
            body = body[:20]
        else:
            call.is_spent = True
            call.account.spend(tokens)
            call.account.tally.images += call.seen.path.endswith("generations")
        return _whole(server, call, body)


def _whole(server: ModelServer, call: Call, body: bytes) -> web.Response:
    headers = server.dialect(call).headers(call.account, call.number)
    is_text = call.seen.body.get("response_format") == "text"
    return web.Response(body=body, content_type="text/plain" if is_text else "application/json", headers=headers)


def _transcript(call: Call, step: Step, seconds: float) -> bytes:
    content: Any = step.text if isinstance(step, Fault) else step.content
    text = "" if isinstance(step, Fault) and step.kind == "empty" else str(content)
    form = call.seen.body.get("response_format", "json")
    if form == "text":
        return text.encode() + b"\n"
    if form == "verbose_json":
        segment = {"id": 0, "start": 0.0, "end": seconds, "text": text}
        language = {"language": "english", "duration": seconds, "segments": [segment], "task": "transcribe"}
        return msgspec.json.encode({**language, "text": text})
    return msgspec.json.encode({"text": text, "usage": {"type": "duration", "seconds": seconds}})


def _seconds(audio: bytes) -> float:
    try:
        with wave.open(io.BytesIO(audio)) as recording:
            return recording.getnframes() / recording.getframerate()
    except (wave.Error, EOFError):
        return 1.0


@cache
def _grey(width: int, height: int) -> bytes:
    return flat_png(width, height)


async def cut(request: web.Request, data: bytes) -> web.StreamResponse:
    """Send the beginning of a body, then let the connection die."""
    response = web.StreamResponse(headers={"content-length": str(len(data) + 100_000)})
    response.content_type = "application/json"
    await response.prepare(request)
    await response.write(data)
    abort(request)
    return response


def abort(request: web.Request) -> None:
    """Let the connection die."""
    if request.transport is not None:
        request.transport.abort()
