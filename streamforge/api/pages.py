"""The dashboard's files: one page at ``/``, and what it is made of under ``/static``.

They come out of the installed package and are held in memory. The page names its parts under ``/static/<build>/``,
where ``build`` is a digest of all of them, so that browsers may keep these for good; ``/static/<name>`` is for others,
who link to a file by a name that stays.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.route import Answer, Param, Route
from streamforge.errors import NotFound

PAGE: Final = "index.html"
_BUILD: Final = "{build}"
"""What stands for the digest in the page."""

_TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain",
}

_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing from elsewhere, nothing inline, and no way from text to markup: what users write stays text."""

KEPT: Final = "public, max-age=31536000, immutable"
ASKED: Final = "no-cache"
"""Kept, but asked about each time: an unchanged file is answered 304."""

FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z", description="The file.")]
Build = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z", description="The digest of all files.")]


class Asset(Struct, frozen=True):
    """A file as it is sent; ``etag`` is a digest of its bytes."""

    body: bytes
    media_type: str
    etag: str


class Site(Struct, frozen=True):
    """Every file of the dashboard by its name, and the digest of them all."""

    build: str
    assets: dict[str, Asset]


@cache
def site() -> Site:
    """The files that were installed with this package."""
    folder = files("streamforge.api") / "dashboard"
    found = sorted((each.name, each.read_bytes()) for each in folder.iterdir() if _extension(each.name) in _TYPES)
    build = sha256(b"".join(sha256(name.encode() + b"\0" + body).digest() for name, body in found)).hexdigest()[:12]
    return Site(build, {name: _asset(name, body.replace(_BUILD.encode(), build.encode())) for name, body in found})


async def page(request: web.Request) -> web.Response:
    """The dashboard."""
    return _sent(request, site().assets[PAGE], ASKED)


async def asset(request: web.Request) -> web.Response:
    """A file under a name that stays."""
    return _sent(request, _found(request), ASKED)


async def built(request: web.Request) -> web.Response:
    """A file of this build. A page of another build gets it, too, but is not told to keep it."""
    build = request.match_info["build"]
    return _sent(request, _found(request), KEPT if build == site().build else ASKED)


def _found(request: web.Request) -> Asset:
    name = request.match_info["name"]
    found = site().assets.get(name) if name != PAGE else None
    if found is None:
        raise NotFound("the dashboard has no such file", field="name", hint="reload the page")
    return found


def _sent(request: web.Request, found: Asset, kept: str) -> web.Response:
    headers = {**HEADERS, "ETag": f'"{found.etag}"', "Cache-Control": kept}
    if any(known.value in (found.etag, "*") for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    charset = "utf-8" if found.media_type.startswith("text/") else None
    response = web.Response(body=found.body, headers=headers, content_type=found.media_type, charset=charset)
    if charset:
        response.enable_compression()
    return response


def _asset(name: str, body: bytes) -> Asset:
    return Asset(body, _TYPES[_extension(name)], sha256(body).hexdigest()[:32])


def _extension(name: str) -> str:
    return name.rpartition(".")[2]


_NAME = Param(name="name", place="path", type=FileName, text="The file.", is_required=True)
_ANSWERS = (
    Answer(status=HTTPStatus.OK, text="The file.", media_type="*/*"),
    Answer(status=HTTPStatus.NOT_MODIFIED, text="It is the one that the caller has."),
)

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/",
        handler=page,
        text="The dashboard.",
        tag="dashboard",
        scope=None,
        answers=(Answer(status=HTTPStatus.OK, text="The page.", media_type="text/html"), _ANSWERS[1]),
    ),
    Route(
        method="GET",
        path="/static/{name}",
        handler=asset,
        text="A file of the dashboard, and the client for browsers.",
        tag="dashboard",
        scope=None,
        params=(_NAME,),
        answers=_ANSWERS,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/static/{build}/{name}",
        handler=built,
        text="The same, of one build, to be kept for good.",
        tag="dashboard",
        scope=None,
        params=(Param(name="build", place="path", type=Build, text="Which build.", is_required=True), _NAME),
        answers=_ANSWERS,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
