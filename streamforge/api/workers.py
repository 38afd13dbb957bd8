"""Workers over HTTP: who is alive, what each holds; send one home."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from msgspec import Meta, Struct

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of, require_operator
from streamforge.api.paging import Page
from streamforge.api.route import Answer, Param, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer
from streamforge.api.workload import WorkerView, worker_views
from streamforge.errors import NotFound

WorkerName = Annotated[str, Meta(min_length=1, max_length=100)]
WORKER: Final = Param(name="worker", place="path", type=WorkerName, text="The worker.", is_required=True)


class DrainAnswer(Struct, frozen=True):
    """A worker that has been told to end; ``heard`` is how many listened."""

    name: str
    heard: int


async def workers(request: web.Request) -> web.Response:
    """The workers that are alive."""
    front = front_of(request)
    views = await worker_views(front.store, front.queues, caller_of(request).sees)
    return answer(Page(views), headers=NEVER_STORED)


async def drain(request: web.Request) -> web.Response:
    """Have a worker end: it takes nothing more, and hands back what does not end within its grace."""
    require_operator(request)
    name, store = request.match_info["worker"], front_of(request).store
    if name not in await store.workers():
        raise NotFound(f"no worker is called {name[:100]!r}", field="worker")
    heard = await store.drain(name)
    return answer(DrainAnswer(name, heard), HTTPStatus.ACCEPTED)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/workers",
        handler=workers,
        text="The workers that are alive, and what they run.",
        tag="workers",
        answers=(Answer(status=HTTPStatus.OK, text="The workers.", type=Page[WorkerView]),),
    ),
    Route(
        method="POST",
        path="/api/v1/workers/{worker}/drain",
        handler=drain,
        text="Have a worker hand back its jobs and end.",
        tag="workers",
        scope=Scope.ADMIN,
        params=(WORKER,),
        answers=(Answer(status=HTTPStatus.ACCEPTED, text="It has been told.", type=DrainAnswer),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
