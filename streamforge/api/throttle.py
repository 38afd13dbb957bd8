"""Turns away who asks too often; tells how much is left, as draft-ietf-httpapi-ratelimit-headers has it."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from aiohttp import web

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of
from streamforge.api.rates import POLICY
from streamforge.api.refusals import TooManyRequests
from streamforge.api.route import Handler, route_of
from streamforge.broker.messages import Room


@web.middleware
async def limited(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away who asks too often. Probes are not counted, nor what leads nowhere."""
    rates, route = front_of(request).rates, route_of(request)
    if rates is None or route is None or route.scope is None or route.is_for_this_machine:
        return await handler(request)
    room = await rates.take(caller_of(request))
    told = {"RateLimit-Policy": rates.policy, "RateLimit": f'"{POLICY}";r={room.left};t={ceil(room.full_ms / 1000)}'}
    if not room.is_there:
        raise _turned_away(room, told)
    response = await handler(request)
    if not response.prepared:
        response.headers.update(told)
    return response


def _turned_away(room: Room, told: Mapping[str, str]) -> TooManyRequests:
    wait_s = max(1, ceil(room.wait_ms / 1000))
    return TooManyRequests(
        "more requests than api.requests_per_minute allows",
        hint=f"wait {wait_s} s",
        headers={**told, "Retry-After": str(wait_s)},
    )
