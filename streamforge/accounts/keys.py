"""API keys in Redis: made, listed, rotated and revoked; only their hashes are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import time_ns
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from redis.exceptions import WatchError

from streamforge.accounts.model import (
    EVERY_TENANT,
    ApiKey,
    Digest,
    KeyTenant,
    Lifetime,
    Note,
    Scope,
    new_id,
    new_secret,
    sha256_of,
    written,
)
from streamforge.broker.broker import Broker
from streamforge.errors import InvalidInput, NotFound
from streamforge.jobs.acts import act
from streamforge.jobs.kinds import invalid_input
from streamforge.ops.logs import get_logger

MOST_KEYS = 10_000
"""Of one installation: listing reads them all."""

log = get_logger(__name__)


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key that somebody asks for."""

    tenant: KeyTenant
    scopes: tuple[Scope, ...] = (Scope.SUBMIT,)
    note: Note = ""
    expires_in_s: Lifetime = 0.0


class Issued(Struct, frozen=True):
    """A key with its secret, which is told once and kept nowhere."""

    key: ApiKey
    token: str


class Listed(Struct, frozen=True):
    """A key, and when it was last used (ms, to within a minute; 0: never)."""

    key: ApiKey
    used_ms: int


class ApiKeys:
    """Every API key of an installation. Raises BrokerUnavailable when Redis is away."""

    def __init__(self, broker: Broker, now_ms: Callable[[], int] = lambda: time_ns() // 1_000_000) -> None:
        self._broker = broker
        self._client = cast("Any", broker.client)
        self._all, self._used = broker.keys.api_keys, broker.keys.api_keys_used
        self._now_ms = now_ms

    async def create(self, wanted: NewKey) -> Issued:
        """Make a key; raises InvalidInput."""
        wanted = _checked(wanted)
        now_ms, secret = self._now_ms(), new_secret()
        key = ApiKey(
            id=new_id(),
            tenant=wanted.tenant,
            scopes=tuple(dict.fromkeys(wanted.scopes)),
            digests=(Digest(sha256_of(secret)),),
            created_ms=now_ms,
            expires_ms=now_ms + round(wanted.expires_in_s * 1000) if wanted.expires_in_s else 0,
            note=wanted.note,
        )

        def added(found: ApiKey | None, count: int) -> ApiKey:
            if found is None and count >= MOST_KEYS:  # found: written by the try before, whose answer was lost
                raise InvalidInput(f"there are {MOST_KEYS} keys", hint="revoke those that are not used")
            return key

        await self._broker.call("keys", lambda: self._write(key.id, "key.created", added))
        log.info("api_key_created", key_id=key.id, tenant=key.tenant, scopes=",".join(key.scopes))
        return Issued(key, written(key.id, secret))

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of that id, if there is one; it may have expired."""
        raw = await self._broker.call("keys", lambda: self._client.hget(self._all, key_id))
        return _DECODER.decode(raw) if raw else None

    async def list(self, tenant: str = EVERY_TENANT) -> list[Listed]:
        """A tenant's keys, or everybody's, the oldest first; expired ones are among them."""

        async def read() -> list[Any]:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.hgetall(self._all)
                pipe.hgetall(self._used)
                return await pipe.execute()

        kept, used = await self._broker.call("keys", read)
        keys = sorted((_DECODER.decode(raw) for raw in kept.values()), key=lambda key: (key.created_ms, key.id))
        return [Listed(key, int(used.get(key.id.encode(), 0))) for key in keys if tenant in (EVERY_TENANT, key.tenant)]

    async def rotate(self, key_id: str, overlap_s: float = 0.0) -> Issued:
        """Give a key another secret; the one before is good for ``overlap_s`` more, those before it no longer.

        Raises NotFound.
        """
        secret = new_secret()
        digest = Digest(sha256_of(secret))

        def turned(key: ApiKey | None, _: int) -> ApiKey:
            if key is None:
                raise no_key(key_id)
            newest = key.digests[0]
            if newest == digest:  # written by the try before, whose answer was lost
                return key
            old = (replace(newest, until_ms=self._now_ms() + round(overlap_s * 1000)),) if overlap_s else ()
            return replace(key, digests=(digest, *old))

        key = await self._broker.call("keys", lambda: self._write(key_id, "key.rotated", turned))
        log.info("api_key_rotated", key_id=key.id, tenant=key.tenant, overlap_s=overlap_s)
        return Issued(key, written(key.id, secret))

    async def revoke(self, key_id: str) -> None:
        """Forget a key: whoever sends it is nobody. Raises NotFound."""
        key = await self.find(key_id)
        if key is None:
            raise no_key(key_id)

        def forget(pipe: Any) -> None:  # noqa: ANN401 - redis-py's types say little
            pipe.hdel(self._all, key_id)
            pipe.hdel(self._used, key_id)

        await self._broker.note("keys", act("key.revoked", key_id, key.tenant), forget)
        log.info("api_key_revoked", key_id=key_id)

    async def revoke_all(self, tenant: str) -> None:
        """Forget every key of a tenant."""
        for listed in await self.list(tenant):
            await self.revoke(listed.key.id)

    async def note_use(self, key_id: str) -> None:
        """Write down that a key is used now."""
        await self._broker.call("keys", lambda: self._client.hset(self._used, key_id, self._now_ms()))

    async def has_live(self, scopes: Iterable[Scope] = ()) -> bool:
        """Whether there is a key that is good now, and has one of these scopes where some are named."""
        wanted, now_ms = set(scopes), self._now_ms()
        return any(
            entry.key.is_live(now_ms) and (not wanted or wanted & set(entry.key.scopes)) for entry in await self.list()
        )

    async def _write(self, key_id: str, action: str, change: Callable[[ApiKey | None, int], ApiKey]) -> ApiKey:
        """Write what becomes of a key, told of how many; again where somebody else has written one meanwhile."""
        while True:
            async with self._client.pipeline(transaction=True) as pipe:
                await pipe.watch(self._all)
                raw, count = await pipe.hget(self._all, key_id), await pipe.hlen(self._all)
                key = change(_DECODER.decode(raw) if raw else None, count)
                pipe.multi()
                pipe.hset(self._all, key.id, _ENCODER.encode(key))
                pipe.xadd(self._broker.keys.outbox, {"act": act(action, key.id, key.tenant, key)}, nomkstream=True)
                try:
                    await pipe.execute()
                except WatchError:
                    continue
                return key


def no_key(key_id: str) -> NotFound:
    """There is no such key, or none that the caller may know of."""
    return NotFound(f"no API key {key_id[:40]!r}", field="key_id", hint="`streamforge keys list` shows them")


def _checked(wanted: NewKey) -> NewKey:
    try:
        wanted = msgspec.convert(msgspec.to_builtins(wanted), NewKey)
    except msgspec.ValidationError as error:
        raise invalid_input(error, NewKey) from error
    if not wanted.scopes:
        raise InvalidInput("names none", field="scopes", hint=f"one or more of {', '.join(Scope)}")
    return wanted


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(ApiKey)
