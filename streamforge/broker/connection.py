"""Connections to Redis that fail loudly, soon, and with our errors.

Six habits of redis-py 8.1 are dealt with here, each a fault that was reproduced:

- Its default retry sends commands again after a timeout, also those that are not idempotent: one slow XADD made two
  entries. Here the client never retries; ``Scripts`` retries what is idempotent, by name.
- Its default socket timeout (5 s) ends a longer blocking read on the client's side, which loses what the server had
  answered. A blocking client gets a timeout of its own, longer than any block.
- Its default wire protocol gives replies another shape, and an idle connection that the server closed makes the next
  command fail. Protocol 2 is pinned.
- A connection that a middlebox reset raises RuntimeError (uvloop) or AttributeError (asyncio) from inside the
  transport. ``_SafeSend`` turns those into what they are.
- Its default pool raises when more tasks than connections want to speak. Here they wait for their turn.
- A health check of idle connections finds the silent drops of hosted Redis before a command does.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterable
from typing import Any, cast

import anyio.lowlevel
import redis.asyncio as aioredis
from redis import connection as sync
from redis import exceptions as redis_errors
from redis.asyncio.connection import (
    BlockingConnectionPool,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streamforge.config import RedisSettings
from streamforge.errors import BrokerUnavailable, ConfigError, StreamForgeError

AWAY = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.BusyLoadingError,
    redis_errors.ReadOnlyError,
    redis_errors.TryAgainError,
    redis_errors.ClusterDownError,
    redis_errors.MasterDownError,
    redis_errors.OutOfMemoryError,
    OSError,
)
"""What means "Redis is not there now", as against "it answers, but not as it should"."""

REFUSED = (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.NoPermissionError)
"""What waiting will not mend: a wrong password, a missing permission."""

_PIPELINE_NOTE = re.compile(r"^Command # .* of pipeline caused error: \('(?P<reply>.*)',\)$", re.DOTALL)
"""What redis-py makes of a reply to a pipeline; it holds the command, and so the job's data."""


class _SafeSend:
    """A broken transport is a ConnectionError, whatever the event loop calls it; and a cancellation stays one.

    Before Python 3.12 ``asyncio.wait_for``, which redis-py sends with, swallows a cancellation that comes in the moment
    in which the send is done.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:  # noqa: FBT001, FBT002, RUF100 - redis-py's signature
        before = _cancels()
        try:
            await super().send_packed_command(command, check_health)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        except (RuntimeError, AttributeError, TypeError) as error:
            await cast("Connection", self).disconnect(nowait=True)
            raise redis_errors.ConnectionError(f"transport closed: {error}") from error
        if _cancels() > before:
            await cast("Connection", self).disconnect(nowait=True)
            await anyio.lowlevel.checkpoint_if_cancelled()  # a scope has to know its own cancellation again
            raise asyncio.CancelledError


def _cancels() -> int:
    """How often somebody has asked for this task's end."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


class SafeConnection(_SafeSend, Connection):
    """TCP."""


class SafeSSLConnection(_SafeSend, SSLConnection):
    """TLS."""


class SafeUnixConnection(_SafeSend, UnixDomainSocketConnection):
    """Unix socket."""


_SYNC: dict[type[Any], type[Any]] = {
    SafeConnection: sync.Connection,
    SafeSSLConnection: sync.SSLConnection,
    SafeUnixConnection: sync.UnixDomainSocketConnection,
}
_SAFE: dict[type[Any], type[Any]] = {
    SSLConnection: SafeSSLConnection,
    UnixDomainSocketConnection: SafeUnixConnection,
}


_OURS = (
    "health_check_interval",
    "max_connections",
    "protocol",
    "retry_on_timeout",
    "socket_connect_timeout",
    "socket_timeout",
    "timeout",
)
"""What a URL may carry for redis-py and the settings decide here."""


def connect(settings: RedisSettings, url: str = "", *, block_s: float = 0.0) -> aioredis.Redis:
    """A client for ``url`` (or the settings' own); with ``block_s``, one made for blocking reads of at most that long.

    Nothing is sent yet. Raises ConfigError where the URL cannot be read.
    """
    kwargs = _connection_options(settings, url or settings.url)
    timeout_s = settings.socket_timeout_s + (block_s + 5.0 if block_s else 0.0)
    pool = BlockingConnectionPool(
        timeout=None,  # wait for a free connection as long as it takes
        protocol=2,
        socket_timeout=timeout_s,
        socket_connect_timeout=settings.connect_timeout_s,
        health_check_interval=settings.health_check_interval_s,
        max_connections=settings.max_connections,
        retry=Retry(NoBackoff(), 0),
        **kwargs,
    )
    try:
        pool.make_connection()
    except TypeError as error:  # only a URL's query can bring an option that no connection knows
        raise ConfigError(f"an option in the URL is unknown: {error}", field="redis.url") from error
    return aioredis.Redis.from_pool(pool)


def _connection_options(settings: RedisSettings, url: str) -> dict[str, Any]:
    try:
        options: dict[str, Any] = dict(parse_url(url))
    except ValueError:
        raise ConfigError(  # without the parser's words, which may hold a piece of the password
            "not a Redis URL",
            field="redis.url",
            hint="for example redis://127.0.0.1:6379/0, rediss://… or unix:///run/redis.sock; "
            "percent-encode a password, or give it as redis.password",
        ) from None
    plain = options.pop("connection_class", Connection)
    options["connection_class"] = _SAFE.get(plain, SafeConnection)
    if plain is SSLConnection:
        options.setdefault("ssl_cert_reqs", settings.ssl_cert_reqs)
        options["ssl_check_hostname"] = options["ssl_cert_reqs"] not in ("none", "CERT_NONE", ssl.CERT_NONE)
        if settings.ssl_ca_certs:
            options.setdefault("ssl_ca_certs", settings.ssl_ca_certs)
    if settings.password and not options.get("password"):
        options["password"] = settings.password.reveal()
    for ours in _OURS:
        options.pop(ours, None)
    return options


def sync_options(settings: RedisSettings, url: str) -> dict[str, Any]:
    """The same connection for a thread of its own: what redis-py's synchronous pool takes."""
    options = _connection_options(settings, url)
    options["connection_class"] = _SYNC[options["connection_class"]]
    return options | {
        "protocol": 2,
        "socket_timeout": settings.socket_timeout_s,
        "socket_connect_timeout": settings.connect_timeout_s,
        "health_check_interval": settings.health_check_interval_s,
    }


def translate(error: Exception) -> StreamForgeError:
    """A redis-py or socket error as ours: BrokerUnavailable (wait) or ConfigError (mend the settings)."""
    if _is_refused(error):
        return ConfigError(
            f"Redis refused this client: {_first_line(error)}",
            field="redis",
            hint="check redis.password (or the credentials file) and the user's ACL",
        )
    if _is_untrusted(error):
        return ConfigError(
            f"Redis shows a certificate that is not trusted: {_first_line(error)}",
            field="redis.ssl_ca_certs",
            hint="name the authority's file there, or the host as in its certificate",
        )
    if isinstance(error, AWAY):
        return BrokerUnavailable(f"Redis does not answer: {_first_line(error)}")
    return BrokerUnavailable(f"Redis rejects commands: {_first_line(error)}")


def is_away(error: Exception) -> bool:
    """Whether waiting may help: any error of Redis but a refusal to let this client in.

    A full disk, missing replicas, a failover, a provider's limit each have an error reply of their own, and new ones
    come up; a service that survives only those it knows dies of the next.
    """
    return isinstance(error, (*AWAY, redis_errors.RedisError)) and not (_is_refused(error) or _is_untrusted(error))


def _is_refused(error: Exception) -> bool:
    """On a unix socket redis-py wraps a refusal in a plain ConnectionError."""
    return isinstance(error, REFUSED) or isinstance(error.__cause__, REFUSED)


def _is_untrusted(error: Exception) -> bool:
    """A failed check of the server's certificate: the settings are wrong, or the server is; waiting mends neither."""
    chain = (error, error.__cause__, error.__context__)
    return any(isinstance(link, ssl.SSLCertVerificationError) for link in chain)


def _reply(error: Exception) -> str:
    noted = _PIPELINE_NOTE.match(str(error))
    return noted["reply"] if noted else str(error)


def _first_line(error: Exception) -> str:
    return (_reply(error) or type(error).__name__).splitlines()[0][:300]
