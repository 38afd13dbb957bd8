"""The gallery as its customers know it: real HTTP on a loopback port, and faults on demand."""

from __future__ import annotations

from collections import Counter
from typing import Self

from aiohttp import web


class FakeGallery:
    """Publishes after it was looked at ``looks`` times; the statuses of ``refusals`` are answered first."""

    def __init__(self, looks: int = 0, refusals: tuple[int, ...] = ()) -> None:
        self.looks = looks
        self.refusals = list(refusals)
        self.keys: Counter[str] = Counter()
        self.sheets: list[bytes] = []
        self.url = ""
        self._ids: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_post("/sheets", self._publish)
        app.router.add_get("/sheets/{id}", self._look)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _publish(self, request: web.Request) -> web.Response:
        if self.refusals:
            return web.Response(status=self.refusals.pop(0), headers={"Retry-After": "3600"})
        key = request.headers["Idempotency-Key"]
        self.keys[key] += 1
        if key not in self._ids:
            self._ids[key] = str(len(self._ids) + 1)
            self.sheets.append(await request.read())
        return web.json_response({"id": self._ids[key]}, status=201)

    async def _look(self, request: web.Request) -> web.Response:
        if self.looks:
            self.looks -= 1
            return web.Response(status=202)
        return web.json_response({"address": f"https://gallery.example/{request.match_info['id']}"})
