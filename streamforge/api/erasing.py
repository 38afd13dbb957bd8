"""Erasing over HTTP: a job, or a tenant, with all that is known of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.front import JOB_ID, Front, front_of, require_operator
from streamforge.api.records import kept_job_of
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import answer
from streamforge.archive.erasure import Erased, Eraser
from streamforge.errors import NotFound
from streamforge.jobs.model import Tenant

TENANT: Final = Param(name="tenant", place="path", type=Tenant, text="The tenant.", is_required=True)


class ErasedView(Struct, frozen=True):
    """What was erased. Not ``is_complete``: the archive does not answer, and does the rest when it is back."""

    jobs: Annotated[int, Meta(description="How many.")]
    is_complete: bool


async def erase_job(request: web.Request) -> web.Response:
    """Erase a job that has ended."""
    job = await kept_job_of(request)
    return _told(await _eraser(front_of(request)).job(job.tenant, job.id))


async def erase_tenant(request: web.Request) -> web.Response:
    """Erase everything of a tenant whose jobs have all ended."""
    require_operator(request)
    return _told(await _eraser(front_of(request)).tenant(request.match_info["tenant"]))


def _told(erased: Erased) -> web.Response:
    status = HTTPStatus.OK if erased.is_complete else HTTPStatus.ACCEPTED
    return answer(ErasedView(erased.jobs, erased.is_complete), status)


def _eraser(front: Front) -> Eraser:
    if front.eraser is None:
        raise NotFound("nothing is erased here")
    return front.eraser


_ANSWERS: Final = (
    Answer(status=HTTPStatus.OK, text="It is gone.", type=ErasedView),
    Answer(status=HTTPStatus.ACCEPTED, text="The archive's part follows when that is back.", type=ErasedView),
)

ROUTES = (
    Route(
        method="DELETE",
        path="/api/v1/jobs/{job_id}",
        handler=erase_job,
        text="Erase a job that has ended: its record, events and files. What it cost stays in the books.",
        tag="archive",
        scope=Scope.ADMIN,
        params=(JOB_ID,),
        answers=_ANSWERS,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="DELETE",
        path="/api/v1/tenants/{tenant}",
        handler=erase_tenant,
        text="Erase a tenant: jobs, files, kits, API keys, webhooks, books and credits.",
        tag="archive",
        scope=Scope.ADMIN,
        params=(TENANT,),
        answers=_ANSWERS,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
