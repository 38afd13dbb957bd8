"""What the handlers work with, and how a request reaches it: the front, and the job that a path names."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec import Struct

from streamforge.accounts.accounts import Accounts
from streamforge.api.caller import EVERY_TENANT, caller_of
from streamforge.api.circuits import NO_MODELS, Switchboard
from streamforge.api.hub import Hub
from streamforge.api.money import Money
from streamforge.api.rates import Rates
from streamforge.api.route import Param
from streamforge.api.shelf import KitShelf
from streamforge.archive.erasure import Eraser
from streamforge.archive.recall import Recall
from streamforge.config import ApiSettings, JobsSettings
from streamforge.errors import NotAllowed, NotFound
from streamforge.jobs.kinds import Kinds
from streamforge.jobs.model import Job, JobId
from streamforge.jobs.store import JobStore, unknown_job
from streamforge.jobs.uploads import Uploads
from streamforge.ops.health import Health
from streamforge.storage.objects import Objects
from streamforge.webhooks.store import Webhooks

JOB_ID: Final = Param(name="job_id", place="path", type=JobId, text="The job.", is_required=True, unknown=unknown_job)


class Front(Struct, frozen=True, kw_only=True):
    """Everything that handlers need.

    ``queues`` are those that this daemon serves; without ``rates`` there is no limit to how often callers may ask.
    """

    store: JobStore
    objects: Objects
    kinds: Kinds
    health: Health
    queues: tuple[str, ...]
    accounts: Accounts
    uploads: Uploads
    kits: KitShelf
    hub: Hub
    webhooks: Webhooks
    money: Money
    circuits: Switchboard = NO_MODELS
    settings: ApiSettings = ApiSettings()
    limits: JobsSettings = JobsSettings()
    rates: Rates | None = None
    recall: Recall | None = None
    eraser: Eraser | None = None


FRONT: Final[web.AppKey[Front]] = web.AppKey("front", Front)


def front_of(request: web.Request) -> Front:
    """What this request's handler needs."""
    return request.app[FRONT]


async def job_of(request: web.Request) -> Job:
    """The job that the path names, where the caller may know of it; raises UnknownJob, the same for both reasons."""
    job = await front_of(request).store.get(request.match_info["job_id"])
    if not caller_of(request).sees(job.tenant):
        raise unknown_job(job.id)
    return job


def archive_of(request: web.Request) -> Recall:
    """The archive; raises NotFound where none is kept."""
    if (recall := front_of(request).recall) is None:
        raise NotFound("no archive is kept here", field="archive.url", hint="only Redis knows jobs, for a while")
    return recall


def require_operator(request: web.Request) -> None:
    """Let nobody but an operator do what concerns everybody; raises NotAllowed."""
    if caller_of(request).tenant != EVERY_TENANT:
        raise NotAllowed("this concerns every tenant", field="Authorization", hint="use an operator's API key")
