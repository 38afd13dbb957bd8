"""Queues over HTTP: what waits in them, and for how long; stop and go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from time import time_ns
from typing import Final

from aiohttp import web
from msgspec import Struct

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of, require_operator
from streamforge.api.paging import Page
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer
from streamforge.broker.scripts import LineDepth
from streamforge.errors import NotFound
from streamforge.jobs.model import Name, Priority
from streamforge.jobs.store import JobStore

QUEUE: Final = Param(name="queue", place="path", type=Name, text="The queue.", is_required=True)


_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class LineView(Struct, frozen=True, kw_only=True):
    """One tenant's jobs of one priority: those that wait, and those that workers hold."""

    tenant: str
    priority: Priority
    waiting: int
    running: int


class QueueView(Struct, frozen=True, kw_only=True):
    """A queue as the caller sees it; ``priorities`` says how much waits in each. ``oldest_age_s`` is of what waits."""

    queue: str
    paused: bool
    waiting: int
    running: int
    oldest_age_s: float
    priorities: dict[Priority, int]
    lines: list[LineView]


class PauseAnswer(Struct, frozen=True):
    """How a queue stands now, and whether that is new."""

    queue: str
    paused: bool
    changed: bool


async def queues(request: web.Request) -> web.Response:
    """The queues that this daemon serves, with what is in them that the caller may know of."""
    front = front_of(request)
    views = await queue_views(front.store, front.queues, caller_of(request).sees)
    return answer(Page(views), headers=NEVER_STORED)


async def queue_views(store: JobStore, names: Iterable[str], sees: Callable[[str], bool]) -> list[QueueView]:
    """These queues and those that are paused, with what is in them of the tenants that ``sees`` admits."""
    paused = await store.paused()
    wanted = sorted({*names, *paused})
    lines = [line for line in await store.lines(wanted) if sees(line.tenant)]
    return [_view(name, [line for line in lines if line.queue == name], is_paused=name in paused) for name in wanted]


async def pause(request: web.Request) -> web.Response:
    """Start no more jobs of a queue, on any worker."""
    name = _operators_queue(request)
    changed = await front_of(request).store.pause(name)
    return answer(PauseAnswer(name, paused=True, changed=changed))


async def resume(request: web.Request) -> web.Response:
    """Start jobs of a queue again."""
    name = _operators_queue(request)
    changed = await front_of(request).store.resume(name)
    return answer(PauseAnswer(name, paused=False, changed=changed))


def _operators_queue(request: web.Request) -> str:
    """A queue's name from the path; any that could be one, since another daemon may serve it."""
    require_operator(request)
    name = request.match_info["queue"]
    if not _NAME.fullmatch(name):
        raise NotFound(f"no queue can be called {name[:64]!r}", field="queue")
    return name


def _view(name: str, lines: Sequence[LineDepth], *, is_paused: bool) -> QueueView:
    waiting = {str(priority): 0 for priority in Priority}
    for line in lines:
        waiting[line.priority] += line.waiting
    now_ms = time_ns() // 1_000_000
    oldest_ms = min((int(line.first.partition("-")[0]) for line in lines if line.first), default=now_ms)
    return QueueView(
        queue=name,
        paused=is_paused,
        waiting=sum(waiting.values()),
        running=sum(line.claimed for line in lines),
        oldest_age_s=max(0, now_ms - oldest_ms) / 1000,
        priorities={Priority(priority): count for priority, count in waiting.items()},
        lines=[
            LineView(tenant=line.tenant, priority=Priority(line.priority), waiting=line.waiting, running=line.claimed)
            for line in lines
        ],
    )


_PROBLEMS = (HTTPStatus.NOT_FOUND,)

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/queues",
        handler=queues,
        text="What waits and runs in each queue.",
        tag="queues",
        answers=(Answer(status=HTTPStatus.OK, text="The queues.", type=Page[QueueView]),),
    ),
    Route(
        method="POST",
        path="/api/v1/queues/{queue}/pause",
        handler=pause,
        text="Start no more jobs of a queue, on any worker; what runs goes on.",
        tag="queues",
        scope=Scope.ADMIN,
        params=(QUEUE,),
        answers=(Answer(status=HTTPStatus.OK, text="It is paused.", type=PauseAnswer),),
        problems=_PROBLEMS,
    ),
    Route(
        method="POST",
        path="/api/v1/queues/{queue}/resume",
        handler=resume,
        text="Start jobs of a queue again.",
        tag="queues",
        scope=Scope.ADMIN,
        params=(QUEUE,),
        answers=(Answer(status=HTTPStatus.OK, text="It is not paused.", type=PauseAnswer),),
        problems=_PROBLEMS,
    ),
)
