"""The outside models over HTTP, for operators: how they stand, and having them tried again at once."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from streamforge.api.circuits import ModelsView
from streamforge.api.front import front_of, require_operator
from streamforge.api.route import Answer, Route, Scope
from streamforge.api.wire import NEVER_STORED, answer


async def models(request: web.Request) -> web.Response:
    """How the models stand."""
    require_operator(request)
    return answer(await front_of(request).circuits.look(), headers=NEVER_STORED)


async def lift(request: web.Request) -> web.Response:
    """Have all of them tried at once; ``lifted`` says which keys were let back by this."""
    require_operator(request)
    return answer(await front_of(request).circuits.look(lift=True), headers=NEVER_STORED)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/models",
        handler=models,
        text="The outside models: which are held back after failures, and which of their keys were refused.",
        tag="models",
        answers=(Answer(status=HTTPStatus.OK, text="In the order in which they are asked.", type=ModelsView),),
    ),
    Route(
        method="POST",
        path="/api/v1/models/lift",
        handler=lift,
        text="Have every model and key tried at once: somebody knows that they are well.",
        tag="models",
        scope=Scope.ADMIN,
        answers=(Answer(status=HTTPStatus.OK, text="How they stand now.", type=ModelsView),),
    ),
)
