"""Keys: how they are written, hashed and told good from bad; no server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.accounts.model import (
    ApiKey,
    Digest,
    Scope,
    fingerprint_of,
    new_id,
    new_secret,
    parts_of,
    sha256_of,
    written,
)

NOW_MS = 1_800_000_000_000


def key(*digests: Digest, expires_ms: int = 0) -> ApiKey:
    """A key with these digests."""
    return ApiKey(
        id="a" * 12, tenant="acme", scopes=(Scope.READ,), digests=digests, created_ms=1, expires_ms=expires_ms
    )


def test_a_key_is_read_back_as_it_was_written() -> None:
    """Id and secret come out of the written form; two keys never look alike."""
    key_id, secret = new_id(), new_secret()
    token = written(key_id, secret)
    assert token == f"sf_{key_id}_{secret}"
    assert parts_of(token) == (key_id, secret)
    assert len({new_secret() for _ in range(100)}) == 100


@given(st.text(max_size=80))
def test_what_is_no_key_is_never_taken_for_one(text: str) -> None:
    """Any other text is nobody's, without an error."""
    parts = parts_of(text)
    assert parts is None or written(*parts) == text


@pytest.mark.parametrize(
    "token", ["", "sf_", "sf__", "sf_a_b", f"sf_{'a' * 12}_{'b' * 40}\n", f"SF_{'a' * 12}_{'b' * 40}"]
)
def test_near_misses_are_no_keys(token: str) -> None:
    """A part, another case or a trailing newline does not pass."""
    assert parts_of(token) is None


def test_only_its_own_secret_opens_a_key() -> None:
    """The digest of the right secret is given, none for another."""
    good = Digest(sha256_of("right"))
    assert key(good).digest_of("right", NOW_MS) == good
    assert key(good).digest_of("wrong", NOW_MS) is None


@pytest.mark.parametrize(("until_ms", "is_good"), [(0, True), (NOW_MS + 1, True), (NOW_MS, False), (1, False)])
def test_an_old_secret_is_good_until_its_time(until_ms: int, *, is_good: bool) -> None:
    """The secret before a rotation opens the key until the overlap ends, and its sessions end with it."""
    old = Digest(sha256_of("old"), until_ms)
    turned = key(Digest(sha256_of("new")), old)
    assert (turned.digest_of("old", NOW_MS) is not None) is is_good
    assert turned.holds(fingerprint_of(old), NOW_MS) is is_good
    assert turned.digest_of("new", NOW_MS) is not None


@pytest.mark.parametrize(("expires_ms", "is_good"), [(0, True), (NOW_MS + 1, True), (NOW_MS, False)])
def test_an_expired_key_opens_nothing(expires_ms: int, *, is_good: bool) -> None:
    """Neither the secret nor a session of it is good after the key's time."""
    found = key(Digest(sha256_of("right")), expires_ms=expires_ms)
    assert found.is_live(NOW_MS) is is_good
    assert (found.digest_of("right", NOW_MS) is not None) is is_good
    assert found.holds(fingerprint_of(found.digests[0]), NOW_MS) is is_good


def test_a_fingerprint_of_another_secret_holds_nothing() -> None:
    """A session names the secret it was opened with."""
    assert not key(Digest(sha256_of("a"))).holds(fingerprint_of(Digest(sha256_of("b"))), NOW_MS)
