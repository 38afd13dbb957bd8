"""Renewing leases over a connection of its own, from a thread of its own.

The event loop may be blocked for seconds by somebody's code; the leases of its jobs must not end for that. So this is
the one place that speaks with Redis synchronously.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import redis
from msgspec import Struct
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from streamforge.broker.connection import sync_options, translate
from streamforge.broker.keys import Keys
from streamforge.broker.scripts import load_sources
from streamforge.config import RedisSettings
from streamforge.jobs.model import Claim

LOST, RENEWED, CANCEL_ASKED = 0, 1, 2
"""renew.lua's codes."""


class Identity(Struct, frozen=True):
    """Which process a worker's name stands for; ``boot`` and ``namespace`` say whether its pid means anything here."""

    instance: str
    boot: str
    namespace: str
    pid: int
    started: int


class LeaseKeeper:
    """One worker's leases. Not for the event loop: every call blocks. Raises BrokerUnavailable or ConfigError."""

    def __init__(self, settings: RedisSettings, url: str, keys: Keys, worker: str, lease_ms: int) -> None:
        pool = redis.ConnectionPool(**sync_options(settings, url), retry=Retry(NoBackoff(), 0))
        self._client = redis.Redis(connection_pool=pool)
        self._keys = keys
        self._worker = worker
        self._lease_ms = lease_ms
        self._source = load_sources()["renew"]
        self._sha = ""

    def holder(self) -> bytes | None:
        """Who shows himself alive under this worker's name: an encoded Identity."""
        try:
            return cast("bytes | None", self._client.get(self._keys.worker(self._worker)))
        except (RedisError, OSError) as error:
            raise translate(error) from error

    def renew(self, identity: bytes, claims: Sequence[Claim]) -> list[int]:
        """A code for each claim, in order; shows ``identity`` alive for another lease."""
        args: list[Any] = [self._keys.base, 0, 0, self._worker, identity, self._lease_ms]
        for claim in claims:
            args += (claim.id, claim.token, claim.stream, claim.entry)
        try:
            return self._run(args)
        except (RedisError, OSError) as error:
            raise translate(error) from error

    def leave(self) -> None:
        """Show nobody alive under this name any more."""
        try:
            self._client.delete(self._keys.worker(self._worker))
        except (RedisError, OSError) as error:
            raise translate(error) from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _run(self, args: Sequence[Any]) -> list[int]:
        if not self._sha:
            self._load()
        try:
            return self._call(args)
        except NoScriptError:
            self._load()
            return self._call(args)

    def _call(self, args: Sequence[Any]) -> list[int]:
        call = cast("Callable[..., list[int]]", self._client.execute_command)  # pyright: ignore[reportUnknownMemberType]
        return call("EVALSHA", self._sha, 1, self._keys.feed, *args)

    def _load(self) -> None:
        self._sha = str(self._client.script_load(self._source))
