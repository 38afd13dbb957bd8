"""Jobs wherever their records lie: in Redis, or, once that has forgotten them, in the archive.

What both have is as Redis has it, for a job may have been started anew. An archive that does not answer takes nothing
of Redis's with it; what is only there is then neither given nor denied (503).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from aiohttp import web
from msgspec import Struct

from streamforge.api.caller import EVERY_TENANT, Caller, caller_of
from streamforge.api.front import Front, front_of
from streamforge.api.money import CostView, cost_of, dollars
from streamforge.archive.answers import Story
from streamforge.archive.handle import ArchiveUnavailable
from streamforge.errors import UnknownJob
from streamforge.jobs.events import Event
from streamforge.jobs.listing import JobFilter, Place
from streamforge.jobs.model import Job
from streamforge.jobs.store import unknown_job

INCOMPLETE: Final = "the archive does not answer: what Redis has forgotten is left out"
"""What a list says of itself where it can have only the half."""


class Record(Struct, frozen=True, kw_only=True):
    """A job with its input as JSON, its events, and what its calls to models came to."""

    job: Job
    given: bytes | None
    events: Sequence[Event]
    cost: CostView | None


class Part(NamedTuple):
    """Some jobs of a list, newest first, and where it goes on; None where it does not."""

    jobs: list[Job]
    place: Place | None


class Listed(NamedTuple):
    """A page of a list; ``incomplete`` says why something may be missing."""

    part: Part
    incomplete: str | None = None


async def kept_job_of(request: web.Request) -> Job:
    """The job that the path names, also one that is archived alone, where the caller may know of it.

    Raises UnknownJob, the same for both reasons, and ArchiveUnavailable where nobody can tell.
    """
    front, job_id = front_of(request), request.match_info["job_id"]
    try:
        job = await front.store.get(job_id)
    except UnknownJob:
        job = (await _story(front, job_id)).job
    return _seen_by(caller_of(request), job)


async def log_of(front: Front, job: Job) -> Sequence[Event]:
    """A job's events, oldest first, as far as they are kept."""
    log = await front.store.events_since(job.id)
    if log or not job.is_terminal or front.recall is None:
        return log
    story = await front.recall.ask(lambda reader: reader.story(job.id))
    return story.events if story else ()


async def record_of(request: web.Request) -> Record:
    """The same with its story."""
    front, job_id = front_of(request), request.match_info["job_id"]
    try:
        job = _seen_by(caller_of(request), await front.store.get(job_id))
        events, given = await front.store.events_since(job_id), await front.store.input_of(job_id)
        return Record(job=job, given=given, events=events, cost=await cost_of(front.money, job_id))
    except UnknownJob:  # at once, or meanwhile
        story = await _story(front, job_id)
    job = _seen_by(caller_of(request), story.job)
    return Record(job=job, given=story.given, events=story.events, cost=await _archived_cost(front, job_id))


def _seen_by(caller: Caller, job: Job) -> Job:
    if not caller.sees(job.tenant):
        raise unknown_job(job.id)
    return job


async def _story(front: Front, job_id: str) -> Story:
    story = await front.recall.ask(lambda reader: reader.story(job_id)) if front.recall else None
    if story is None:
        raise unknown_job(job_id)
    return story


async def _archived_cost(front: Front, job_id: str) -> CostView | None:
    spent = await front.recall.ask(lambda reader: reader.spent(job_id)) if front.recall else None
    if spent is None:
        return None
    return CostView(
        usd=dollars(spent.cost_uusd),
        calls=spent.calls,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cache_read_tokens=spent.cache_read_tokens,
        cache_write_tokens=spent.cache_write_tokens,
        images=spent.images,
        audio_ms=spent.audio_ms,
        unpriced_calls=spent.unpriced_calls,
    )


async def listed(front: Front, tenant: str, only: JobFilter, after: Place | None, count: int) -> Listed:
    """A page of a tenant's jobs, or of everybody's (``EVERY_TENANT``); raises BrokerUnavailable."""
    listing, recall = front.store.listing, front.recall
    tenants = await listing.tenants() if tenant == EVERY_TENANT else [tenant]
    live = Part(*await listing.page(tenants, only, after=after, count=count))
    if recall is None:
        return Listed(live)
    whose = None if tenant == EVERY_TENANT else tenant
    try:
        old = Part(*await recall.ask(lambda reader: reader.page(whose, only, after=after, count=count)))
    except ArchiveUnavailable:
        return Listed(live, INCOMPLETE)
    known = await listing.known([job.id for job in old.jobs])
    return Listed(merged(live, old, known, count))


def merged(live: Part, old: Part, known: Collection[str], count: int) -> Part:
    """A page of both lists, without those of ``old`` that are ``known`` to Redis, wherever they stand there.

    Where one of them has come to the end of its page, the other's jobs after that have to wait: there may be some
    before them.
    """
    ends = [place for place in (live.place, old.place) if place is not None]
    end = max(ends, default=None)
    shown = {job.id for job in live.jobs}
    rows = [*live.jobs, *(job for job in old.jobs if job.id not in known and job.id not in shown)]
    sure = sorted((job for job in rows if end is None or _place(job) >= end), key=_place, reverse=True)
    return Part(sure[:count], _place(sure[count - 1]) if len(sure) > count else end)


def _place(job: Job) -> Place:
    return Place(job.created_ms, job.id)
