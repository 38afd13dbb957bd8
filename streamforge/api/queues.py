"""Queues over HTTP: what waits in them, and for how long; stop and go."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec import Struct

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of, require_operator
from streamforge.api.paging import Page
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer
from streamforge.api.workload import QueueView, queue_views
from streamforge.jobs.model import Name

QUEUE: Final = Param(name="queue", place="path", type=Name, text="The queue.", is_required=True)


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


async def pause(request: web.Request) -> web.Response:
    """Start no more jobs of a queue, on any worker; of any that could be one, for another daemon may serve it."""
    require_operator(request)
    name = request.match_info["queue"]
    changed = await front_of(request).store.pause(name)
    return answer(PauseAnswer(name, paused=True, changed=changed))


async def resume(request: web.Request) -> web.Response:
    """Start jobs of a queue again, in the same way."""
    require_operator(request)
    name = request.match_info["queue"]
    changed = await front_of(request).store.resume(name)
    return answer(PauseAnswer(name, paused=False, changed=changed))


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
