"""Finished files over HTTP: whole or in part, by key or by a signed link."""

from __future__ import annotations

import re
from http import HTTPStatus
from time import time_ns
from typing import Annotated, Final
from urllib.parse import quote

import anyio
from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api import signing
from streamforge.api.front import JOB_ID, front_of
from streamforge.api.records import kept_job_of
from streamforge.api.refusals import NoSuchRange
from streamforge.api.route import Answer, Param, Route, query_params
from streamforge.api.wire import NEVER_STORED, answer, read_body, read_query
from streamforge.errors import InvalidInput, NotFound
from streamforge.jobs.model import Artifact, Job

IDLE_S: Final = 60.0
"""How long somebody who is sent a file may take for a piece of it."""
WEEK_S: Final = 7 * 86_400
"""The longest that S3 signs an address for; our own links keep to it."""
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]")

NAME = Param(name="name", place="path", type=Annotated[str, Meta(max_length=200)], text="The file.", is_required=True)
RANGE = Param(name="Range", place="header", type=str, text="One range of bytes, as bytes=0-1023 or bytes=-500.")


class FileQuery(Struct, frozen=True, kw_only=True):
    """How a file is sent; the other three are what makes a signed link."""

    download: Annotated[bool, Meta(description="Have a browser save it instead of showing it.")] = False
    version: Annotated[str, Meta(description="Part of a signed link: which content.")] = ""
    expires: Annotated[str, Meta(description="Part of a signed link: until when, in ms since 1970.")] = ""
    signature: Annotated[str, Meta(description="Part of a signed link.")] = ""


class LinkRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long a link is good; ``is_direct`` asks for an address of the object store itself."""

    expires_in_s: Annotated[int, Meta(ge=1, le=WEEK_S)] = 3600
    is_direct: bool = False


class Link(Struct, frozen=True):
    """An address that opens a file without a key, until ``expires_ms``; ours begin with a slash."""

    url: str
    expires_ms: int


async def artifact(request: web.Request) -> web.StreamResponse:
    """A finished file. Its ETag is its content's SHA-256, so a repeated request can be answered 304."""
    query = read_query(request, FileQuery)
    job = await kept_job_of(request)
    file = _file_of(request, job)
    if query.version and query.version != signing.version_of(file):
        raise NotFound("the file has another content by now", field="version", hint="ask for a new link")
    headers = _headers(file, query)
    if any(known.value in (file.key, "*") for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    asked = _range_of(request, file)
    if asked is None:
        return await _send(request, job, file, headers, (0, file.size))
    start, end = asked
    if start >= end:
        raise NoSuchRange(field="Range", headers={"Content-Range": f"bytes */{file.size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return await _send(request, job, file, headers, asked)


async def link(request: web.Request) -> web.Response:
    """A link that opens the file, as it is now, without a key."""
    wanted = await read_body(request, LinkRequest)
    job = await kept_job_of(request)
    file = _file_of(request, job)
    expires_ms = time_ns() // 1_000_000 + wanted.expires_in_s * 1000
    if not wanted.is_direct:
        url = await signing.link_to(front_of(request).accounts.signer, job.id, file, expires_ms)
        return answer(Link(url, expires_ms), HTTPStatus.CREATED, NEVER_STORED)
    address = await front_of(request).objects.of(job.tenant).address_of(file.key, wanted.expires_in_s)
    if address is None:
        raise InvalidInput("the files are in no bucket", field="is_direct", hint="leave it out")
    return answer(Link(address, expires_ms), HTTPStatus.CREATED, NEVER_STORED)


def _file_of(request: web.Request, job: Job) -> Artifact:
    found = job.artifacts.get(request.match_info["name"])
    if found is None:
        names = ", ".join(sorted(job.artifacts)) or "none yet"
        raise NotFound(f"job {job.id} has no such file", field="name", hint=f"its files: {names}"[:400])
    return found


def _headers(file: Artifact, query: FileQuery) -> dict[str, str]:
    """An address with a version never shows anything else; any other is asked again, which costs an empty 304."""
    how = "attachment" if query.download else "inline"
    plain = _PLAIN.sub("_", file.name)
    return {
        "ETag": f'"{file.key}"',
        "Accept-Ranges": "bytes",
        "Content-Type": file.media_type,
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Cache-Control": "private, max-age=604800, immutable" if query.version else "private, no-cache",
        "Cross-Origin-Resource-Policy": "cross-origin" if query.signature else "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }


def _range_of(request: web.Request, file: Artifact) -> tuple[int, int] | None:
    """The first byte and the one after the last; None for the whole file, also where a Range makes no sense."""
    if "Range" not in request.headers or request.headers.get("If-Range", f'"{file.key}"') != f'"{file.key}"':
        return None
    asked = _RANGE.fullmatch(request.headers["Range"])
    if asked is None or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        return max(0, file.size - int(last)), file.size
    end = int(last) + 1 if last else file.size
    return (int(first), min(end, file.size)) if end > int(first) or not last else None


async def _send(
    request: web.Request, job: Job, file: Artifact, headers: dict[str, str], span: tuple[int, int]
) -> web.StreamResponse:
    start, end = span
    is_whole = end - start == file.size and "Content-Range" not in headers
    response = web.StreamResponse(status=HTTPStatus.OK if is_whole else HTTPStatus.PARTIAL_CONTENT, headers=headers)
    response.content_length = end - start
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    objects = front_of(request).objects.of(job.tenant)
    chunks = objects.stream(file.key) if is_whole else objects.stream_part(file.key, start, end)
    first = await anext(chunks, b"")  # what is not there is told before an answer begins
    await response.prepare(request)
    await _write(response, first)
    async for chunk in chunks:
        await _write(response, chunk)
    await response.write_eof()
    return response


async def _write(response: web.StreamResponse, chunk: bytes) -> None:
    """Raises ConnectionResetError where nobody reads."""
    try:
        with anyio.fail_after(IDLE_S):
            await response.write(chunk)
    except TimeoutError as error:
        raise ConnectionResetError("the reader stands still") from error


ROUTES = (
    Route(
        method="GET",
        path=signing.FILE_PATH,
        handler=artifact,
        text="A finished file.",
        tag="files",
        params=(JOB_ID, NAME, RANGE, *query_params(FileQuery)),
        answers=(
            Answer(status=HTTPStatus.OK, text="The file.", media_type="*/*"),
            Answer(status=HTTPStatus.PARTIAL_CONTENT, text="The part of it that was asked for.", media_type="*/*"),
            Answer(status=HTTPStatus.NOT_MODIFIED, text="It is the one that the caller has."),
        ),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    ),
    Route(
        method="POST",
        path="/api/v1/artifacts/{job_id}/{name}/link",
        handler=link,
        text="A link that opens a file without a key, for a time.",
        tag="files",
        params=(JOB_ID, NAME),
        body=LinkRequest,
        answers=(Answer(status=HTTPStatus.CREATED, text="The link.", type=Link),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
