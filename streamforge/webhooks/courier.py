"""From the lines to the receivers: every daemon takes what is due, under a lease, and writes down how it went.

A daemon that dies in a delivery leaves it under its lease; when that ends, another makes it. So each is made at least
once, and its receiver knows it again by ``webhook-id``.
"""

from __future__ import annotations

import random
from collections import Counter
from time import time_ns

import anyio
from anyio.abc import TaskGroup

from streamforge.broker.broker import BLOCK_S, Broker
from streamforge.errors import InvalidSignature, NotFound, StreamForgeError
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service
from streamforge.webhooks.counts import (
    webhook_disabled_total,
    webhook_seconds,
    webhook_tries_total,
    webhook_under_way,
)
from streamforge.webhooks.model import PING, Endpoint, Taken, Try
from streamforge.webhooks.schedule import next_pause_s
from streamforge.webhooks.scripts import Outcome, Settled
from streamforge.webhooks.sender import Reply
from streamforge.webhooks.signing import sign
from streamforge.webhooks.store import Webhooks

LEASE_MARGIN_S = 5.0
"""A lease outlives the longest try by this."""

GRACE_S = 3.0
"""How long tries under way may take at the end; what is not done then is made again by another daemon."""

AWAY_PAUSE_S = 0.5
GONE = 410
USER_AGENT = "streamforge-webhooks"

log = get_logger(__name__)


class Courier(Service):
    """A service that delivers what is due."""

    name = "webhooks:courier"

    def __init__(self, broker: Broker, webhooks: Webhooks, *, lease_s: float = 0.0) -> None:
        self._broker = broker
        self._webhooks = webhooks
        self._settings = webhooks.settings
        self._lease_ms = round((lease_s or webhooks.settings.timeout_s + LEASE_MARGIN_S) * 1000)
        self._busy: Counter[str] = Counter()
        self._wake = anyio.Event()
        self._is_stopping = False
        self._taking = anyio.CancelScope()

    def stop(self) -> None:
        """Take no more; tries under way have ``GRACE_S``."""
        self._is_stopping = True
        self._taking.cancel()

    async def run(self) -> None:
        """Deliver until ``stop``; through every absence of Redis."""
        async with anyio.create_task_group() as tries:
            with self._taking:
                async with anyio.create_task_group() as loops:
                    loops.start_soon(self._hear_bell, name="webhooks:bell")
                    await self._take_for_ever(tries)
            tries.cancel_scope.deadline = anyio.current_time() + GRACE_S

    async def _hear_bell(self) -> None:
        heard = "$"
        while True:
            try:
                reply = await self._broker.read_streams({self._broker.keys.hooks_bell: heard}, count=1, block_s=BLOCK_S)
            except StreamForgeError:
                await anyio.sleep(AWAY_PAUSE_S)
                continue
            if reply:
                heard = reply[0][1][-1][0].decode()
                self._wake.set()

    async def _take_for_ever(self, tries: TaskGroup) -> None:
        while not self._is_stopping:
            self._wake = anyio.Event()
            try:
                wait_s = await self._take(tries)
            except StreamForgeError as error:
                log.debug("webhooks_wait", error=error.message)
                wait_s = AWAY_PAUSE_S
            with anyio.move_on_after(wait_s):
                await self._wake.wait()

    async def _take(self, tries: TaskGroup) -> float:
        """Begin what is due; how long to wait then, unless a try ends or the bell rings before."""
        free = self._settings.concurrency - self._busy.total()
        if free <= 0:
            return BLOCK_S
        taken, next_ms = await self._webhooks.scripts.take(
            free,
            per_endpoint=self._settings.concurrency_per_endpoint,
            lease_ms=self._lease_ms,
            busy={endpoint: count for endpoint, count in self._busy.items() if count},
        )
        for delivery in taken:
            self._busy[delivery.endpoint] += 1
            tries.start_soon(self._try, delivery, name=f"webhooks:{delivery.id}")
        return BLOCK_S if next_ms < 0 else min(BLOCK_S, max(next_ms, 1) / 1000)

    async def _try(self, taken: Taken) -> None:
        webhook_under_way().inc()
        try:
            await self._deliver(taken)
        except StreamForgeError as error:  # Redis is away: the lease ends, and it is made again
            log.warning("webhook_not_settled", delivery=taken.id, error=error.message)
        finally:
            webhook_under_way().dec()
            self._busy[taken.endpoint] -= 1
            self._wake.set()

    async def _deliver(self, taken: Taken) -> None:
        try:
            known = await self._webhooks.endpoint(taken.endpoint)
        except NotFound:
            await self._settle(taken, Reply(seconds=0.0, error="the endpoint was deleted"), "dead")
            return
        if known.health.disabled_ms and taken.type != PING:
            await self._settle(taken, Reply(seconds=0.0, error="the endpoint is disabled"), "dead")
            return
        reply = await self._send(known.endpoint, taken)
        webhook_seconds().observe(reply.seconds)
        pause_s = self._pause_s(taken, reply)
        await self._settle(taken, reply, _outcome(known.endpoint, reply, pause_s), pause_s or 0.0, known.endpoint)

    async def _send(self, endpoint: Endpoint, taken: Taken) -> Reply:
        now_ms = time_ns() // 1_000_000
        try:
            signature = sign(endpoint.secrets_at(now_ms), taken.id, now_ms // 1000, taken.body)
        except InvalidSignature as error:
            return Reply(seconds=0.0, error=error.message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": taken.id,
            "webhook-timestamp": str(now_ms // 1000),
            "webhook-signature": signature,
        }
        if taken.traceparent:
            headers["traceparent"] = taken.traceparent
        return await self._webhooks.sender.send(taken.url or endpoint.url, headers, taken.body)

    def _pause_s(self, taken: Taken, reply: Reply) -> float | None:
        failures = taken.failures + 1
        return next_pause_s(self._settings.retry_pauses_s, failures, random.random, reply.retry_after_s)

    async def _settle(
        self, taken: Taken, reply: Reply, outcome: Outcome, pause_s: float = 0.0, endpoint: Endpoint | None = None
    ) -> None:
        attempt = Try(
            number=taken.number,
            at_ms=time_ns() // 1_000_000 - round(reply.seconds * 1000),
            seconds=round(reply.seconds, 3),
            status=reply.status,
            error=reply.error,
        )
        may_disable = endpoint is not None and not endpoint.is_callback and taken.type != PING
        code = await self._webhooks.scripts.settle(
            Settled(
                taken=taken,
                outcome=outcome,
                attempt=attempt,
                delay_ms=round(pause_s * 1000),
                disable_after_ms=round(self._settings.disable_after_s * 1000) if may_disable else 0,
            )
        )
        webhook_tries_total(outcome if code else "fenced").inc()
        if code == 2:  # noqa: PLR2004 - as settle.lua says
            reason = "gone" if outcome == "gone" else "failing"
            webhook_disabled_total(reason).inc()
            log.warning("webhook_endpoint_disabled", endpoint=taken.endpoint, reason=reason)


def _outcome(endpoint: Endpoint, reply: Reply, pause_s: float | None) -> Outcome:
    if reply.is_good:
        return "delivered"
    if reply.status == GONE:
        return "dead" if endpoint.is_callback else "gone"
    return "dead" if pause_s is None else "retry"
