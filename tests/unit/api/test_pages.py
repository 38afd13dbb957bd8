"""The dashboard's files: what is sent with them, and what they may not hold."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streamforge.api import pages, routes
from streamforge.api.problems import problem
from streamforge.api.route import Handler
from streamforge.errors import StreamForgeError

FOLDER = files("streamforge.api") / "dashboard"
TEXTS = {
    each.name: each.read_text(encoding="utf-8") for each in FOLDER.iterdir() if each.name[-3:] in ("tml", "css", ".js")
}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
MOST_LINES = 400

Client = TestClient[web.Request, web.Application]


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problems."""
    try:
        return await handler(request)
    except StreamForgeError as error:
        return problem(error)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A server of the dashboard's routes alone."""
    app = web.Application(middlewares=[told])
    routes.add_to(app, pages.ROUTES)
    async with TestClient(TestServer(app)) as made:
        yield made


def directives(policy: str) -> dict[str, str]:
    """A Content-Security-Policy, by directive."""
    parts = [each.strip().split(" ", 1) for each in policy.split(";")]
    return {part[0]: part[1] for part in parts}


async def test_the_page_runs_its_own_scripts_alone(client: Client) -> None:
    """Its policy allows nothing from elsewhere, nothing inline, and no markup made of text."""
    answer = await client.get("/")
    policy = directives(answer.headers["Content-Security-Policy"])
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "font-src")} == {"'self'"}
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_is_asked_about_and_its_parts_are_kept(client: Client) -> None:
    """Every part that the page names is there, to be kept for good; the page itself is asked about each time."""
    answer = await client.get("/")
    assert answer.headers["Cache-Control"] == "no-cache"
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', await answer.text())
    assert len(named) >= 5
    for path in named:
        part = await client.get(path)
        assert part.status == 200
        assert "immutable" in part.headers["Cache-Control"]


async def test_an_unchanged_file_is_not_sent_again(client: Client) -> None:
    """With the ETag of the one that it has, a browser is answered 304, without a body."""
    for path in ("/", "/static/app.js", "/static/inter.woff2"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status == 200


async def test_parts_of_another_build_are_not_kept(client: Client) -> None:
    """During an update a page of the old build gets today's part, and does not keep it under the old name."""
    answer = await client.get("/static/000000000000/app.js")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/static/nothing.js", "/static/index.html", "/static/..%2fpages.py", "/static/%2e%2e%2fpages.py", "/static/a/b/c"],
)
async def test_nothing_else_is_served(client: Client, path: str) -> None:
    """Names that are not of the dashboard's files are not found, whatever they are."""
    assert (await client.get(path)).status == 404


async def test_files_are_told_as_what_they_are(client: Client) -> None:
    """Scripts, styles, fonts and pictures have their own media types; browsers refuse scripts that have not."""
    types = {
        name: (await client.get(f"/static/{name}")).content_type
        for name in ("app.js", "base.css", "inter.woff2", "mark.svg")
    }
    assert types == {
        "app.js": "text/javascript",
        "base.css": "text/css",
        "inter.woff2": "font/woff2",
        "mark.svg": "image/svg+xml",
    }


def test_every_file_is_served() -> None:
    """No file of the folder is of a type that nobody serves."""
    assert {each.name for each in FOLDER.iterdir()} == set(pages.site().assets)


def test_imports_lead_somewhere() -> None:
    """Every import of a script names a file beside it, by a relative path, so that it comes out of the same build."""
    for name, text in SCRIPTS.items():
        for target in re.findall(r'^(?:import|export)\b[^"\n]*\bfrom "([^"]+)";', text, re.MULTILINE):
            assert target.startswith("./"), (name, target)
            assert target[2:] in SCRIPTS, (name, target)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_file_is_short_and_makes_no_markup(name: str) -> None:
    """At most 400 lines; no text becomes markup or script; nothing is fetched from elsewhere."""
    text = TEXTS[name]
    assert text.count("\n") <= MOST_LINES
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert forbidden not in text
    elsewhere: list[Any] = re.findall(r"(?:src|href|url|import|from)\W{1,3}(?:https?:)?//[^\s\"')]+", text)
    assert elsewhere == []
    assert "style=" not in text
