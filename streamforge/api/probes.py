"""What machines ask of the daemon itself: does it answer, can it work, what has it counted."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from streamforge.api.front import front_of, require_operator
from streamforge.api.route import Answer, Route
from streamforge.api.wire import NEVER_STORED, answer
from streamforge.errors import BrokerUnavailable
from streamforge.ops import metrics


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Readiness(msgspec.Struct, frozen=True):
    """Whether this daemon can take work now; ``reasons`` by part, where it cannot.

    ``warnings`` are of parts that somebody should look at while work goes on.
    """

    ready: bool
    reasons: dict[str, str]
    warnings: dict[str, str]


async def healthz(_: web.Request) -> web.Response:
    """The process answers; nothing more is meant by it."""
    return answer(Alive())


async def readyz(request: web.Request) -> web.Response:
    """200 when this daemon can take work now, 503 with the reasons otherwise."""
    report = front_of(request).health.report()
    code = HTTPStatus.OK if report.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return answer(Readiness(*report), code, NEVER_STORED)


async def metrics_page(request: web.Request) -> web.Response:
    """Everything that Prometheus scrapes, of all tenants; queue depths are read at this moment."""
    require_operator(request)
    front = front_of(request)
    try:
        depths = await front.store.depths(front.queues)
        metrics.dead_letters_kept().set(await front.store.letters.count())
        for depth in depths:
            metrics.queue_depth(depth.queue, depth.priority).set(depth.waiting)
        for queue in front.queues:
            ages = [depth.oldest_age_s for depth in depths if depth.queue == queue]
            metrics.queue_oldest_age_seconds(queue).set(max(ages))
    except BrokerUnavailable:
        pass  # the counters are worth having without Redis
    return web.Response(body=metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        handler=healthz,
        text="The process answers.",
        tag="daemon",
        scope=None,
        answers=(Answer(status=HTTPStatus.OK, text="It does.", type=Alive),),
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        text="Whether this daemon can take work now.",
        tag="daemon",
        scope=None,
        answers=(
            Answer(status=HTTPStatus.OK, text="It can.", type=Readiness),
            Answer(status=HTTPStatus.SERVICE_UNAVAILABLE, text="It cannot, and why.", type=Readiness),
        ),
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=metrics_page,
        text="Everything that Prometheus scrapes. On an address that others can reach it takes an operator's API key.",
        tag="daemon",
        is_for_this_machine=True,
        answers=(Answer(status=HTTPStatus.OK, text="The metrics.", type=str, media_type="text/plain"),),
    ),
)
