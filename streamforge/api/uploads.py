"""The files of a job that waits for them, over HTTP: each by a PUT of its bytes, then one POST that starts the job."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from http import HTTPStatus
from time import monotonic
from typing import Annotated, Final
from urllib.parse import quote

import anyio
from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api import bodies
from streamforge.api.front import JOB_ID, front_of, job_of
from streamforge.api.paging import Page
from streamforge.api.refusals import BodyTooSlow
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer
from streamforge.config.limits import MIB
from streamforge.errors import InvalidInput
from streamforge.jobs.model import Artifact, FileName, JobState
from streamforge.jobs.uploads import Sent, Span, wanted_of

IDLE_S: Final = 30.0
"""How long a file that is being sent may stand still."""
CHUNK_BYTES: Final = 256 * 1024
HELD_BYTES: Final = 8 * MIB
"""The most of a file that is held at one time: a part of one that comes in parts."""

_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")

CONTENT_RANGE: Final = Param(
    name="Content-Range",
    place="header",
    type=Annotated[str, Meta(pattern=r"^bytes [0-9]{1,15}-[0-9]{1,15}/[0-9]{1,15}\Z")],
    text="For a file in parts of at most 8 MiB, in any order: which bytes these are, as bytes 0-1048575/5000000.",
)
NAME: Final = Param(name="name", place="path", type=FileName, text="The file, as the job named it.", is_required=True)


class UploadView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that the job waits for. One that comes in parts is here when it is whole: go on at ``received``."""

    name: str
    url: str
    media_type: str = ""
    size: int | None = None
    sha256: str = ""
    is_here: bool = False
    received: int | None = None


class Processed(Struct, frozen=True):
    """The job, handed to its queue."""

    job_id: str
    state: JobState
    is_new: bool
    status_url: str


async def list_uploads(request: web.Request) -> web.Response:
    """Every file that the job waits for, here or not."""
    job = await job_of(request)
    here = {file.name: file for file in await front_of(request).uploads.list(job)}
    views = [_view(job.id, wanted.name, here.get(wanted.name)) for wanted in job.wanted]
    return answer(Page(views), headers=NEVER_STORED)


async def show(request: web.Request) -> web.Response:
    """One of them."""
    job, name = await job_of(request), request.match_info["name"]
    wanted_of(job, name)
    uploads = front_of(request).uploads
    here = {file.name: file for file in await uploads.list(job)}
    received = None if name in here else await uploads.received(job, name)
    return answer(_view(job.id, name, here.get(name), received), headers=NEVER_STORED)


async def put(request: web.Request) -> web.Response:
    """Receive a file, or a part of it; sent again, it takes the place of what was there."""
    job, name, uploads = await job_of(request), request.match_info["name"], front_of(request).uploads
    sent = Sent(_body_of(request), request.headers.get("Content-Type", ""), request.content_length)
    part = request.headers.get("Content-Range")
    if part is None:
        return answer(_view(job.id, name, await uploads.receive(job, name, sent)))
    span, total = _span_of(part)
    file = await uploads.receive_part(job, name, sent, span, total)
    if file is None:
        return answer(_view(job.id, name, None, await uploads.received(job, name)), HTTPStatus.ACCEPTED)
    return answer(_view(job.id, name, file))


async def remove(request: web.Request) -> web.Response:
    """Forget a file that is here."""
    await front_of(request).uploads.remove(await job_of(request), request.match_info["name"])
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def process(request: web.Request) -> web.Response:
    """Hand the job to its queue, with its files; again, it is the same."""
    job = await job_of(request)
    is_new = await front_of(request).uploads.process(job)
    job = await front_of(request).store.get(job.id)
    status_url = f"/api/v1/status/{job.id}"
    return answer(
        Processed(job.id, job.state, is_new, status_url), HTTPStatus.ACCEPTED if is_new else HTTPStatus.OK, NEVER_STORED
    )


def _span_of(content_range: str) -> tuple[Span, int]:
    found = _CONTENT_RANGE.fullmatch(content_range)
    start, last, total = map(int, found.groups()) if found else (0, 0, 0)
    if not start <= last < total:
        raise InvalidInput("not a part of a file", field="Content-Range", hint="as in bytes 0-1048575/5000000")
    return Span(start, last + 1), total


async def _body_of(request: web.Request) -> AsyncGenerator[bytes]:
    """The body as it arrives; raises BodyTooSlow, InvalidInput where it breaks off, and BodiesFull."""
    hold = request[bodies.HOLD]
    await bodies.ask_for(request)
    chunks = request.content.iter_chunked(CHUNK_BYTES)
    over_s = monotonic() + front_of(request).settings.upload_ttl_s
    try:
        while True:
            with anyio.fail_after(min(IDLE_S, over_s - monotonic())):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            hold.more(len(chunk), HELD_BYTES)
            yield chunk
    except TimeoutError as error:
        raise BodyTooSlow("the file stood still", field="body", hint="send it again, or go on in parts") from error
    except (ConnectionResetError, web.RequestPayloadError) as error:
        raise InvalidInput("it broke off", field="body", hint="send it again") from error


def _view(job_id: str, name: str, file: Artifact | None, received: int | None = None) -> UploadView:
    url = f"/api/v1/jobs/{job_id}/uploads/{quote(name, safe='')}"
    if file is None:
        return UploadView(name=name, url=url, received=received)
    return UploadView(name=name, url=url, media_type=file.media_type, size=file.size, sha256=file.key, is_here=True)


_NOT_FOUND_OR_STARTED = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}/uploads",
        handler=list_uploads,
        text="The files that a job waits for.",
        tag="files",
        params=(JOB_ID,),
        answers=(Answer(status=HTTPStatus.OK, text="All of them, in the job's order.", type=Page[UploadView]),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/v1/jobs/{job_id}/uploads/{name}",
        handler=show,
        text="One of the files that a job waits for.",
        tag="files",
        params=(JOB_ID, NAME),
        answers=(Answer(status=HTTPStatus.OK, text="The file.", type=UploadView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="PUT",
        path="/api/v1/jobs/{job_id}/uploads/{name}",
        handler=put,
        text="Send a file of a job, as the request's body. What it is, is told by its content.",
        tag="files",
        scope=Scope.SUBMIT,
        params=(JOB_ID, NAME, CONTENT_RANGE),
        body=bytes,
        body_media_type="application/octet-stream",
        answers=(
            Answer(status=HTTPStatus.OK, text="The file as it is kept.", type=UploadView),
            Answer(status=HTTPStatus.ACCEPTED, text="A part; the file is not whole yet.", type=UploadView),
        ),
        problems=(*_NOT_FOUND_OR_STARTED, HTTPStatus.REQUEST_TIMEOUT),
    ),
    Route(
        method="DELETE",
        path="/api/v1/jobs/{job_id}/uploads/{name}",
        handler=remove,
        text="Forget a file of a job.",
        tag="files",
        scope=Scope.SUBMIT,
        params=(JOB_ID, NAME),
        answers=(Answer(status=HTTPStatus.NO_CONTENT, text="It is gone."),),
        problems=_NOT_FOUND_OR_STARTED,
    ),
    Route(
        method="POST",
        path="/api/v1/jobs/{job_id}/process",
        handler=process,
        text="Start a job whose files are all here.",
        tag="files",
        scope=Scope.SUBMIT,
        params=(JOB_ID,),
        answers=(
            Answer(status=HTTPStatus.ACCEPTED, text="It is in its queue, or waits for its time.", type=Processed),
            Answer(status=HTTPStatus.OK, text="It was started before.", type=Processed),
        ),
        problems=_NOT_FOUND_OR_STARTED,
    ),
)
