"""A scripted stand-in for the OpenAI images API: the real wire format over real HTTP, faults on demand.

    async with ImageServer([Drawn(), ImageFault("rate_limited", retry_after_s=7)]) as server:
        model = OpenAIImages(api_key="test-key", base_url=server.url)

Each request takes the next step of the script; when it is used up, the last step repeats. What was asked stays readable
in ``requests``. A ``Held`` step keeps its answer until ``release`` is set, so no test has to sleep. It also serves
files of any kind under ``/files/`` (see ``files``), for whoever fetches pictures by their address.
"""

from __future__ import annotations

import asyncio
import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import msgspec
from aiohttp import web
from msgspec import Struct

ImageFaultKind = Literal[
    "rate_limited",  # 429 with retry-after
    "quota",  # 429 that no waiting lifts
    "server_error",  # 500
    "overloaded",  # 503
    "gateway",  # 502 with a page instead of JSON
    "unauthorised",  # 401
    "policy",  # 400, content_policy_violation; its message repeats the prompt
    "bad_request",  # 400
    "no_model",  # 404
    "truncated",  # 200, a body that ends before its length
    "dropped",  # the connection dies without an answer
    "garbled",  # 200, JSON cut in the middle
    "wrong_type",  # 200, a page instead of JSON
    "bad_base64",  # 200, b64_json that is none
    "no_picture",  # 200, b64_json of a text
    "empty",  # 200, no data
]


class Drawn(Struct, frozen=True):
    """A whole answer. ``by_url`` sends the picture's address instead; ``url`` another address than its own."""

    data: bytes = b""
    by_url: bool = False
    url: str = ""


class Held(Struct, frozen=True):
    """An answer that comes when ``ImageServer.release`` is set."""


class ImageFault(Struct, frozen=True):
    """A failure. ``retry_after_s`` goes into a 429's header."""

    kind: ImageFaultKind
    retry_after_s: float | None = None


class ServedFile(Struct, frozen=True):
    """What ``/files/NAME`` answers; a held one when ``ImageServer.release`` is set, a chunked one without length."""

    data: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    is_held: bool = False
    is_chunked: bool = False


class ImageSeen(Struct, frozen=True):
    """A request as it arrived."""

    headers: dict[str, str]
    body: dict[str, Any]


ImageStep = Drawn | Held | ImageFault
ImageScript = Sequence[ImageStep] | Callable[[ImageSeen], ImageStep]

_STATUSES: dict[str, tuple[int, str, str | None]] = {
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "server_error": (500, "server_error", None),
    "overloaded": (503, "server_error", None),
    "unauthorised": (401, "invalid_request_error", "invalid_api_key"),
    "policy": (400, "image_generation_user_error", "content_policy_violation"),
    "bad_request": (400, "invalid_request_error", "invalid_value"),
    "no_model": (404, "invalid_request_error", "model_not_found"),
}
_GPT_SIZES = frozenset(["1024x1024", "1536x1024", "1024x1536", "auto"])


class ImageServer:
    """Serves the script on a loopback port of its own; use as an async context manager."""

    def __init__(self, script: ImageScript = ()) -> None:
        self.script = script
        self.requests: list[ImageSeen] = []
        self.files: dict[str, ServedFile] = {}
        self.fetched: list[str] = []
        self.arrived = asyncio.Event()
        self.release = asyncio.Event()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Bind a free port."""
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_post("/v1/images/generations", self._generations)
        app.router.add_get("/files/{name}", self._file)
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

    async def _generations(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read(), type=dict[str, Any])
        seen = ImageSeen({name.lower(): value for name, value in request.headers.items()}, body)
        self.requests.append(seen)
        self.arrived.set()
        if problem := _contract_breach(seen):
            return self._error(400, "invalid_request_error", "invalid_value", problem)
        step = self._next(seen)
        if isinstance(step, ImageFault):
            return await self._break(request, step, str(body.get("prompt")))
        if isinstance(step, Held):
            await self.release.wait()
            step = Drawn()
        return self._draw(step, str(body["size"]))

    def _next(self, seen: ImageSeen) -> ImageStep:
        if callable(self.script):
            return self.script(seen)
        return self.script[min(len(self.requests), len(self.script)) - 1] if self.script else Drawn()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.fetched.append(name)
        self.arrived.set()
        file = self.files.get(name, ServedFile(status=404))
        if file.is_held:
            await self.release.wait()
        response = web.Response(status=file.status, body=file.data, headers=file.headers)
        if file.is_chunked:
            response.enable_chunked_encoding()
        return response

    def _draw(self, step: Drawn, size: str) -> web.Response:
        width, height = (1024, 1024) if size == "auto" else map(int, size.split("x"))
        data = step.data or flat_png(width, height)
        datum: dict[str, str] = {"b64_json": base64.b64encode(data).decode()}
        if step.by_url or step.url:
            self.files["drawn.png"] = ServedFile(data)
            datum = {"url": step.url or f"{self.url}/files/drawn.png"}
        usage = {"input_tokens": 57, "output_tokens": 1056, "total_tokens": 1113}
        return self._json(200, {"created": 1_767_268_800, "data": [datum], "usage": usage})

    def _json(self, status: int, body: object) -> web.Response:
        headers = {"x-request-id": f"req_test_{len(self.requests)}"}
        return web.Response(
            status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers
        )

    def _error(self, status: int, kind: str, code: str | None, message: str) -> web.Response:
        return self._json(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})

    async def _break(self, request: web.Request, fault: ImageFault, prompt: str) -> web.StreamResponse:
        if fault.kind in _STATUSES:
            status, kind, code = _STATUSES[fault.kind]
            response = self._error(status, kind, code, f"scripted {fault.kind} for {prompt}")
            if fault.retry_after_s is not None:
                response.headers["retry-after"] = f"{fault.retry_after_s:g}"
            return response
        if fault.kind in {"truncated", "dropped"}:
            return await _cut(request, has_begun=fault.kind == "truncated")
        return self._nonsense(fault.kind)

    def _nonsense(self, kind: str) -> web.Response:
        if kind in {"gateway", "wrong_type"}:
            status = 502 if kind == "gateway" else 200
            return web.Response(status=status, text="<html>Bad gateway</html>", content_type="text/html")
        if kind == "garbled":
            return web.Response(body=b'{"created": 1, "data": [{"b64', content_type="application/json")
        data = {
            "bad_base64": [{"b64_json": "@@@ no base64 @@@"}],
            "no_picture": [{"b64_json": base64.b64encode(b"just some text").decode()}],
            "empty": [],
        }
        return self._json(200, {"created": 1, "data": data[kind]})


async def _cut(request: web.Request, *, has_begun: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "100000"})
    if has_begun:
        await response.prepare(request)
        await response.write(b'{"created": 1, "data": [{"b64_json": "')
    if request.transport is not None:
        request.transport.abort()
    return response


def _contract_breach(seen: ImageSeen) -> str:
    """What the real API answers with 400; an empty string for a proper request."""
    body = seen.body
    if not seen.headers.get("authorization", "").startswith("Bearer "):
        return "You didn't provide an API key."
    if not body.get("prompt") or not isinstance(body["prompt"], str):
        return "prompt: required"
    if str(body.get("model", "")).startswith("gpt-"):
        if "response_format" in body:
            return "Unknown parameter: 'response_format'."
        if body.get("size") not in _GPT_SIZES:
            return f"Invalid value: {body.get('size')!r}."
    return ""


def flat_png(width: int, height: int, grey: int = 120) -> bytes:
    """A PNG of one grey."""
    rows = zlib.compress((b"\0" + bytes([grey]) * width) * height)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
