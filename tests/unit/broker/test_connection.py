"""Connection options and the translation of errors, without a server."""

from __future__ import annotations

from typing import Any, cast

import pytest
from redis import exceptions as redis_errors
from redis.asyncio.connection import BlockingConnectionPool

from streamforge.broker.broker import BLOCK_S, Broker, _longest_pause_s  # pyright: ignore[reportPrivateUsage]
from streamforge.broker.connection import (
    AWAY,
    REFUSED,
    SafeConnection,
    SafeSSLConnection,
    SafeUnixConnection,
    connect,
    is_away,
    translate,
)
from streamforge.config import JobsSettings, RedisSettings, Secret
from streamforge.errors import BrokerUnavailable, ConfigError


def options(url: str, block_s: float = 0.0, **settings: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the connections of a client are made with."""
    client = connect(RedisSettings(**settings), url, block_s=block_s)
    return client.connection_pool.connection_kwargs  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("url", ["redis://h/0", "rediss://h/0", "unix:///tmp/x?db=0", "redis://h/0?protocol=3"])
def test_protocol_2_is_pinned(url: str) -> None:
    """The wire protocol is 2, whatever the URL says."""
    assert options(url)["protocol"] == 2


@pytest.mark.parametrize("url", ["redis://h/0", "redis://h/0?retry_on_timeout=true"])
def test_the_client_never_repeats_by_itself(url: str) -> None:
    """No command is sent again by the client: only what is idempotent is repeated, by name, above it."""
    made = options(url)
    assert made["retry"].get_retries() == 0
    assert not made.get("retry_on_timeout")


def test_a_blocking_client_outwaits_its_block() -> None:
    """Its socket timeout is longer than the longest block plus the time one command may take."""
    assert options("redis://h")["socket_timeout"] == 5.0
    assert options("redis://h", BLOCK_S)["socket_timeout"] > BLOCK_S + RedisSettings().socket_timeout_s
    broker = Broker(RedisSettings(), JobsSettings(), "redis://h")
    pool = cast("Any", broker._blocking).connection_pool  # pyright: ignore[reportPrivateUsage]
    assert pool.connection_kwargs["socket_timeout"] > BLOCK_S


def test_the_pool_makes_tasks_wait() -> None:
    """A task without a free connection waits for one, as long as it takes."""
    pool = connect(RedisSettings(max_connections=3), "redis://h").connection_pool
    assert isinstance(pool, BlockingConnectionPool)
    assert pool.timeout is None
    assert pool.max_connections == 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [("redis://h", SafeConnection), ("rediss://h", SafeSSLConnection), ("unix:///x", SafeUnixConnection)],
)
def test_every_transport_is_a_safe_one(url: str, expected: type) -> None:
    """TCP, TLS and unix sockets all turn a broken transport into a ConnectionError."""
    assert connect(RedisSettings(), url).connection_pool.connection_class is expected  # pyright: ignore[reportUnknownMemberType]


def test_tls_checks_certificates_unless_told_not_to() -> None:
    """``required`` checks chain and name; ``none`` checks neither; a CA file is passed on."""
    strict = options("rediss://h", ssl_ca_certs="/ca.pem")
    assert (strict["ssl_cert_reqs"], strict["ssl_check_hostname"]) == ("required", True)
    assert strict["ssl_ca_certs"] == "/ca.pem"
    lax = options("rediss://h", ssl_cert_reqs="none")
    assert (lax["ssl_cert_reqs"], lax["ssl_check_hostname"]) == ("none", False)
    assert options("rediss://h?ssl_cert_reqs=none")["ssl_check_hostname"] is False


def test_a_password_may_stand_in_either_place() -> None:
    """The setting's password is used where the URL has none."""
    assert options("redis://h", password=Secret("a"))["password"] == "a"  # noqa: S105
    assert options("redis://:b@h", password=Secret("a"))["password"] == "b"  # noqa: S105


@pytest.mark.parametrize("option", ["socket_timeout", "socket_connect_timeout", "timeout", "health_check_interval"])
def test_timeouts_are_the_settings_own(option: str) -> None:
    """A URL that carries a timeout is accepted, and the settings' value is used."""
    made = options(f"redis://h/0?{option}=77")
    assert 77 not in made.values()


@pytest.mark.parametrize("url", ["http://h", "h:6379", "redis://h:port", "redis://h/0?no_such_option=1"])
def test_a_url_that_cannot_be_used_is_a_config_error(url: str) -> None:
    """The setting is named before anything is sent."""
    with pytest.raises(ConfigError) as caught:
        connect(RedisSettings(), url)
    assert caught.value.field == "redis.url"


def test_a_refused_url_does_not_tell_its_password() -> None:
    """A password with a character that ends the host's part is no port; the error holds no piece of it."""
    with pytest.raises(ConfigError) as caught:
        connect(RedisSettings(), "redis://:s3cr#et@host:6379/0")
    assert "s3cr" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize(
    "error",
    [
        *(kind("x") for kind in AWAY),
        *(redis_errors.ResponseError(f"{code} something") for code in ("MISCONF", "NOREPLICAS", "UNBLOCKED", "BUSY")),
        redis_errors.ResponseError("Command # 1 (XADD a b) of pipeline caused error: ('MISCONF disk full',)"),
    ],
    ids=repr,
)
def test_what_waiting_mends_is_unavailable(error: Exception) -> None:
    """No connection, no answer, loading, failing over, no memory, no disk: all say wait."""
    assert is_away(error)
    assert isinstance(translate(error), BrokerUnavailable)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_waiting_cannot_mend_is_a_config_error(kind: type[Exception]) -> None:
    """A refused client is the settings' fault, though redis-py calls it a connection error."""
    assert not is_away(kind("WRONGPASS"))
    assert isinstance(translate(kind("WRONGPASS")), ConfigError)


@pytest.mark.parametrize("text", ["WRONGTYPE x", "NOGROUP x", "ERR max requests limit exceeded", "NEWCODE x"])
def test_every_other_reply_is_an_outage_too(text: str) -> None:
    """A service that survives only the errors it knows dies of the next one: any of Redis's says wait."""
    assert is_away(redis_errors.ResponseError(text))
    assert translate(redis_errors.ResponseError(text)).message.startswith("Redis rejects commands: ")


def test_a_pipelines_error_does_not_tell_its_command() -> None:
    """redis-py puts the command, and so a job's data, into the message; ours leaves it out."""
    error = redis_errors.ResponseError("Command # 2 (XADD dead input SECRET) of pipeline caused error: ('ERR no',)")
    assert translate(error).message == "Redis rejects commands: ERR no"


def test_an_outage_may_take_for_ever() -> None:
    """The pause between two tries stays at 2 s after any number of them."""
    pauses = [_longest_pause_s(attempt) for attempt in (1, 2, 6, 20, 1025, 10**6)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.1
    assert pauses[-1] == 2.0
